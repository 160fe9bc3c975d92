import assert from "node:assert/strict";
import { noNames } from "../../fakes/knock.ts";
import { type ConfigFiles, loadConfig } from "../../../daemon/config/mod.ts";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { parseDaemonOptions } from "../../../daemon/options.ts";
import { type Accounts, createAccounts } from "../../../daemon/loop/accounts.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { type ActiveConfig, makeActiveConfig } from "../../../daemon/loop/active_config.ts";
import { makeReload } from "../../../daemon/loop/reload.ts";
import { createStrangers } from "../../../daemon/loop/strangers.ts";
import { openSources } from "../../../daemon/start/sources.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { inMemory, STANZA } from "../config/in_memory.ts";
import { gpgFail } from "../../../lib/openpgp/failure.ts";
import { randomBytes } from "../../../lib/host/entropy.ts";
import { ok } from "../../../lib/result.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { hmacOf, rijndaelOf, type Stanza } from "../../../daemon/config/stanza.ts";
import { OTHER_KEY, TRIED } from "../../../daemon/verify/stanza_index.ts";

const source: PacketSource = {
  banner: [],
  fd: null,
  read: () => ({ datagrams: [], taken: 0, more: false, ended: true }),
  statistics: () => null,
  [Symbol.dispose]: () => {},
};

/** Where no account is in the configuration nobody is asked. */
const NO_ACCOUNTS = createAccounts({
  user: () => assert.fail("nobody is asked"),
  group: () => assert.fail("nobody is asked"),
  groupsOf: () => assert.fail("nobody is asked"),
}, () => 0);

/** A daemon that runs with {@link STANZA}; `texts` is what its files say from now on. `openSource`: its next source. */
function running(server = "", { openSource = () => source, accounts = NO_ACCOUNTS, runGpg }: {
  readonly openSource?: () => PacketSource;
  readonly accounts?: Accounts;
  readonly runGpg?: ConfigFiles["runGpg"];
} = {}) {
  const parsed = parseDaemonOptions(["-c", "/c", "-a", "/a"]);
  assert.ok(parsed.ok);
  const texts: Record<string, string> = { "/c": server, "/a": STANZA };
  const files = { ...inMemory(texts), ...runGpg === undefined ? {} : { runGpg } };
  const loaded = loadConfig(parsed.options, files, 0);
  assert.ok(loaded.ok);
  const lines: string[] = [];
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const store = memoryStore();
  const { config, stanzas } = loaded;
  const sources = openSources(config, { inUse: [], open: () => source, log });
  const strangers = createStrangers(() => 0, randomBytes);
  const lasting = { store, engine: nobleEngine, resolveName: noNames, strangers };
  const active = makeActiveConfig({ config, stanzas, sources, log, test: true, ...lasting });
  if (server === "") texts["/c"] = "\n";
  const made = makeReload(
    { options: parsed.options, loaded, files },
    { ...lasting, openSource, accounts },
  );
  return {
    texts,
    lines,
    active,
    ...made,
    reload: async (current: ActiveConfig, again: boolean) => {
      const takeOver = await made.reload(current, again);
      return takeOver === "later" ? takeOver : takeOver(current);
    },
  };
}

Deno.test("makeReload() takes a stanza that lost its HMAC key, and says what is weaker", async () => {
  const { texts, lines, active, reload } = running();
  texts["/a"] = STANZA.replace(/HMAC_KEY .*\n/, "");
  const next = await reload(active, false);
  assert.ok(next !== "later" && next !== active);
  assert.equal(next.context.index.stanzas[0]?.secrets[0]?.hmac, null);
  assert.ok(
    lines.includes(
      "warning: /a:1: stanza #1 is weaker than the one in force: the HMAC key was of 7 bytes, is none",
    ),
    lines.join("\n"),
  );
});

Deno.test("makeReload() overwrites the keys that are no longer in force, and no others", async () => {
  const { texts, active, reload } = running();
  const keysOf = ([stanza]: readonly Stanza[]) => {
    assert.ok(stanza);
    return [rijndaelOf(stanza)?.key ?? new Uint8Array(), hmacOf(stanza)?.key ?? new Uint8Array()];
  };
  const keys = keysOf(active.context.index.stanzas);
  texts["/a"] = "nonsense\n";
  assert.equal(await reload(active, false), active);
  for (const key of keys) assert.ok(key.length > 0 && key.every((byte) => byte !== 0));
  texts["/a"] = STANZA;
  const next = await reload(active, false);
  assert.ok(next !== "later" && next !== active);
  for (const key of keys) assert.ok(key.every((byte) => byte === 0));
  for (const key of keysOf(next.context.index.stanzas)) assert.ok(key.length > 0 && key.every((byte) => byte !== 0));
});

