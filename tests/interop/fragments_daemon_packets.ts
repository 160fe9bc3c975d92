/** What is said of packets: configurations, what is sent to a daemon with each, and the words that scripts look for. */
import type { Directives, SharedKeys } from "../lab/mod.ts";
import { rijndael } from "../fakes/secrets.ts";
import { twinBase64, twinSeal } from "../lib/spa/twin.ts";

/** The stanza that a packet is for, by name: each has keys of its own. */
type Stanzas = Readonly<Record<string, Directives>>;

/** A packet, or what is none. */
interface PacketRow {
  readonly situation: string;
  /** Its text, by the keys of each stanza. */
  readonly sends: (keys: Readonly<Record<string, SharedKeys>>) => string;
  /** Each in a line of its own. */
  readonly says: readonly RegExp[];
  /** What the C daemon says instead; its 2.6.10 lacks some words of 2.6.11. */
  readonly cSays?: readonly RegExp[];
}

/** A daemon, and what is sent to it, in this order. */
interface Scene {
  readonly name: string;
  readonly server: Directives;
  readonly stanzas: Stanzas;
  readonly args?: readonly string[];
  readonly rows: readonly PacketRow[];
}

/** Where packets come from, and whom they let in. */
const KNOCKER = "10.77.0.2";

let made = 0;

interface Content {
  readonly type?: number;
  readonly message?: string;
  /** The NAT field. */
  readonly nat?: string;
  /** Unix seconds. */
  readonly time?: number;
  readonly user?: string;
}

const base64 = (text: string) => twinBase64(new TextEncoder().encode(text));
const rawKey = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** A packet of any content, with the keys of a stanza. Never twice the same. */
function packet(keys: SharedKeys | undefined, content: Content = {}): string {
  const { type = 1, message = `${KNOCKER},tcp/22`, nat, time = Math.floor(Date.now() / 1000), user = "alice" } =
    content;
  const fields = [String(++made).padStart(16, "1234567890"), base64(user), time, "3.0.0", type, base64(message)];
  const secrets = rijndael(rawKey(keys!.KEY_BASE64), { hmac: { name: "sha256", key: rawKey(keys!.HMAC_KEY_BASE64) } });
  const text = [...fields, ...nat === undefined ? [] : [base64(nat)]].join(":");
  return twinSeal(text, "sha256", secrets, crypto.getRandomValues(new Uint8Array(8)));
}

/** As it comes in an HTTP request. */
function request(wire: string, headers: string): string {
  return `GET /${wire.replaceAll("+", "-").replaceAll("/", "_")} HTTP/1.0\r\nUser-Agent: Fwknop/2\r\n${headers}\r\n`;
}

/** One row, for a stanza by name. */
function row(situation: string, stanza: string, content: Content, ...says: readonly RegExp[]): PacketRow {
  return { situation, sends: (keys) => packet(keys[stanza], content), says };
}

const IPTABLES = { FIREWALL_EXE: "/usr/sbin/iptables" } as const;
const NAT = { ENABLE_IPT_FORWARDING: "Y", ENABLE_IPT_LOCAL_NAT: "Y" } as const;

let replayed = "";

