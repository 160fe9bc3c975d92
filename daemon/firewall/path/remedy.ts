/** What is said of a chain that shuts a door: what it does, and what the operator can do about it. Pure. */
import type { Service } from "../../../lib/net/service.ts";
import { showable } from "../../../lib/showable.ts";
import { formatChain, formatTable } from "../names.ts";
import { formatPathChain, isNative, type Obstruction, type PathChain } from "./model.ts";
import { SOURCE4, SOURCE6 } from "./operand.ts";
import type { Condition, Rule } from "./rule.ts";
import type { Station } from "./stations.ts";
import type { Ending } from "./walk.ts";
import type { Traveller } from "./traveller.ts";

/** A chain that shuts, and for whom. */
export interface Shut {
  readonly station: Station;
  readonly chain: PathChain;
  readonly ending: Ending;
  /** No rule decided. */
  readonly byPolicy: boolean;
  readonly traveller: Traveller;
  readonly landscape: { isOurs(chain: string): boolean };
}

/** The variables of fwknopd.conf that name chains for our jumps, by their hook. */
const CHAIN_SETTINGS: Readonly<Record<string, string>> = {
  input: "NFT_INPUT_CHAINS",
  forward: "NFT_FORWARD_CHAINS",
  output: "NFT_OUTPUT_CHAINS",
};

/** Says it. */
export function obstructionBy(shut: Shut): Obstruction {
  const by = shut.byPolicy ? null : shut.ending.by;
  return {
    chain: formatPathChain(shut.chain),
    how: by === null ? "drops by policy" : `drops it by its rule ${placeOf(by, shut)}`,
    remedy: remedyFor(shut, by),
  };
}

/** Said of a published service where no rule before the forward chain is for it. */
export function notPublished({ service }: { readonly service: Service }): Obstruction {
  const port = `${service.proto}/${service.port}`;
  return {
    chain: "the prerouting hook",
    how: `has no rule for ${port}, and nothing there sends it on`,
    remedy: "start what publishes it, or write GUARD input where this host serves it itself",
  };
}

/** `with the handle 7`, `3 (iptables)`, and in which chain where it is one further on. */
function placeOf({ chain, rule }: NonNullable<Ending["by"]>, { station }: Shut): string {
  const number = station.owner === "iptables-legacy" ? `number ${rule.handle}` : `with the handle ${rule.handle}`;
  return chain === station.chain.name ? number : `${number} in ${showable(chain)}`;
}

function remedyFor(shut: Shut, by: Ending["by"]): string {
  const { station, chain, traveller } = shut;
  const set = by === null ? null : blockingSet(by.rule, traveller);
  const table = formatTable(station.table);
  const name = showable(chain.chain);
  if (set !== null) return `take ${traveller.before.source?.text} out of the set ${showable(set)} of ${table}`;
  if (by !== null && isBlock(by.rule)) return `take that rule away (${deletionOf(by, shut)})`;
  if (traveller.sentOn !== undefined) return sentOnRemedy(traveller.sentOn, shut);
  if (chain.locked) return lockedRemedy(chain);
  if (chain.owner === "firewalld") return firewalldRemedy(traveller);
  if (!isNative(station.owner)) return iptablesRemedy(shut, by);
  if (by !== null && opensBelow(shut, by)) {
    return `put that rule below the jump to our chain, or take it away (${deletionOf(by, shut)})`;
  }
  const setting = CHAIN_SETTINGS[station.hook];
  const accept = `let ${name} accept it (nft insert rule ${table} ${name} ${matchOf(traveller)} accept)`;
  if (setting === undefined) return accept;
  return `name "${table} ${name}" in ${setting} beside the chains that have our jump, or ${accept}`;
}

/** What is opened as it was asked for does not lead there. */
function sentOnRemedy({ by, to, here }: NonNullable<Traveller["sentOn"]>, { station }: Shut): string {
  if (here) return `ask for ${to}, to which ${by} sends it, or take away what sends it`;
  return station.hook === "forward"
    ? `write GUARD forward in the stanza, because ${by} sends it on to ${to}`
    : `let ${showable(station.chain.name)} accept what ${by} sends on to ${to}`;
}

