/**
 * Native nftables as a packet filter. Grants are elements of sets with a timeout, so the kernel closes them on time, daemon
 * or no daemon; the sets are looked up by chains of ours that the administrator's own base chains jump to.
 */
import { FfiError } from "../../../ffi/errors.ts";
import type { RulesetListener } from "../../../ffi/nfnetlink/events.ts";
import type { Log } from "../../../lib/log.ts";
import {
  type Access,
  type Firewall,
  FirewallError,
  type Grant,
  type GrantOutcome,
  type RulesetEvents,
} from "../firewall.ts";
import { createSerial, type Serial } from "../serial.ts";
import { describeRuleset } from "./describe.ts";
import { dataText, elementOf, keyText } from "./elements.ts";
import { concernsUs } from "./events.ts";
import { examineRuleset } from "./examine.ts";
import { longest, type TimedElement, timedElementOf } from "./timed_elements.ts";
import { ATTEMPTS, MAX_ELEMENTS, type NftablesParts, RulesetView } from "./ruleset_view.ts";
import { mustRun, readRuleset } from "./runner.ts";
import { layoutOf } from "./set_layout.ts";
import { formatChain, warnAboutChains } from "./hook_survey.ts";
import { objectionTo, type Wanted } from "./placement.ts";
import type { NftablesConfig } from "./settings.ts";

/** How to work. */
export interface NftablesOptions extends Wanted, Pick<NftablesConfig, "flushAtInit" | "flushAtExit"> {
  readonly log: Log;
  /** Unix seconds with their fraction. Default: the system's clock. */
  readonly clock?: () => number;
}

/** The backend, and the sockets it holds. */
export type NftablesFirewall = Firewall & Disposable;

/** Makes the backend. The ruleset is not touched before `prepare`. */
export function nftablesFirewall(parts: NftablesParts, options: NftablesOptions): NftablesFirewall {
  const { nft, store, listener } = parts;
  const clock = options.clock ?? (() => Date.now() / 1000);
  const view = new RulesetView(parts, options, { log: options.log, clock });
  const serial = createSerial();
  const inTurn: Serial = (work) =>
    serial(work).catch((error) => {
      throw asFirewallError(error);
    });
  /** The run loop counts whole seconds; a timeout should not be longer for that. */
  const exact = (now: number) => Math.floor(clock()) === now ? clock() : now;

  return {
    name: "nftables",
    kernelTimed: true,
    needs: nft.name === "nft" ? ["run"] : [],
    closesAtExit: options.flushAtExit,
    events: listener === null ? null : eventsOf(listener, store.portId),
    examine: (udpPort) => inTurn(async () => examineRuleset(await readRuleset(nft), options, udpPort)),
    prepare: () =>
      inTurn(async () => {
        if (options.flushAtInit) await view.teardown([]);
        const { chains } = await view.rebuild([], clock(), true);
        // What another configuration left behind goes; the events of that are dropped, so one more look is due.
        if (await view.teardown(view.tables ?? [])) await view.rebuild([], clock());
        warnAboutChains(chains, options.log);
        const places = chains.map(formatChain).join(", ") || "no chain";
        options.log("info", `nftables: doors are opened in ${places} by ${store.name}`);
        return view.grants;
      }),
    grant: (batch, live, now) => inTurn(() => grantAll(view, batch, { live, now: exact(now) })),
    revoke: (batch) =>
      inTurn(async () => {
        const doomed = batch.map(({ access }) => elementOf(access)).filter((element) => element !== null);
        let reason = "";
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
          const outcome = await view.close(doomed);
          if (outcome === null) return;
          if (!outcome.ok) reason = outcome.reason;
        }
        throw new FirewallError(`Cannot close ${batch.length} doors: ${reason}`, "see `nft list ruleset`");
      }),
    list: () =>
      inTurn(async () => {
        await view.readSets(view.tables ?? await view.ourTablesIn());
        return view.grants;
      }),
    repair: (live, now) => inTurn(async () => (await view.rebuild(live, exact(now))).changed),
    surveyDueAt: null,
    survey: () => Promise.resolve(),
    enters: () => true,
    judgingDueAt: null,
    judgeAll: (live) => live.map(() => []),
    judge: () => [],
    containerOf: (access) => containerOf(view, access),
    numberOf: () => null,
    commandOf: (grant, verb) => commandOf(view, grant, verb === "add" ? clock() : null),
    describe: (all) =>
      inTurn(async () => {
        if (all) return `Listing all nftables rules...\n\n${await mustRun(nft, "list ruleset")}`;
        const ruleset = await readRuleset(nft);
        await view.readSets(await view.ourTablesIn(ruleset));
        return describeRuleset(ruleset, view.elements, clock());
      }),
    cleanup: () =>
      inTurn(async () => {
        await view.teardown([]);
        view.forget();
      }),
    [Symbol.dispose]() {
      store[Symbol.dispose]();
      listener?.[Symbol.dispose]();
    },
  };
}

