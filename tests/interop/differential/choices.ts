/**
 * What the configurations of the differential test are combined of: every directive of access.conf that changes a verdict
 * or a rule, and the switches of fwknopd.conf. Value 0 of each choice is the plain one. Pure.
 */
import type { Directives } from "../../lab/config.ts";
import type { Pick } from "./covering.ts";

/** Where a configuration lives, so that many can be tried with one start of a daemon: addresses that no other has. */
export interface Place {
  readonly number: number;
  /** The first three numbers of its addresses: `10.1.2`. */
  readonly network: string;
  /** The same of the hosts behind the server. */
  readonly inside: string;
  /** A folder that commands may write to. */
  readonly folder: string;
}

/** One choice: its values by name, each with the directives that it puts into the stanza. */
export interface Choice {
  readonly name: string;
  readonly values: readonly (readonly [name: string, what: (place: Place) => Chosen])[];
}

/** Directives of the stanza, and stanzas around it that its packets meet as well. */
export interface Chosen {
  readonly own?: Directives;
  /** What differs from the stanza without any other choice. */
  readonly before?: Directives;
  readonly after?: Directives;
}

/** The server's address, and another one that packets go to. */
export const SERVER = "10.0.0.1", ELSEWHERE = "10.0.0.9";
/** A host behind the server that has a name. */
export const NAMED = { name: "inside.test", address: "10.0.0.7" } as const;
/** The last number of the inside host that a stanza names. */
export const SHARED_INSIDE = 250;
/** Seconds of grants, far enough apart to be told by a rule's end however long the run takes. */
export const TIMES = [30, 300, 600, 1000, 2000, 4000, 9000, 50_000] as const;

/** A list of ports with one that stands twice. */
export const REPEATED = "tcp/22, tcp/22, udp/53";

/** A choice whose values are directives of the stanza. */
function choice(name: string, values: Readonly<Record<string, (place: Place) => Directives>>): Choice {
  return { name, values: Object.entries(values).map(([value, what]) => [value, (place) => ({ own: what(place) })]) };
}

/** Values that differ in one directive; an empty one leaves it out. */
function values(directive: string, ...texts: readonly string[]): Choice {
  const row = (text: string) => [text || "none", () => text === "" ? {} : { [directive]: text }] as const;
  return choice(directive, Object.fromEntries(texts.map(row)));
}

function forced({ inside }: Place): Directives {
  return { FORCE_NAT: `${inside}.${SHARED_INSIDE} 81` };
}

/** Choices about a stanza. */
export const STANZA_CHOICES: readonly Choice[] = [
  choice("SOURCE", {
    "the network": ({ network }) => ({ SOURCE: `${network}.0/24` }),
    "a part": ({ network }) => ({ SOURCE: `${network}.0/30` }),
    "a dotted mask": ({ network }) => ({ SOURCE: `${network}.0/255.255.255.252` }),
    "a list": ({ network }) => ({ SOURCE: `${network}.1, ${network}.2,${network}.4/30` }),
  }),
  values("DESTINATION", "", SERVER, `${ELSEWHERE}/32`, `${ELSEWHERE}, 10.0.0.0/29`),
  values("OPEN_PORTS", "", "tcp/22", "tcp/22, udp/53", "TCP/22,Udp/53,tcp/8080", REPEATED),
  values("RESTRICT_PORTS", "", "tcp/22", "udp/53, tcp/23", "udp/22,tcp/2222"),
  values("REQUIRE_USERNAME", "", "alice", "Alice"),
  choice("REQUIRE_SOURCE_ADDRESS", {
    none: () => ({}),
    Y: () => ({ REQUIRE_SOURCE_ADDRESS: "Y" }),
    N: () => ({ REQUIRE_SOURCE_ADDRESS: "N" }),
    "the synonym": () => ({ REQUIRE_SOURCE: "Yes" }),
  }),
  choice("ACCESS_EXPIRE", {
    none: () => ({}),
    past: () => ({ ACCESS_EXPIRE: "01/01/2020" }),
    future: () => ({ ACCESS_EXPIRE: "12/31/2090" }),
    "epoch in the past": () => ({ ACCESS_EXPIRE_EPOCH: 1_000_000_000 }),
    "epoch in the future": () => ({ ACCESS_EXPIRE_EPOCH: 3_800_000_000 }),
    "epoch 0": () => ({ ACCESS_EXPIRE_EPOCH: 0 }),
  }),
  values("FW_ACCESS_TIMEOUT", "", "0", "2000", "9000"),
  values("MAX_FW_TIMEOUT", "", "0", "600", "4000"),
  values("ENCRYPTION_MODE", "", "CBC", "ecb", "CFB", "ofb", "Ctr", "legacy"),
  choice("HMAC", {
    text: () => ({}),
    base64: ({ network }) => ({ HMAC_KEY: null, HMAC_KEY_BASE64: btoa(`sign ${network}`) }),
    none: () => ({ HMAC_KEY: null }),
    ...Object.fromEntries(
      ["md5", "SHA1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512"]
        .map((name) => [name, () => ({ HMAC_DIGEST_TYPE: name })]),
    ),
  }),
  choice("KEY", {
    text: () => ({}),
    base64: ({ network }) => ({ KEY: null, KEY_BASE64: btoa(`open ${network}`) }),
    "text and then base64": ({ network }) => ({ KEY: "another", KEY_BASE64: btoa(`open ${network}`) }),
  }),
  choice("NAT", {
    none: () => ({}),
    "FORCE_NAT": forced,
    "FORCE_NAT, FORCE_SNAT": (place) => ({ ...forced(place), FORCE_SNAT: SERVER }),
    "FORCE_NAT, FORCE_MASQUERADE": (place) => ({ ...forced(place), FORCE_MASQUERADE: "Y" }),
    "FORCE_NAT, DISABLE_DNAT": (place) => ({ ...forced(place), DISABLE_DNAT: "Y" }),
    "FORCE_NAT, FORWARD_ALL": (place) => ({ ...forced(place), FORWARD_ALL: "Y" }),
    "FORWARD_ALL": () => ({ FORWARD_ALL: "Y" }),
    "FORWARD_ALL, FORCE_SNAT, DISABLE_DNAT": () => ({ FORWARD_ALL: "Y", FORCE_SNAT: SERVER, DISABLE_DNAT: "Y" }),
    "FORWARD_ALL, FORCE_MASQUERADE": () => ({ FORWARD_ALL: "Y", FORCE_MASQUERADE: "Y" }),
  }),
  choice("commands", {
    none: () => ({}),
    "those of packets": () => ({ ENABLE_CMD_EXEC: "Y" }),
    "those of packets, as somebody else": () => ({ ENABLE_CMD_EXEC: "Y", CMD_EXEC_USER: "nobody" }),
    "open and close": ({ folder }) => ({
      CMD_CYCLE_OPEN: `touch ${folder}/$SRC+$PKT_SRC+$DST+$PORT+$PROTO+$TIMEOUT+$CLIENT_TIMEOUT`,
      CMD_CYCLE_CLOSE: `touch ${folder}/closed+$IP`,
      CMD_CYCLE_TIMER: 1000,
    }),
    "open only": ({ folder }) => ({ CMD_CYCLE_OPEN: `touch ${folder}/$IP+$NONE$$PORT`, CMD_CYCLE_CLOSE: "NONE" }),
  }),
  {
    name: "other stanzas",
    values: [
      ["none", () => ({})],
      ["one of other keys before", () => ({ before: { KEY: "another", HMAC_KEY: "other" } })],
      ["one that is over before", () => ({ before: { ACCESS_EXPIRE: "01/01/2020" } })],
      ["one that allows less before", () => ({ before: { OPEN_PORTS: "udp/53" } })],
      ["one for another user before, one for all after", () => ({ before: { REQUIRE_USERNAME: "bob" }, after: {} })],
      ["one of other addresses before", () => ({ before: { DESTINATION: ELSEWHERE } })],
      ["one for all after", () => ({ after: { FW_ACCESS_TIMEOUT: 1000 } })],
    ],
  },
];

