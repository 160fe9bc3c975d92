/** From a knock that passed every gate to the doors that are to be opened for it, or the line that says why none is. Pure. */
import type { LogLine } from "../../lib/log.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { doorKey } from "../firewall/firewall.ts";
import { type GrantOptions, grantSeconds, planGrants, type PlannedGrant } from "../grants/grants.ts";
import type { HeldGrant } from "../grants/ledger.ts";
import type { Admission } from "./decide.ts";

/** What a plan depends on besides the knock. */
export interface PlanContext {
  readonly options: GrantOptions;
  /** Test mode: nothing is opened. */
  readonly testMode: boolean;
  /** Unix milliseconds. */
  readonly now: number;
  /** Keys of the doors that are open for the stanza, or about to be. */
  readonly held: ReadonlySet<string>;
}

/** A grant that is accounted for. */
export type StanzaGrant = PlannedGrant & Required<HeldGrant>;

/** The doors of a knock: all that it asks for, or none. */
export function planDoors(admission: Admission, context: PlanContext): Result<readonly StanzaGrant[], LogLine> {
  const { stanza, message, access, datagram } = admission;
  const refuse = (level: LogLine["level"], reason: string) =>
    fail({ level, text: `[${datagram.source.text}] (stanza #${stanza.number}) ${reason}` });
  if (context.testMode) return refuse("warning", "--test mode enabled, skipping firewall manipulation.");
  if (message.request.kind !== "access") return ok([]);
  const planned = planGrants({
    request: {
      messageType: message.type,
      source: access,
      services: message.request.services,
      packetDestination: datagram.destination,
      nat: null,
    },
    options: context.options,
    // Rounded up: a door is open for at least the seconds that were asked for.
    expiresAt: Math.ceil(context.now / 1000) + grantSeconds(stanza, message.clientTimeout),
  });
  if (!planned.ok) return refuse("error", `Cannot open the requested access: ${planned.fault}`);
  const more = planned.value.filter(({ door }) => !context.held.has(doorKey(door))).length;
  if (more === 0 || context.held.size + more <= stanza.maxOpenGrants) {
    return ok(planned.value.map((grant) => ({ ...grant, stanza: stanza.number })));
  }
  return refuse(
    "warning",
    `Nothing is opened for ${access.text}: ${context.held.size} doors are open for this stanza, ` +
      `and MAX_OPEN_GRANTS allows ${stanza.maxOpenGrants}`,
  );
}
