import assert from "node:assert/strict";
import { noNames } from "../../fakes/knock.ts";
import { formatDump } from "../../../daemon/config/mod.ts";
import { ACCESS_SETTINGS } from "../../../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../../../daemon/config/settings.ts";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { makeActiveConfig } from "../../../daemon/loop/active_config.ts";
import { createStrangers } from "../../../daemon/loop/strangers.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { testOurselves } from "../../../daemon/start/self_check.ts";
import { randomBytes } from "../../../lib/host/entropy.ts";
import type { Setting, SettingTable } from "../../../lib/settings/setting.ts";
import { load, STANZA, wrong } from "./in_memory.ts";

const NOW = 1_795_300_800;

/** Values that some row somewhere takes although they are odd, and many that none should. */
const ODD = [
  ..."0 1 2 15 16 17 28 32 63 64 100 127 128 167 168 1499 1500 32768 65535 65536 99999 100000 100001 8388608".split(
    " ",
  ),
  ..."9007199254740991 9007199254740992 -1 +5 007 1e3 0x10 Y N yes never ANY any".split(" "),
  ..."0.0.0.0 255.255.255.255 192.0.2.1/1 ::/1 ::1 2001:db8::/32 192.0.2.0/255.0.255.0".split(" "),
  ..."tcp/0 udp/0 tcp/1 tcp/65535 tcp/22,tcp/22 udp/53,tcp/0 1/1/1970 12/31/1969 2/29/2028 12/31/9999 01/01/99".split(
    " ",
  ),
  ..."CBC ECB CFB OFB CTR legacy LEGACY Asymmetric md5 sha1 sha384 sha512 sha3_256 sha3_512".split(" "),
  ..."AA AAA AAAA AAAAA QUJD= QUJD== __CHANGEME__ / /x relative ./x ../x /x/ $ACCESS_FILE $PCAP_INTF".split(" "),
  "alice",
  "al ice",
  "a:b",
  "a,b",
  "al=ice",
  "jürgen",
  "用户",
  "\u{1F511}",
  "\u0001",
  "\u00ff",
  "\u202e",
  "x".repeat(16),
  "x".repeat(17),
  "x".repeat(32),
  "x".repeat(33),
  "x".repeat(48),
  "x".repeat(49),
  "x".repeat(63),
  "x".repeat(64),
  "x".repeat(128),
  "x".repeat(1000),
  "ü".repeat(16),
  "A".repeat(43) + "=",
  "A".repeat(86) + "==",
  "ACCEPT, filter, INPUT, 1, FWKNOP_INPUT, 1",
  "ACCEPT, filter, INPUT, 0, INPUT, 0",
  `ACCEPT, filter, INPUT, 1, ${"X".repeat(29)}, 1`,
  "inet filter input",
] as const;

const source: PacketSource = {
  banner: [],
  fd: null,
  read: () => ({ datagrams: [], taken: 0, more: false, ended: true }),
  statistics: () => null,
  [Symbol.dispose]: () => {},
};

/** Starts as far as configuration decides it: the dump can be written and the self-test passes. */
async function start(...given: Parameters<typeof load>): Promise<void> {
  const loaded = load(...given);
  if (!loaded.ok) return;
  assert.doesNotMatch(formatDump(loaded.config, loaded.access), /NaN|undefined|Invalid Date/);
  const { config, stanzas } = loaded as Exclude<typeof loaded, { ok: false }> & { stanzas: never };
  const active = makeActiveConfig({
    config,
    stanzas,
    sources: [{ spec: { kind: "udp", port: 1 }, source }],
    log: () => {},
    store: memoryStore(),
    test: true,
    engine: nobleEngine,
    resolveName: noNames,
    strangers: createStrangers(() => 0, randomBytes),
  });
  await testOurselves(active.context, NOW);
}

function names(table: SettingTable): readonly string[] {
  return Object.values(table).flatMap((row) => (row as Setting).directive ?? []);
}

Deno.test("every value of access.conf that the check takes lets the daemon start", async () => {
  for (const name of names(ACCESS_SETTINGS)) {
    for (const value of ODD) {
      for (const mode of ["CBC", "legacy"]) {
        const lines = name === "SOURCE" ? STANZA.replace("ANY", value) : `${STANZA}${name} ${value}\n`;
        try {
          await start("", name === "ENCRYPTION_MODE" ? lines : `${lines}ENCRYPTION_MODE ${mode}\n`);
        } catch (error) {
          assert.fail(`${name} ${value} with ${mode} is taken and does not start: ${error}`);
        }
      }
    }
  }
});

Deno.test("every value of fwknopd.conf that the check takes lets the daemon start", async () => {
  for (const name of names(SERVER_SETTINGS)) {
    for (const value of ODD) {
      try {
        await start(`${name} ${value}\n`);
      } catch (error) {
        assert.fail(`${name} ${value} is taken and does not start: ${error}`);
      }
    }
  }
});

