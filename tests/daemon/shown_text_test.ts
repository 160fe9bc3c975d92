/** What the daemon prints of files and names, as a process: errors, the dump and the log in the foreground. */
import assert from "node:assert/strict";
import { temporaryFolder } from "../cli/harness.ts";

const MAIN = new URL("../../daemon/main.ts", import.meta.url).pathname;

/** All that one run of the daemon prints. */
async function printed(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", MAIN, ...args],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("the daemon prints nothing that cannot be seen, whatever stands in names and values", async () => {
  using folder = temporaryFolder();
  const evil = "Größe\x1b[31m\u202e";
  const shown = "Größe\\x1b[31m\\u202e";
  const conf = `${folder.path}/${evil}.conf`;
  Deno.writeTextFileSync(conf, `PCAP_FILTER ${evil}\nFWKNOP_RUN_DIR ${folder.path}/${evil}\n`, { mode: 0o600 });
  Deno.writeTextFileSync(`${folder.path}/access`, "SOURCE ANY\nOPEN_PORTS tcp/22\nKEY secret\n", { mode: 0o600 });
  const access = ["-a", `${folder.path}/access`];
  const runs = [
    await printed(["-c", conf, ...access, "-D"]),
    await printed(["-c", `${conf}2`, ...access, "--exit-parse-config"]),
    await printed(["-c", conf, ...access, "-f", "--exit-parse-digest-cache"]),
  ];
  for (const text of runs) {
    assert.doesNotMatch(text, /[^\P{C}\n]/u);
    assert.ok(text.includes(shown), text);
  }
});
