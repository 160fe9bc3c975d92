/**
 * The boundary to the packet filter. A backend knows grants and when they close; it knows no message types, no stanzas
 * and no policy. What a knock means in grants is decided once, in `grants.ts`.
 */
import type { Ip } from "../../lib/net/address.ts";
import type { Service } from "../../lib/net/service.ts";
import type { Right } from "../start/rights.ts";
import type { Obstruction, PathChain } from "./path/model.ts";

/** What SNAT and masquerade rules apply to (facts/firewall 3). */
export type NatMatch =
  | { readonly source: Ip }
  | { readonly destination: Ip; readonly service: Service };

/**
 * One thing that the packet filter lets through or rewrites. Slots are those of facts/firewall 1. In every grant all
 * addresses are of one family.
 */
export type Access =
  /** New connections from `source` to a service of this host (`destination` null: to any of its addresses). */
  | { readonly slot: "input"; readonly source: Ip; readonly destination: Ip | null; readonly service: Service }
  /** The answers to that, where the site filters its output. */
  | { readonly slot: "output"; readonly source: Ip; readonly destination: Ip | null; readonly service: Service }
  /** Through this host; `service` null is FORWARD_ALL; `target` null is any inside host (the C rule shape). */
  | { readonly slot: "forward"; readonly source: Ip; readonly target: Ip | null; readonly service: Service | null }
  /**
   * Through this host to a service that somebody else's DNAT publishes here (Docker). `destination` and `service` are what
   * the client asked for: the original ones of the connection.
   */
  | { readonly slot: "published"; readonly source: Ip; readonly destination: Ip | null; readonly service: Service }
  | {
    readonly slot: "dnat";
    readonly source: Ip;
    readonly destination: Ip | null;
    readonly service: Service | null;
    readonly to: Ip;
    readonly toPort: number | null;
  }
  | { readonly slot: "snat"; readonly match: NatMatch; readonly to: Ip }
  | { readonly slot: "masquerade"; readonly match: NatMatch; readonly toPort: number | null }
  /**
   * A rule with an `_exp_` comment that somebody else put in one of our chains and that is no grant above (facts/firewall
   * 4). Only listed, taken over and revoked, never granted; `rule` is its text after the chain, as iptables-save says it.
   */
  | {
    readonly slot: "foreign";
    readonly family: 4 | 6;
    readonly table: string;
    readonly chain: string;
    readonly rule: string;
  };

/** The kinds of grant that a knock can open. */
export type Slot = Exclude<Access["slot"], "foreign">;

/** A grant and the end of its time. */
export interface Grant {
  readonly access: Access;
  /** Unix seconds; from this moment on no new connection gets in. */
  readonly expiresAt: number;
}

/** What became of one grant. */
export type GrantOutcome =
  | {
    readonly ok: true;
    /** An equal grant already had at least this time. */
    readonly alreadyOpen: boolean;
    /** What keeps it shut all the same, nearest to the wire first. Empty: its packets get through. */
    readonly shutBy: readonly Obstruction[];
  }
  | { readonly ok: false; readonly reason: string };

/** What is open, for whoever has to put something back: it is looked for when that one begins to read, and not before. */
export type LiveGrants = Iterable<Grant>;

/** Asks for them each time that somebody begins to read. */
export function liveOnDemand(look: () => Iterable<Grant>): LiveGrants {
  return { [Symbol.iterator]: () => look()[Symbol.iterator]() };
}

/** Where somebody asks what is open, at the moment of the question: work that lasts asks again when it is done. */
export interface OpenGrants {
  live(): readonly Grant[];
  /** Unix seconds. */
  now(): number;
}

/** A descriptor whose readability means that the ruleset may have changed under us. */
export interface RulesetEvents {
  readonly fd: number;
  /**
   * Drains the descriptor. True: somebody else may have taken something of ours away, or events were lost: call `repair`.
   * What concerns the way of packets makes `surveyDueAt` fall due.
   */
  drain(): boolean;
}