Deno.test("loadConfig() refuses a user name that no packet can carry", () => {
  for (const name of ["x".repeat(49), "a:b", "a,b", "a=b", 'a"b', "jürgen", "a\tb"]) {
    const [line = ""] = wrong("", `${STANZA}REQUIRE_USERNAME ${name}`);
    assert.match(line, /^\/a:5: REQUIRE_USERNAME: no packet can carry this user name: /, name);
  }
  for (const name of ["x".repeat(48), "al ice", "alice@example.org", "a-b_c.d"]) {
    assert.deepEqual(wrong("", `${STANZA}REQUIRE_USERNAME ${name}`), [], name);
  }
});

Deno.test("loadConfig() refuses a stanza that opens nothing, whoever asks", () => {
  const open = (...lines: string[]) => wrong("", STANZA + lines.join("\n"));
  assert.match(
    open("OPEN_PORTS tcp/22,udp/53", "RESTRICT_PORTS udp/53,tcp/22")[0] ?? "",
    /^\/a:5: OPEN_PORTS: RESTRICT_/,
  );
  assert.match(open("OPEN_PORTS tcp/0")[0] ?? "", /^\/a:5: OPEN_PORTS: no packet can ask for tcp\/0 /);
  assert.deepEqual(open("OPEN_PORTS tcp/22,udp/53", "RESTRICT_PORTS udp/53,tcp/0"), []);
  assert.deepEqual(open("OPEN_PORTS tcp/0,tcp/22"), []);
  assert.deepEqual(open("RESTRICT_PORTS tcp/22"), []);
});

Deno.test("loadConfig() refuses SOURCE and DESTINATION of two IP versions", () => {
  const ends = (from: string, to: string) => wrong("", `${STANZA.replace("ANY", from)}DESTINATION ${to}`);
  assert.match(ends("192.0.2.0/24", "2001:db8::1")[0] ?? "", /^\/a:5: DESTINATION: no packet goes /);
  assert.match(ends("2001:db8::/32", "192.0.2.1, 198.51.100.1")[0] ?? "", /^\/a:5: DESTINATION: no packet goes /);
  assert.deepEqual(ends("192.0.2.0/24", "::ffff:192.0.2.1"), []);
  for (const [from, to] of [["ANY", "::1"], ["::1", "ANY"], ["::1,192.0.2.1", "192.0.2.9"]] as const) {
    assert.deepEqual(ends(from, to), []);
  }
});

Deno.test("loadConfig() refuses a SOURCE that no packet comes from", () => {
  const from = (list: string) => wrong("", STANZA.replace("ANY", list));
  for (const list of ["0.0.0.0", "::", "0.0.0.0, ::"]) {
    assert.match(from(list)[0] ?? "", /^\/a:1: SOURCE: no packet comes from .*ANY stands for every/);
  }
  for (const list of ["0.0.0.0/1", "::/1", "0.0.0.0, 192.0.2.1"]) assert.deepEqual(from(list), []);
});

Deno.test("loadConfig() refuses frames that no packet fits into, where frames are captured", () => {
  assert.match(wrong("MAX_SNIFF_BYTES 167")[0] ?? "", /^\/c:1: MAX_SNIFF_BYTES: no packet fits into 167 bytes/);
  assert.deepEqual(wrong("MAX_SNIFF_BYTES 168"), []);
  assert.deepEqual(wrong("MAX_SNIFF_BYTES 1\nENABLE_UDP_SERVER Y"), []);
  assert.deepEqual(wrong("MAX_SNIFF_BYTES 1\nPCAP_FILE /x"), []);
});

Deno.test("loadConfig() refuses one file for two things: the daemon would write over its own configuration", () => {
  assert.match(wrong("FWKNOP_PID_FILE /a")[0] ?? "", /^\/c:1: FWKNOP_PID_FILE: this is also the path of the file with/);
  assert.match(wrong("DIGEST_FILE /c")[0] ?? "", /^\/c:1: DIGEST_FILE: this is also the path of the configuration/);
  assert.match(wrong("DIGEST_FILE $FWKNOP_RUN_DIR/fwknopd.pid")[0] ?? "", /DIGEST_FILE/);
});

Deno.test("loadConfig() refuses chains that iptables does not take or that are not ours to empty", () => {
  const spec = (to: string) => wrong(`IPT_INPUT_ACCESS ACCEPT, filter, INPUT, 1, ${to}, 1`);
  assert.deepEqual(spec("X".repeat(28)), []);
  assert.match(spec("X".repeat(29))[0] ?? "", /^\/c:1: Invalid IPT_INPUT_ACCESS specification: .*28 characters/);
  for (const to of ["INPUT", "FORWARD", "OUTPUT"]) assert.match(spec(to)[0] ?? "", /one of its own/);
  assert.match(wrong("IPT_INPUT_ACCESS ACCEPT, filter, MINE, 1, MINE, 1")[0] ?? "", /one of its own/);
});

Deno.test("loadConfig() takes a stanza that is over, as the C daemon does, and says so", () => {
  const over = load("", `${STANZA}ACCESS_EXPIRE_EPOCH 1000`, { now: 1001 });
  assert.ok(over.ok && over.warnings.includes("/a:1: stanza #1 has expired: it refuses every packet"));
  const live = load("", `${STANZA}ACCESS_EXPIRE_EPOCH 1000`, { now: 1000 });
  assert.ok(live.ok && !live.warnings.join().includes("expired"));
});
