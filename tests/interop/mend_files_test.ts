/** What is mended in the files that the client writes, seen beside the C client. The ids are those of docs/COMPATIBILITY.md. */
import assert from "node:assert/strict";
import { ALONE, K64, runC, runOwn } from "../cli/harness.ts";
import { closedPort } from "../cli/send/capture_stream.ts";
import { ACCESS, besideC, dumpOf, KEY, REHEARSE } from "./side_by_side.ts";

besideC("F15: saving a stanza keeps the comments of the file and -s, and minds no left-over file", async ({ home }) => {
  const before = "# mine\n\n[default]\n; yours\n[gw]\nKEY old\n";
  const [c, own] = [`${home}/c`, `${home}/own`];
  for (const path of [c, own]) Deno.writeTextFileSync(path, before, { mode: 0o600 });
  const save = (
    path: string,
  ) => [
    "--rc-file",
    path,
    "-n",
    "gw",
    "--save-rc-stanza",
    "--no-save-args",
    "-T",
    "-D",
    "h",
    "-A",
    "tcp/22",
    "-s",
    ...KEY,
  ];
  await runC(save(c), { home, input: "y\n" });
  assert.doesNotMatch(Deno.readTextFileSync(c), /[#;]|ALLOW_IP/);
  Deno.writeTextFileSync(`${own}.updated`, "");
  // Only the C client minds a capital letter.
  await runOwn(save(own), { answers: ["Y"] });
  const text = Deno.readTextFileSync(own);
  assert.ok(text.startsWith("# mine\n\n[default]\n; yours\n[gw]\n"), text);
  assert.match(text, /^ALLOW_IP {20}source$/m);
  assert.match(text, /^KEY {25}shortkey$/m);
  const ended = await runOwn([...save(own), "--key-rijndael", "third"], { answers: [] });
  assert.ok(ended.out.includes("Overwrite [N/y] ?"));
  assert.match(Deno.readTextFileSync(own), /^KEY {25}shortkey$/m, "the end of input is No");
});

besideC("F16: a home directory is needed only for a file of it", async ({ both }) => {
  const { c, own } = await both(["--no-home-dir", ...ALONE, "-T", ...ACCESS, ...KEY]);
  assert.match(c.err, /must set the args save file path with -E/i);
  assert.deepEqual([c.code, own.code], [1, 0]);
  assert.equal((await runOwn([...ALONE, "-T", ...ACCESS, ...KEY])).code, 0, "without HOME");
});

besideC(
  "F17: saved arguments hold no keys, come back as they were, and those of the C client are read",
  async ({ home }) => {
    const [c, own] = [`${home}/c`, `${home}/own`];
    const args = [
      "--no-rc-file",
      "-T",
      "-v",
      "-U",
      "alice",
      "-s",
      "-C",
      "echo a  b",
      "--key-base64-rijndael",
      K64,
      "-E",
    ];
    await runC([...args, c], { home });
    assert.ok(Deno.readTextFileSync(c).includes(K64));
    await runOwn([...args, own]);
    assert.ok(!Deno.readTextFileSync(own).includes(K64));
    const again = await runOwn(["-l", "-E", own], { secrets: ["typed"] });
    assert.equal(dumpOf(again)["Message String"], "0.0.0.0,echo a  b");
    assert.deepEqual(again.asked, ["Enter encryption key: "]);
    const old = await runOwn(["-l", "-E", c]);
    assert.equal(dumpOf(old).Username, "alice");
    assert.equal(old.asked.length, 0, "an older file has the key");
  },
);

besideC("F18: files with keys or packets are for their owner alone", async ({ home }) => {
  const modes: number[] = [];
  for (const run of [(argv: readonly string[]) => runC(argv, { home }), runOwn]) {
    const [keys, packet] = [`${home}/keys${modes.length}`, `${home}/packet${modes.length}`];
    await run([...ALONE, "-K", keys]);
    await run([...REHEARSE, ...ACCESS, ...KEY, "-B", packet]);
    modes.push(...[keys, packet].map((path) => (Deno.statSync(path).mode ?? 0) & 0o777));
  }
  const usual = 0o666 & ~Deno.umask();
  assert.deepEqual(modes, [usual, usual, 0o600, 0o600]);
});

besideC(
  "F27: a packet file that cannot be written is told with its reason, and the packet is sent",
  async ({ home, both }) => {
    const args = [...ALONE, "-D", "127.0.0.1", "-p", String(closedPort()), ...ACCESS, ...KEY, "-B", `${home}/no/file`];
    const { c, own } = await both(args);
    assert.deepEqual([c.code, own.code, own.sent.length], [0, 0, 1]);
    assert.match(c.err, /write_spa_packet_data:\s*$/);
    assert.match(own.err, /Could not save the packet to \S+: No such file or directory/);
  },
);