function lockedRemedy({ owner }: PathChain): string {
  const other = "only the process that owns the table can change it";
  return owner === "firewalld"
    ? "let fwknopd reach firewalld on the system bus and set FIREWALL to firewalld, or set NftablesTableOwner=no in " +
      `/etc/firewalld/firewalld.conf and restart firewalld; ${other}`
    : `let the process that owns the table accept it; ${other}`;
}

function firewalldRemedy({ before, after }: Traveller): string {
  const { protocol, destinationPort } = after ?? before;
  const port = destinationPort === undefined ? "" : ` --add-port=${destinationPort}/${protocol === 6 ? "tcp" : "udp"}`;
  return "see which zone its packets come by (firewall-cmd --get-active-zones), name it in FIREWD_ZONE and set FIREWALL to " +
    `firewalld, or let firewalld accept it (firewall-cmd --zone=ZONE${port})`;
}

function iptablesRemedy(shut: Shut, by: Ending["by"]): string {
  const { station, chain, traveller } = shut;
  const family = chain.family === "ip6" ? "ip6tables" : "iptables";
  const program = `${family}${station.owner.slice("iptables".length)}`;
  const where = `${program} -t ${chain.table}`;
  const { protocol, destinationPort } = traveller.after ?? traveller.before;
  const port = destinationPort === undefined ? "" : ` --dport ${destinationPort}`;
  const match = protocol === undefined ? "" : ` -p ${protocol === 6 ? "tcp" : "udp"}${port}`;
  const accept = `let it in there (${where} -I ${showable(chain.chain)}${match} -j ACCEPT)`;
  const isFilter = chain.table === "filter" && (station.hook === "input" || station.hook === "forward");
  if (!isFilter) return accept;
  return by === null || !opensBelow(shut, by)
    ? `set FIREWALL to iptables${
      station.owner === "iptables-legacy" ? ` and FIREWALL_EXE to /usr/sbin/iptables-legacy` : ""
    }, or ${accept}`
    : `put that rule below the jump to our chain`;
}

/** Whether a chain of ours is jumped to in the same base chain. */
function opensBelow({ station: { chain }, landscape }: Shut, by: NonNullable<Ending["by"]>): boolean {
  let below = false;
  for (const rule of chain.rules?.all() ?? []) {
    if (rule === by.rule || (rule.outcome.kind === "jump" && rule.outcome.chain === by.chain)) below = true;
    else if (below && rule.outcome.kind === "jump" && landscape.isOurs(rule.outcome.chain)) return true;
  }
  return false;
}

/** The named set that holds the source and made the rule drop it. */
function blockingSet({ conditions, outcome }: Rule, { before }: Traveller): string | null {
  if (before.source === undefined) return null;
  const lookUps = [...conditions, ...(outcome.kind === "map" ? [outcome.lookUp] : [])];
  for (const condition of lookUps) {
    if (condition.kind !== "lookup" || condition.inverted || condition.set.startsWith("__")) continue;
    if (asksForSource(condition)) return condition.set;
  }
  return null;
}

/** Whether the rule is for this one source. */
function isBlock({ conditions }: Rule): boolean {
  return conditions.some((condition) =>
    condition.kind === "compare" && condition.how === "eq" &&
    (condition.operand === SOURCE4 || condition.operand === SOURCE6)
  );
}

function asksForSource(condition: Extract<Condition, { kind: "lookup" }>): boolean {
  const source4 = (at: number) => at >= 12 && at < 16;
  return condition.operand.bytes.some(({ field, at }) => field === "network" && (source4(at) || (at >= 8 && at < 24)));
}

function deletionOf({ chain, rule }: NonNullable<Ending["by"]>, { station }: Shut): string {
  const { family, table } = station.table;
  if (isNative(station.owner)) {
    return `nft delete rule ${formatChain({ family, table, chain })} handle ${rule.handle}`;
  }
  const program = `${family === "ip6" ? "ip6tables" : "iptables"}${station.owner.slice("iptables".length)}`;
  return station.owner === "iptables-legacy"
    ? `${program} -t ${table} -D ${showable(chain)} ${rule.handle}`
    : `${program} -t ${table} -S ${showable(chain)} shows it`;
}

function matchOf({ before, after }: Traveller): string {
  const { protocol, destinationPort } = after ?? before;
  if (protocol === undefined) return "";
  const name = protocol === 6 ? "tcp" : "udp";
  return destinationPort === undefined ? `meta l4proto ${name}` : `${name} dport ${destinationPort}`;
}
