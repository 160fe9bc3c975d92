import assert from "node:assert/strict";
import { open } from "../../lib/spa/open.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { ALONE, H64, K64, runOwn, temporaryFolder } from "./harness.ts";
import { rijndael } from "../fakes/secrets.ts";

const SEND = [...ALONE, "-D", "127.0.0.1"];

/** Arguments after `SEND`, and what standard error must say; nothing may be sent, exit 1. */
const REFUSED: readonly [readonly string[], RegExp][] = [
  [["--bogus"], /--bogus: unknown option/],
  [["--destnation", "x"], /did you mean --destination\?/],
  [["-p"], /-p: requires a value/],
  [["--n"], /--n: ambiguous option/],
  [["-p", "99999"], /-p: Value is out of range.*0-65535/],
  [["-p", "62201abc"], /-p: Value is not in the range: expected a number/],
  [["-f", "65537"], /--fw-timeout must be within \[0-65536\]/],
  [["-f", "4294967297"], /--fw-timeout must be within/],
  [["-m", "md6"], /Invalid digest type: md6/],
  [["-M", "pcbc"], /Invalid encryption mode: pcbc/],
  [["-P", "sctp"], /Unrecognized protocol: sctp/],
  [["--hmac-digest-type", "x"], /Invalid hmac digest type: x/],
  [["--icmp-type", "41"], /Invalid icmp type/],
  [["--icmp-code", "16"], /Invalid icmp code/],
  [["-Q", "1.2.3"], /Invalid spoof IP/],
  [["-s", "-Q", "1.2.3.4"], /Must set -P <udpraw\|tcpraw\|icmp>/],
  [["--time-offset-plus", "x"], /Invalid time offset: 'x'/],
  [["-a", "1.2.3.4.5"], /Invalid allow IP/],
  [["-a", "192.168.100.2000"], /Invalid allow IP/],
  [["-a", "01.2.3.4"], /Invalid allow IP/],
  [["-a", "::"], /Invalid allow IP/],
  [["-a", "no such host"], /Invalid allow IP/],
  [["-A", "tcp/22"], /Must use one of \[-s\|-R\|-a\]/],
  [["-s"], /Invalid SPA access message/],
  [["-s", "-A", "icmp/8"], /Invalid SPA access message/],
  [["-s", "-A", "tcp/22", "-M", "Asymmetric"], /Must specify GPG recipient/],
  [["-s", "-A", "tcp/22", "-g"], /Must specify --gpg-recipient-key/],
  [["-s", "-A", "tcp/22", "-g", "--gpg-recip", "x", "--gpg-home-dir", "/nowhere"], /Error 135 - Unable to stat/],
  [["-s", "-A", "tcp/22", "-M", "legacy", "--key-hmac", "x"], /Legacy encryption mode is incompatible/],
  [["-s", "-A", "tcp/22", "-4", "-6"], /-6 contradicts -4/],
  [["-s", "-A", "tcp/22", "--stdin", "--fd", "5"], /--stdin and --fd/],
  [["-a", "1.2.3.4", "-A", "tcp/22", "--both"], /--both goes with -s/],
  [["-s", "-A", "tcp/22", "--both", "-6"], /--both goes with -s/],
  [["-s", "-A", "tcp/22", "--both"], /--both needs both families, but 127.0.0.1 is an IPv4 address/],
  [["-s", "-A", "tcp/22", "--both", "-D", "::1"], /--both needs both families, but ::1 is an IPv6 address/],
  [["-s", "-A", "tcp/22", "--both", "-D", "h", "--server-resolve-ipv4"], /--server-resolve-ipv4 means IPv4 only/],
  [["-s", "-A", "tcp/22", "--both", "-D", "h", "-P", "icmp", "-Q", "::1"], /::1 \(-Q\) is an IPv6 address/],
  [["-s", "-A", "tcp/22", "--both", "-D", "h", "-H", "p"], /a proxy chooses the family itself/],
  [["-s", "-A", "tcp/22", "--both", "-D", "h", "--socks5", "p:1"], /a proxy chooses the family itself/],
  [["-s", "-A", "tcp/22", "--socks5", "h"], /--socks5: expected HOST:PORT/],
  [["-s", "-A", "tcp/22", "--socks5", "h:1", "-P", "udp"], /Cannot set --socks5/],
  [["-s", "-A", "tcp/22", "--socks5", "h:1", "-H", "h"], /Cannot set --socks5/],
  [["--fault-injection-tag", "x"], /not compiled with fault injection/],
  [["--key-len", "33", "-k"], /Invalid key length/],
  [["--key-rijndael", "x".repeat(33)], /Invalid key length: 33 bytes/],
  [["--key-base64-rijndael", "a*b="], /look like base64-encoded/],
  [["--key-base64-hmac", ""], /Invalid key length: 0 bytes/],
  [["-s", "-A", "tcp/22", "--key-rijndael", "same", "--key-hmac", "same"], /should not be identical/],
  [["-U", "x".repeat(49)], /-U: expected text of at most 48 bytes/],
  [
    ["-s", "-C", "x".repeat(200), "--key-rijndael", "k"],
    /Cannot build the packet: it would be longer than servers take: Error 26 - .*DECODE_MESSAGE_TOOBIG/,
  ],
];