function eventsOf(listener: RulesetListener, ownPort: number | null): RulesetEvents {
  return {
    fd: listener.fd,
    drain() {
      const { changes, lost } = listener.drain();
      return lost || changes.some((change) => change.portId !== ownPort && concernsUs(change));
    },
  };
}

function containerOf(view: RulesetView, access: Access): string {
  const layout = layoutOf(access);
  if (layout === null) return access.slot;
  const tables = (view.tables ?? []).filter(({ layouts }) => layouts.includes(layout));
  if (tables.length === 0) return layout.name;
  return tables.map(({ family, table }) => `${family} ${table} ${layout.name}`).join(", ");
}

/** `now` in Unix seconds to add; null to delete. */
function commandOf(view: RulesetView, { access, expiresAt }: Grant, now: number | null): string {
  const element = elementOf(access);
  if (element === null) return `Same as: nothing, nftables cannot hold a door of the kind ${access.slot}`;
  const time = now === null ? "" : ` timeout ${Math.max(1, Math.round(expiresAt - now))}s`;
  const value = element.data === null ? "" : ` : ${dataText(element)}`;
  const what = `{ ${keyText(element)}${time}${value} }`;
  return `Same as: ${
    containerOf(view, access).split(", ").map((set) => `nft ${now === null ? "delete" : "add"} element ${set} ${what}`)
      .join("; ")
  }`;
}

const OVER = "its time is over";

/** What is open besides, and Unix seconds with their fraction. */
interface Moment {
  readonly live: readonly Grant[];
  readonly now: number;
}

/** One outcome for each grant of the batch. Throws only what is no failure of the packet filter. */
async function grantAll(
  view: RulesetView,
  batch: readonly Grant[],
  { live, now }: Moment,
): Promise<readonly GrantOutcome[]> {
  const refused = batch.map((grant) => objectionTo(grant.access, view.wanted) ?? (grant.expiresAt > now ? null : OVER));
  const asked = batch.map((grant, index) => refused[index] === null ? timedElementOf(grant) : null);
  const wanted = longest(asked.filter((timed) => timed !== null));
  const already = new Set<TimedElement>();
  const failed = new Map<string, string>();
  try {
    // New grants need no reading beforehand: the kernel refuses their transaction where the view is no longer true. Where a
    // grant is believed to be open already there is no transaction, so there the belief is checked.
    const allNew = [...wanted.values()].every((timed) => !view.isOpen(timed));
    if (!allNew || !view.isBelieved) await view.refresh(live, now);
    for (const timed of wanted.values()) if (view.isOpen(timed)) already.add(timed);
    const all = [...wanted.values()];
    for (let start = 0; start < all.length; start += MAX_ELEMENTS) {
      const together = all.slice(start, start + MAX_ELEMENTS);
      if (await openTogether(view, together, { live, now })) continue;
      // One bad element must not keep the others shut.
      for (const timed of together) {
        const reason = await openOne(view, timed, { live, now });
        if (reason !== null) failed.set(timed.element.id, reason);
      }
    }
  } catch (error) {
    if (!(error instanceof FirewallError) && !(error instanceof FfiError)) throw error;
    for (const [id, timed] of wanted) if (!view.isOpen(timed)) failed.set(id, error.message);
  }
  return asked.map((timed, index): GrantOutcome => {
    if (timed === null) return { ok: false, reason: refused[index] ?? "no set can hold it" };
    const reason = failed.get(timed.element.id);
    if (reason !== undefined) return { ok: false, reason };
    return { ok: true, alreadyOpen: wanted.get(timed.element.id) !== timed || already.has(timed), shutBy: [] };
  });
}

/** All in one transaction; false when the kernel refused it. */
async function openTogether(
  view: RulesetView,
  elements: readonly TimedElement[],
  { live, now }: Moment,
): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await view.open(elements, now, attempt === ATTEMPTS - 1);
    if (outcome.ok) return true;
    if (!outcome.stale) return false;
    await view.refresh(live, now);
  }
  return false;
}

/** One grant by itself; null when it is open, else why not. */
async function openOne(
  view: RulesetView,
  timed: TimedElement,
  { live, now }: Moment,
): Promise<string | null> {
  let reason = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await view.open([timed], now, attempt === ATTEMPTS - 1);
    if (outcome.ok) return null;
    reason = outcome.reason;
    if (outcome.stale) await view.refresh(live, now);
    else if (attempt > 0) return reason;
    else await view.rebuild(live, now);
  }
  return reason;
}

/** A failure of a native library, as the boundary knows it. */
export function asFirewallError(error: unknown): unknown {
  if (!(error instanceof FfiError)) return error;
  return new FirewallError(`nftables: ${error.message}`, error.details.hint ?? "set FIREWALL to iptables", {
    cause: error,
  });
}
