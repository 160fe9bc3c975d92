/**
 * Keeping the grants: what the run loop does to the packet filter, and the account of it in the ledger. A failure here is a
 * line in the log and another attempt, never the end of the daemon.
 */
import { type Firewall, type Grant, liveOnDemand } from "../firewall/firewall.ts";
import { formatPutBack, openedLine } from "../report/log_lines.ts";
import type { PlannedGrant } from "./grants.ts";
import type { Ledger } from "./ledger.ts";
import type { ShutGrants } from "./shut.ts";
import { lineText, type Log, takes, together } from "../../lib/log.ts";
import type { Facts } from "../report/facts.ts";
import type { Mailer } from "../report/mailer.ts";
import { reasonOf } from "../start/start_error.ts";

/** The packet filter, the account of what is open in it, and the two clocks. */
export interface GrantContext {
  readonly firewall: Firewall;
  readonly ledger: Ledger;
  readonly facts: Facts;
  readonly shut: ShutGrants;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
  /** Told of what is opened, and of what cannot be. Absent in test mode. */
  readonly mailer?: Pick<Mailer, "notify"> | undefined;
  /** What the log says of a grant that was there already. */
  readonly alreadyOpen: string;
}

/** Opens grants and says what became of each. */
export async function openGrants(grants: readonly PlannedGrant[], context: GrantContext, log: Log): Promise<void> {
  if (grants.length === 0) return;
  const { firewall, ledger } = context;
  const now = seconds(context);
  let failed = false;
  const fail = (text: string) => {
    failed = true;
    log("error", text);
    context.mailer?.notify("errors", () => text);
  };
  try {
    const outcomes = await firewall.grant(grants, liveOnDemand(() => ledger.live(now)), now);
    for (const [index, grant] of grants.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok) {
        ledger.record([grant]);
        context.shut.note(grant.access, outcome.shutBy);
        const already = outcome.alreadyOpen ? `: ${context.alreadyOpen}` : "";
        if (!outcome.alreadyOpen && takes(log, "debug")) log("debug", firewall.commandOf(grant, "add"));
        const line = openedLine(grant, firewall.containerOf(grant.access), outcome.shutBy);
        const text = `${lineText(line)}${outcome.shutBy.length === 0 ? already : ""}`;
        log(line.level, text);
        context.mailer?.notify("grants", () => text);
      } else {
        fail(`Cannot open ${describe(grant)}: ${outcome?.reason ?? "no answer"}`);
      }
    }
  } catch (error) {
    fail(`Cannot open ${grants.map(describe).join("; ")}: ${reasonOf(error)}`);
  }
  // A program that was stopped because it took too long may have opened the grant all the same.
  if (failed) await adoptForeignRules(context, log);
}

/**
 * Ends what is over. Where the kernel does that itself only the account is closed, unless the wall clock is ahead of the
 * kernel's own, which nobody sets: what is said to be removed is removed.
 */
export async function closeDueGrants(
  context: GrantContext,
  log: Log,
  watch: { readonly isAhead: boolean },
): Promise<void> {
  const { firewall, ledger } = context;
  const now = seconds(context);
  const due = ledger.due(now);
  if (due.length === 0) return;
  // Asked after the time was read by which they are over.
  const ahead = watch.isAhead;
  // They stand there no more afterwards.
  const numbers = numbersOf(due, context);
  try {
    if (!firewall.kernelTimed || ahead) await firewall.revoke(due);
    context.facts("closing", [], log);
    ledger.close(due);
    together(log, () => {
      for (const [index, grant] of due.entries()) {
        const rule = `rule ${numbers[index]} from ${firewall.containerOf(grant.access)}`;
        if (takes(log, "debug")) log("debug", firewall.commandOf(grant, "delete"));
        log("info", `Removed ${rule} with expire time of ${grant.expiresAt}`);
      }
    });
  } catch (error) {
    ledger.postpone(due, now + 1);
    const text = `Cannot close ${due.length} doors, trying again every second: ${reasonOf(error)}`;
    context.facts("closing", [{ level: "error", text }], log);
  }
}