for (const [argv, pattern] of REFUSED) {
  Deno.test(`fwknop ${argv.join(" ").slice(0, 60)} is refused`, async () => {
    const run = await runOwn([...SEND, ...argv], { env: { LOGNAME: "bob" } });
    assert.match(run.err, pattern);
    assert.deepEqual([run.code, run.sent.length, run.out], [1, 0, ""]);
  });
}

Deno.test("without -D a packet is not sent", async () => {
  const run = await runOwn([...ALONE, "-A", "tcp/22", "-s"]);
  assert.match(run.err, /Must use --destination unless --test mode is used/);
});

Deno.test("no refusal shows a key", async () => {
  for (const option of ["--key-rijndael", "--key-hmac", "--key-base64-rijndael", "--key-base64-hmac"]) {
    const secret = `TOP*SECRET${"x".repeat(150)}`;
    const run = await runOwn([...SEND, "-s", "-A", "tcp/22", option, secret]);
    assert.equal(run.code, 1);
    assert.ok(!`${run.err}${run.out}`.includes("TOP"));
  }
});

Deno.test("all mistakes of the command line are told at once", async () => {
  const run = await runOwn([...SEND, "-p", "x", "-m", "y", "-a", "1.2.3"]);
  assert.equal(run.err.split("\n").filter((line) => line.startsWith("fwknop: error:")).length, 3);
});

/** What was sent must open with the same keys and say this. */
const SENT: readonly [readonly string[], Record<string, unknown>][] = [
  [["-a", "192.0.2.1", "-A", "tcp/22"], { type: 1, message: "192.0.2.1,tcp/22", clientTimeout: 0 }],
  [["-a", "192.0.2.1", "-A", "tcp/022", "-f", "30"], { type: 3, message: "192.0.2.1,tcp/22", clientTimeout: 30 }],
  [["-s", "-C", "id -u"], { type: 0, message: "0.0.0.0,id -u", natAccess: null }],
  [["-s", "-A", "tcp/22", "-N", "10.0.0.1"], { type: 2, natAccess: "10.0.0.1,22" }],
  [["-s", "-A", "tcp/22", "--nat-local", "--nat-port", "4000"], { type: 5, message: "0.0.0.0,tcp/4000" }],
  [["-s", "-A", "tcp/22", "--NAT-access", "10.0.0.1"], { type: 2, natAccess: "10.0.0.1,22" }],
  [["-s", "-A", "tcp/22", "-U", "alice"], { username: "alice" }],
  [["--Source-ip", "--Access=tcp/22", "--Spoof-user", "alice"], { username: "alice", message: "0.0.0.0,tcp/22" }],
  [["-s", "-A", "tcp/22"], { username: "bob", version: "3.0.0", timestamp: 1_700_000_000 }],
];

