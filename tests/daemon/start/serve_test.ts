import assert from "node:assert/strict";
import { loadConfig } from "../../../daemon/config/mod.ts";
import type { Firewall } from "../../../daemon/firewall/firewall.ts";
import { FirewallError } from "../../../daemon/firewall/firewall.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { parseDaemonOptions } from "../../../daemon/options.ts";
import { absentSource } from "../../../daemon/packet/absent.ts";
import type { Datagram, PacketSource } from "../../../daemon/packet/datagram.ts";
import { rightsToGiveUp } from "../../../daemon/start/rights.ts";
import { runDaemon, type StartEffects } from "../../../daemon/start/serve.ts";
import { datagram, knock } from "../../fakes/knock.ts";
import { rijndael } from "../../fakes/secrets.ts";
import { inMemory, STANZA } from "../config/in_memory.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
/** Those of {@link STANZA}. */
const KEYS = rijndael(bytes("enckey"), { hmac: { name: "sha256", key: bytes("hmackey") } });

/** A knock of this moment: the daemon under test looks at the clock. */
async function knockNow(): Promise<Datagram> {
  return datagram(await knock({ timestamp: Math.floor(Date.now() / 1000) }, KEYS));
}

/** A source with these packets, always ready. */
function sourceWith(packets: readonly Datagram[]): PacketSource {
  const { absent: _absent, ...source } = absentSource();
  return { ...source, banner: ["Reading packets"], read: () => batchOf(packets) };
}

const batchOf = (datagrams: readonly Datagram[]) => ({ datagrams, taken: datagrams.length, more: false, ended: false });

/** A daemon in a folder of its own that ends after one packet; `events` is what it does, in order. */
async function scene(argv: readonly string[] = [], changes: Partial<Firewall> = {}) {
  const folder = await Deno.makeTempDir();
  const parsed = parseDaemonOptions(["-c", "/c", "-a", "/a", "-f", "-r", folder, "-C", "1", ...argv]);
  assert.ok(parsed.ok);
  const files = inMemory({ "/c": "\n", "/a": STANZA });
  const loaded = loadConfig(parsed.options, files, 0);
  assert.ok(loaded.ok);
  const events: string[] = [], lines: string[] = [];
  const note = (event: string) => void events.push(event);
  const real = recordingFirewall({ now: () => Date.now() / 1000 });
  const { file } = loaded.config.replay;
  const firewall: Firewall = {
    ...real,
    closesAtExit: true,
    examine: () => (note("examine"), real.examine(null)),
    prepare: () => (note("prepare"), real.prepare()),
    grant: async (...args) => {
      const recorded = (await Deno.readTextFile(file)).split("\n").filter((line) => /^[A-Za-z0-9+/]/.test(line)).length;
      note(`grant with ${recorded} packets on the disk`);
      return await real.grant(...args);
    },
    cleanup: () => (note("cleanup"), real.cleanup()),
    ...changes,
  };
  const effects: StartEffects = {
    openFirewall: () => Promise.resolve({ firewall, reason: "firewall: a fake" }),
    openSource: () => (note("source"), sourceWith(packets)),
    makeQueueRules: () => Promise.resolve(null),
    giveUpRights: (parts) => note(`give up ${rightsToGiveUp(parts).join(" ")}`),
    giveBackStart: () => note("give back memory"),
    rehearse: () => Promise.resolve(note("rehearse")),
    announce: () => Promise.resolve(note("announce")),
    manager: { watchdogMs: null, beginReload: () => {}, tell: (state) => note(`tell ${state}`) },
  };
  const packets = [await knockNow()];
  const options = { options: parsed.options, loaded, files, foreground: true, readinessFd: null, readyWord: "ready" };
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  return {
    ...{ folder, events, lines, config: loaded.config, effects },
    run: (more: Partial<StartEffects> = {}) => runDaemon(options, log, { ...effects, ...more }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("runDaemon() opens everything in the one right order, and closes it again", async () => {
  await using daemon = await scene();
  assert.equal(await daemon.run(), 0);
  assert.deepEqual(daemon.events, [
    ...[
      "examine",
      "prepare",
      "source",
      "give up env ffi net run write",
      "rehearse",
      "give back memory",
      "rehearse",
      "announce",
    ],
    "grant with 1 packets on the disk",
    ...["tell STOPPING=1", "cleanup"],
  ]);
});

Deno.test("runDaemon() says what it does in the words and the order that scripts know", async () => {
  await using daemon = await scene();
  await daemon.run();
  const { file } = daemon.config.replay;
  const ofPacket = /^debug|SPA Packet from IP|asks to let in|Added access rule/;
  const told = daemon.lines.filter((line) => !ofPacket.test(line));
  assert.deepEqual(told, [
    "info: Starting fwknopd",
    `info: Using Digest Cache: '${file}' (entry count = 0)`,
    "info: firewall: a fake",
    "info: Reading packets",
    "info: Starting fwknopd main event loop.",
    "warning: * Incoming packet count limit of 1 reached",
    "info: Gracefully leaving the fwknopd event loop.",
    "warning: Packet count limit (1) reached. Exiting...",
    "warning: Shutting Down fwknopd.",
  ]);
});

Deno.test("runDaemon() has its PID file while it runs, and not afterwards", async () => {
  await using daemon = await scene();
  const { pidFile } = daemon.config.paths;
  let held = "";
  await daemon.run({ announce: async () => void (held = await Deno.readTextFile(pidFile)) });
  assert.equal(held, `${Deno.pid}\n`);
  await assert.rejects(Deno.stat(pidFile), Deno.errors.NotFound);
});

Deno.test("runDaemon() announces nothing when the start fails, and leaves nothing open", async () => {
  const why = new FirewallError("Cannot make the chain", "be root");
  await using daemon = await scene([], { prepare: () => Promise.reject(why) });
  await assert.rejects(daemon.run(), why);
  assert.deepEqual(daemon.events, ["examine", "cleanup"]);
  await assert.rejects(Deno.stat(daemon.config.paths.pidFile), Deno.errors.NotFound);
});

Deno.test("runDaemon() leaves grants open where the packet filter is set to", async () => {
  await using daemon = await scene([], { closesAtExit: false });
  assert.equal(await daemon.run(), 0);
  assert.equal(daemon.events.includes("cleanup"), false);
});

Deno.test("runDaemon() opens no packet filter with --test", async () => {
  await using daemon = await scene(["--test"]);
  assert.equal(await daemon.run({ openFirewall: () => assert.fail("opened") }), 0);
  assert.ok(daemon.lines.includes("info: firewall: none, because of --test"));
  assert.ok(daemon.lines.some((line) => line.includes("--test mode enabled, skipping firewall manipulation.")));
});

Deno.test("runDaemon() only looks at the replay file with --exit-parse-digest-cache", async () => {
  await using daemon = await scene(["--exit-parse-digest-cache"]);
  assert.equal(await daemon.run(), 0);
  assert.deepEqual(daemon.events, []);
  assert.equal(daemon.lines.at(-1), "info: Digest cache parsed, exiting.");
});
