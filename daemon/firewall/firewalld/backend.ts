/**
 * firewalld as a packet filter. A grant is a rich rule with a timeout in the zones that the client's packets may come in by, so
 * firewalld ends it where there is no daemon any more. Everything goes over its D-Bus interface; the ruleset is never touched.
 */
import { accessKey, FirewallError, type Grant, type LiveGrants, type Slot } from "../firewall.ts";
import type { BackendOutcome, OpenedBackend, Opening, Repaired } from "../backend.ts";
import { latestByAccess } from "../../grants/ledger.ts";
import { formatPutBack } from "../../report/log_lines.ts";
import { createSerial } from "../serial.ts";
import { concernsZones } from "./events.ts";
import { impossible, IMPOSSIBLE_HINT, objectionTo, twinOf } from "./objections.ts";
import { asRuleAccess, formatRule } from "./rich_rule.ts";
import type { FirewalldService } from "./service.ts";
import type { FirewalldConfig } from "./settings.ts";
import { grantsOf, mayChange, reasonIn, refusal, type RulesByGrant, ZoneRules } from "./zone_rules.ts";

/** How to work. */
export interface FirewalldOptions extends FirewalldConfig, Pick<Opening, "log" | "path" | "hears"> {
  readonly slots: readonly Slot[];
  /** Unix seconds with their fraction. Default: the system's clock. */
  readonly clock?: () => number;
}

/** Makes the backend. firewalld is asked nothing before `check`, `prepare`, `list`, `describe` or `cleanup`. */
export function firewalldBackend(service: FirewalldService, options: FirewalldOptions): OpenedBackend {
  const clock = options.clock ?? (() => Date.now() / 1000);
  const rules = new ZoneRules(service, { zones: options.zones, clock });
  const inTurn = createSerial();
  const parts: Parts = { service, options, rules, clock };
  const repair = (live: LiveGrants, now: number) => inTurn(() => putBack(parts, live, now));

  return {
    name: "firewalld",
    kernelTimed: false,
    owner: "firewalld",
    closesAtExit: options.flushAtExit,
    isOwn: () => false,
    concerns: concernsZones,
    enters: ({ owner }) => owner === "firewalld",
    check: () => inTurn(() => check(parts)),
    prepare: () => inTurn(() => prepare(parts)),
    grant: (batch, live, now) => inTurn(() => openAll(parts, batch, { live, now: Math.max(now, clock()) })),
    revoke: (batch) => inTurn(() => closeAll(parts, batch)),
    list: () => inTurn(async () => grantsOf(await rules.everywhere())),
    repair,
    // What keeps firewalld from answering is said where something has to be put back.
    adapt: (live, now) =>
      repair(live, now).then((found) => {
        if (found === "restored") options.log("warning", formatPutBack("firewalld"));
        return found === "restored";
      }, (error) => {
        reasonIn(error);
        return false;
      }),
    containerOf: (access) => {
      const own = asRuleAccess(access);
      const zones = own === null ? rules.places : rules.zonesFor(own);
      return `firewalld zone ${zones.join(", ")}`;
    },
    numberOf: () => null,
    commandOf: (grant, verb) => commandOf(parts, grant, verb),
    describe: (all) => inTurn(() => describe(parts, all)),
    cleanup: () => inTurn(() => takeAwayAll(parts)),
    [Symbol.dispose]: () => service[Symbol.dispose](),
  };
}

interface Parts {
  readonly service: FirewalldService;
  readonly options: FirewalldOptions;
  readonly rules: ZoneRules;
  readonly clock: () => number;
}

async function check({ service, options, rules }: Parts): Promise<void> {
  const why = impossible(options, options.slots);
  if (why !== null) throw new FirewallError(`Cannot use firewalld: it ${why}`, IMPOSSIBLE_HINT);
  const zones = await service.zones();
  const missing = options.zones.find((zone) => !zones.includes(zone));
  if (missing !== undefined) {
    throw new FirewallError(
      `Cannot use the zone "${missing}" of FIREWD_ZONE: firewalld has none of that name`,
      `there are: ${zones.join(", ")}`,
    );
  }
  await rules.look();
}

async function prepare(parts: Parts): Promise<readonly Grant[]> {
  const { options, rules } = parts;
  await check(parts);
  await mayChange(parts.service, rules.places[0] ?? "");
  const found = await rules.everywhere();
  if (options.flushAtInit) { for (const rule of found) await rules.remove(rule); }
  const zones = rules.places.join(", ");
  options.log("info", `firewalld: doors are opened as rich rules of the zones ${zones}, by D-Bus`);
  return options.flushAtInit ? [] : grantsOf(found);
}

interface Moment {
  readonly live: LiveGrants;
  readonly now: number;
}

/** What is there, as far as it is known for sure; null where firewalld has to be asked, which lists everything. */
async function believed({ options: { hears, path }, rules }: Parts): Promise<RulesByGrant | null> {
  const isTold = hears && path.chains.some(({ owner }) => owner === "firewalld");
  return isTold ? await rules.known() : null;
}