for (const [argv, fields] of SENT) {
  Deno.test(`fwknop ${argv.join(" ")} sends ${JSON.stringify(fields)}`, async () => {
    const keys = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];
    const run = await runOwn([...SEND, ...keys, ...argv], { env: { LOGNAME: "bob" } });
    assert.equal(run.code, 0, run.err);
    const bytes = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const secrets = rijndael(bytes(K64), { hmac: { name: "sha256", key: bytes(H64) } });
    const opened = await open(webEngine, run.sent[0]?.packet ?? "", secrets);
    assert.ok(opened.ok);
    for (const [name, value] of Object.entries(fields)) {
      assert.deepEqual(opened.value[name as keyof typeof opened.value], value, name);
    }
  });
}

Deno.test("--nat-rand-port says which port was drawn, and asks for it", async () => {
  const run = await runOwn([...SEND, "-s", "-A", "tcp/22", "-N", "10.0.0.1", "--nat-rand-port", "--key-rijndael", "k"]);
  const pattern =
    /^\[\+\] Randomly assigned port '(\d+)' on: '0\.0\.0\.0,tcp\/(\d+)' will grant access to: '10\.0\.0\.1,22'\n$/;
  const [, port, asked] = pattern.exec(run.out) ?? [];
  assert.equal(port, asked);
  assert.ok(Number(port) >= 10_000);
});

Deno.test("the target has what was asked for", async () => {
  const run = await runOwn([...SEND, "-s", "-A", "tcp/22", "--key-rijndael", "k", "-S", "1234", "-p", "53", "-6"]);
  assert.deepEqual(
    [run.sent[0]?.target.host, run.sent[0]?.target.port, run.sent[0]?.target.sourcePort, run.sent[0]?.target.family],
    ["127.0.0.1", 53, 1234, 6],
  );
  const brackets = await runOwn([...ALONE, "-D", "[::1]", "-s", "-A", "tcp/22", "--key-rijndael", "k"]);
  assert.equal(brackets.sent[0]?.target.host, "::1");
  assert.equal(brackets.sent[0]?.target.family, null);
});

Deno.test("-s --both sends a packet of its own over each family", async () => {
  const run = await runOwn([...ALONE, "-D", "server.example", "-s", "--both", "-A", "tcp/22", "--key-rijndael", "k"]);
  assert.deepEqual(run.sent.map(({ target }) => target.family), [4, 6]);
  assert.notEqual(run.sent[0]?.packet, run.sent[1]?.packet);
});

Deno.test("--socks5 sends over tcp in spite of a stanza", async () => {
  const run = await runOwn([...SEND, "-s", "-A", "tcp/22", "--key-rijndael", "k", "--socks5", "[::1]:9050"]);
  assert.deepEqual([run.sent[0]?.proto, run.sent[0]?.target.socks5], ["tcp", { host: "::1", port: 9050 }]);
});

Deno.test("-B writes the packet that is sent; a failure is told and the packet is sent", async () => {
  using folder = temporaryFolder();
  const base = [...SEND, "-s", "-A", "tcp/22", "--key-rijndael", "k", "-B"];
  const run = await runOwn([...base, `${folder.path}/p`]);
  assert.equal(Deno.readTextFileSync(`${folder.path}/p`), `${run.sent[0]?.packet}\n`);
  const failed = await runOwn([...base, folder.path]);
  assert.match(failed.err, /Could not save the packet to /);
  assert.deepEqual([failed.code, failed.sent.length], [0, 1]);
});

Deno.test("-V and -h print and end with 0", async () => {
  const version = await runOwn(["-V"]);
  assert.deepEqual([version.code, version.out], [0, "fwknop client 2.6.11, FKO protocol version 3.0.0\n"]);
  const help = await runOwn(["-h"]);
  assert.equal(help.code, 0);
  assert.match(help.out, /Usage: fwknop .*\n/);
  assert.match(help.out, /--access/);
});

