/** Every directive of an rc file is read as the C client reads it: both show the same packet, or both refuse. */
import assert from "node:assert/strict";
import { cClientIsPresent, H64, K64, runC, runOwn, temporaryFolder } from "./harness.ts";

/** What follows a stanza that is complete without it. */
const LINES: readonly string[] = [
  ...["DIGEST_TYPE md5", "DIGEST_TYPE SHA3_512", "DIGEST_TYPE bogus"],
  ...["SPA_SERVER_PROTO TCP", "SPA_SERVER_PROTO icmp\nSPA_SOURCE_PORT 9", "SPA_SERVER_PROTO bogus"],
  ...["SPA_SERVER_PORT 0", "SPA_SERVER_PORT 65535", "SPA_SERVER_PORT 65536", "SPA_SOURCE_PORT 1234"],
  ...["FW_TIMEOUT 0", "FW_TIMEOUT 60", "FW_TIMEOUT 65536", "FW_TIMEOUT 65537"],
  ...["ALLOW_IP source", "ALLOW_IP 256.1.1.1", "ALLOW_IP 9.9.9.9", "SPA_SERVER 127.0.0.2"],
  ...["ENCRYPTION_MODE ctr", "ENCRYPTION_MODE legacy", "ENCRYPTION_MODE asymmetric", "USE_GPG N", "GPG_RECIPIENT x"],
  ...[
    "SPOOF_USER alice",
    "SPOOF_USER al:ice",
    "SPOOF_SOURCE_IP 1.2.3.4",
    "SPA_SERVER_PROTO udpraw\nSPA_SOURCE_PORT 9\nSPOOF_SOURCE_IP 1.2.3.4",
  ],
  ...["ACCESS: udp/53", "ACCESS icmp/8", "ACCESS tcp/22,udp/53", "RAND_PORT N", "TIME_OFFSET 2min", "TIME_OFFSET -5"],
  ...[`KEY_BASE64 ${K64}`, "KEY_BASE64 !", "HMAC_KEY hmac\nHMAC_DIGEST_TYPE SHA3_256", `HMAC_KEY_BASE64 ${H64}`],
  ...["HMAC_KEY hmac\nHMAC_DIGEST_TYPE md5", "HMAC_KEY hmac\nUSE_HMAC Y", "HMAC_DIGEST_TYPE bogus"],
  ...["NAT_ACCESS 10.0.0.1:22", "NAT_ACCESS ho_st!,22", "NAT_ACCESS 10.0.0.1,99999", "NAT_LOCAL Y", "NAT_LOCAL N"],
  ...["NAT_LOCAL Yes", "USE_HMAC true\nNAT_LOCAL 1"],
  ...["NAT_LOCAL Y\nNAT_PORT 4000", "NAT_PORT 4000", "NAT_PORT 4000\nACCESS tcp/1,tcp/2", "NAT_PORT 65536"],
  ...["VERBOSE 2", "VERBOSE Y", "HTTP_USER_AGENT X/1", "SERVER_RESOLVE_IPV4 Y", "RESOLVE_IP_HTTP N", "NO_SAVE_ARGS Y"],
  ...["WGET_CMD /usr/bin/wget", "USE_WGET_USER_AGENT Y", "RESOLVE_HTTP_ONLY N", "KEY pass#word", "KEY pass ; c"],
  ...["BOGUS x", "KEY", "[other]\nBOGUS x", "ACCESS tcp/1\n[gw]\nACCESS tcp/2", "[GW]\nACCESS tcp/7"],
  ...[
    "# c",
    "; c",
    " ACCESS tcp/3",
    "\tACCESS\tudp/4",
    "ACCESS tcp/5\r",
    "ACCESS=tcp/6",
    "ACCESS = tcp/6",
    "access tcp/7",
  ],
];

/** The lines that differ from run to run. */
const FRESH = /^(?: *(?:Random Value|Timestamp|Encoded Data|SPA Data Digest|HMAC|Final SPA Data): .*)\n/gm;

/** How far the time in the packet is from now, in steps of 5 seconds: the two runs are not of the same second. */
function offset(out: string): number {
  const [, timestamp] = /Timestamp: (\d+)/.exec(out) ?? [];
  return timestamp === undefined ? NaN : Math.round((Number(timestamp) - Date.now() / 1000) / 5) + 0;
}

for (const line of LINES) {
  Deno.test(`both clients read ${JSON.stringify(line.slice(0, 50))} alike`, async () => {
    if (!cClientIsPresent()) return;
    using folder = temporaryFolder();
    const path = `${folder.path}/rc`;
    const stanza =
      "[default]\nSPOOF_USER bob\n[gw]\nSPA_SERVER 127.0.0.1\nACCESS tcp/22\nALLOW_IP 192.0.2.1\nKEY abc\n";
    Deno.writeTextFileSync(path, `${stanza}${line}\n`, { mode: 0o600 });
    const args = ["--rc-file", path, "-n", "gw", "-T", "--no-save-args"];
    // Twice, so that VERBOSE can be told from nothing.
    for (const more of [[], ["-v"]]) {
      const [c, own] = [
        await runC([...args, ...more], { home: folder.path }),
        await runOwn([...args, ...more], { now: Math.floor(Date.now() / 1000) }),
      ];
      assert.equal(own.code, c.code, own.err + c.err);
      if (c.code !== 0) continue;
      assert.equal(own.out.replace(FRESH, ""), c.out.replace(FRESH, ""));
      assert.equal(offset(own.out), offset(c.out));
    }
  });
}
