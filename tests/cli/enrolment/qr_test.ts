import assert from "node:assert/strict";
import { drawModules, type DrawnCode, drawQrCode, SEXTANTS } from "../../../cli/enrolment/qr.ts";
import { H64, K64, runOwn, temporaryFolder } from "../harness.ts";
import { testWith } from "../../lab/gate.ts";

/** The modules that a drawing shows, quiet zone included: the reverse of drawing. */
function read(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    // deno-lint-ignore no-control-regex -- colours are written with escape sequences
    const match = /^\x1b\[30;107m(.*)\x1b\[0m$/.exec(line);
    assert.ok(match, line);
    const blocks = [...match[1] ?? ""];
    return [blocks.map((one) => "█▀".includes(one) ? "#" : "."), blocks.map((one) => "█▄".includes(one) ? "#" : ".")]
      .map((row) => row.join(""));
  });
}

Deno.test("drawModules() puts two rows into one line, with a light frame", () => {
  const pattern = ["#.#", ".#.", "##."];
  const { lines, columns } = drawModules(3, (row, column) => pattern[row]?.[column] === "#");
  assert.equal(columns, 7);
  assert.deepEqual(read(lines), [
    ".......",
    ".......",
    "..#.#..",
    "...#...",
    "..##...",
    ".......",
    ".......",
    ".......",
  ]);
});

/** The code of a text that is not too long for one. */
function draw(text: string): DrawnCode {
  const drawn = drawQrCode(text);
  assert.ok(drawn !== null);
  return drawn;
}

/** What a decoder that is not ours sees in the drawing. */
async function decode(lines: readonly string[]): Promise<string> {
  using folder = temporaryFolder();
  const scale = 4;
  const rows = read(lines).flatMap((row) =>
    Array<string>(scale).fill([...row].map((one) => one.repeat(scale)).join(""))
  );
  const pixels = rows.map((row) => [...row].map((one) => one === "#" ? 1 : 0).join(" ")).join("\n");
  const image = `${folder.path}/code.pbm`;
  Deno.writeTextFileSync(image, `P1\n${rows[0]?.length} ${rows.length}\n${pixels}\n`);
  const zbar = new Deno.Command("zbarimg", { args: ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", image] });
  const { code, stdout, stderr } = await zbar.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).replace(/\n$/, "");
}

testWith(
  { zbarimg: "zbar-tools" },
  "a decoder that is not ours reads the URI of --qr from the drawing, short and long",
  async () => {
    const few = ["-D", "gw.example.org", "-A", "tcp/22", "-R"];
    const many = [
      "-D",
      "2001:db8::1",
      "-A",
      "tcp/22,udp/53",
      "-s",
      "-n",
      "büro gw",
      "-u",
      `Fwknop/${"x".repeat(1500)}`,
    ];
    for (const args of [few, many]) {
      const keys = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];
      using home = temporaryFolder();
      Deno.writeTextFileSync(`${home.path}/.fwknoprc`, "[büro gw]\nSPA_SERVER x\n", { mode: 0o600 });
      const { out, code, err } = await runOwn(["--qr", "--force-qr", ...args, ...keys], { env: { HOME: home.path } });
      assert.equal(code, 0, err);
      const lines = out.trimEnd().split("\n");
      const decoded = await decode(lines.slice(0, -1));
      assert.equal(decoded, lines.at(-1));
    }
  },
);

/** The modules of a drawing in sextants: two beside and three above each other. */
function readSextants(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const cells = [...line.slice(9, -4)].map((one) => {
      const known = [" ", "\u258c", "\u2590", "\u2588"].indexOf(one);
      if (known >= 0) return [0, 0b010101, 0b101010, 0b111111][known] ?? 0;
      const index = (one.codePointAt(0) ?? 0) - 0x1fb00 + 1;
      return index < 0b010101 ? index : index < 0b101001 ? index + 1 : index + 2;
    });
    return [0, 2, 4].map((bit) =>
      cells.map((bits) => [bit, bit + 1].map((one) => (bits >> one & 1) === 1 ? "#" : ".").join("")).join("")
    );
  });
}

Deno.test("a code in sextants has the modules of the one in half blocks", () => {
  const text = `fwknop:gw?v=1&D=gw.example.org&k=${K64}&h=${H64}`;
  const [half, fine] = [drawQrCode(text), drawQrCode(text, SEXTANTS)];
  assert.ok(half !== null && fine !== null);
  const square = half.columns;
  const rows = (all: readonly string[]) => all.slice(0, square).map((row) => row.slice(0, square));
  assert.deepEqual(rows(readSextants(fine.lines)), rows(read(half.lines)));
  assert.ok(fine.lines.length * 3 >= square && (fine.lines.length - 1) * 3 < square);
});

Deno.test("an enrolment that no code can hold is shown as a URI, with status 1, and nobody throws", async () => {
  assert.equal(drawQrCode("x".repeat(2954)), null);
  assert.equal(draw("x".repeat(2953)).columns, 177 + 4);
  const { out, err, code } = await runOwn([
    ...["--no-rc-file", "--qr", "--force-qr", "-D", "gw", "--key-base64-rijndael", K64, "-u", "x".repeat(3500)],
    ...["-A", "tcp/22", "-R"],
  ]);
  assert.equal(code, 1);
  assert.match(err, /Cannot show a QR code: none is large enough/);
  assert.match(out, /^fwknop:gw\?v=1&.*\n$/);
});

Deno.test("drawQrCode() draws the three finder patterns of a code that grows with its text", () => {
  const finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"];
  const small = draw("fwknop:gw?v=1");
  const rows = read(small.lines);
  const size = small.columns - 4;
  for (const [row, column] of [[2, 2], [2, size - 5], [size - 5, 2]] as const) {
    assert.deepEqual(rows.slice(row, row + 7).map((line) => line.slice(column, column + 7)), finder);
  }
  assert.ok(draw("x".repeat(300)).columns > small.columns);
});
