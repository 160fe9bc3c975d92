/**
 * What `ufw enable` and `ufw disable` of Debian 12 (0.36.2, with the default policy and no rules of the user's) make of an
 * empty packet filter, reached by other means: the names of its chains and what they do are made here from what they have in
 * common. Multicast and some kinds of ICMP
 * are left out. What ufw itself makes was compared with it once (`iptables-save`).
 */
import { command, restore, type Step } from "./steps.ts";

const HOOKS = ["input", "output", "forward"] as const;
/** The chains that a built-in chain goes through, in order. */
const STAGES = ["before-logging", "before", "after", "after-logging", "reject", "track"] as const;
const LIMIT = "-m limit --limit 3/min --limit-burst 10";
const ACCEPT = "-j ACCEPT", DROP = "-j DROP";
const ESTABLISHED = `-m conntrack --ctstate RELATED,ESTABLISHED ${ACCEPT}`;

/** The first letters of its chains. */
type Prefix = "ufw" | "ufw6";

/** The chains that stay when it is disabled. */
function stagesOf(prefix: Prefix): string[] {
  return HOOKS.flatMap((hook) => STAGES.map((stage) => `${prefix}-${stage}-${hook}`));
}

/** Those that go. */
function ownOf(prefix: Prefix): string[] {
  const perHook = HOOKS.flatMap((hook) => [`skip-to-policy-${hook}`, `user-${hook}`, `user-logging-${hook}`]);
  const shared = ["logging-allow", "logging-deny", "not-local", "user-limit", "user-limit-accept"];
  return [...perHook, ...shared].map((name) => `${prefix}-${name}`);
}

/** Rules as `CHAIN MATCHES`, without `-A` and the prefix. */
function rulesOf(prefix: Prefix): string[] {
  const silent = prefix === "ufw"
    ? ["udp 137", "udp 138", "tcp 139", "tcp 445", "udp 67", "udp 68"]
    : ["udp 137", "udp 138", "tcp 139", "tcp 445", "udp 546", "udp 547"];
  const invalid = "-m conntrack --ctstate INVALID";
  const upkeep = prefix === "ufw"
    ? [3, 11, 12, 8].map((type) => `-p icmp -m icmp --icmp-type ${type}`)
    : [1, 2, 3, 4, 128, 133, 134, 135, 136].map((type) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type}`);
  const local = ["LOCAL", "MULTICAST", "BROADCAST"].map((type) => `not-local -m addrtype --dst-type ${type} -j RETURN`);
  return [
    ...silent.map((service) => service.split(" ")).map(([proto, port]) =>
      `after-input -p ${proto} -m ${proto} --dport ${port} -j ${prefix}-skip-to-policy-input`
    ),
    ...(prefix === "ufw" ? ["after-input -m addrtype --dst-type BROADCAST -j ufw-skip-to-policy-input"] : []),
    ...["forward", "input"].map((hook) => `after-logging-${hook} ${LIMIT} -j LOG --log-prefix "[UFW BLOCK] "`),
    `before-forward ${ESTABLISHED}`,
    `before-forward -j ${prefix}-user-forward`,
    `before-input -i lo ${ACCEPT}`,
    `before-input ${ESTABLISHED}`,
    `before-input ${invalid} -j ${prefix}-logging-deny`,
    `before-input ${invalid} ${DROP}`,
    ...upkeep.map((what) => `before-input ${what} ${ACCEPT}`),
    ...(prefix === "ufw" ? ["before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT"] : []),
    ...(prefix === "ufw" ? [`before-input -j ufw-not-local`, ...local] : []),
    ...(prefix === "ufw" ? [`not-local ${LIMIT} -j ufw-logging-deny`, `not-local ${DROP}`] : []),
    `before-input -j ${prefix}-user-input`,
    `before-output -o lo ${ACCEPT}`,
    `before-output ${ESTABLISHED}`,
    `before-output -j ${prefix}-user-output`,
    `logging-deny ${invalid} ${LIMIT} -j RETURN`,
    `logging-deny ${LIMIT} -j LOG --log-prefix "[UFW BLOCK] "`,
    `skip-to-policy-forward ${DROP}`,
    `skip-to-policy-input ${DROP}`,
    `skip-to-policy-output ${ACCEPT}`,
    ...["tcp", "udp"].map((proto) => `track-output -p ${proto} -m conntrack --ctstate NEW ${ACCEPT}`),
    `user-limit -j REJECT`,
    `user-limit-accept ${ACCEPT}`,
  ];
}

function jumpsOf(prefix: Prefix): string[] {
  return HOOKS.flatMap((hook) => STAGES.map((stage) => `-A ${hook.toUpperCase()} -j ${prefix}-${stage}-${hook}`));
}

const FAMILIES = [
  { prefix: "ufw", tool: "iptables" },
  { prefix: "ufw6", tool: "ip6tables" },
] as const;

/** `ufw enable`. */
export function ufwEnable(): readonly Step[] {
  return FAMILIES.map(({ prefix, tool }) => {
    const policies = [":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"];
    const chains = [...stagesOf(prefix), ...ownOf(prefix)].map((chain) => `:${chain} - [0:0]`);
    const rules = rulesOf(prefix).map((rule) => `-A ${prefix}-${rule}`);
    return restore(["*filter", ...policies, ...chains, ...jumpsOf(prefix), ...rules, "COMMIT"], `${tool}-restore`);
  });
}

/** `ufw disable`: policies that accept, most chains empty, the others gone. */
export function ufwDisable(): readonly Step[] {
  return FAMILIES.flatMap(({ prefix, tool }) => [
    ...["INPUT", "OUTPUT", "FORWARD"].map((chain) => command(`${tool} -w -P ${chain} ACCEPT`)),
    restore([
      "*filter",
      ...[...stagesOf(prefix), ...ownOf(prefix)].map((chain) => `-F ${chain}`),
      ...ownOf(prefix).map((chain) => `-X ${chain}`),
      "COMMIT",
    ], `${tool}-restore`),
  ]);
}