Deno.test("makeReload() wipes the sieve that is no longer in force, and goes on with one of the new keys", async () => {
  const { texts, active, reload } = running();
  const { sieve } = active.context;
  assert.ok(sieve);
  let wiped = 0;
  const watched = { ...active, context: { ...active.context, sieve: { ...sieve, wipe: () => void wiped++ } } };
  texts["/a"] = "nonsense\n";
  assert.equal(await reload(watched, false), watched);
  assert.equal(wiped, 0);
  texts["/a"] = STANZA;
  const next = await reload(watched, false);
  assert.ok(next !== "later" && next.context.sieve);
  assert.equal(wiped, 1);
  const turns = Uint8Array.of(TRIED);
  next.context.sieve.sift("A".repeat(200), turns, "none");
  assert.deepEqual([...turns], [OTHER_KEY]);
});

Deno.test("makeReload() compares with what is in force, not with what was read at start", async () => {
  const { texts, lines, active, reload } = running();
  texts["/a"] = STANZA.replace("ANY", "192.0.2.1");
  const next = await reload(active, false);
  assert.ok(next !== "later");
  texts["/a"] = STANZA;
  await reload(next, false);
  assert.ok(lines.some((line) => line.includes("SOURCE was 192.0.2.1, is ANY")), lines.join("\n"));
});

Deno.test("makeReload() waits for the rest of a file that ends in the middle of a line", async () => {
  for (const half of [STANZA.slice(0, 20), STANZA.slice(0, -1), ""]) {
    const { texts, lines, active, reload } = running();
    texts["/a"] = half;
    assert.equal(await reload(active, false), "later");
    assert.equal(await reload(active, true), "later");
    texts["/a"] = `${STANZA}OPEN_PORTS tcp/22\n`;
    const next = await reload(active, true);
    assert.ok(next !== "later");
    assert.deepEqual(next.context.index.stanzas[0]?.openPorts, [{ proto: "tcp", port: 22 }]);
    assert.equal(lines.filter((line) => line.includes("ends in the middle of a line")).length, 1, lines.join("\n"));
    assert.equal(lines.filter((line) => line.includes("Got SIGHUP")).length, 1);
  }
});

Deno.test("makeReload() does not wait for ever: a file without a last line end is taken as it is, a bad one refused", async () => {
  const { texts, active, reload } = running();
  texts["/a"] = `${STANZA}OPEN_PORTS tcp/22`;
  let answer = await reload(active, false);
  let asked = 1;
  for (; answer === "later"; asked++) answer = await reload(active, true);
  assert.equal(asked, 5);
  assert.deepEqual(answer.context.index.stanzas[0]?.openPorts, [{ proto: "tcp", port: 22 }]);
  texts["/a"] = "";
  const before = answer;
  answer = await reload(before, false);
  for (asked = 1; answer === "later"; asked++) answer = await reload(before, true);
  assert.equal(answer, before);
  assert.equal(asked, 5);
});

Deno.test("makeReload() opens another source only where the capture is set otherwise, and tells what it is", async () => {
  const next = { ...source, banner: ["Sniffing interface: eth1"] };
  const { texts, lines, active, reload } = running("PCAP_INTF eth0;\n", { openSource: () => next });
  const same = await reload(active, false);
  assert.ok(same !== "later");
  assert.equal(same.sources[0]?.source, source);
  texts["/c"] = "PCAP_INTF eth1;\n";
  const other = await reload(same, false);
  assert.ok(other !== "later");
  assert.equal(other.sources[0]?.source, next);
  assert.equal(lines.filter((line) => line === "info: Sniffing interface: eth1").length, 1, lines.join("\n"));
});

Deno.test("makeReload() keeps everything as it was where the new source cannot be opened, keys included", async () => {
  const { texts, lines, active, reload, recover } = running("PCAP_INTF eth0;\n", {
    openSource: () => {
      throw new FfiError("there is no interface eth1", { library: "libpcap", symbol: "pcap_activate" });
    },
  });
  texts["/c"] = "PCAP_INTF eth1;\n";
  texts["/a"] = STANZA.replace("enckey", "another");
  assert.equal(await reload(active, false), active);
  assert.ok(rijndaelOf(active.context.index.stanzas[0]!)?.key.every((byte) => byte !== 0));
  assert.ok(lines.includes("error: The configuration stays as it was: there is no interface eth1"), lines.join("\n"));
  assert.equal(recover(active, active.sources[0]!, null), "later");
});

Deno.test("makeReload() says what takes effect only with a new start", async () => {
  const { texts, lines, active, reload } = running("ENABLE_UDP_SERVER Y;\n");
  texts["/c"] = "ENABLE_UDP_SERVER N;\nSYSLOG_IDENTITY other;\nFWKNOP_PID_FILE /run/other.pid;\n";
  const next = await reload(active, false);
  assert.ok(next !== "later");
  assert.equal(next.sources[0]?.source, source, "a library that was not loaded at start cannot be loaded now");
  const told = lines.filter((line) => line.includes("takes effect when fwknopd is started again"));
  assert.deepEqual(told.map((line) => line.slice("warning: ".length, line.indexOf(" has changed"))), [
    "the logging configuration",
    "a path",
    "ENABLE_UDP_SERVER",
  ]);
});