/** All of them. */
export const SCENES: readonly Scene[] = [
  {
    name: "NAT and HTTP",
    server: { ...IPTABLES, ...NAT, ENABLE_SPA_OVER_HTTP: "Y", ENABLE_X_FORWARDED_FOR: "Y" },
    stanzas: {
      plain: { FW_ACCESS_TIMEOUT: 60 },
      elsewhere: { SOURCE: "192.0.2.0/24" },
      ports: { OPEN_PORTS: "tcp/22" },
      user: { REQUIRE_USERNAME: "bob" },
      source: { REQUIRE_SOURCE_ADDRESS: "Y" },
      expired: { ACCESS_EXPIRE_EPOCH: 1_000_000_000 },
      command: { ENABLE_CMD_EXEC: "Y", CMD_EXEC_USER: "nobody" },
      root: { ENABLE_CMD_EXEC: "Y" },
      cycle: { CMD_CYCLE_OPEN: "/bin/true $SRC", CMD_CYCLE_CLOSE: "/bin/true", CMD_CYCLE_TIMER: 1 },
    },
    rows: [
      row(
        "it opens",
        "plain",
        {},
        /^\(stanza #1\) SPA Packet from IP: 10\.77\.0\.2 received with access source match/,
        /SPA Packet: '/,
        /\(stanza #1\) SPA Decode \(res=0\):/,
        /Random Value: /,
        /Username: alice/,
        /FKO Version: 3\.0\.0/,
        /Nat Access: /,
        /Client Timeout: 0/,
        /Digest Type: .*SHA256/,
        /HMAC Type: .*SHA256/,
        /FWKNOP_INPUT .*dport 22 .*ACCEPT/,
        /Added access rule to FWKNOP_INPUT for 10\.77\.0\.2 -> 0\.0\.0\.0\/0 tcp\/22, expires at [0-9]+/,
      ),
      // The C daemon says it once.
      row("an expired stanza", "expired", {}, /Access stanza has expired/),
      {
        situation: "a replay",
        sends: (keys) => (replayed = packet(keys["ports"])),
        says: [
          /^\(stanza #2\) SPA packet \(10\.77\.0\.2 -> 10\.77\.0\.1\) filtered by SOURCE and\/or DESTINATION criteria/,
          /Added access rule/,
        ],
      },
      {
        situation: "a replay again",
        sends: () => replayed,
        says: [
          /Replay detected from source IP: 10\.77\.0\.2, Destination proto\/port: 17\/62201, Original source IP: 10\.77\.0\.2, Original dst proto\/port: 17\/62201, Entry created: \d\d\/\d\d\/\d\d \d\d:\d\d:\d\d/,
        ],
      },
      {
        situation: "no key of ours",
        sends: () => "A".repeat(200),
        says: [/Error creating fko context: .*HMAC_COMPAREFAIL/, /Non-corresponding HMAC for this stanza/],
        cSays: [/Error creating fko context: .*HMAC_COMPAREFAIL/],
      },
      {
        situation: "a length of GnuPG",
        sends: () => "A".repeat(500),
        says: [/No stanza encryption mode match for encryption type: 2\./],
      },
      {
        situation: "no base64",
        sends: () => "!".repeat(200),
        says: [/preprocess_spa_data\(\) returned error 4098: 'Data is not an SPA message' for incoming packet/],
      },
      {
        situation: "the prefix is still on it",
        sends: () => `U2FsdGVkX1${"A".repeat(200)}`,
        says: [/preprocess_spa_data\(\) returned error 4096: 'Data is not a valid SPA message format'/],
      },
      row("too old", "plain", { time: 1 }, /SPA data time difference is too great \([0-9]+ seconds\)\./),
      row("no address", "source", { message: "0.0.0.0,tcp/22" }, /Got 0\.0\.0\.0 when valid source IP was required\./),
      row("another user", "user", {}, /Username in SPA data \(alice\) does not match required username: bob/),
      row(
        "a port that is not open",
        "ports",
        { message: `${KNOCKER},tcp/23` },
        /One or more requested protocol\/ports was denied per access\.conf\./,
      ),
      row("no list of ports", "plain", { message: `${KNOCKER},foo` }, /Args contain invalid data: .*ACCESS_VALIDFAIL/),
      row(
        "a command for whom none is allowed",
        "plain",
        { type: 0, message: `${KNOCKER},true` },
        /SPA Command messages are not allowed in the current configuration\./,
      ),
      row(
        "a command",
        "command",
        { type: 0, message: `${KNOCKER},true` },
        /Processing SPA Command message: command='true'\./,
        /Running command 'true' setuid\/setgid user\/group to nobody\/.* \(UID=65534,GID=65534\)/,
        /CMD_EXEC: command returned 0, pid_status: 0/,
      ),
      row("a command of root", "root", { type: 0, message: `${KNOCKER},true` }, /Running command 'true'$/),
      row(
        "a command for a cycle",
        "cycle",
        { type: 0, message: `${KNOCKER},true` },
        /Could not build CMD_CYCLE_OPEN command\./,
      ),
      row(
        "a cycle",
        "cycle",
        {},
        /\[10\.77\.0\.2\] \(stanza #9\) Running CMD_CYCLE_OPEN command: \/bin\/true 10\.77\.0\.2/,
        /\(stanza #9\) Running CMD_CYCLE_CLOSE command in 1 seconds: \/bin\/true/,
        /\[10\.77\.0\.2\] \(stanza #9\) Timer expired, running CMD_CYCLE_CLOSE command: \/bin\/true/,
      ),
      {
        situation: "a proxy that tells no address",
        sends: (keys) => request(packet(keys["plain"], { message: "0.0.0.0,tcp/22" }), "X-Forwarded-For: foo\r\n"),
        says: [/Error parsing X-Forwarded-For header: value 'foo' is not an IP address/],
      },
      row(
        "NAT",
        "plain",
        { type: 2, nat: "10.78.0.2,80" },
        /FWKNOP_FORWARD .*dport 80/,
        /Added FORWARD rule to FWKNOP_FORWARD for 10\.77\.0\.2 -> \S+ tcp\/22, expires at [0-9]+/,
        /FWKNOP_PREROUTING .*DNAT --to-destination 10\.78\.0\.2:80/,
        /Added DNAT rule to FWKNOP_PREROUTING for 10\.77\.0\.2 -> 0\.0\.0\.0\/0 tcp\/22, expires at [0-9]+/,
      ),
      row(
        "local NAT",
        "plain",
        { type: 5, message: `${KNOCKER},tcp/60001`, nat: "10.77.0.1,2222" },
        /Added local NAT rule to FWKNOP_INPUT for 10\.77\.0\.2 -> 0\.0\.0\.0\/0 tcp\/60001, expires at [0-9]+/,
      ),
      row("a NAT target without a port", "plain", { type: 2, nat: "10.78.0.2" }, /NATACCESS_VALIDFAIL/),
      row("a NAT target that is no name", "plain", { type: 2, nat: "a..b,22" }, /Invalid Hostname in NAT SPA message/),
      row(
        "a NAT target that nobody knows",
        "plain",
        { type: 2, nat: "nowhere.invalid,22" },
        /Unable to resolve Hostname in NAT SPA message/,
      ),
      row(
        "a NAT target with a name",
        "plain",
        { type: 2, nat: "localhost.localdomain.invalid,22" },
        /Unable to resolve/,
      ),
    ],
  },
  {
    name: "NAT for addresses only",
    server: { ...IPTABLES, ENABLE_IPT_FORWARDING: "Y", ENABLE_NAT_DNS: "N" },
    stanzas: { plain: {} },
    rows: [
      row(
        "a NAT target with a name",
        "plain",
        { type: 2, nat: "www.example.org,22" },
        /Received Hostname in NAT SPA message, but hostname is disabled\./,
      ),
      row(
        "local NAT",
        "plain",
        { type: 5, message: `${KNOCKER},tcp/60001`, nat: "10.77.0.1,22" },
        /\(stanza #1\) SPA packet from 10\.77\.0\.2 requested NAT access, but is not enabled\/supported/,
      ),
    ],
  },
  {
    name: "nobody from here",
    server: IPTABLES,
    stanzas: { plain: { SOURCE: "192.0.2.0/24" } },
    rows: [row("a packet", "plain", {}, /No access data found for source IP: 10\.77\.0\.2/)],
  },
  {
    name: "--test",
    server: IPTABLES,
    stanzas: { plain: { ENABLE_CMD_EXEC: "Y" } },
    args: ["-t"],
    rows: [
      row("a packet", "plain", {}, /--test mode enabled, skipping firewall manipulation\./),
      row(
        "a command",
        "plain",
        { type: 0, message: `${KNOCKER},true` },
        /--test mode enabled, skipping command execution\./,
      ),
    ],
  },
  {
    name: "the UDP server",
    server: { ...IPTABLES, ENABLE_UDP_SERVER: "Y" },
    stanzas: { plain: {} },
    rows: [
      {
        situation: "a datagram",
        sends: () => "A".repeat(200),
        says: [/udp_server: Got UDP datagram \(200 bytes\) from: 10\.77\.0\.2/],
      },
    ],
  },
];