async function openAll(parts: Parts, batch: readonly Grant[], moment: Moment): Promise<readonly BackendOutcome[]> {
  const { rules } = parts;
  const outcomes = new Map<string, BackendOutcome>();
  try {
    const known = await believed(parts);
    const found = known ?? await rules.inUse();
    // Whatever is known to be there is, or who took it away is heard of, and it is put back then.
    const lost = known === null ? missingOf(moment.live, moment.now) : [];
    for (const [key, grant] of latestByAccess([...lost, ...batch])) {
      outcomes.set(key, await openOne(parts, grant, { found, now: moment.now }));
    }
  } catch (error) {
    const reason = reasonIn(error);
    for (const { access } of batch) {
      const key = accessKey(access);
      if (!outcomes.has(key)) outcomes.set(key, { ok: false, reason });
    }
  }
  rules.forget(moment.now);
  const asked = new Set<string>();
  return batch.map((grant) => {
    const twin = twinOf(grant.access, batch, moment.live);
    const key = accessKey(twin ?? grant.access);
    const outcome = outcomes.get(key) ?? { ok: false, reason: "no answer" };
    const isAgain = asked.has(key) && twin === null;
    if (twin === null) asked.add(key);
    return outcome.ok && isAgain ? { ok: true, alreadyOpen: true } : outcome;
  });
}

/** Of the grants that are open, those that a rule holds. */
function missingOf(live: LiveGrants, now: number): readonly Grant[] {
  return [...live].filter(({ access, expiresAt }) => asRuleAccess(access) !== null && expiresAt > now);
}

async function openOne(
  { rules, options }: Parts,
  { access, expiresAt }: Grant,
  { found, now }: { readonly found: RulesByGrant; readonly now: number },
): Promise<BackendOutcome> {
  const own = asRuleAccess(access);
  const objection = objectionTo(access, options.slots);
  if (objection !== null || own === null) {
    return { ok: false, reason: objection ?? "firewalld cannot hold such a door" };
  }
  if (expiresAt <= now) return { ok: false, reason: "its time is over" };
  try {
    return { ok: true, alreadyOpen: await rules.open(own, expiresAt, found) };
  } catch (error) {
    const why = refusal(error);
    // No other one will fare better.
    if (why === "absent" || why === "no bus" || why === "unsure" || why === "denied") throw error;
    return { ok: false, reason: reasonIn(error) };
  }
}

async function putBack({ rules }: Parts, live: LiveGrants, now: number): Promise<Repaired> {
  const wanted = missingOf(live, now);
  if (wanted.length === 0) return "intact";
  const found = await rules.inUse();
  let changed = false;
  for (const { access, expiresAt } of latestByAccess(wanted).values()) {
    const own = asRuleAccess(access);
    if (own !== null && !await rules.open(own, expiresAt, found)) changed = true;
  }
  return changed ? "restored" : "intact";
}

async function closeAll(parts: Parts, batch: readonly Grant[]): Promise<void> {
  const doomed = latestByAccess(batch.filter(({ access }) => asRuleAccess(access) !== null));
  if (doomed.size === 0) return;
  const { rules } = parts;
  await orGone(parts, async () => {
    const found = await believed(parts) ?? await rules.inUse();
    for (const [key, { expiresAt }] of doomed) {
      for (const rule of found.get(key) ?? []) if (rule.expiresAt <= expiresAt) await rules.remove(rule);
    }
  });
}

async function takeAwayAll(parts: Parts): Promise<void> {
  await orGone(parts, async () => {
    for (const rule of await parts.rules.everywhere()) await parts.rules.remove(rule);
  });
}

/** Where firewalld is not running, and has left nothing in force, nothing is open in it. */
async function orGone({ options: { path } }: Parts, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (refusal(error) !== "absent") throw error;
    const chains = await path.survey();
    if (!chains.some(({ owner }) => owner === "firewalld")) return;
    throw new FirewallError(
      "firewalld: it is not running, but its rules are in force and nobody ends them",
      "start it (systemctl start firewalld)",
      { cause: error },
    );
  }
}

function commandOf({ rules, clock }: Parts, { access, expiresAt }: Grant, verb: "add" | "delete"): string {
  const own = asRuleAccess(access);
  if (own === null) return `Same as: nothing, in firewalld the forwarded port lets it through`;
  const now = clock();
  const rule = `'${formatRule(own, expiresAt, now)}'`;
  const time = verb === "add" ? ` --timeout=${Math.max(1, Math.ceil(expiresAt - now)) + 1}` : "";
  const option = verb === "add" ? "add" : "remove";
  return `Same as: ${
    rules.zonesFor(own).map((zone) => `firewall-cmd --zone=${zone} --${option}-rich-rule=${rule}${time}`).join("; ")
  }`;
}

async function describe({ service, rules, clock }: Parts, all: boolean): Promise<string> {
  if (!all) {
    const lines = (await rules.everywhere()).map(({ zone, text, expiresAt }) =>
      `${zone}: ${text} # ends in ${Math.max(0, Math.round(expiresAt - clock()))} s`
    );
    return [
      "Listing rich rules of fwknopd in firewalld...\n",
      ...(lines.length === 0 ? ["nothing is open"] : lines),
      "",
    ]
      .join("\n");
  }
  const zones: string[] = [];
  for (const zone of await service.zones()) {
    zones.push(...(await service.richRules(zone)).map((text) => `${zone}: ${text}`));
  }
  return ["Listing all rich rules of firewalld...\n", ...(zones.length === 0 ? ["there are none"] : zones), ""].join(
    "\n",
  );
}
