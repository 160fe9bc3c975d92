/** Fragments of the client's output that scripts look for (facts/fragments 2), and which of two mistakes is told. */
import assert from "node:assert/strict";
import { runOwn } from "../cli/harness.ts";
import type { Row } from "./row.ts";
import { tryRows } from "./row_beside_c.ts";
import { cClientTest } from "../lab/gate.ts";

const REQUEST = "-A tcp/22 -a 192.0.2.10 --key-rijndael shortkey";
const HMAC = "--key-hmac hmackey";
const RC = { rc: "[default]\n[gw]\nACCESS tcp/22\n" };

/** Each fragment with arguments that bring it forth in both clients. */
const FRAGMENTS: readonly (readonly [fragment: RegExp, args: string, more?: Partial<Row>])[] = [
  [/FKO Version:\s3\.0\.0/, ""],
  [/Encoded Data:\s[0-9]{16}:/, ""],
  [/Final SPA Data:\s[A-Za-z0-9+/]{100,}/, ""],
  [/HMAC Type:\s3\s\(SHA256\)/, HMAC],
  [/HMAC Type:.*SHA512/, `${HMAC} --hmac-digest-type sha512`],
  [/HMAC:\s[A-Za-z0-9+/]{43}\n/, HMAC],
  [/HMAC:\s<NULL>/, ""],
  [/Encryption Mode:\s2\s\(CBC\)/, ""],
  [/Encryption Mode:\s8\s\(legacy\)/, "-M legacy"],
  [/Message Type:\s1\s\(Access\smsg\)/, ""],
  [/Last fwknop client command/, "--show-last", { on: "bare", files: { ".fwknop.run": "fwknop -h \n" } }],
  [/Could not open args file/, "--show-last", { on: "bare" }],
  [/Could not get key for IP/, "-G {home}/keys", { on: "keyless", files: { keys: "h: k\n" } }],
  [/must set --rc-file path/, "--no-home-dir", { on: "bare" }],
  [/must set the args save file path/i, `--no-home-dir --no-rc-file -T ${REQUEST}`, { on: "bare" }],
  [/Must use one of/, "-D h -A tcp/22", { on: "alone" }],
  [/Must use.*destination/, REQUEST, { on: "alone" }],
  [/Must use.*destination/, "--save-rc-stanza", { on: "bare" }],
  [/packet not sent/, "-P tcp", { on: "send", sends: true }],
  [/packet not actually sent/, ""],
  [/bytes sent: 0/, ""],
  [/Expecting.*-A arg/, "--nat-port 22 -A tcp"],
  [/Invalid NAT destination/, "-N -host"],
  [/Invalid port/, "-N 10.0.0.1:99999"],
  [/NAT for multiple/, "--nat-port 22 -A tcp/1,tcp/2"],
  [/Invalid time offset/, "--time-offset-plus x"],
  [/Invalid encryption mode: badmode/, "-M badmode"],
  [/Invalid digest type: bad/, "-m bad"],
  [/out of range/, "--nat-port 70000"],
  [/out of range/, "-p 70000"],
  [/out of range/, "-S 70000"],
  [/must be within/, "-f 140000"],
  [/Bad file descriptor/, "--fd 999", { on: "keyless" }],
  [/look like base64-encoded/, "--key-base64-rijndael a*b="],
  [/look like base64-encoded/, "--key-base64-hmac !"],
  [/Named configuration.*not found/, "--rc-file {home}/rc -n none", { on: "bare", files: RC }],
  [/The following stanzas are configured/, "--rc-file {home}/rc --stanza-list", { on: "bare", files: RC }],
  [/Invalid SPA access message/, "-A bogus"],
  [/Invalid allow IP/, "-a 1.2.3"],
  [/Invalid spoof IP/, "-Q 1.2.3 -P udpraw"],
  [/Unrecognized protocol/, "-P none"],
  [/not compiled with fault injection/, "--fault-injection-tag x"],
  [/should not be identical/, "--key-hmac shortkey"],
  [/Wrote Rijndael and HMAC keys to/, "-K {home}/keys", { on: "alone" }],
  [/KEY_BASE64: \S{44}\nHMAC_KEY_BASE64: \S{88}\n/, "-k", { on: "alone" }],
  [/error in getaddrinfo:/, "-D nosuch.invalid", { on: "send", sends: true }],
  [/permissions should only be user read\/write \(0600/, `--rc-file {home}/rc -T ${REQUEST}`, {
    on: "bare",
    files: { rc: "#!\n[default]\n" },
  }],
];

/** Those of the dump and of what was asked for; everything else is a mistake, or a warning. */
const ON_OUTPUT =
  /^(?:FKO|Encoded|Final|HMAC|Encryption|Message|Last|packet not actually|bytes|The following|Wrote|KEY_)/;
const NO_MISTAKE = /permissions/;

cClientTest("both clients say what scripts look for, on the same stream and with the same exit code", async () => {
  await tryRows(FRAGMENTS.map(([fragment, args, more]): Row => {
    const printed = ON_OUTPUT.test(fragment.source);
    const code = printed || NO_MISTAKE.test(fragment.source) ? 0 : 1;
    return { ...more, args, code, wording: true, ...(printed ? { prints: fragment } : { says: fragment }) };
  }));
});

cClientTest("without HOME both clients are Unable to determine where the arguments are saved", async () => {
  const args = ["-T", "--no-rc-file", ...REQUEST.split(" ")];
  const c = await new Deno.Command("/usr/bin/fwknop", { args, clearEnv: true, env: {}, stdin: "null" }).output();
  const own = await runOwn(args, { env: {} });
  for (const err of [new TextDecoder().decode(c.stderr), own.err]) {
    assert.match(err, /Unable to determine args save file/);
  }
  // A knock needs no place for them.
  assert.deepEqual([c.code, own.code], [1, 0]);
});

/** Two mistakes and the one that is told: the checks have an order (facts/client 2). */
const ORDER: readonly (readonly [told: RegExp, args: string, more?: Partial<Row>])[] = [
  [/Named configuration/, "--rc-file {home}/rc -n none", { on: "bare", files: RC }],
  [/Named configuration/, "--rc-file {home}/rc -n none -T -Q 192.0.2.1 -a 192.0.2.1", { on: "bare", files: RC }],
  [/Must use.*destination/, "--rc-file {home}/rc --save-rc-stanza -Q 192.0.2.1", { on: "bare", files: RC }],
  [/Must use.*destination/, "-A tcp/22", { on: "alone" }],
  [/Must use.*destination/, "-a 192.0.2.1 -Q 192.0.2.1", { on: "alone" }],
  [/Must use.*destination/, "-H proxy -P udp -g", { on: "alone" }],
  [/Must use one of/, "-D h -Q 192.0.2.1", { on: "alone" }],
  [/Must use one of/, "-D h -g -M asymmetric", { on: "alone" }],
  [/Must use one of/, "-D h -M legacy --use-hmac", { on: "alone" }],
  [/Must set -P </, "-Q 192.0.2.1 -H proxy -P tcp"],
  [/Must set -P </, "-Q 192.0.2.1 -g"],
  [/Must set -P </, "-Q 192.0.2.1 -M legacy --use-hmac"],
  [/Cannot set --http-proxy/, "-H proxy -P tcp -g"],
  [/Cannot set --http-proxy/, "-H proxy -P tcp -M asymmetric"],
  [/Cannot set --http-proxy/, "-H proxy -P tcp -M legacy --use-hmac"],
  [/Must specify --gpg-recipient-key/, "-g -M asymmetric"],
  [/Must specify --gpg-recipient-key/, "-g -M legacy --use-hmac"],
  [/Must specify GPG recipient/, "-M asymmetric --key-hmac h"],
  // What is wrong with a packet is told after that.
  [/Legacy encryption mode/, "-M legacy --use-hmac -A bogus"],
  [/Cannot set --http-proxy/, "-H proxy -P tcp -N -host"],
  [/Must set -P </, "-Q 192.0.2.1 -G {home}/none", { on: "keyless" }],
  [/Invalid SPA access message/, "-A bogus -N 10.0.0.1,99999"],
  [/Invalid port value in -N arg/, "-N 10.0.0.1,99999 -G {home}/none", { on: "keyless" }],
  [/NAT for multiple/, "-A tcp/1,tcp/2 --nat-port 9 -N -host"],
  [/Could not open config file: \S+\/none/, "-G {home}/none --get-hmac-key {home}/other", { on: "keyless" }],
];

cClientTest("of two mistakes both clients tell the same one", async () => {
  await tryRows(ORDER.map(([says, args, more]) => ({ ...more, args, code: 1, says, wording: true })));
});

/** What each run leaves behind (facts/client 1). */
const MADE = [/^\[default\]$/m, 0o600] as const;
const SAVED = [/^\S*fwknop .*\n$/, 0o600] as const;

cClientTest("both clients make the same files, whatever the run ends with", async () => {
  const rows: readonly (readonly [args: string, rc: boolean, run: boolean, code?: 1])[] = [
    [`-T ${REQUEST}`, true, true],
    [`-T ${REQUEST} --no-save-args`, true, false],
    [`-T ${REQUEST} --no-rc-file`, false, true],
    ["-V", true, true],
    ["-k", true, false],
    ["-k --no-rc-file", false, false],
    ["-K {home}/keys", true, false],
    ["-h", false, false],
    ["-V -h", false, false],
    ["-A tcp/22", true, false, 1],
    ["-T -s -A bogus --key-rijndael k", true, true, 1],
    ["-T -s -A tcp/22 -G {home}/none", true, true, 1],
    ["-T -s -A tcp/22 -Q 192.0.2.1", true, false, 1],
    ["--stanza-list", false, false, 1],
  ];
  const files = (rc: boolean, run: boolean) => ({ ".fwknoprc": rc ? MADE : null, ".fwknop.run": run ? SAVED : null });
  await tryRows([
    ...rows.map(([args, rc, run, code]): Row => ({
      on: "bare",
      args,
      code: code ?? 0,
      wording: true,
      writes: files(rc, run),
    })),
    {
      on: "bare",
      args: "-T -A tcp/22",
      mended: "decision",
      c: { code: 1, says: /Error 100/, writes: files(true, true) },
      own: { code: 1, says: /Must use one of/, writes: files(true, false) },
    },
  ]);
});

cClientTest("with -v the transcript of older clients is on standard error too; the C client has none", async () => {
  const building = "\\[\\+\\] Building encrypted Single Packet Authorization \\(SPA\\) message\\.\\.\\.\\n";
  const sending = (over: string) =>
    new RegExp(
      `^${building}\\[\\+\\] Sending [0-9]{3} byte message to 127\\.0\\.0\\.1 over ${over}/[0-9]+\\.\\.\\.\\n$`,
    );
  await tryRows([
    ...(["udp", "tcp", "http"] as const).map((proto): Row => ({
      on: "send",
      listens: proto === "udp" ? "udp" : "tcp",
      args: `-v -P ${proto}`,
      receives: /WIRE/,
      c: { says: /^$/ },
      own: { says: sending(proto === "udp" ? "udp" : "tcp") },
    })),
    { args: "", c: { says: /^$/ }, own: { says: new RegExp(`^${building}$`) } },
    { on: "send", sends: true, args: "", says: /^$/, prints: /^$/ },
  ]);
});