Deno.test("-k prints two lines; -K writes them with mode 0600", async () => {
  using folder = temporaryFolder();
  const printed = await runOwn([...ALONE, "-k"]);
  assert.match(printed.out, /^KEY_BASE64: [A-Za-z0-9+/]{43}=\nHMAC_KEY_BASE64: [A-Za-z0-9+/]{86}==\n$/);
  const path = `${folder.path}/keys`;
  const written = await runOwn([...ALONE, "-K", path, "--key-len", "16", "--hmac-digest-type", "sha3_512"]);
  assert.equal(written.out, `[+] Wrote Rijndael and HMAC keys to: ${path}\n`);
  assert.match(Deno.readTextFileSync(path), /^KEY_BASE64: \S{24}\nHMAC_KEY_BASE64: \S{88}\n$/);
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
});

Deno.test("-K into a pipe or a device writes there, and it stays what it is", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/pipe`;
  assert.ok((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
  const reader = new Deno.Command("cat", { args: [path], stdout: "piped" }).spawn();
  const run = await runOwn([...ALONE, "-K", path]);
  assert.equal(run.code, 0, run.err);
  assert.match(new TextDecoder().decode((await reader.output()).stdout), /^KEY_BASE64: \S+\nHMAC_KEY_BASE64: \S+\n$/);
  assert.ok(Deno.statSync(path).isFifo);
  const folderRun = await runOwn([...ALONE, "-K", folder.path]);
  assert.match(folderRun.err, /Unable to create key gen file: .*not a regular file/);
});

for (
  const [words, hint] of [
    [["-A", "tcp/22", "-a", "1.2.3.4", "-D", "gw", "-k"], /^fwknop: hint: only keys were made; .*--save-rc-stanza\n$/],
    [
      ["-A", "tcp/22", "-a", "1.2.3.4", "-k", "gw"],
      /^fwknop: hint: only keys were made, and gw was passed over; -D gw /,
    ],
    [["-A", "tcp/22", "-R", "-k", "gw"], /^fwknop: hint: .* -D gw /],
    [["-a", "1.2.3.4", "-D", "gw", "-k"], /^fwknop: hint: .*--save-rc-stanza\n$/],
    [["-k", "gw"], /^$/],
    [["-k", "-D", "gw"], /^$/],
  ] as const
) {
  Deno.test(`fwknop ${words.join(" ")} makes keys, and says what else was probably meant`, async () => {
    const run = await runOwn([...ALONE, ...words]);
    assert.match(run.out, /^KEY_BASE64: \S+\nHMAC_KEY_BASE64: \S+\n$/);
    assert.match(run.err, hint);
    assert.equal(run.code, 0);
  });
}

Deno.test("--spoof-src and --Spoof-src, as the manual writes it, name the source of a raw packet", async () => {
  for (const name of ["--spoof-source", "--spoof-src", "--Spoof-src"]) {
    const args = ["-s", "-A", "tcp/22", "-P", "udpraw", "--key-rijndael", "k", name, "192.0.2.7"];
    const run = await runOwn([...SEND, ...args]);
    assert.equal(run.code, 0, run.err);
    assert.equal(run.sent[0]?.target.spoofSource?.text, "192.0.2.7");
  }
});

Deno.test("an empty key is refused", async () => {
  const run = await runOwn([...SEND, "-s", "-A", "tcp/22"], { secrets: [""] });
  assert.match(run.err, /encryption key is empty/);
  assert.equal(run.sent.length, 0);
});

Deno.test("-M legacy cuts a longer key as the C client does, and says so", async () => {
  const run = await runOwn([...SEND, "-s", "-A", "tcp/22", "-M", "legacy", "--key-rijndael", "12345678901234567"]);
  assert.equal(run.code, 0);
  assert.match(run.err, /Encryption key in '-M legacy' mode must be <= 16 bytes/);
});

Deno.test("K7: a packet that C servers would take for GPG is warned of", async () => {
  const command = "x".repeat(100);
  const keys = ["--key-rijndael", "k", "--key-hmac", "h", "--hmac-digest-type", "sha512"];
  const run = await runOwn([...SEND, "-s", "-C", command, ...keys], { env: { LOGNAME: "bob" } });
  assert.match(run.err, /C servers may ignore it/);
  assert.equal(run.sent.length, 1);
});