Deno.test("makeReload() keeps the configuration where a first stanza has GUARD forward: its chain is made at a start", async () => {
  const { texts, lines, active, reload } = running();
  texts["/a"] = `${STANZA}GUARD forward\n`;
  assert.equal(await reload(active, false), active);
  assert.match(
    lines.join("\n"),
    /error: The configuration stays as it was: stanza #1 has GUARD forward, .*start it again/,
  );
});

const AS_ALICE = `${STANZA}ENABLE_CMD_EXEC Y\nCMD_EXEC_USER alice\n`;

Deno.test("makeReload() asks for accounts beside the loop, and goes on when they are known", async () => {
  const asked: string[] = [];
  const alice = Promise.withResolvers<{ uid: number; gid: number }>();
  const accounts = createAccounts({
    user: (name) => (asked.push(`user ${name}`), alice.promise),
    group: (name) => (asked.push(`group ${name}`), Promise.resolve(null)),
    groupsOf: (user, gid) => (asked.push(`groups ${user} ${gid}`), Promise.resolve([gid, 7])),
  }, () => 0);
  const { texts, active, reload } = running("", { accounts });
  texts["/a"] = AS_ALICE;
  assert.equal(await reload(active, false), "later");
  assert.equal(await reload(active, true), "later");
  assert.deepEqual(asked, ["user alice"]);
  alice.resolve({ uid: 1234, gid: 5678 });
  const next = await reload(active, true);
  assert.ok(next !== "later" && next !== active);
  assert.deepEqual(next.context.index.stanzas[0]?.commands?.runAs, {
    ...{ user: "alice", group: "alice", uid: 1234, gid: 5678, groups: [5678, 7] },
  });
  assert.deepEqual(asked, ["user alice", "groups alice 5678"]);
});

Deno.test("makeReload() keeps the configuration where nobody says who an account is, and says so", async () => {
  let now = 0;
  const hangs = () => new Promise<never>(() => {});
  const accounts = createAccounts({ user: hangs, group: hangs, groupsOf: hangs }, () => now);
  const { texts, lines, active, reload } = running("", { accounts });
  texts["/a"] = AS_ALICE;
  assert.equal(await reload(active, false), "later");
  now = 3000;
  assert.equal(await reload(active, true), active);
  assert.match(
    lines.join("\n"),
    /^error: Cannot look up "alice" of access\.conf: the name service .* does not answer/m,
  );
  assert.equal(lines.at(-1), "error: The configuration stays as it was, and so do open doors");
  texts["/a"] = STANZA;
  const next = await reload(active, false);
  assert.ok(next !== "later" && next !== active, "what hangs keeps nobody else waiting");
});

const FPR = "0123456789ABCDEF0123456789ABCDEF01234567";
const GPG_STANZA = `SOURCE ANY\nHMAC_KEY hmackey\nGPG_DECRYPT_PW secret\nGPG_REMOTE_ID ${FPR.slice(-8)}\n`;

Deno.test("makeReload() takes the keys of GnuPG that gpg lists, and forgets its passphrase when it goes", async () => {
  const stdout = new TextEncoder().encode(`pub:u:2048:1:x:1:::u:::escESC:::\nfpr:::::::::${FPR}:\n`);
  const { texts, active, reload } = running("", {
    runGpg: () => () => Promise.resolve(ok({ code: 0, stdout, stderr: "", status: "" })),
  });
  texts["/a"] = GPG_STANZA;
  const next = await reload(active, false);
  assert.ok(next !== "later" && next !== active);
  const { gpg } = next.context.index.stanzas[0]!;
  assert.deepEqual(gpg?.signers?.ids, [FPR]);
  const passphrase = gpg?.passphrase;
  assert.equal(passphrase?.length, 6);
  texts["/a"] = STANZA;
  await reload(next, false);
  assert.deepEqual(passphrase, new Uint8Array(6));
});

Deno.test("makeReload() stays with what is in force where gpg hangs, and says that", async () => {
  const { texts, lines, active, reload } = running("", {
    runGpg: () => () => Promise.resolve(gpgFail("gpg-context", "/usr/bin/gpg takes too long", "is its agent alive?")),
  });
  texts["/a"] = GPG_STANZA;
  assert.equal(await reload(active, false), active);
  assert.match(
    lines.join("\n"),
    /error: \/a:3: .*\/usr\/bin\/gpg takes too long \(is its agent alive\?\)\nerror: The configuration stays/,
  );
});
