import assert from "node:assert/strict";
import { updateRcFile } from "../../../cli/rc/rc_update.ts";
import { parseStanzaFile } from "../../../lib/settings/rc_file.ts";
import { runOwn, temporaryFolder } from "../harness.ts";

const MAIN = new URL("../../../cli/main.ts", import.meta.url).pathname;

Deno.test("runs that save at the same time lose nobody's stanza", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  const names = ["one", "two", "three", "four"];
  const runs = names.map((name) => {
    const args = ["--rc-file", path, "--no-save-args", "-k", "--save-rc-stanza", "-n", name, "-D", "h", "-s"];
    return new Deno.Command(Deno.execPath(), { args: ["run", "--no-prompt", "-A", MAIN, ...args] }).output();
  });
  for (const { code, stderr } of await Promise.all(runs)) assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { stanzas } = parseStanzaFile(Deno.readTextFileSync(path), path);
  const saved = stanzas.filter(({ entries }) => entries.some((entry) => entry.name === "KEY_BASE64"));
  assert.deepEqual(saved.map(({ name }) => name).toSorted(), names.toSorted());
});

Deno.test("updateRcFile() makes its change again on what another run wrote meanwhile", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, "[a]\n");
  let turns = 0;
  await updateRcFile({ path, file: parseStanzaFile("[a]\n", path) }, ({ lines }) => {
    if (turns++ === 0) Deno.writeTextFileSync(path, "[a]\n[b]\n");
    return `${lines.join("\n")}[c]\n`;
  });
  assert.deepEqual([turns, Deno.readTextFileSync(path)], [2, "[a]\n[b]\n[c]\n"]);
});

Deno.test("a stanza is saved into a file that is not UTF-8, and every other byte stays", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  const bytes = Uint8Array.of(
    ...new TextEncoder().encode("# caf"),
    0xe9,
    0x0a,
    ...new TextEncoder().encode("[home]\nKEY x"),
    0xff,
    0x0a,
  );
  Deno.writeFileSync(path, bytes, { mode: 0o600 });
  const args = ["--rc-file", path, "--no-save-args", "-k", "--save-rc-stanza", "-n", "gw", "-D", "h"];
  const run = await runOwn(args);
  assert.equal(run.code, 0);
  const saved = Deno.readFileSync(path);
  assert.deepEqual(saved.slice(0, bytes.length), bytes);
  assert.match(new TextDecoder().decode(saved.slice(bytes.length)), /^\n\[gw\]\n/);
});