/** Choices about fwknopd.conf. */
export const SERVER_CHOICES: readonly Choice[] = [
  choice("packet age", {
    "not looked at": () => ({}),
    "looked at": () => ({ ENABLE_SPA_PACKET_AGING: "Y" }),
    "looked at, generous": () => ({ ENABLE_SPA_PACKET_AGING: "Y", MAX_SPA_PACKET_AGE: 90_000 }),
  }),
  choice("SPA over HTTP", {
    no: () => ({}),
    yes: () => ({ ENABLE_SPA_OVER_HTTP: "Y" }),
    "yes, forwarded": () => ({ ENABLE_SPA_OVER_HTTP: "Y", ENABLE_X_FORWARDED_FOR: "Y" }),
  }),
  values("ENABLE_DESTINATION_RULE", "", "Y"),
  values("ENABLE_RULE_PREPEND", "", "Y"),
  values("ENABLE_IPT_OUTPUT", "", "Y"),
  values("IPT_INPUT_ACCESS", "", "ACCEPT, filter, INPUT, 1, MY_CHAIN, 1"),
  values("ENABLE_DIGEST_PERSISTENCE", "", "N"),
  choice("NAT", {
    no: () => ({}),
    forwarding: () => ({ ENABLE_IPT_FORWARDING: "Y" }),
    local: () => ({ ENABLE_IPT_LOCAL_NAT: "Y" }),
    both: () => ({ ENABLE_IPT_FORWARDING: "Y", ENABLE_IPT_LOCAL_NAT: "Y" }),
  }),
  choice("SNAT", {
    no: () => ({}),
    yes: () => ({ ENABLE_IPT_SNAT: "Y" }),
    "yes, of an address": () => ({ ENABLE_IPT_SNAT: "Y", SNAT_TRANSLATE_IP: SERVER }),
  }),
  values("ENABLE_NAT_DNS", "", "N"),
  // Ours; the C daemon passes over it.
  values("ENABLE_FORWARD_ANY_HOST", "", "Y"),
];

/** Whether a stanza cannot be read with that fwknopd.conf: it has no NAT, and the stanza needs it. */
export function needsMore(stanza: Pick, server: readonly number[]): boolean {
  const nat = server.some((value, choice) => nameOf([choice, value], SERVER_CHOICES) === "NAT no");
  return nat && /^NAT .*FORCE/.test(nameOf(stanza));
}

/** Values that cannot stand together. */
const EXCLUDED: readonly (readonly [RegExp, RegExp])[] = [
  // The clients refuse the two together.
  [/^ENCRYPTION_MODE legacy$/, /^HMAC (?!none)/],
  // Our daemon refuses what can open nothing; that is tried by itself.
  [/^OPEN_PORTS tcp\/22$/, /^RESTRICT_PORTS tcp\/22$/],
];

/** Whether two of {@link STANZA_CHOICES} cannot stand together. */
export function excludes(one: Pick, other: Pick): boolean {
  return EXCLUDED.some(([a, b]) => a.test(nameOf(one)) && b.test(nameOf(other)));
}

function nameOf([choice, value]: Pick, choices = STANZA_CHOICES): string {
  const { name, values } = choices[choice]!;
  return `${name} ${values[value]![0]}`;
}
