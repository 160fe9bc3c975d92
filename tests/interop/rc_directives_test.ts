/** Every directive of `.fwknoprc` beside the C client: what it does, where it counts, and what it refuses. */
import assert from "node:assert/strict";
import { KEY_OF_DIRECTIVE } from "../../cli/options/table.ts";
import type { Outcome, Shown } from "./row.ts";
import { type Lines, switchTrial, type Trial, tryDirective } from "./rc_directive.ts";
import { cClientBlocker, gatedTest } from "../lab/gate.ts";

/** Values that both clients refuse. */
function refused(name: string, says: RegExp, ...values: readonly string[]): Lines[] {
  return values.map((value) => ({ lines: `${name} ${value}`, code: 1, says }));
}

/** Values that both clients take. */
function taken(name: string, label: string, values: Readonly<Record<string, string | RegExp>>): Lines[] {
  return Object.entries(values).map(([value, shown]) => ({ lines: `${name} ${value}`, shows: { [label]: shown } }));
}

/** Values that the C client reads as another number, and ours refuses. */
function strict(
  name: string,
  reads: Readonly<Record<string, Shown>>,
  says = /expected a number|out of range/,
): Lines[] {
  return Object.entries(reads).map(([value, shows]) => ({
    lines: `${name} ${value}`,
    mended: "decision",
    c: { shows },
    own: { code: 1, says },
  }));
}

/** How each client refuses a value; the C client names it, ours too unless it may be a key. */
const bad = (own: string) => new RegExp(`Parameter error in|${own}`);

const DIGESTS = { md5: 1, sha1: 2, sha256: 3, sha384: 4, sha512: 5, sha3_256: 6, sha3_512: 7 };
const shownDigests = Object.fromEntries(
  Object.entries(DIGESTS).flatMap(([name, id]) => {
    const shown = `${id} (${name.toUpperCase()})`;
    return [[name, shown], [name.toUpperCase(), shown]];
  }),
);

const MESSAGE = "Message String";
/** A wget that tells an address and remembers how it was asked. */
const WGET = '#!/bin/sh\necho "$@" >>"${0%/*}/asked"\necho 198.51.100.7\n';
/** Each client says in its own way whom it asked. */
const BY_WGET = { shows: { [MESSAGE]: "198.51.100.7,tcp/22" }, wording: true } as const;
const BY_HTTP = { shows: { [MESSAGE]: "203.0.113.9,tcp/22" }, wording: true } as const;
const NO_ADDRESS: Outcome = { code: 1, says: /Error 100|Must use one of \[-s\|-R\|-a\]/ };
/** What GnuPG would be needed for. */
const WITH_GPG = "USE_GPG Y\nGPG_RECIPIENT nobody@nowhere.example";
/** A directive of GnuPG says nothing by itself. */
const IDLE: Outcome = { shows: { "Encryption Type": "1 (Rijndael)" }, opens: { key: "basekey" } };

function gpg(name: string, value: string, other: string, says: RegExp): Trial {
  return {
    value,
    other,
    ...IDLE,
    rows: [{
      lines: `USE_GPG Y\nGPG_RECIPIENT nobody@nowhere.example\n${name} ${value}`,
      ...{ code: 1, says, wording: true },
    }],
  };
}

/** `KEY` and its older name. */
function plainKey(name: string): Trial {
  return {
    without: ["KEY"],
    value: "newkey",
    other: "otherkey",
    opens: { key: "newkey" },
    option: { args: "--key-rijndael third", opens: { key: "third" } },
    rows: [
      { lines: `${name} k`, opens: { key: "k" } },
      { lines: `${name} ${"k".repeat(32)}`, opens: { key: "k".repeat(32) } },
      ...refused(name, /Error 95|Invalid key length: 33 bytes/, "k".repeat(33)),
      { lines: `${name} ümlaut`, opens: { key: "ümlaut" } },
      {
        lines: `${name} newkey`,
        args: "--key-base64-rijndael dGhpcmQ=",
        mended: "F8",
        c: { opens: { key: "newkey" } },
        own: { opens: { key: "third" } },
      },
      {
        before: `${name} newkey`,
        lines: "KEY_BASE64 dGhpcmQ=",
        mended: "F8",
        c: { opens: { key: "newkey" } },
        own: { opens: { key: "third" } },
      },
      {
        before: `${name} newkey`,
        lines: "KEY_FILE {home}/keys",
        files: { keys: "127.0.0.1: third\n" },
        mended: "F8",
        c: { opens: { key: "newkey" } },
        own: { opens: { key: "third" } },
      },
    ],
  };
}

