/** What both clients save as a stanza. */
import assert from "node:assert/strict";
import { H64, K64, runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import { cClientTest } from "../lab/gate.ts";

/** What the C client keeps of a file: it drops comments and blank lines. */
function directives(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

const RC = `[default]
ALLOW_IP 1.1.1.1
[gw]
KEY abc
FW_TIMEOUT 5
HMAC_KEY def
[other]
ACCESS tcp/1
`;

/** Sets of options that both clients are to save as the same lines. */
const SAVED: readonly (readonly string[])[] = [
  ["-A", "tcp/22,tcp/80", "-f", "60", "-p", "5000", "-m", "md5", "-M", "ctr", "-r"],
  ["-A", "tcp/22", "--time-offset-minus", "2min", "-P", "TCP", "-v"],
  ["-A", "tcp/22", "--time-offset-plus", "1h", "-v", "-v"],
  ["-A", "tcp/22", "--key-base64-rijndael", K64, "--key-base64-hmac", H64, "--hmac-digest-type", "sha512"],
  ["-A", "tcp/22", "--key-rijndael", "newkey", "--key-hmac", "newhmac"],
  ["-A", "tcp/22", "-N", "10.0.0.1:22", "--nat-port", "4000", "-a", "9.9.9.9", "-U", "alice"],
  ["-A", "tcp/22", "--nat-local", "--nat-rand-port", "-a", "9.9.9.9", "-S", "1234", "-u", "Agent"],
  ["-A", "tcp/22", "-a", "9.9.9.9", "--resolve-url", "https://x.example/ip", "-w", "/usr/bin/wget"],
  ["-A", "tcp/22", "-a", "9.9.9.9", "--use-wget-user-agent", "--use-hmac"],
  ["-A", "tcp/22", "-a", "9.9.9.9", "-P", "udpraw", "-Q", "2.2.2.2"],
  ["-A", "tcp/22", "-a", "9.9.9.9", "-M", "legacy", "-m", "SHA3_256", "--force-stanza"],
];

for (const args of SAVED) {
  for (const stanza of ["gw", "fresh", "GW"]) {
    const shown = args.filter((arg) => ![K64, H64].includes(arg)).join(" ");
    cClientTest(`K18: --save-rc-stanza writes what the C client writes: [${stanza}] ${shown}`, async () => {
      using folder = temporaryFolder();
      const [cPath, ownPath] = [`${folder.path}/c`, `${folder.path}/own`];
      for (const path of [cPath, ownPath]) Deno.writeTextFileSync(path, RC, { mode: 0o600 });
      const options = (path: string) => {
        const base = ["--rc-file", path, "-n", stanza, "--save-rc-stanza", "--force-stanza", "--no-save-args", "-T"];
        return [...base, "-D", "127.0.0.1", ...args];
      };
      await runC(options(cPath), { home: folder.path, input: "k\n" });
      await runOwn(options(ownPath), { secrets: ["k", "h"] });
      const own = directives(Deno.readTextFileSync(ownPath));
      assert.deepEqual(own, directives(Deno.readTextFileSync(cPath)));
      assert.ok(own.some((line) => /^ACCESS {22}tcp\/22/.test(line)), "nothing was saved");
      assert.equal((Deno.statSync(ownPath).mode ?? 0) & 0o777, 0o600);
    });
  }
}

cClientTest("K18: -k with --save-rc-stanza writes the lines of the C client, with other keys", async () => {
  using folder = temporaryFolder();
  const lines: string[][] = [];
  for (const run of [runC, runOwn]) {
    const path = `${folder.path}/${lines.length}`;
    const args = ["-k", "--save-rc-stanza", "-n", "gw", "-D", "h.example", "-A", "tcp/22", "-R", "--rc-file", path];
    Deno.writeTextFileSync(path, "[default]\n", { mode: 0o600 });
    const result = await run([...args, "--no-save-args"], { home: folder.path });
    assert.equal(result.out, `[+] Wrote Rijndael and HMAC keys to rc file: ${path}\n`);
    assert.equal(result.code, 0);
    lines.push(directives(Deno.readTextFileSync(path)).map((line) => line.replace(/[A-Za-z0-9+/]{40,}=*$/, "KEY")));
  }
  assert.deepEqual(lines[1], lines[0]);
});
