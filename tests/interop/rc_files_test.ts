/** The rc file as a file, beside the C client: made when absent, permissions, links, the list, and saving that cannot lose it. */
import assert from "node:assert/strict";
import { runC, runOwn, runOwnProcess } from "../cli/harness.ts";
import { besideC, dumpOf, openWith, packetOf } from "./side_by_side.ts";

const REHEARSE = ["-T", "-v", "--no-save-args", "-D", "127.0.0.1", "-A", "tcp/22", "-a", "192.0.2.10", "-U", "alice"];
const KEY = ["--key-rijndael", "shortkey"];
const RC = "[default]\nFW_TIMEOUT 7\n[gw]\nKEY filekey\n";

const mode = (path: string) => ((Deno.statSync(path).mode ?? 0) & 0o777).toString(8);

besideC("K17: a missing rc file is made by either client and used by both", async ({ home }) => {
  for (const [maker, path] of [["c", `${home}/c`], ["own", `${home}/own`]] as const) {
    const args = ["--rc-file", path, ...REHEARSE, ...KEY];
    const made = maker === "c" ? await runC(args, { home }) : await runOwn(args);
    assert.ok(made.out.startsWith(`[*] Creating initial rc file: ${path}.\n`), made.out);
    assert.equal(mode(path), "600");
    const text = Deno.readTextFileSync(path);
    assert.match(text, /^\[default\]$/m);
    assert.doesNotMatch(text, /^[^#[\s]/m, "nothing is set");
    for (const run of [await runC(args, { home }), await runOwn(args)]) {
      assert.equal(run.code, 0, run.err);
      assert.ok(!run.out.includes("Creating"));
      assert.doesNotMatch(run.err, /permissions|owned|Unable/);
      assert.equal(dumpOf(run)["Client Timeout"], "0");
    }
    // Both can save into it.
    const save = ["--save-rc-stanza", "--force-stanza", "-n", "gw"];
    for (const saved of [await runC([...args, ...save], { home }), await runOwn([...args, ...save])]) {
      assert.equal(saved.code, 0, saved.err);
      assert.match(Deno.readTextFileSync(path), /^\[gw\]\n(?:.+\n)*KEY {25}shortkey\n/m);
    }
  }
});

besideC("K17: an rc file that cannot be made or opened is a warning", async ({ home }) => {
  Deno.symlinkSync("nowhere", `${home}/dangling`);
  for (const path of [`${home}/none/rc`, `${home}/dangling`]) {
    const args = ["--rc-file", path, ...REHEARSE, ...KEY];
    for (const run of [await runC(args, { home }), await runOwn(args)]) {
      assert.equal(run.code, 0, run.err);
      assert.match(run.err, /Unable to (?:create initial|open) rc file: \S+(?:none\/rc|dangling): /);
      assert.ok((await openWith(packetOf(run), "shortkey")).ok);
    }
  }
});

/** Modes and owners, and the fragments that both clients warn with; a link is looked through. */
const LOOSE: readonly (readonly [mode: number, owner: number | null, link: boolean, warns: readonly RegExp[]])[] = [
  [0o600, null, false, []],
  [0o600, null, true, []],
  [0o644, null, false, [/permissions should only be user read\/write \(0600/]],
  [0o640, null, true, [/permissions should only be user read\/write \(0600/]],
  [0o400, null, false, [/permissions should only be user read\/write \(0600/]],
  [0o700, null, false, [/permissions should only be user read\/write \(0600/]],
  [0o600, 65534, false, [/not owned by current effective user id/]],
  [0o666, 65534, true, [/permissions should only be/, /not owned by/]],
];

besideC(
  "K17: what is wrong with mode and owner is warned of, each thing for itself, and nothing is refused",
  async ({ home }) => {
    for (const [index, [bits, owner, link, warns]] of LOOSE.entries()) {
      if (owner !== null && Deno.uid() !== 0) continue;
      const file = `${home}/rc${index}`;
      Deno.writeTextFileSync(file, RC);
      Deno.chmodSync(file, bits);
      if (owner !== null) Deno.chownSync(file, owner, null);
      const path = link ? `${home}/link${index}` : file;
      if (link) Deno.symlinkSync(file, path);
      const args = ["--rc-file", path, "-n", "gw", ...REHEARSE];
      for (const [client, run] of Object.entries({ c: await runC(args, { home }), own: await runOwn(args) })) {
        assert.equal(run.code, 0, run.err);
        for (const warning of warns) assert.match(run.err, warning, client);
        const lines = run.err.split("\n").filter((line) => /permissions|owned/.test(line));
        // The C client reads the file for each stanza, and warns each time.
        assert.equal(lines.length, warns.length * (client === "c" ? 2 : 1), run.err);
        assert.ok((await openWith(packetOf(run), "filekey")).ok);
      }
    }
  },
);

besideC(
  "--stanza-list names every section as written, in the order of the file, and ours [default] too",
  async ({ home }) => {
    const texts = [
      "",
      "[default]\n",
      "[b]\n[A]\n[DEFAULT]\nX\n[b]\n =\n  [ c ] x\n[x]y]\n[last]",
      "no section\n",
      "[]\n[a\n",
    ];
    for (const [index, text] of texts.entries()) {
      const path = `${home}/rc${index}`;
      Deno.writeTextFileSync(path, text, { mode: 0o600 });
      const args = ["--rc-file", path, "--stanza-list"];
      const [c, own] = [await runC(args, { home }), await runOwn(args)];
      const alike = own.out.split("\n").filter((line) => line.toLowerCase() !== " - default").join("\n");
      assert.deepEqual([alike, own.code], [c.out, c.code], JSON.stringify(text));
      assert.equal(/^ - default$/mi.test(own.out), /^\[default\]/mi.test(text), JSON.stringify(text));
    }
    const keyed = `${home}/keyed`;
    Deno.writeTextFileSync(keyed, "[gw]\nKEY hunter2\nhunter2\n", { mode: 0o600 });
    const json = await runOwn(["--rc-file", keyed, "--stanza-list", "--json"]);
    assert.deepEqual(JSON.parse(json.out), { file: keyed, stanzas: ["gw"] });
    assert.doesNotMatch(json.out + json.err, /hunter2/);
  },
);

besideC("F15: a left-over file stops the C client and not ours, and a link stays one", async ({ home }) => {
  for (const client of ["c", "own"] as const) {
    const [file, link] = [`${home}/${client}`, `${home}/${client}-link`];
    Deno.writeTextFileSync(file, RC, { mode: 0o600 });
    Deno.symlinkSync(file, link);
    const args = ["--rc-file", link, "-n", "new", "--save-rc-stanza", ...REHEARSE, ...KEY];
    const run = () => client === "c" ? runC(args, { home }) : runOwn(args);
    Deno.writeTextFileSync(`${link}.updated`, "left over");
    const stopped = await run();
    assert.equal(stopped.code, 0, "the packet is made in any case");
    assert.equal(Deno.readTextFileSync(link).includes("[new]"), client === "own");
    Deno.removeSync(`${link}.updated`);
    await run();
    assert.ok(Deno.readTextFileSync(link).includes("[new]"));
    assert.equal(Deno.lstatSync(link).isSymlink, client === "own");
  }
});

besideC("saving that fails, or is killed while it writes, leaves the old file whole", async ({ home }) => {
  const path = `${home}/rc`;
  Deno.writeTextFileSync(path, RC, { mode: 0o600 });
  const args = ["--rc-file", path, "-n", "gw", "--save-rc-stanza", "--force-stanza", "--no-save-args", "-k"];
  // Not a byte can be written to a file: without the signal it is an error, with it the end.
  const failed = await limited("trap '' XFSZ; ", args, home);
  assert.equal(failed.code, 1);
  assert.match(failed.err, /Unable to save the stanza to \S+\/rc: File too large/);
  assert.deepEqual([...Deno.readDirSync(home)].map(({ name }) => name), ["rc"], "nothing is left over");
  const killed = await limited("", args, home);
  assert.notEqual(killed.code, 0);
  assert.equal(Deno.readTextFileSync(path), RC);
  const saved = await runOwn(args);
  assert.equal(saved.code, 0, saved.err);
  assert.match(Deno.readTextFileSync(path), /^\[gw\]\n(?:.+\n)*KEY_BASE64 /m);
});

/** Our client as a process that can write to no file. */
async function limited(first: string, args: readonly string[], home: string) {
  const script = `${first}ulimit -f 0; exec "$@"`;
  return await runOwnProcess(args, { home, through: ["bash", "-c", script, "bash"] });
}