/** Reads the events of the ruleset: whether somebody else changed it, so that it has to be looked at. */
export function rulesetChanged({ firewall, facts }: GrantContext, log: Log): boolean {
  try {
    const changed = firewall.events?.drain() ?? false;
    facts("news", [], log);
    return changed;
  } catch (error) {
    const text = `Cannot read the news of the ruleset: ${reasonOf(error)}`;
    facts("news", [{ level: "error", text }], log);
    return true;
  }
}

/** Looks whether our chains, sets and jumps are still in the ruleset, and puts them back. */
export async function repairIfChanged(context: GrantContext, log: Log): Promise<void> {
  const { firewall, ledger } = context;
  try {
    const now = seconds(context);
    if (await firewall.repair(liveOnDemand(() => ledger.live(now)), now)) {
      log("warning", formatPutBack(firewall.name));
    }
    context.facts("ruleset", [], log);
  } catch (error) {
    const text = `Cannot put back what belongs to fwknopd in the ruleset: ${reasonOf(error)}`;
    context.facts("ruleset", [{ level: "error", text }], log);
  }
  await adoptForeignRules(context, log);
}

/**
 * Looks at the ruleset anew, beside everything else. It may be another packet filter's afterwards, in whose chains others may
 * have put rules.
 */
export async function surveyRuleset(context: GrantContext, log: Log): Promise<void> {
  const { firewall, ledger } = context;
  const before = firewall.name;
  const now = () => seconds(context);
  try {
    await firewall.survey({ live: () => ledger.live(now()), now });
    context.facts("survey", [], log);
  } catch (error) {
    const text = `Cannot survey the ruleset, trying again: ${reasonOf(error)}`;
    context.facts("survey", [{ level: "error", text }], log);
  }
  if (firewall.name !== before) await adoptForeignRules(context, log);
}

/** Tells of open grants which of them others keep shut now, and which no longer. Others are opened and closed meanwhile. */
export async function judgeOpenGrants(context: GrantContext, log: Log): Promise<void> {
  const { firewall, ledger } = context;
  const live = ledger.live(seconds(context));
  const tell = context.shut.begin();
  try {
    const shutBy = await firewall.judgeAll(live);
    const judged = live.map((grant, index) => ({ grant, shutBy: shutBy[index] ?? [] }));
    const still = judged.filter(({ grant }) => ledger.expiryOf(grant) !== null);
    tell(
      still.map(({ grant: { access }, shutBy }) => ({
        access,
        containerOf: () => firewall.containerOf(access),
        shutBy,
      })),
      log,
    );
    context.facts("judging", [], log);
  } catch (error) {
    const text = `Cannot tell whether others keep open doors shut: ${reasonOf(error)}`;
    context.facts("judging", [{ level: "error", text }], log);
  }
}

/**
 * Rules with an expiry that somebody else put in our chains, or that a restored ruleset brought back, close on time too
 * (facts/firewall 4). Where the kernel keeps the time there is nothing to do. False when the packet filter gave no
 * answer.
 */
export async function adoptForeignRules(context: GrantContext, log: Log): Promise<boolean> {
  const { firewall, ledger } = context;
  if (firewall.kernelTimed) return true;
  try {
    const { found } = ledger.agree(await firewall.list(), seconds(context));
    context.facts("listing", [], log);
    for (const { access, expiresAt } of found) {
      log("info", `Took over a rule in ${firewall.containerOf(access)} with expire time of ${expiresAt}`);
    }
    return true;
  } catch (error) {
    context.facts("listing", [{ level: "error", text: `Cannot list what is open: ${reasonOf(error)}` }], log);
    return false;
  }
}

/** The number of each rule in its chain; of what is no rule, its number among the grants that are open in the same way. */
function numbersOf(due: readonly Grant[], { firewall, ledger }: GrantContext): readonly number[] {
  return due.map((grant) => firewall.numberOf(grant.access) ?? ledger.numberOf(grant) ?? 1);
}

function describe(grant: PlannedGrant): string {
  return `${grant.access.slot} ${grant.items}`;
}

/** The wall clock in whole Unix seconds, in which grants are counted. */
export function seconds({ clock }: Pick<GrantContext, "clock">): number {
  return Math.floor(clock() / 1000);
}
