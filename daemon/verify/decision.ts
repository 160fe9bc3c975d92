/** What a decision about a packet depends on, and what it can be. Pure. */
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import type { Ip } from "../../lib/net/address.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Stanza } from "../config/stanza.ts";
import type { NatEnd } from "../grants/nat_policy.ts";
import type { Datagram } from "../packet/datagram.ts";
import type { ReplayStore } from "../replay/store.ts";
import type { SlowOpener } from "./attempt.ts";
import type { HttpPolicy } from "./candidate.ts";
import { isAuthentic, type Story } from "./findings.ts";
import type { GatePolicy } from "./gates.ts";
import type { NameResolver } from "./nat_target.ts";
import type { Sieve } from "./sieve.ts";
import type { StanzaIndex } from "./stanza_index.ts";

/** The time for packets that name no key of ours: the keys of all stanzas have to be tried for each. */
export interface TrialTime {
  /** Whether they are tried now. Else the packet waits. */
  mayTry(): boolean;
  /** Milliseconds of a clock that nobody sets. */
  readonly clock: () => number;
  /** It took so many milliseconds. `stranger`: and was by no key of ours. */
  spend(ms: number, stranger: boolean): void;
}

/** Everything a decision depends on besides the packet. */
export interface DecisionContext {
  readonly engine: CryptoEngine;
  readonly index: StanzaIndex;
  /** Of the HMAC keys of all stanzas of the index. Where it is absent each of them is tried. */
  readonly sieve?: Sieve | null;
  /** Where it is absent no packet waits for its turn. */
  readonly trialTime?: TrialTime | undefined;
  readonly policy: GatePolicy & { readonly http: HttpPolicy };
  readonly store: ReplayStore;
  /** Replays are looked up and nothing is recorded (facts/packets 6); nor is anything opened (`plan.ts`). */
  readonly testMode: boolean;
  /** For packets that are not opened in memory. Where it is absent they are refused. */
  readonly openSlowly?: SlowOpener;
  /** For hosts of NAT requests. Where it is absent names are refused (ENABLE_NAT_DNS). */
  readonly resolveName?: NameResolver;
}

/** A knock that passed every gate. */
export interface Admission {
  readonly stanza: Stanza;
  readonly message: SpaMessage;
  /** Whom to let in. */
  readonly access: Ip;
  /** Where a NAT request leads, its name looked up; null where the message asks for none. */
  readonly nat: NatEnd | null;
  readonly datagram: Datagram;
  /** What was claimed for it in the replay store: it may be opened when these are flushed. */
  readonly digests: readonly string[];
}

/** Nothing opens. The story goes from the remark that the packet came to the last refusal. */
export interface Refused extends Story {
  readonly kind: "refuse";
}

/** To be opened, as soon as what was claimed for it is flushed. */
export interface Admitted extends Story {
  readonly kind: "admit";
  readonly admission: Admission;
}

/** Something slow opens the packet, of which nothing is claimed yet, or looks up its NAT host, when it is claimed already. */
export interface Pending {
  readonly kind: "pending";
  /** Whether a key of ours is known to have made the packet. */
  readonly authenticated: boolean;
  /** Resolves, and never rejects, when {@link Pending.resume} has something to go on with, and has not to wait itself. */
  readonly finished: Promise<unknown>;
  /**
   * Goes on where the decision was left. The context is the one that is in force then: after a reload it begins anew, so
   * that a stanza which is gone admits nothing. `now`: Unix seconds.
   */
  resume(context: DecisionContext, now: number): Promise<Decision>;
}

/** Nothing is known of the packet yet: it is to be decided about again when the keys of all stanzas may be tried for it. */
export interface Waiting {
  readonly kind: "waiting";
}

/** What becomes of a packet. */
export type Decision = Refused | Admitted | Pending | Waiting;

/** A decision for which nothing more has to come. */
export type Settled = Refused | Admitted;

/** Whether no key of ours is known to have made the packet. */
export function isByStranger(decision: Decision): boolean {
  if (decision.kind === "refuse") return !isAuthentic(decision.notable);
  return decision.kind === "pending" && !decision.authenticated;
}
