/** From a knock that passed every gate to what is to be done for it, or the reason why nothing is. Pure. */
import { fail, ok, type Result } from "../../lib/result.ts";
import { accessKey } from "../firewall/firewall.ts";
import { type GrantOptions, planGrants, type PlannedGrant } from "../grants/grants.ts";
import type { HeldGrant } from "../grants/ledger.ts";
import type { Admission } from "./decide.ts";
import { type AtStanza, type Refusal, refusal } from "./refusals.ts";

/** What a plan depends on besides the knock. */
export interface PlanContext {
  readonly options: GrantOptions;
  /** Test mode: nothing is opened. */
  readonly testMode: boolean;
  /** Unix milliseconds. */
  readonly now: number;
  /** Keys of the grants that are open for the stanza, or about to be. */
  readonly held: ReadonlySet<string>;
}

/** A grant that is accounted for. */
export type StanzaGrant = PlannedGrant & Required<HeldGrant>;

/** What an admitted packet comes to. */
export type Action =
  | { readonly kind: "open"; readonly grants: readonly StanzaGrant[] }
  /** A command that the sender wrote. */
  | { readonly kind: "run"; readonly command: string }
  /** Commands of the stanza: one now, the other after so many seconds. */
  | { readonly kind: "cycle"; readonly open: string; readonly close: string; readonly after: number };

/** The kinds that the run loop performs. The others are planned, and refused. */
export type Performed = Extract<Action, { readonly kind: "open" }>;

/** What is done for a knock: all that it asks for, or nothing. */
export function plan(admission: Admission, context: PlanContext): Result<readonly Performed[], Refusal> {
  const at = { source: admission.datagram.source, stanza: admission.stanza.number };
  if (context.testMode) return fail(refusal("test-mode", at));
  const { request } = admission.message;
  const planned = request.kind === "command"
    ? ok<Action>({ kind: "run", command: request.command })
    : planOpening(admission, context, at);
  if (!planned.ok) return planned;
  return planned.value.kind === "open" ? ok([planned.value]) : fail(refusal("command-not-allowed", at));
}

function planOpening(admission: Admission, context: PlanContext, at: AtStanza): Result<Action, Refusal> {
  const { stanza, message, access, datagram } = admission;
  const planned = planGrants({
    request: {
      messageType: message.type,
      source: access,
      services: message.request.kind === "access" ? message.request.services : [],
      packetDestination: datagram.destination,
      nat: admission.nat,
    },
    policy: stanza.nat,
    options: context.options,
    // Rounded up: a grant lasts at least the seconds that were asked for.
    expiresAt: Math.ceil(context.now / 1000) + grantSeconds(stanza, message.clientTimeout),
  });
  if (!planned.ok) return fail(refusal("not-possible", { ...at, reason: planned.fault }));
  const more = planned.value.filter(({ access }) => !context.held.has(accessKey(access))).length;
  const held = context.held.size;
  if (more > 0 && held + more > stanza.maxOpenGrants) {
    return fail(refusal("too-many-grants", { ...at, access, held, allowed: stanza.maxOpenGrants }));
  }
  return ok({ kind: "open", grants: planned.value.map((grant) => ({ ...grant, stanza: stanza.number })) });
}

/**
 * Seconds of a grant: what the client asked for, up to MAX_FW_TIMEOUT; else FW_ACCESS_TIMEOUT as it stands
 * (facts/packets 5).
 */
export function grantSeconds(
  stanza: { readonly timeout: number; readonly maxTimeout: number },
  clientTimeout: number,
): number {
  return clientTimeout > 0 ? Math.min(clientTimeout, stanza.maxTimeout) : stanza.timeout;
}
