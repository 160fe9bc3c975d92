/** The dump of a knock beside that of the C client. */
import assert from "node:assert/strict";
import { ALONE, H64, K64, runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import { cClientTest } from "../lab/gate.ts";

/** What differs between two runs in any case: random value, salt, and what follows from them; and versions. */
function normalized(text: string): string[] {
  return text
    .replace(/^ {3}Random Value: [0-9]{16}$/gm, "Random Value: R")
    .replace(/^ {6}Timestamp: [0-9]+$/gm, "Timestamp: T")
    .replace(/^( *Encoded Data: )[0-9]{16}:([^:]*):[0-9]+:/gm, "$1R:$2:T:")
    .replace(
      /^( *(?:SPA Data Digest|HMAC|Final SPA Data): )([A-Za-z0-9+/]+)$/gm,
      (_all, label, text) => label + text.length,
    )
    .replace(/^GET \/\S+ HTTP\/1\.[01]/gm, "GET")
    .replace(/Fwknop\/2\.6\.1[01]/g, "Fwknop")
    .replaceAll("\r", "")
    .split("\n");
}

const KEYS = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];

/** Options of which the C client prints the same. */
const RUNS: readonly (readonly string[])[] = [
  ["-A", "tcp/22", "-a", "192.0.2.10", ...KEYS],
  ["-A", "tcp/22,udp/53", "-a", "192.0.2.10", "--key-rijndael", "shortkey", "-m", "md5"],
  [
    "-A",
    "tcp/22",
    "-a",
    "192.0.2.10",
    "-f",
    "120",
    ...KEYS,
    "-m",
    "sha512",
    "--hmac-digest-type",
    "sha512",
    "-M",
    "CTR",
  ],
  ["-C", "id -u; echo hi", "-a", "192.0.2.10", ...KEYS, "-m", "sha1", "--hmac-digest-type", "md5", "-M", "CFB"],
  ["-A", "tcp/22", "-a", "192.0.2.10", "-N", "10.1.2.3,8022", ...KEYS, "-m", "sha384", "-M", "OFB"],
  ["-A", "tcp/22", "-a", "192.0.2.10", "--nat-local", "--nat-port", "40022", "-f", "60", ...KEYS, "-M", "ECB"],
  ["-A", "tcp/22", "-a", "192.0.2.10", "--key-rijndael", "shortkey", "-M", "legacy"],
  ["-A", "tcp/22", "-a", "192.0.2.10", "-N", "internal.example.com:443", "-f", "30", ...KEYS, "-m", "sha3_512"],
  ["-s", "-A", "udp/5353", ...KEYS, "--hmac-digest-type", "sha3_512"],
  ["-A", "tcp/22", "-a", "192.0.2.10", ...KEYS, "-P", "http", "-p", "80"],
  ["-A", "tcp/22", "-a", "192.0.2.10", ...KEYS, "-P", "tcp", "-S", "1234", "-p", "4000"],
  ["-A", "tcp/22", "-a", "192.0.2.10", ...KEYS, "-P", "udpraw", "-Q", "192.0.2.77", "-S", "1234"],
  ["-A", "tcp/22", "-a", "192.0.2.10", ...KEYS, "-P", "icmp", "--icmp-type", "8", "-S", "1"],
  ["-A", "tcp/22", "-a", "192.0.2.10", ...KEYS, "--time-offset-minus", "2h"],
];

for (const args of RUNS) {
  const shown = args.filter((arg) => !KEYS.includes(arg)).join(" ");
  cClientTest(`K12: the dump of -T -v is that of the C client: ${shown}`, async () => {
    using folder = temporaryFolder();
    const all = [...ALONE, "-T", "-v", "-D", "127.0.0.1", "-U", "alice", ...args];
    const c = await runC(all, { home: folder.path });
    const own = await runOwn(all);
    assert.equal(c.code, 0, c.err);
    assert.equal(own.code, 0, own.err);
    assert.deepEqual(normalized(own.out), normalized(c.out));
    assert.equal(own.sent.length, 0);
  });
}

for (const verbose of [[], ["-v"]]) {
  cClientTest(`what -T ${verbose.join("")} prints without a server is what the C client prints`, async () => {
    using folder = temporaryFolder();
    const all = [...ALONE, "-T", ...verbose, "-U", "alice", "-A", "tcp/22", "-a", "192.0.2.10", ...KEYS];
    const [c, own] = [await runC(all, { home: folder.path }), await runOwn(all)];
    assert.deepEqual(normalized(own.out), normalized(c.out));
    assert.equal(own.err.includes("[+] Building encrypted "), verbose.length > 0);
  });
}
