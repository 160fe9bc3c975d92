/** Hints that once advised what was done already, or what does not help. */
import assert from "node:assert/strict";
import { sendPacket } from "../../../cli/send/sender.ts";
import { ALONE, K64, runOwn, temporaryFolder } from "../harness.ts";
import { closedPort } from "../send/capture_stream.ts";

const KEY = ["--key-base64-rijndael", K64];
const KNOCK = [...ALONE, ...KEY, "-A", "tcp/22", "-a", "192.0.2.9", "-D", "127.0.0.1"];

/** Arguments, what the hint must say, and what it must not. */
const ROWS: readonly (readonly [args: readonly string[], says: RegExp, never?: RegExp])[] = [
  [[...KNOCK, "-g"], /--gpg-recipient-key KEY, or the file/],
  [[...KNOCK, "-M", "asymmetric"], /leave out -M/],
  [[...KNOCK, "-Q", "192.0.2.7", "-P", "tcp"], /use -P udpraw instead of tcp/],
  [[...KNOCK, "-s", "--both", "-4"], /leave out -4, or --both/, /add -s/],
  [[...KNOCK, "-U", "a/b"], /use letters, digits/, /with -U/],
  [[...KNOCK, "-P", "http", "-H", `127.0.0.1:${closedPort()}`], /check host and port of the proxy/, /-p\b|udp/],
  [[...KNOCK, "--socks5", `127.0.0.1:${closedPort()}`], /check host and port of --socks5/, /-p\b|udp/],
  [[...ALONE, ...KEY, "-A", "tcp/22", "-a", "no-such-host.invalid", "-T"], /spelling of the name/, /-4|-6/],
];

Deno.test("a hint advises nothing that was done already or does not help", async () => {
  for (const [args, says, never] of ROWS) {
    const run = await runOwn(args, { send: sendPacket });
    const [, hint = ""] = /fwknop: hint: (.*)/.exec(run.err) ?? [];
    assert.match(hint, says, `${args.join(" ")}: ${run.err}`);
    if (never !== undefined) assert.doesNotMatch(hint, never, args.join(" "));
  }
});

Deno.test("a stanza without a server is told to get one, not to be named", async () => {
  using home = temporaryFolder();
  Deno.writeTextFileSync(`${home.path}/.fwknoprc`, "[gw]\nACCESS tcp/22\nALLOW_IP source\n", { mode: 0o600 });
  const run = await runOwn(["-n", "gw"], { env: { HOME: home.path } });
  assert.match(run.err, /hint: add SPA_SERVER to stanza \[gw\], or name the server with -D HOST\n/);
});

Deno.test("a key that is too long is told by where it came from", async () => {
  using home = temporaryFolder();
  const key = "k".repeat(44);
  Deno.writeTextFileSync(`${home.path}/keys`, `127.0.0.1: ${key}\n`);
  const knock = [...ALONE, "-A", "tcp/22", "-a", "192.0.2.9", "-D", "127.0.0.1"];
  const file = await runOwn([...knock, "-G", `${home.path}/keys`]);
  assert.match(
    file.err,
    /Invalid key length.*\n.*a key file holds keys as text: one in base64 belongs in KEY_BASE64 of/,
  );
  const typed = await runOwn(knock, { secrets: [key] });
  assert.match(
    typed.err,
    /Invalid key length.*\n.*what is asked for is text: a key in base64 belongs in KEY_BASE64 of/,
  );
  const rc = `${home.path}/rc`;
  Deno.writeTextFileSync(rc, `[gw]\nKEY_CMD echo ${key}\n`, { mode: 0o600 });
  const command = await runOwn(["--rc-file", rc, "--no-save-args", ...knock.slice(2), "-n", "gw"]);
  assert.match(command.err, /Invalid key length.*\n.*the command must print base64: before it/);
});

Deno.test("the hint to the server's journal finds the lines however the daemon was started", async () => {
  const knock = [...ALONE, ...KEY, "-A", `tcp/${closedPort()}`, "-a", "192.0.2.9", "-D", "127.0.0.1", "--wait=1"];
  const rejected = await runOwn(knock);
  assert.equal(rejected.code, 3, rejected.err);
  assert.match(rejected.err, /\(journalctl -t fwknopd\)/);
});
