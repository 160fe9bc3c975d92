/** A table with sets, maps, chains and rules like those of the daemon, as a script of nft and as changes. */
import type { DataType, RuleStep, StructureChange } from "../../../ffi/nfnetlink/ruleset.ts";

/** A set or map, and a rule for it, in nft's words and in ours. */
interface Row {
  readonly name: string;
  readonly key: readonly DataType[];
  readonly value: readonly DataType[];
  readonly rule: string;
  readonly steps: readonly RuleStep[];
}

const NFPROTO_KEY = 15, L4PROTO_KEY = 16, NETWORK = 1, TRANSPORT = 2, TCP = 6;
const load = (offset: number, length: number, to: number): RuleStep => ({
  kind: "payload",
  base: NETWORK,
  offset,
  length,
  to,
});
const port = (offset: number, to: number): RuleStep => ({ kind: "payload", base: TRANSPORT, offset, length: 2, to });
const protocol = (to: number): RuleStep => ({ kind: "meta", key: L4PROTO_KEY, to });
const lookUp = (set: string, to: number | null = null): RuleStep => ({
  kind: "lookup",
  from: 0,
  set,
  to,
  inverted: false,
});
const is = (key: number, value: number): readonly RuleStep[] => [
  { kind: "meta", key, to: 0 },
  { kind: "compare", from: 0, how: "eq", value: Uint8Array.of(value) },
];
const IPV4 = is(NFPROTO_KEY, 2), IPV6 = is(NFPROTO_KEY, 10);
/** The verdict. */
export const ACCEPT: RuleStep = { kind: "verdict", verdict: { kind: "accept" } };

/** The rows of the chain `ours`. */
export const FILTER_ROWS: readonly Row[] = [
  {
    name: "to4",
    key: ["ipv4_addr", "ipv4_addr", "inet_proto", "inet_service"],
    value: [],
    rule: "ip saddr . ip daddr . meta l4proto . th dport @to4 accept",
    steps: [...IPV4, load(12, 4, 0), load(16, 4, 1), protocol(2), port(2, 3), lookUp("to4"), ACCEPT],
  },
  {
    name: "answers6",
    key: ["ipv6_addr", "inet_proto", "inet_service"],
    value: [],
    rule: "ip6 daddr . meta l4proto . th sport @answers6 accept",
    steps: [...IPV6, load(24, 16, 0), protocol(4), port(0, 5), lookUp("answers6"), ACCEPT],
  },
  {
    name: "all4",
    key: ["ipv4_addr"],
    value: [],
    rule: "ip saddr @all4 accept",
    steps: [...IPV4, load(12, 4, 0), lookUp("all4"), ACCEPT],
  },
  {
    name: "all_to6",
    key: ["ipv6_addr", "ipv6_addr"],
    value: [],
    rule: "ip6 saddr . ip6 daddr @all_to6 accept",
    steps: [...IPV6, load(8, 16, 0), load(24, 16, 4), lookUp("all_to6"), ACCEPT],
  },
];
const DNAT_ROWS: readonly Row[] = [
  {
    name: "dnat_port4",
    key: ["ipv4_addr", "inet_proto", "inet_service"],
    value: ["ipv4_addr", "inet_service"],
    rule: "meta l4proto tcp dnat ip to ip saddr . meta l4proto . th dport map @dnat_port4",
    steps: [
      ...is(L4PROTO_KEY, TCP),
      ...IPV4,
      load(12, 4, 0),
      protocol(1),
      port(2, 2),
      lookUp("dnat_port4", 0),
      { kind: "nat", type: "dnat", family: 4, address: 0, port: 1 },
    ],
  },
  {
    name: "dnat_all6",
    key: ["ipv6_addr"],
    value: ["ipv6_addr"],
    rule: "dnat ip6 to ip6 saddr map @dnat_all6",
    steps: [
      ...IPV6,
      load(8, 16, 0),
      lookUp("dnat_all6", 0),
      { kind: "nat", type: "dnat", family: 6, address: 0, port: null },
    ],
  },
];
const POSTROUTING_ROWS: readonly Row[] = [
  {
    name: "snat4",
    key: ["ipv4_addr", "inet_proto", "inet_service"],
    value: ["ipv4_addr"],
    rule: "snat ip to ip daddr . meta l4proto . th dport map @snat4",
    steps: [...IPV4, load(16, 4, 0), protocol(1), port(2, 2), lookUp("snat4", 0), {
      kind: "nat",
      type: "snat",
      family: 4,
      address: 0,
      port: null,
    }],
  },
  {
    name: "masquerade_port6",
    key: ["ipv6_addr", "inet_proto", "inet_service"],
    value: ["inet_service"],
    rule: "meta l4proto tcp masquerade to :ip6 daddr . meta l4proto . th dport map @masquerade_port6",
    steps: [
      ...is(L4PROTO_KEY, TCP),
      ...IPV6,
      load(24, 16, 0),
      protocol(4),
      port(2, 5),
      lookUp("masquerade_port6", 0),
      { kind: "masquerade", port: 0 },
    ],
  },
  {
    name: "masquerade_all4",
    key: ["ipv4_addr"],
    value: [],
    rule: "ip saddr @masquerade_all4 masquerade",
    steps: [...IPV4, load(12, 4, 0), lookUp("masquerade_all4"), { kind: "masquerade", port: null }],
  },
];
const CHAINS = [
  { chain: "ours", base: null, rows: FILTER_ROWS },
  { chain: "pre", base: { type: "nat", hook: 0, priority: -105 }, rows: DNAT_ROWS },
  { chain: "post", base: { type: "nat", hook: 4, priority: 96 }, rows: POSTROUTING_ROWS },
  { chain: "input", base: { type: "filter", hook: 1, priority: 0 }, rows: [] },
] as const;
/** The table of all that. */
export const TABLE = { family: "inet", table: "t" } as const;

/** What makes it, for nft. */
export function script(): string {
  const hooks = ["prerouting", "input", "forward", "output", "postrouting"];
  const lines = ["add table inet t"];
  for (const { name, key, value } of CHAINS.flatMap(({ rows }) => rows)) {
    const types = `type ${key.join(" . ")}${value.length === 0 ? "" : ` : ${value.join(" . ")}`}`;
    lines.push(`add ${value.length === 0 ? "set" : "map"} inet t ${name} { ${types}; flags timeout; }`);
  }
  for (const { chain, base, rows } of CHAINS) {
    const kind = base === null ? "" : ` { type ${base.type} hook ${hooks[base.hook]} priority ${base.priority}; }`;
    lines.push(`add chain inet t ${chain}${kind}`, ...rows.map(({ rule }) => `add rule inet t ${chain} ${rule}`));
  }
  return [...lines, "insert rule inet t input jump ours", ""].join("\n");
}

/** What makes it, for us. */
export function changes(): readonly StructureChange[] {
  return [
    { verb: "add table", ...TABLE },
    ...CHAINS.flatMap(({ rows }) => rows).map(({ name, key, value }) =>
      ({ verb: "add set", ...TABLE, set: name, key, value }) as const
    ),
    ...CHAINS.flatMap(({ chain, base, rows }): readonly StructureChange[] => [
      { verb: "add chain", ...TABLE, chain, base },
      ...rows.map(({ steps }) => ({ verb: "add rule", ...TABLE, chain, at: "tail", expressions: steps }) as const),
    ]),
    {
      verb: "add rule",
      ...TABLE,
      chain: "input",
      at: "head",
      expressions: [{ kind: "verdict", verdict: { kind: "jump", chain: "ours" } }],
    },
  ];
}
