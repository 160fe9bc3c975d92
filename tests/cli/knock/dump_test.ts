import assert from "node:assert/strict";
import { rehearse } from "../../../cli/knock/dump.ts";
import { loadSettings } from "../../../cli/settings/load.ts";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { realWorld, worldOn } from "../../../cli/ui/world.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { sealFields } from "../../../lib/spa/seal.ts";
import { parseArguments } from "../../../lib/settings/argv.ts";
import { spaVector } from "../../vectors/vectors.ts";
import { ALONE, H64, K64, runOwn } from "../harness.ts";
import { targetOf } from "../send/targets.ts";

const KEYS = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];

Deno.test("the raw transports show the port they would leave from", async () => {
  const own = await runOwn([...ALONE, "-T", "-v", "-D", "127.0.0.1", "-A", "tcp/22", "-s", ...KEYS, "-P", "tcpraw"]);
  const port = Number(/^ {9}source port: ([0-9]+)$/m.exec(own.out)?.[1]);
  assert.ok(port >= 10_000 && port <= 65_534);
});

Deno.test("a real send says nothing; with -v it shows the packet, the place and the bytes", async () => {
  const args = [...ALONE, "-D", "127.0.0.1", "-A", "tcp/22", "-a", "192.0.2.10", ...KEYS];
  const quiet = await runOwn(args);
  assert.deepEqual([quiet.code, quiet.out, quiet.err, quiet.sent.length], [0, "", "", 1]);
  const loud = await runOwn([...args, "-v", "-r"]);
  const port = loud.sent[0]?.target.port ?? 0;
  assert.ok(port >= 10_000 && port <= 65_534);
  assert.ok(loud.err.includes(`[+] Sending ${loud.sent[0]?.packet.length} byte message to 127.0.0.1 over udp/${port}`));
  assert.match(loud.out, /^SPA Field Values:\n={17}\n/);
  assert.ok(loud.out.includes(`\n\nGenerating SPA packet:\n            protocol: udp\n`));
  assert.ok(loud.out.includes(`    destination port: ${port}\n`));
  assert.ok(loud.out.endsWith(`send_spa_packet: bytes sent: ${loud.sent[0]?.packet.length}\n`));
});

Deno.test("-v warns of -s on standard error, -T does not", async () => {
  const args = [...ALONE, "-D", "127.0.0.1", "-A", "tcp/22", "-s", ...KEYS, "-v"];
  assert.match((await runOwn(args)).err, /Should use -a or -R/);
  assert.doesNotMatch((await runOwn([...args, "-T"])).err, /Should use -a or -R/);
});

Deno.test("K19: rehearse() gives 1 where the own packet does not open", async () => {
  const said: string[] = [];
  const world = worldOn({ ...realWorld(), out: () => {}, err: (text: string) => said.push(text) });
  const { settings } = loadSettings(
    parseArguments(CLIENT_SETTINGS, [...ALONE, "-T", "-s", "-A", "tcp/22"]),
    null,
    world,
  );
  const { keys, salt, packet } = spaVector("access_md5_short_key");
  const fields = {
    random: "1234567890123456",
    username: "alice",
    timestamp: 1_700_000_000,
    version: "3.0.0",
    type: 1 as const,
    message: "192.0.2.10,tcp/22",
    natAccess: null,
    serverAuth: null,
    clientTimeout: 0,
  };
  const sealed = await sealFields(nobleEngine, fields, "sha256", { secrets: keys, salt });
  assert.ok(sealed.ok);
  const parts = { settings, target: targetOf({}), secrets: keys, world };
  assert.equal(await rehearse({ ...parts, packet: sealed.value }), 0);
  assert.deepEqual(said, []);
  assert.equal(await rehearse({ ...parts, packet: { ...sealed.value, wire: packet.slice(0, -4) } }), 1);
  assert.match(said.join(), /the packet does not open: Error 53 - /);
});

Deno.test("-v says that an IPv6 address needs a server of this project; -s sends 0.0.0.0 over IPv6 too", async () => {
  const args = [...ALONE, "-D", "::1", "-A", "tcp/22", ...KEYS];
  const quiet = await runOwn([...args, "-a", "2001:db8::1"]);
  assert.deepEqual([quiet.err, quiet.sent.length], ["", 1]);
  const loud = await runOwn([...args, "-a", "2001:db8::1", "-v"]);
  assert.match(loud.err, /-a 2001:db8::1 needs a server of this project/);
  assert.match(loud.out, /^ Message String: 2001:db8::1,tcp\/22$/m);
  assert.match((await runOwn([...args, "-s", "-v"])).out, /^ Message String: 0\.0\.0\.0,tcp\/22$/m);
});
