/** What an operator should know of the ruleset before grants are opened in it: whether it drops anything, and our own port. Pure. */
import { list, record, type Rule, type Ruleset } from "./ruleset.ts";
import { type BaseChain, baseChains, formatChain, reachableRules } from "./hook_survey.ts";

/** Warnings. `udpPort`: where this daemon listens itself, or null. */
export function examineRuleset(ruleset: Ruleset, udpPort: number | null): readonly string[] {
  const chains = baseChains(ruleset, "input");
  if (chains.every(({ drops }) => drops === "nothing")) {
    return [
      "No chain of nftables drops incoming packets: what nothing else drops is open already, with or without a knock; give the input " +
      "chain the policy drop",
    ];
  }
  return udpPort === null
    ? []
    : chains.filter((chain) => dropsUdp(ruleset, chain, udpPort)).map((chain) =>
      `${
        formatChain(chain)
      } drops UDP packets to port ${udpPort}, where this daemon listens: no knock will arrive; add ` +
      `"udp dport ${udpPort} accept"`
    );
}

/** Whether a new UDP packet from outside is dropped for sure: by default, and no rule there is could accept it. */
function dropsUdp(ruleset: Ruleset, chain: BaseChain, port: number): boolean {
  if (chain.drops !== "default") return false;
  const { family, table } = chain;
  return reachableRules(ruleset, { family, table, name: chain.chain }).every((rule) => !mayAcceptUdp(rule, port));
}

function mayAcceptUdp(rule: Rule, port: number): boolean {
  const excluded = rule.statements.some((statement) => {
    const { op, left, right } = record(statement.match);
    return (op === "==" || op === "in") && excludesUdp(record(left), right, port);
  });
  if (excluded) return false;
  return rule.statements.some((statement) => {
    if ("accept" in statement || "queue" in statement || "xt" in statement || "tproxy" in statement) return true;
    if (!("vmap" in statement)) return false;
    const { data, key } = record(statement.vmap);
    if (typeof data === "string") return true;
    const pairs = list(record(data).set).map((pair) => list(pair));
    return pairs.some(([value, verdict]) => "accept" in record(verdict) && !excludesUdp(record(key), value, port));
  });
}

/** Protocols whose fields no UDP packet has. */
const OTHER_PROTOCOLS = new Set(["tcp", "icmp", "icmpv6", "ipv6-icmp", "sctp", "dccp", "esp", "ah", "igmp"]);

/** Whether no new UDP packet to the port, from another host, has one of the values in the field that `left` names. */
function excludesUdp(left: Readonly<Record<string, unknown>>, value: unknown, port: number): boolean {
  const values = valuesOf(value);
  const meta = record(left.meta).key;
  if (meta === "iif" || meta === "iifname") return values.every((one) => one === "lo");
  if (meta === "l4proto") return values.every((one) => typeof one === "string" && OTHER_PROTOCOLS.has(one));
  if (record(left.ct).key === "state") return values.every((one) => one === "established" || one === "related");
  const { protocol, field } = record(left.payload);
  if (typeof protocol === "string" && OTHER_PROTOCOLS.has(protocol)) return true;
  if ((protocol === "udp" || protocol === "th") && field === "dport") {
    return values.every((one) => isOtherPort(one, port));
  }
  return false;
}

function isOtherPort(value: unknown, port: number): boolean {
  if (typeof value === "number") return value !== port;
  const [from, to] = list(record(value).range);
  return typeof from === "number" && typeof to === "number" && (port < from || port > to);
}

/** One value, or those of a set or a list. */
function valuesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const { set } = record(value);
  return set === undefined ? [value] : valuesOf(set);
}