/** The packet filter as the run loop sees it. Which one it is may change after a survey. */
export interface Firewall {
  /** As FIREWALL of fwknopd.conf and the log name it. */
  readonly name: string;
  /** Whether the kernel itself ends a grant. If not, the ledger calls `revoke` when the time comes. */
  readonly kernelTimed: boolean;
  /** The right `run` where it starts programs (iptables, nft) after `prepare`. */
  readonly needs: readonly Right[];
  /** Whether a clean exit calls `cleanup`; if not, what is open stays so until its time. */
  readonly closesAtExit: boolean;
  /** Null where the backend cannot be told of changes. */
  readonly events: RulesetEvents | null;
  /**
   * Looks at the ruleset before `prepare` and changes nothing: the warnings for the operator. `udpPort`: where this daemon
   * listens itself, or null. Throws `FirewallError` where `prepare` would for what it does not find.
   */
  examine(udpPort: number | null): Promise<readonly string[]>;
  /**
   * Makes chains, sets and jumps, idempotently, honouring the flush-at-start settings it was made with. Returns the
   * grants of an earlier run that are still open and are taken over. Throws `FirewallError` when the host cannot do it.
   */
  prepare(): Promise<readonly Grant[]>;
  /**
   * Opens all grants of one wake-up, in as few transactions as possible. One outcome per grant, same order. Never shortens
   * a grant that is already open. A missing chain, set or jump is put back (with `live`) before giving up.
   */
  grant(batch: readonly Grant[], live: LiveGrants, now: number): Promise<readonly GrantOutcome[]>;
  /**
   * Goes the way of `grant` without its effect, so that what runs there has been used: nothing is opened or changed, not for a
   * moment, and no event is told. Absent where there is no such way. Throws `FirewallError`, `FfiError`.
   */
  rehearse?(batch: readonly Grant[], now: number): Promise<void>;
  /**
   * Closes grants, but for one that was renewed beyond its end meanwhile; those already gone are not an error. Resolves when
   * none of them is open. What fails hinders no other.
   */
  revoke(batch: readonly Grant[]): Promise<void>;
  /** What is open now, as the kernel tells it, foreign `_exp_` rules in our chains included. */
  list(): Promise<readonly Grant[]>;
  /** Looks at what is ours, and puts back what is missing with the `live` grants. True when something was put back. */
  repair(live: LiveGrants, now: number): Promise<boolean>;
  /** When the way of packets has to be surveyed, in milliseconds of the steady clock; null: what is known of it is true. */
  readonly surveyDueAt: number | null;
  /**
   * Reads the ruleset anew, beside everything else, and draws the consequences: chains that came are gone into, and where
   * another packet filter is the right one now, it takes over with the grants that are open. One at a time: a call during
   * another waits for that one. Throws `FirewallError`; then it is due again.
   */
  survey(open: OpenGrants): Promise<void>;
  /** Whether it opens grants in that chain: before `prepare` has been there, such a chain is not in the way. */
  enters(chain: PathChain): boolean;
  /** When what is open has to be judged again, because of what somebody changed: in milliseconds of the steady clock. */
  readonly judgingDueAt: number | null;
  /** Judges what is open, bit by bit beside everything else, and notes that it was done. */
  judgeAll(live: readonly Grant[]): Promise<readonly (readonly Obstruction[])[]>;
  /** What keeps the grant shut, nearest to the wire first; empty: its packets get through. */
  judge(access: Access): readonly Obstruction[];
  /** The chain or set that a grant stands in, as the log names it: `FWKNOP_INPUT`, `inet filter fwknop_in4`. */
  containerOf(access: Access): string;
  /** The number of a grant's rule in its chain, from 1, as far as it is known; null where grants are no rules. */
  numberOf(access: Access): number | null;
  /** What somebody would type to open or close the grant: for the log with `-v`. */
  commandOf(grant: Grant, verb: "add" | "delete"): string;
  /** Human-readable listing for `--fw-list` / `--fw-list-all`. Throws `IncompleteListing` with what can be had of it. */
  describe(all: boolean): Promise<string>;
  /** Removes everything of ours, grants included. Idempotent. Throws `FirewallError` where something stays. */
  cleanup(): Promise<void>;
}

/** The packet filter refused or is not there. `hint` says what the operator can do. */
export class FirewallError extends Error {
  override readonly name = "FirewallError";
  /** The right is missing (CAP_NET_ADMIN): another packet filter would fail as well. */
  readonly denied: boolean;
  constructor(message: string, readonly hint: string, options?: ErrorOptions & { readonly denied?: boolean }) {
    super(message, options);
    this.denied = options?.denied === true;
  }
}

/** Some of what `describe` was to list could not be had. */
export class IncompleteListing extends FirewallError {
  /** `text`: the rest of the listing. */
  constructor(readonly text: string, why: FirewallError) {
    super(why.message, why.hint, { cause: why });
  }
}

/** Several failures as one: all that went wrong, and what can be done about the first. */
export function asOneFailure(failures: readonly [FirewallError, ...FirewallError[]]): FirewallError {
  const [first] = failures;
  if (failures.length === 1) return first;
  return new FirewallError(failures.map(({ message }) => message).join("; "), first.hint, {
    cause: first,
    denied: failures.every(({ denied }) => denied),
  });
}

/** A stable text for a grant: equal grants have equal keys, however they were built. No part but the last has a blank. */
export function accessKey(access: Access): string {
  switch (access.slot) {
    case "foreign": {
      const { slot, family, table, chain, rule } = access;
      return `${slot} ${family} ${JSON.stringify([table, chain])} ${rule}`;
    }
    case "forward": {
      const { slot, source, target, service } = access;
      return `${slot} ${source.text} ${textOf(target)} ${serviceText(service)}`;
    }
    case "dnat": {
      const { slot, source, destination, service, to, toPort } = access;
      return `${slot} ${source.text} ${textOf(destination)} ${serviceText(service)} ${to.text} ${toPort}`;
    }
    case "snat":
      return `${access.slot} ${matchText(access.match)} ${access.to.text}`;
    case "masquerade":
      return `${access.slot} ${matchText(access.match)} ${access.toPort}`;
    default: {
      const { slot, source, destination, service } = access;
      return `${slot} ${source.text} ${textOf(destination)} ${serviceText(service)}`;
    }
  }
}

function textOf(ip: Ip | null): string {
  return ip === null ? "any" : ip.text;
}

function serviceText(service: Service | null): string {
  return service === null ? "any" : `${service.proto}/${service.port}`;
}

function matchText(match: NatMatch): string {
  return "source" in match ? match.source.text : `to ${match.destination.text} ${serviceText(match.service)}`;
}

/** The family of all addresses of a grant. */
export function accessFamily(access: Access): 4 | 6 {
  switch (access.slot) {
    case "foreign":
      return access.family;
    case "snat":
      return access.to.family;
    case "masquerade":
      return "source" in access.match ? access.match.source.family : access.match.destination.family;
    default:
      return access.source.family;
  }
}
