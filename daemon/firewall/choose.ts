/**
 * Which packet filter the daemon works with. The decision is a pure function of the configuration and of the way of packets;
 * it comes with the one line that the daemon says about it. It is made anew when the way of packets has changed.
 */
import { fail, ok, type Result } from "../../lib/result.ts";
import type { Backend } from "./backend.ts";
import type { Slot } from "./firewall.ts";
import { type Drops, type Enters, formatPathChain, type Hook, type Owner, type PathChain } from "./path/model.ts";

/** A packet filter that may be chosen, the preferred ones first. */
export interface Candidate {
  readonly backend: Pick<Backend, "name" | "otherwise">;
  /** Whose chains it can open grants in. */
  readonly owners: readonly Owner[];
  /** Whose else, where the packet filter that they belong to cannot be used. */
  readonly also?: readonly Owner[];
  /** Why it cannot be used here, as a sentence that begins with its name; null when it can. */
  readonly blocker: string | null;
}

/** What the configuration says about it. */
export interface Preference {
  /** FIREWALL: `auto` or a name. */
  readonly directive: string;
  /** Variables that were set and that only one packet filter has a use for, by the name as written. */
  readonly decisive: readonly { readonly backend: string; readonly directive: string }[];
}

/** The decision. */
export interface Choice {
  /** The name of the packet filter. */
  readonly backend: string;
  /** Whose the chain is that decided; null where no chain did. */
  readonly owner: Owner | null;
  /** Ends the line `firewall: nftables, because …`. */
  readonly because: string;
}

/** What the configuration alone decides; null when the way of packets has to be looked at. */
export function chooseByConfiguration(
  { directive, decisive: [decisive] }: Preference,
): Omit<Choice, "owner"> | null {
  if (directive !== "auto") return { backend: directive, because: `FIREWALL is ${directive}` };
  if (decisive === undefined) return null;
  return { backend: decisive.backend, because: `${decisive.directive} is configured` };
}

/**
 * Decides by the chains on the way: the first that can be used and whose chain drops by default, else one whose chain drops what
 * goes to some ports. Chains that pick packets, such as blocklists, do not count. Where no chain decides it stays with
 * `current`, or takes one that can be used. The fault is the sentence that says why each of them cannot.
 */
export function chooseByPath(
  chains: readonly PathChain[],
  candidates: readonly Candidate[],
  current: Choice | null = null,
): Result<Choice, string> {
  const usable = candidates.filter(({ blocker }) => blocker === null);
  const blockers = candidates.map(({ blocker }) => blocker).filter((blocker) => blocker !== null);
  const deciding = firstDeciding(chains, candidates);
  if (deciding !== null) return ok(deciding);
  if (current !== null && usable.some(({ backend }) => backend.name === current.backend)) return ok(current);
  const [chosen] = [...usable.filter(({ backend }) => backend.otherwise !== null), ...usable];
  if (chosen === undefined) return fail(blockers.toReversed().join(", and "));
  const { name, otherwise } = chosen.backend;
  const because = chains.some(decides) || otherwise === null ? blockers.join(", and ") : otherwise;
  return ok({ backend: name, owner: null, because });
}

/** Whose chain decides where the packet filter itself is fixed: the flavour of iptables. Null where none does. */
export function decidingOwner(chains: readonly PathChain[], owners: readonly Owner[]): Owner | null {
  return ranked(chains, owners).find(({ owner }) => owners.includes(owner))?.owner ?? null;
}

/** Of the chains of one rank the packet filter that is preferred decides. */
function firstDeciding(chains: readonly PathChain[], candidates: readonly Candidate[]): Choice | null {
  const usable = candidates.filter(({ blocker }) => blocker === null);
  const served = usable.flatMap(({ owners }) => owners);
  const deciding = ranked(chains, served);
  for (const rank of new Set(deciding.map((chain) => rankOf(chain, served)))) {
    const those = deciding.filter((chain) => rankOf(chain, served) === rank);
    for (const { backend: { name }, owners } of usable) {
      const chain = those.find(({ owner }) => owners.includes(owner));
      if (chain !== undefined) return { backend: name, owner: chain.owner, because: becauseOf(chain) };
    }
    for (const { backend: { name }, owners, also = [] } of usable) {
      const chain = those.find(({ owner }) => also.includes(owner));
      if (chain === undefined) continue;
      const whoseItIs = candidates.find((one) => one.owners.includes(chain.owner))?.blocker ?? null;
      const because = [`${formatPathChain(chain)} can drop`, ...whoseItIs === null ? [] : [whoseItIs]].join(", and ");
      return { backend: name, owner: owners[0] ?? null, because };
    }
  }
  return null;
}

function becauseOf(chain: PathChain): string {
  if (chain.owner === "nftables") return `${formatPathChain(chain)} can drop`;
  return `${formatPathChain(chain)} is managed by ${chain.owner === "firewalld" ? "firewalld" : "iptables"}`;
}

/** Where grants are opened: a drop on another hook decides nothing. */
const DECIDING_HOOKS: readonly Hook[] = ["input", "forward"];
const DECIDING_DROPS: readonly Drops[] = ["default", "service"];
/** The hooks that packets to a service pass. */
const INCOMING: readonly Hook[] = ["ingress", "prerouting", ...DECIDING_HOOKS];

/** The chains that packets to a service pass, where grants of these kinds are opened. */
export function chainsOnTheWay(chains: readonly PathChain[], slots: readonly Slot[]): readonly PathChain[] {
  return chains.filter(({ hook }) =>
    INCOMING.includes(hook) && (hook !== "forward" || slots.includes("forward") || slots.includes("published"))
  );
}

function decides({ hook, drops }: PathChain): boolean {
  return DECIDING_HOOKS.includes(hook) && DECIDING_DROPS.includes(drops);
}

/** Those that decide, the weightiest first. */
function ranked(chains: readonly PathChain[], served: readonly Owner[]): readonly PathChain[] {
  return chains.filter(decides).toSorted((a, b) => rankOf(a, served) - rankOf(b, served));
}

/** What nobody may enter, not even by asking its owner, decides only where nothing else does; then what is for this host; then how much is dropped. */
function rankOf({ owner, locked, hook, drops }: PathChain, served: readonly Owner[]): number {
  const isShutToAll = locked && !(owner === "firewalld" && served.includes(owner));
  return (isShutToAll ? 4 : 0) + 2 * DECIDING_HOOKS.indexOf(hook) + DECIDING_DROPS.indexOf(drops);
}

/** Of the chains on the way those that drop what nothing in them lets in, and in which no grant is opened. */
export function shutElsewhere(chains: readonly PathChain[], enters: Enters): readonly PathChain[] {
  return chains.filter((chain) => chain.drops === "default" && !enters(chain));
}

/** The line about such a chain. */
export function formatElsewhere(chain: PathChain, backend: string): string {
  const name = formatPathChain(chain);
  if (chain.locked) {
    const remedy = chain.owner === "firewalld"
      ? "let fwknopd reach firewalld on the system bus and set FIREWALL to firewalld, or set NftablesTableOwner=no in firewalld.conf"
      : "let it in there too";
    return `${name} belongs to a program that alone may change it, and drops: what it drops stays shut, whatever ` +
      `${backend} lets in; ${remedy}`;
  }
  return `${name} belongs to ${chain.owner} and can drop too: what it drops stays shut, whatever ${backend} lets in`;
}

/** The line at start. */
export function formatChoice({ backend, because }: Pick<Choice, "backend" | "because">): string {
  return `firewall: ${backend}, because ${because}`;
}
