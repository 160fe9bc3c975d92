/**
 * The table that firewalld 1.3 makes with its default zone and nothing let in, reached by other means: what its chains have in
 * common is written once. Compared once with what firewalld itself loads (`nft list ruleset`); left out are translation, output and
 * the addresses that it refuses to forward to.
 */

const REJECT = "reject with icmpx admin-prohibited";
const STAGES = ["pre", "log", "deny", "allow", "post"] as const;

/** Its chains for one hook: the name that begins the base chain's, that of the zone's chains, priority, rules before the zones. */
interface Way {
  readonly chain: string;
  readonly zone: string;
  readonly hook: string;
  readonly priority: number;
  readonly before: readonly string[];
  /** What ends the zone, and what ends the base chain. */
  readonly ends: readonly [zone: readonly string[], base: readonly string[]];
}

const KNOWN = [
  "ct state { established, related } accept",
  "ct status dnat accept",
  'iifname "lo" accept',
  "ct state invalid drop",
];
const WAYS: readonly Way[] = [
  { chain: "mangle_PREROUTING", zone: "mangle_PRE", hook: "prerouting", priority: -140, before: [], ends: [[], []] },
  {
    chain: "filter_INPUT",
    zone: "filter_IN",
    hook: "input",
    priority: 10,
    before: KNOWN,
    ends: [["meta l4proto { icmp, ipv6-icmp } accept", REJECT], [REJECT]],
  },
  {
    chain: "filter_FORWARD",
    zone: "filter_FWD",
    hook: "forward",
    priority: 10,
    before: KNOWN,
    ends: [[REJECT], [REJECT]],
  },
];

/** Chains that run through their five stages, some of which hold rules. */
function stages(name: string, rules: Partial<Record<(typeof STAGES)[number], readonly string[]>> = {}): string[] {
  return STAGES.map((stage) => chain(`${name}_${stage}`, rules[stage] ?? []));
}

function chain(name: string, rules: readonly string[]): string {
  return `chain ${name} { ${rules.map((rule) => `${rule}; `).join("")}}`;
}

function jumps(name: string): string[] {
  return STAGES.map((stage) => `jump ${name}_${stage}`);
}

/** A hook's chains, each behind those that it jumps to. */
function chainsOf({ chain: name, zone, hook, priority, before, ends: [ofZone, ofBase] }: Way): string[] {
  const ownZone = `${zone}_public`, policy = `${zone}_policy_allow-host-ipv6`;
  const neighbours = ["nd-neighbor-advert", "nd-neighbor-solicit", "nd-router-advert", "nd-redirect"];
  const allow = zone === "filter_IN" ? neighbours.map((type) => `icmpv6 type ${type} accept`) : [];
  return [
    ...(zone === "filter_FWD" ? [] : [...stages(policy, { allow }), chain(policy, jumps(policy))]),
    chain(`${name}_POLICIES_pre`, zone === "filter_FWD" ? [] : [`jump ${policy}`]),
    chain(`${name}_POLICIES_post`, []),
    ...stages(ownZone, zone === "filter_IN" ? { allow: ["ip6 daddr fe80::/64 udp dport 546 accept"] } : {}),
    chain(ownZone, [`jump ${name}_POLICIES_pre`, ...jumps(ownZone), `jump ${name}_POLICIES_post`, ...ofZone]),
    chain(`${name}_ZONES`, [`goto ${ownZone}`]),
    chain(name, [
      `type filter hook ${hook} priority ${priority}`,
      "policy accept",
      ...before,
      `jump ${name}_ZONES`,
      ...ofBase,
    ]),
  ];
}

/**
 * The nft script that loads it, in one line, as `nft -i` wants it. From firewalld 2.1 on the table is its process' own
 * (`NftablesTableOwner`): `flags`.
 */
export function firewalld(flags: "" | "flags owner;" = ""): string {
  const chains = [
    ...WAYS.flatMap(chainsOf),
    chain("filter_PREROUTING", [
      "type filter hook prerouting priority 10",
      "policy accept",
      "icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept",
      "meta nfproto ipv6 fib saddr . mark . iif oif missing drop",
    ]),
  ];
  return `table inet firewalld { ${flags} ${chains.join("; ")}; }\n`;
}
