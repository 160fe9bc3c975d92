/** Opening the grants of one wake-up, and what became of each. */
import { E } from "../../../ffi/abi.ts";
import { FfiError } from "../../../ffi/errors.ts";
import type { BackendOutcome } from "../backend.ts";
import { FirewallError, type Grant, type LiveGrants } from "../firewall.ts";
import { objectionTo } from "./choose_chains.ts";
import { isOwned, reasonOf } from "./refusals.ts";
import { ATTEMPTS, type ElementRefusal, MAX_ELEMENTS, type RulesetView } from "./ruleset_view.ts";
import { longest, type TimedElement, timedElementOf } from "./timed_elements.ts";

const OVER = "its time is over";

/** What is open besides, and Unix seconds with their fraction. */
interface Moment {
  readonly live: LiveGrants;
  readonly now: number;
}

/** What grants are opened in. */
type Opening =
  & Pick<RulesetView, "isOpen" | "open" | "read" | "repair">
  & { readonly options: Pick<RulesetView["options"], "wanted"> }
  & { readonly placements: Pick<RulesetView["placements"], "leaveOut"> };

/** One outcome for each grant of the batch. Throws only what is no failure of the packet filter. */
export function openGrants(
  view: Opening,
  batch: readonly Grant[],
  { live, now }: Moment,
): readonly BackendOutcome[] {
  const { wanted } = view.options;
  const refused = batch.map((grant) => objectionTo(grant.access, wanted) ?? (grant.expiresAt > now ? null : OVER));
  const asked = batch.map((grant, index) => refused[index] === null ? timedElementOf(grant) : null);
  const chosen = longest(asked.filter((timed) => timed !== null));
  const already = new Set([...chosen.values()].filter((timed) => view.isOpen(timed)));
  const failed = new Map<string, string>();
  try {
    const all = [...chosen.values()];
    for (let start = 0; start < all.length; start += MAX_ELEMENTS) {
      const together = all.slice(start, start + MAX_ELEMENTS);
      if (openOnes(view, together, { live, now }) === null) continue;
      // One bad element must not keep the others shut.
      for (const timed of together) {
        const reason = openOnes(view, [timed], { live, now });
        if (reason !== null) failed.set(timed.element.id, reason);
      }
    }
  } catch (error) {
    if (!(error instanceof FirewallError) && !(error instanceof FfiError)) throw error;
    for (const [id, timed] of chosen) if (!view.isOpen(timed)) failed.set(id, error.message);
  }
  return asked.map((timed, index): BackendOutcome => {
    if (timed === null) return { ok: false, reason: refused[index] ?? "no set can hold it" };
    const reason = failed.get(timed.element.id);
    if (reason !== undefined) return { ok: false, reason };
    return { ok: true, alreadyOpen: chosen.get(timed.element.id) !== timed || already.has(timed) };
  });
}

/** Runs all of the same, and nothing comes of it. */
export function rehearseGrants(view: RulesetView, batch: readonly Grant[], now: number): void {
  const inVain: Opening = {
    options: view.options,
    isOpen: () => false,
    open: (elements, moment) => view.openInVain(elements, moment),
    read: () => {},
    repair: () => "intact",
    placements: { leaveOut: () => {} },
  };
  openGrants(inVain, batch, { live: [], now });
}

/** In one transaction; null when they are open, else why not. */
function openOnes(view: Opening, elements: readonly TimedElement[], moment: Moment): string | null {
  let refused: ElementRefusal | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    refused = view.open(elements, moment.now, attempt === 0);
    if (refused === null) return null;
    if (!recover(view, refused, { ...moment, wasNew: attempt === 0 }) && attempt > 0) break;
  }
  return reasonOf(refused?.refusal);
}

/** Mends what the refusal points at, where it has to be; false where it points at nothing, and only the view may have been wrong. */
function recover(
  view: Opening,
  { refusal, at }: ElementRefusal,
  { live, now, wasNew }: Moment & { readonly wasNew: boolean },
): boolean {
  if (isOwned(refusal) && at !== null) {
    view.placements.leaveOut(at);
    return true;
  }
  // It was not as new as was believed: the next attempt believes that of none.
  if (refusal?.code === E.EXIST && wasNew) return true;
  if (refusal?.code === E.NOENT) {
    view.repair(live, now);
    return true;
  }
  view.read();
  return false;
}