function base64Key(name: string): Trial {
  return {
    without: ["KEY"],
    value: "bmV3a2V5",
    other: "b3RoZXI=",
    opens: { key: "newkey" },
    option: { args: "--key-base64-rijndael dGhpcmQ=", opens: { key: "third" } },
    rows: [
      // Without its padding it may be the beginning of a longer one.
      { lines: `${name} YQ`, opens: { key: "a" }, mended: "decision", own: { says: /key looks cut/ } },
      { lines: `${name} ${btoa("k".repeat(32))}`, opens: { key: "k".repeat(32) } },
      ...refused(name, /Error 95|Invalid key length: 33 bytes/, btoa("k".repeat(33))),
      ...refused(name, /look like base64-encoded/, "!!!", "a-b_", "k\u00fc"),
      ...refused(name, /Invalid key length: '?0|has no value/, "a", "="),
      {
        before: `${name} bmV3a2V5`,
        lines: "KEY_FILE {home}/keys",
        files: { keys: "127.0.0.1: third\n" },
        mended: "F8",
        c: { opens: { key: "newkey" } },
        own: { opens: { key: "third" } },
      },
    ],
  };
}

const HMAC = { key: "basekey", hmac: "hmac" };

const TRIALS: Readonly<Record<string, Trial>> = {
  DIGEST_TYPE: {
    value: "md5",
    other: "sha512",
    shows: { "Digest Type": "1 (MD5)" },
    option: { args: "-m sha1", shows: { "Digest Type": "2 (SHA1)" } },
    rows: [
      ...taken("DIGEST_TYPE", "Digest Type", shownDigests),
      ...refused("DIGEST_TYPE", bad("Invalid digest type: "), "3", "sha2", "SHA-256", "sha256,", "0"),
    ],
  },
  SPA_SERVER_PROTO: {
    value: "TCP",
    other: "http",
    shows: { protocol: "tcp" },
    option: { args: "-P udp", shows: { protocol: "udp" } },
    rows: [
      ...taken("SPA_SERVER_PROTO", "protocol", { udp: "udp", HTTP: "http" }),
      ...["udpraw", "TcpRaw", "icmp"].map((proto): Lines => ({
        lines: `SPA_SERVER_PROTO ${proto}`,
        drawn: ["source port"],
        shows: { protocol: proto.toLowerCase() },
      })),
      ...refused("SPA_SERVER_PROTO", bad("Unrecognized protocol: "), "x", "udp,tcp", "https", "0"),
      { lines: "SPA_SERVER_PROTO tcp\nSPA_SERVER_PORT {closed}", run: "-v", listens: "tcp", receives: /^WIRE$/ },
      {
        lines: "SPA_SERVER_PROTO http\nSPA_SERVER_PORT {closed}",
        run: "-v",
        listens: "tcp",
        receives: /^GET \/WIRE HTTP\/1\.[01]\r\n/,
      },
    ],
  },
  SPA_SERVER_PORT: {
    value: "65535",
    other: "5",
    shows: { "destination port": "65535" },
    option: { args: "-p 7", shows: { "destination port": "7" } },
    rows: [
      ...taken("SPA_SERVER_PORT", "destination port", { "0": "0", "1": "1", "010": "10", "+5": "5" }),
      ...refused("SPA_SERVER_PORT", bad("out of range"), "-1", "65536", "9".repeat(20)),
      ...strict("SPA_SERVER_PORT", {
        "x": { "destination port": "0" },
        "12x": { "destination port": "12" },
        "0x10": { "destination port": "0" },
        "4294967297": { "destination port": "1" },
      }),
      { lines: "SPA_SERVER_PORT {closed}", run: "-v", listens: "udp", receives: /^WIRE$/ },
    ],
  },
  SPA_SOURCE_PORT: {
    value: "65535",
    other: "9",
    shows: { "source port": "65535" },
    option: { args: "-S 7", shows: { "source port": "7" } },
    rows: [
      ...taken("SPA_SOURCE_PORT", "source port", { "0": "<OS assigned>", "1": "1" }),
      ...refused("SPA_SOURCE_PORT", bad("out of range"), "-1", "65536"),
      ...strict("SPA_SOURCE_PORT", {
        "x": { "source port": "<OS assigned>" },
        "9x": { "source port": "9" },
      }),
      { lines: "SPA_SERVER_PROTO udpraw\nSPA_SOURCE_PORT 9", shows: { "source port": "9" } },
      {
        lines: "SPA_SOURCE_PORT {free}\nSPA_SERVER_PORT {closed}",
        run: "-v",
        listens: "udp",
        mended: "F12",
        c: { from: "system" },
        own: { from: "free" },
      },
    ],
  },
  FW_TIMEOUT: {
    value: "65536",
    other: "5",
    shows: { "Client Timeout": "65536", "Message Type": "3 (Client timeout access msg)" },
    option: { args: "-f 9", shows: { "Client Timeout": "9" } },
    rows: [
      ...taken("FW_TIMEOUT", "Message Type", { "0": "1 (Access msg)", "1": "3 (Client timeout access msg)" }),
      ...taken("FW_TIMEOUT", "Client Timeout", { "010": "10" }),
      ...refused("FW_TIMEOUT", bad("--fw-timeout must be within"), "-1", "65537"),
      ...strict("FW_TIMEOUT", {
        "x": { "Client Timeout": "0" },
        "5s": { "Client Timeout": "5" },
      }, /--fw-timeout must be within/),
    ],
  },
  ALLOW_IP: {
    value: "9.9.9.9",
    other: "8.8.8.8",
    shows: { [MESSAGE]: "9.9.9.9,tcp/22" },
    option: { args: "-a 7.7.7.7", shows: { [MESSAGE]: "7.7.7.7,tcp/22" } },
    rows: [
      ...taken("ALLOW_IP", MESSAGE, {
        source: "0.0.0.0,tcp/22",
        SOURCE: "0.0.0.0,tcp/22",
        "0.0.0.0": "0.0.0.0,tcp/22",
        "255.255.255.255": "255.255.255.255,tcp/22",
      }),
      ...refused("ALLOW_IP", bad("Invalid allow IP"), "1.2.3", "256.1.1.1", "1.2.3.4.5", "1.2.3.x"),
      { before: "ALLOW_IP 8.8.8.8", lines: "", args: "-s", shows: { [MESSAGE]: "0.0.0.0,tcp/22" } },
      {
        lines: "ALLOW_IP 192.168.100.2000",
        mended: "F6",
        c: { shows: { [MESSAGE]: "192.168.100.200,tcp/22" } },
        own: { code: 1, says: /Invalid allow IP/ },
      },
      ...Object.entries({ "localhost": "127.0.0.1", "2001:DB8::1": "2001:db8::1" }).map(([value, ip]): Lines => ({
        lines: `ALLOW_IP ${value}`,
        mended: "decision",
        c: { code: 1, says: /Parameter error/ },
        own: { shows: { [MESSAGE]: `${ip},tcp/22` } },
      })),
      ...["resolve", "RESOLVE"].map((value): Lines => ({
        lines: `ALLOW_IP ${value}\nWGET_CMD {home}/wget`,
        files: { wget: WGET },
        ...BY_WGET,
      })),
      { before: "ALLOW_IP resolve", lines: "ALLOW_IP 9.9.9.9", shows: { [MESSAGE]: "9.9.9.9,tcp/22" } },
      {
        before: "ALLOW_IP 9.9.9.9\nWGET_CMD {home}/wget",
        lines: "ALLOW_IP resolve",
        files: { wget: WGET },
        mended: "F7",
        c: { shows: { [MESSAGE]: "9.9.9.9,tcp/22" } },
        own: BY_WGET,
      },
      {
        lines: "ALLOW_IP 9.9.9.9\nWGET_CMD {home}/wget",
        args: "-R",
        files: { wget: WGET },
        mended: "F7",
        c: { shows: { [MESSAGE]: "9.9.9.9,tcp/22" } },
        own: BY_WGET,
      },
    ],
  },
  TIME_OFFSET: {
    value: "2min",
    other: "3h",
    shows: { offset: "120" },
    option: { args: "--time-offset-minus 1h", shows: { offset: "-3600" } },
    rows: [
      ...taken("TIME_OFFSET", "offset", {
        ...{ "0": "0", "60": "60", "-60": "-60", "2m": "120", "-2Hours": "-7200", "1d": "86400", "60sec": "60" },
        ...{ "+50": "50", "65000": "65000" },
      }),
      ...refused("TIME_OFFSET", /Invalid time offset|argument '.*' invalid/, "x", "-", "65537", "123456789", "m5"),
      ...Object.entries({ "1s20": "120", "--50": "-50", "1h30m": "3600" }).map(([value, offset]) => ({
        lines: `TIME_OFFSET ${value}`,
        mended: "decision",
        c: { shows: { offset } },
        own: value === "1h30m" ? { shows: { offset: "5400" } } : { code: 1 as const, says: /Invalid time offset/ },
      })),
      {
        lines: "TIME_OFFSET 2m",
        args: "--time-offset-plus 1h",
        shows: { offset: "3600" },
      },
      {
        lines: "TIME_OFFSET -2m",
        args: "--time-offset-plus 1h",
        mended: "F9",
        c: { shows: { offset: "-120" } },
        own: { shows: { offset: "3600" } },
      },
      {
        before: "TIME_OFFSET -3h",
        lines: "TIME_OFFSET 2min",
        mended: "F9",
        c: { shows: { offset: "-10800" } },
        own: { shows: { offset: "120" } },
      },
      {
        lines: "TIME_OFFSET 40000d",
        mended: "F22",
        c: { shows: { Timestamp: /./ } },
        own: { code: 1, says: /is more than can be added/ },
      },
    ],
  },
  ENCRYPTION_MODE: {
    value: "CTR",
    other: "ecb",
    shows: { "Encryption Mode": "6 (CTR)" },
    option: { args: "-M ofb", shows: { "Encryption Mode": "5 (OFB)" } },
    rows: [
      ...taken("ENCRYPTION_MODE", "Encryption Mode", {
        ...{ ecb: "1 (ECB)", cbc: "2 (CBC)", Cfb: "3 (CFB)", ofb: "5 (OFB)", legacy: "8 (legacy)" },
      }),
      ...refused("ENCRYPTION_MODE", bad("Invalid encryption mode: "), "pcbc", "x", "2"),
      ...refused("ENCRYPTION_MODE", /Must specify GPG recipient/, "asymmetric"),
      { lines: "ENCRYPTION_MODE legacy\nHMAC_KEY x", code: 1, says: /Legacy encryption mode is incompatible/ },
    ],
  },
  USE_GPG: switchTrial("USE_GPG", {
    on: { code: 1, says: /Must specify --gpg-recipient-key/ },
    off: IDLE,
    rows: [{
      lines: WITH_GPG,
      ...{ code: 1, says: /Error 130 - The key for .* not found/, wording: true },
    }],
  }),
  USE_GPG_AGENT: switchTrial("USE_GPG_AGENT", { on: IDLE, off: IDLE, idle: true }),
  GPG_RECIPIENT: gpg("GPG_RECIPIENT", "alice@example.org", "bob", /Error 130/),
  GPG_SIGNER: gpg("GPG_SIGNER", "alice@example.org", "bob", /Error 130/),
  GPG_HOMEDIR: gpg("GPG_HOMEDIR", "/nonexistent", "/tmp", /Error 135/),
  GPG_EXE: gpg("GPG_EXE", "/nonexistent", "/bin/true", /Error 134/),
  GPG_NO_SIGNING_PW: switchTrial("GPG_NO_SIGNING_PW", { on: IDLE, off: IDLE, idle: true }),
  GPG_SIGNING_PW: plainKey("GPG_SIGNING_PW"),
  GPG_SIGNING_PW_BASE64: base64Key("GPG_SIGNING_PW_BASE64"),
  SPOOF_USER: {
    value: "carol",
    other: "eve",
    shows: { Username: "carol" },
    option: { args: "-U dave", shows: { Username: "dave" } },
    rows: [
      ...taken("SPOOF_USER", "Username", { x: "x", ["u".repeat(29)]: "u".repeat(29) }),
      ...refused("SPOOF_USER", /VALIDFAIL/, "al:ice", "a/b"),
      {
        lines: `SPOOF_USER ${"u".repeat(30)}`,
        mended: "F6",
        c: { shows: { Username: "u".repeat(29) } },
        own: { shows: { Username: "u".repeat(30) }, says: /only the first 29 characters/ },
      },
      { lines: "SPOOF_USER carol", env: { SPOOF_USER: "eve" }, shows: { Username: "carol" } },
    ],
  },
  SPOOF_SOURCE_IP: {
    value: "1.2.3.4",
    other: "5.6.7.8",
    code: 1,
    says: /Must set -P <udpraw\|tcpraw\|icmp> with a spoofed source IP/,
    option: { args: "-Q 5.6.7", code: 1, says: /Invalid spoof IP/ },
    rows: [
      ...["udpraw", "tcpraw", "icmp"].map((proto): Lines => ({
        lines: `SPOOF_SOURCE_IP 1.2.3.4\nSPA_SERVER_PROTO ${proto}\nSPA_SOURCE_PORT 9`,
        shows: { protocol: proto },
      })),
      ...["bogus", "1.2.3", "1.2.3.4567", "256.1.1.1"].map((value): Lines => ({
        lines: `SPOOF_SOURCE_IP ${value}\nSPA_SERVER_PROTO udpraw`,
        code: 1,
        says: /Invalid spoof IP/,
      })),
    ],
  },
  ACCESS: {
    value: "tcp/80,udp/53",
    other: "tcp/1",
    shows: { [MESSAGE]: "192.0.2.10,tcp/80,udp/53" },
    option: { args: "-A udp/9", shows: { [MESSAGE]: "192.0.2.10,udp/9" } },
    rows: [
      ...taken("ACCESS", MESSAGE, { "tcp/1": "192.0.2.10,tcp/1", "udp/65535": "192.0.2.10,udp/65535" }),
      ...refused("ACCESS", /Invalid SPA access message|Error 10[0-9]/, "tcp/0", "tcp/65536", "tcp", "icmp/8", "TCP/22"),
      ...refused("ACCESS", /Invalid SPA access message|Error 10[0-9]/, "tcp/22,", "22", "none/0"),
      { lines: "ACCESS tcp/22,\tudp/53", code: 1, says: /Invalid SPA access message|Error 10[0-9]/ },
    ],
  },
  SPA_SERVER: {
    value: "127.0.0.2",
    other: "127.0.0.3",
    shows: { "IP/host": "127.0.0.2" },
    option: { args: "-D 127.0.0.4", shows: { "IP/host": "127.0.0.4" } },
    rows: [
      ...taken("SPA_SERVER", "IP/host", { "host.example": "host.example", ["h".repeat(49)]: "h".repeat(49) }),
      {
        lines: `SPA_SERVER ${"h".repeat(50)}`,
        mended: "F6",
        c: { shows: { "IP/host": "h".repeat(49) } },
        own: { shows: { "IP/host": "h".repeat(50) } },
      },
      { lines: "SPA_SERVER localhost\nSPA_SERVER_PORT {closed}", run: "-v", listens: "udp", receives: /^WIRE$/ },
      { lines: "", run: "-v", code: 1, says: /Must use --destination/ },
    ],
  },
  RAND_PORT: switchTrial("RAND_PORT", {
    on: { shows: { "destination port": /^[1-6][0-9]{4}$/ }, drawn: ["destination port"] },
    off: { shows: { "destination port": "62201" } },
    switchedBy: "-r",
    rows: [{
      lines: "RAND_PORT Y\nSPA_SERVER_PORT 7",
      shows: { "destination port": /^[1-6][0-9]{4}$/ },
      drawn: ["destination port"],
    }],
  }),
  KEY: plainKey("KEY"),
  KEY_BASE64: base64Key("KEY_BASE64"),
  HMAC_DIGEST_TYPE: {
    beside: "HMAC_KEY hmac",
    value: "md5",
    other: "sha512",
    shows: { "HMAC Type": "1 (MD5)" },
    option: { args: "--hmac-digest-type sha1", shows: { "HMAC Type": "2 (SHA1)" } },
    rows: [
      ...taken("HMAC_KEY hmac\nHMAC_DIGEST_TYPE", "HMAC Type", shownDigests),
      ...refused("HMAC_DIGEST_TYPE", bad("Invalid hmac digest type: "), "x", "3", "sha2"),
      // The C client shows the type of an HMAC that is not there.
      {
        lines: "HMAC_DIGEST_TYPE md5",
        mended: "decision",
        c: { shows: { HMAC: "<NULL>" } },
        own: { shows: { "HMAC Type": "0 (None)", HMAC: "<NULL>" } },
      },
    ],
  },
  HMAC_KEY_BASE64: {
    value: btoa("hmac"),
    other: btoa("other"),
    opens: HMAC,
    option: { args: `--key-base64-hmac ${btoa("third")}`, opens: { ...HMAC, hmac: "third" } },
    rows: [
      { lines: `HMAC_KEY_BASE64 ${btoa("k".repeat(128))}`, opens: { ...HMAC, hmac: "k".repeat(128) } },
      ...refused("HMAC_KEY_BASE64", /Invalid (?:decoded )?key length: '?129/, btoa("k".repeat(129))),
      ...refused("HMAC_KEY_BASE64", /look like base64-encoded/, "!", "a-b"),
      ...refused("HMAC_KEY_BASE64", /should not be identical/, btoa("basekey")),
      {
        lines: "HMAC_KEY_BASE64 a",
        mended: "F11",
        c: { code: 1, says: /fko_decrypt_spa_data/ },
        own: { code: 1, says: /Invalid key length: 0 bytes/ },
      },
      {
        before: "HMAC_KEY plain",
        lines: `HMAC_KEY_BASE64 ${btoa("hmac")}`,
        mended: "F8",
        c: { opens: { ...HMAC, hmac: "plain" } },
        own: { opens: HMAC },
      },
    ],
  },
  HMAC_KEY: {
    value: "hmac",
    other: "other",
    opens: HMAC,
    option: { args: "--key-hmac third", opens: { ...HMAC, hmac: "third" } },
    rows: [
      { lines: `HMAC_KEY ${"k".repeat(128)}`, opens: { ...HMAC, hmac: "k".repeat(128) } },
      {
        lines: `HMAC_KEY ${"k".repeat(129)}`,
        mended: "F25",
        c: { opens: { ...HMAC, hmac: "k".repeat(128) } },
        own: { code: 1, says: /Invalid key length: 129 bytes/ },
      },
      ...refused("HMAC_KEY", /should not be identical/, "basekey"),
      {
        lines: "HMAC_KEY plain",
        args: `--key-base64-hmac ${btoa("hmac")}`,
        mended: "F8",
        c: { opens: { ...HMAC, hmac: "plain" } },
        own: { opens: HMAC },
      },
    ],
  },
  USE_HMAC: switchTrial("USE_HMAC", {
    run: "-T -v --stdin",
    input: "hmac\n",
    on: { opens: HMAC, shows: { "HMAC Type": "3 (SHA256)" } },
    off: { opens: { key: "basekey" }, shows: { "HMAC Type": "0 (None)" } },
    switchedBy: "--use-hmac",
    rows: [
      { lines: "HMAC_KEY hmac\nUSE_HMAC N", input: "", opens: HMAC },
      {
        before: "HMAC_KEY hmac",
        lines: "USE_HMAC N",
        input: "",
        mended: "F9",
        c: { opens: HMAC },
        own: { opens: { key: "basekey" }, shows: { "HMAC Type": "0 (None)" } },
      },
    ],
  }),
  USE_WGET_USER_AGENT: switchTrial("USE_WGET_USER_AGENT", {
    without: ["ALLOW_IP"],
    files: { wget: WGET },
    beside: "RESOLVE_IP_HTTPS Y\nWGET_CMD {home}/wget\nHTTP_USER_AGENT Agent/1",
    on: { ...BY_WGET, writes: { asked: [/^(?!.*Agent\/1)/, 0o644] } },
    off: { ...BY_WGET, writes: { asked: [/(?:^| )-U Agent\/1 /, 0o644] } },
    switchedBy: "--use-wget-user-agent",
  }),
  KEY_FILE: {
    without: ["KEY"],
    files: { keys: "127.0.0.1: filekey\n", others: "127.0.0.1: otherkey\n" },
    value: "{home}/keys",
    other: "{home}/others",
    opens: { key: "filekey" },
    option: { args: "-G {home}/others", opens: { key: "otherkey" } },
    rows: [
      ...refused("KEY_FILE", /Could not open config file: /, "{home}/none"),
      { lines: "KEY_FILE {home}/keys\nSPA_SERVER 127.0.0.9", code: 1, says: /Could not get key for IP: 127\.0\.0\.9/ },
      { lines: "KEY_FILE {home}/none\nKEY plain", opens: { key: "plain" } },
      { lines: "KEY_FILE {home}/none\nKEY_BASE64 cGxhaW4=", opens: { key: "plain" } },
    ],
  },
  HMAC_KEY_FILE: {
    files: { keys: "127.0.0.1: hmac\n", others: "127.0.0.1: otherhmac\n" },
    value: "{home}/keys",
    other: "{home}/others",
    mended: "F10",
    c: { opens: { key: "basekey" }, shows: { "HMAC Type": "0 (None)" } },
    own: { opens: HMAC },
    option: {
      args: "--get-hmac-key {home}/others",
      opens: { ...HMAC, hmac: "otherhmac" },
    },
    rows: [
      {
        lines: "HMAC_KEY_FILE {home}/none",
        mended: "F10",
        c: { opens: { key: "basekey" } },
        own: { code: 1, says: /Could not open config file: / },
      },
      {
        lines: "HMAC_KEY_FILE {home}/keys",
        without: ["KEY"],
        run: "-T -v --stdin",
        input: "typed\n",
        mended: "F10",
        c: { opens: { key: "hmac" } },
        own: { opens: { key: "typed", hmac: "hmac" } },
      },
    ],
  },
  NAT_ACCESS: {
    value: "10.0.0.1:8022",
    other: "10.0.0.9",
    shows: { "Nat Access": "10.0.0.1,8022", "Message Type": "2 (NAT access msg)" },
    option: { args: "-N 10.0.0.2", shows: { "Nat Access": "10.0.0.2,22" } },
    rows: [
      ...taken("NAT_ACCESS", "Nat Access", {
        ...{ "10.0.0.1": "10.0.0.1,22", "10.0.0.1,1": "10.0.0.1,1", "gw.example:65535": "gw.example,65535" },
      }),
      ...refused("NAT_ACCESS", /Invalid port value in -N arg/, "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:x"),
      ...refused("NAT_ACCESS", /Invalid NAT destination/, "-host:22", "ho!st"),
      {
        lines: "NAT_ACCESS :22",
        mended: "F26",
        c: { shows: { "Nat Access": ",22" } },
        own: { code: 1, says: /Invalid NAT destination/ },
      },
    ],
  },
  HTTP_USER_AGENT: {
    beside: "SPA_SERVER_PROTO http",
    value: "Agent/1",
    other: "Other/2",
    prints: /^User-Agent: Agent\/1\r?$/m,
    option: { args: "-u Third/3", prints: /^User-Agent: Third\/3\r?$/m },
    rows: [
      {
        lines: "HTTP_USER_AGENT Agent/1\nSPA_SERVER_PROTO http\nSPA_SERVER_PORT {closed}",
        run: "-v",
        listens: "tcp",
        receives: /\r\nUser-Agent: Agent\/1\r\n/,
      },
      { lines: "SPA_SERVER_PROTO http", prints: /^User-Agent: Fwknop\/2\.6\.1[01]\r?$/m },
    ],
  },
  RESOLVE_URL: {
    without: ["ALLOW_IP"],
    service: true,
    beside: "RESOLVE_IP_HTTPS Y\nRESOLVE_HTTP_ONLY Y",
    value: "http://{service}/",
    other: "http://127.0.0.1:9/",
    ...BY_HTTP,
    option: {
      before: "",
      lines: "RESOLVE_IP_HTTPS Y\nRESOLVE_HTTP_ONLY Y\nRESOLVE_URL http://127.0.0.1:9/",
      args: "--resolve-url http://{service}/",
      ...BY_HTTP,
    },
    rows: [
      { lines: "RESOLVE_URL http://{service}/\nRESOLVE_HTTP_ONLY Y", run: "-v -p {closed}", ...BY_HTTP },
      {
        lines: "RESOLVE_URL http://{service}/\nRESOLVE_HTTP_ONLY Y\nALLOW_IP 192.0.2.9",
        shows: { [MESSAGE]: "192.0.2.9,tcp/22" },
      },
      {
        lines: "RESOLVE_IP_HTTPS Y\nRESOLVE_HTTP_ONLY Y\nRESOLVE_URL https://{service}/",
        code: 1,
        says: /https is not supported/,
      },
      {
        lines: "RESOLVE_IP_HTTPS Y\nRESOLVE_URL https://where.example/ip\nWGET_CMD {home}/wget",
        files: { wget: WGET },
        ...BY_WGET,
        writes: { asked: [/ https:\/\/where\.example\/ip\n$/, 0o644] },
      },
    ],
  },
  SERVER_RESOLVE_IPV4: switchTrial("SERVER_RESOLVE_IPV4", {
    on: { shows: { "IP/host": "127.0.0.1" } },
    off: { shows: { "IP/host": "127.0.0.1" } },
    idle: true,
    rows: [{
      lines: "SPA_SERVER ::1\nSERVER_RESOLVE_IPV4 Y\nSPA_SERVER_PORT {closed}",
      run: "-v",
      sends: true,
      wording: true,
      code: 1,
      says: /packet not sent/,
    }],
  }),
  NAT_LOCAL: switchTrial("NAT_LOCAL", {
    on: { shows: { "Message Type": "5 (Local NAT access msg)", "Nat Access": "127.0.0.1,22" } },
    off: { shows: { "Message Type": "1 (Access msg)", "Nat Access": "<NULL>" } },
    switchedBy: "--nat-local",
  }),
  NAT_RAND_PORT: switchTrial("NAT_RAND_PORT", {
    on: { shows: { [MESSAGE]: /^192\.0\.2\.10,tcp\/[1-6][0-9]{4}$/ }, drawn: [MESSAGE] },
    off: { shows: { [MESSAGE]: "192.0.2.10,tcp/22" } },
    switchedBy: "--nat-rand-port",
    rows: [{
      lines: "NAT_RAND_PORT Y\nNAT_ACCESS 10.0.0.1",
      prints: /Randomly assigned port '([0-9]+)' on: '192\.0\.2\.10,tcp\/\1' will grant access to: '10\.0\.0\.1,22'/,
      drawn: [MESSAGE],
    }],
  }),
  NAT_PORT: {
    value: "65535",
    other: "4000",
    shows: { [MESSAGE]: "192.0.2.10,tcp/65535", "Message Type": "1 (Access msg)" },
    option: { args: "--nat-port 9", shows: { [MESSAGE]: "192.0.2.10,tcp/9" } },
    rows: [
      ...taken("NAT_PORT", MESSAGE, { "0": "192.0.2.10,tcp/22", "1": "192.0.2.10,tcp/1" }),
      ...refused("NAT_PORT", bad("out of range"), "-1", "65536"),
      ...strict("NAT_PORT", {
        "x": { [MESSAGE]: "192.0.2.10,tcp/22" },
        "9x": { [MESSAGE]: "192.0.2.10,tcp/9" },
      }),
      {
        lines: "NAT_PORT 9\nACCESS tcp/1,tcp/2",
        code: 1,
        says: /NAT for multiple ports\/protocols not yet supported/,
      },
    ],
  },
  VERBOSE: {
    run: "-T",
    value: "Y",
    other: "N",
    prints: /Generating SPA packet:/,
    option: { lines: "VERBOSE 1", args: "-v", prints: /Generating SPA packet:/ },
    rows: [
      ...["y", "1", "2", "4", "04"].map((value): Lines => ({
        lines: `VERBOSE ${value}`,
        prints: /Generating SPA packet:/,
      })),
      ...["N", "n", "0"].map((value): Lines => ({
        lines: `VERBOSE ${value}`,
        prints: /^(?![^]*Generating SPA packet:)/,
      })),
      ...["yes", "junk"].map((value): Lines => ({
        lines: `VERBOSE ${value}`,
        prints: /^(?![^]*Generating SPA packet:)/,
        says: /^$/,
        own: { says: /passed over, as in the C client/ },
      })),
      ...refused("VERBOSE", bad("expected Y, N or a number"), "5", "-1"),
      ...["0", "N"].map((value): Lines => ({
        lines: `VERBOSE ${value}`,
        args: "-v",
        mended: "F9",
        c: { prints: /^(?![^]*Generating SPA packet:)/ },
        own: { prints: /Generating SPA packet:/ },
      })),
    ],
  },
  ...Object.fromEntries(
    ["RESOLVE_IP_HTTP", "RESOLVE_IP_HTTPS"].map((name) => [
      name,
      switchTrial(name, {
        without: ["ALLOW_IP"],
        files: { wget: WGET },
        beside: "WGET_CMD {home}/wget",
        on: BY_WGET,
        off: NO_ADDRESS,
        switchedBy: "-R",
        rows: [
          {
            lines: `${name} Y\nALLOW_IP 9.9.9.9\nWGET_CMD {home}/wget`,
            shows: { [MESSAGE]: "9.9.9.9,tcp/22" },
          },
          {
            before: "ALLOW_IP 9.9.9.9",
            lines: `${name} Y\nWGET_CMD {home}/wget`,
            mended: "F7",
            c: { shows: { [MESSAGE]: "9.9.9.9,tcp/22" } },
            own: BY_WGET,
          },
          { lines: `${name} Y\nWGET_CMD {home}/wget`, args: "-a 9.9.9.9", shows: { [MESSAGE]: "9.9.9.9,tcp/22" } },
        ],
      }),
    ]),
  ),
  RESOLVE_HTTP_ONLY: switchTrial("RESOLVE_HTTP_ONLY", {
    without: ["ALLOW_IP"],
    service: true,
    files: { wget: WGET },
    beside: "RESOLVE_IP_HTTPS Y\nRESOLVE_URL http://{service}/\nWGET_CMD {home}/wget",
    on: BY_HTTP,
    // Both clients warn that the URL does not begin with https.
    off: { ...BY_WGET, says: /should begin with 'https:\/\/'/ },
    switchedBy: "--resolve-http-only",
    rows: [{ lines: "RESOLVE_HTTP_ONLY Y", ...NO_ADDRESS }],
  }),
  WGET_CMD: {
    without: ["ALLOW_IP"],
    files: { wget: WGET, other: WGET.replace("198.51.100.7", "198.51.100.8") },
    beside: "RESOLVE_IP_HTTPS Y",
    value: "{home}/wget",
    other: "{home}/other",
    ...BY_WGET,
    writes: { asked: [/(?:^| )-U Fwknop\/2\.6\.1[01] --secure-protocol=auto --quiet -O - https:\/\//, 0o644] },
    option: { args: "-w {home}/other", shows: { [MESSAGE]: "198.51.100.8,tcp/22" }, wording: true },
    rows: [{ lines: "RESOLVE_IP_HTTPS Y\nWGET_CMD {home}/none", code: 1, says: /Could not resolve IP via: / }],
  },
  NO_SAVE_ARGS: switchTrial("NO_SAVE_ARGS", {
    run: "-T -v -E {home}/run",
    on: { writes: { run: null } },
    off: { writes: { run: [/^\S*fwknop --rc-file /, 0o600] } },
    switchedBy: "--no-save-args",
  }),
  KEY_CMD: {
    without: ["KEY"],
    files: { one: "#!/bin/sh\necho cmdkey\n", two: "#!/bin/sh\necho othercmd\n" },
    value: "{home}/one",
    other: "{home}/two",
    mended: "beyond",
    c: { code: 1, says: /Parameter error in .*var=KEY_CMD/ },
    own: { opens: { key: "cmdkey" } },
  },
  HMAC_KEY_CMD: {
    files: { one: "#!/bin/sh\necho hmac\n", two: "#!/bin/sh\necho other\n" },
    value: "{home}/one",
    other: "{home}/two",
    mended: "beyond",
    c: { code: 1, says: /Parameter error in .*var=HMAC_KEY_CMD/ },
    own: { opens: HMAC },
  },
  // What it does is tried in tests/cli/key_hint_test.ts: a rehearsal shows the packet, and no packet without its keys shows a hint.
  KEY_HINT: {
    value: "Y",
    other: "N",
    mended: "beyond",
    c: { code: 1, says: /Parameter error in .*var=KEY_HINT/ },
    own: { opens: { key: "basekey" } },
    option: {
      args: "--no-key-hint",
      mended: "beyond",
      c: { code: 1, says: /unrecognized option '--no-key-hint'/ },
      own: { opens: { key: "basekey" } },
    },
  },
};

Deno.test("every directive of .fwknoprc is tried beside the C client", () => {
  assert.deepEqual(Object.keys(TRIALS).toSorted(), [...KEY_OF_DIRECTIVE.keys()].toSorted());
});

for (const [directive, trial] of Object.entries(TRIALS)) {
  const name = `${directive} beside the C client: its effect, the stanzas, the option, and what it refuses`;
  const fn = () => tryDirective(directive, trial);
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  gatedTest(cClientBlocker(), { name, fn, sanitizeResources: false });
}
