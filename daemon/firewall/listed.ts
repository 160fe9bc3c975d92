/**
 * What packet filters have in common that are read and changed by a program: the listing is the truth. It is read before
 * each change and again after it, and a grant counts as open where the listing has it. Time limits are the daemon's.
 */
import { latestByAccess } from "../grants/ledger.ts";
import type { BackendOutcome, OpenedBackend } from "./backend.ts";
import { type Access, accessKey, FirewallError, type Grant, type LiveGrants, type Slot } from "./firewall.ts";
import type { Refusal } from "./input_only.ts";
import type { Owner } from "./path/model.ts";
import { createSerial } from "./serial.ts";

/** One change: what is opened, and what is closed. Nothing of `close` is opened by it. */
export interface Change<Listed extends Grant> {
  readonly open: readonly Grant[];
  readonly close: readonly Listed[];
}

/** One packet filter of this kind. `Listed` is a grant as its listing has it. All of them throw `FirewallError`. */
export interface ListedRules<Listed extends Grant> {
  /** Throws where grants would be shut or cannot be made. Changes nothing. Warns, at the first time, of what is odd. */
  require(): Promise<void>;
  /** What is open. */
  read(): Promise<readonly Listed[]>;
  /** Makes a change of what was just read. */
  change(change: Change<Listed>, listed: readonly Listed[]): Promise<void>;
  /** Sets up what there has to be besides grants; `flush`: and closes those of an earlier run. */
  setUp(flush: boolean): Promise<void>;
  /** Takes away what is ours. */
  cleanUp(): Promise<void>;
  describe(all: boolean): Promise<string>;
}

/** What a backend is made of. */
export interface ListedOptions<Listed extends Grant>
  extends Pick<OpenedBackend, "name" | "closesAtExit" | "containerOf" | "numberOf" | "commandOf"> {
  readonly owner: Owner;
  readonly flushAtInit: boolean;
  readonly rules: ListedRules<Listed>;
  /** Those in use. */
  readonly slots: readonly Slot[];
  /** Why a grant of that kind cannot be made; null where it can. */
  refusal(slot: Access["slot"]): Refusal | null;
}

/** Makes the backend. Nothing is run before `check`, `prepare`, `list`, `describe` or `cleanup`. */
export function listedBackend<Listed extends Grant>(options: ListedOptions<Listed>): OpenedBackend {
  const { rules } = options;
  const inTurn = createSerial();
  const repair = (live: LiveGrants, now: number) => inTurn(() => repairRules(options, live, now));

  async function check(): Promise<void> {
    const refusal = options.slots.map((slot) => options.refusal(slot)).find((one) => one !== null);
    if (refusal !== undefined) throw new FirewallError(refusal.reason, refusal.hint);
    await rules.require();
  }

  return {
    name: options.name,
    owner: options.owner,
    kernelTimed: false,
    closesAtExit: options.closesAtExit,
    isOwn: () => false,
    concerns: () => false,
    enters: () => false,
    check: () => inTurn(check),
    prepare: () =>
      inTurn(async () => {
        await check();
        await rules.setUp(options.flushAtInit);
        return plain(await rules.read());
      }),
    grant: (batch, live, now) => inTurn(() => openGrants(options, { batch, live, now })),
    revoke: (batch) => inTurn(() => closeGrants(rules, batch)),
    list: () => inTurn(async () => plain(await rules.read())),
    repair: async (live, now) => await repair(live, now) ? "restored" : "intact",
    adapt: repair,
    containerOf: (access) => options.containerOf(access),
    numberOf: (access) => options.numberOf(access),
    commandOf: (grant, verb) => options.commandOf(grant, verb),
    describe: (all) => inTurn(() => rules.describe(all)),
    cleanup: () => inTurn(() => rules.cleanUp()),
    [Symbol.dispose]() {},
  };
}

function plain(listed: readonly Grant[]): readonly Grant[] {
  return [...latestByAccess(listed).values()].map(({ access, expiresAt }) => ({ access, expiresAt }));
}

/** Those of `wanted` that the listing has not, or not for as long. */
function missing(wanted: readonly Grant[], listed: readonly Grant[]): readonly Grant[] {
  const open = latestByAccess(listed);
  return [...latestByAccess(wanted)].filter(([key, { expiresAt }]) => (open.get(key)?.expiresAt ?? 0) < expiresAt)
    .map(([, grant]) => grant);
}

/** Shorter grants of what is opened: they are replaced. */
function replaced<Listed extends Grant>(open: readonly Grant[], listed: readonly Listed[]): readonly Listed[] {
  const opened = latestByAccess(open);
  return listed.filter(({ access }) => opened.has(accessKey(access)));
}

async function openGrants<Listed extends Grant>(
  { rules, refusal }: ListedOptions<Listed>,
  { batch, live, now }: {
    readonly batch: readonly Grant[];
    readonly live: LiveGrants;
    readonly now: number;
  },
): Promise<readonly BackendOutcome[]> {
  const possible = batch.filter(({ access }) => refusal(access.slot) === null);
  let failure: FirewallError | null = null;
  let before: readonly Grant[] = [];
  let after: readonly Grant[] = [];
  if (possible.length > 0) {
    try {
      await rules.require();
      const listed = before = after = await rules.read();
      const kept = ownOf(live, refusal, now);
      const open = missing([...kept, ...possible], listed);
      if (open.length > 0) {
        const changed = rules.change({ open, close: replaced(open, listed) }, listed);
        failure = await changed.then(() => null, asFailure);
        after = await rules.read();
      }
    } catch (error) {
      failure = asFailure(error);
      after = [];
    }
  }
  return judge(batch, { before, after }, (access) => refusal(access.slot)?.reason ?? failure?.message ?? null);
}

function asFailure(error: unknown): FirewallError {
  if (error instanceof FirewallError) return error;
  throw error;
}

/** Each grant by what the listing said before and after. */
function judge(
  batch: readonly Grant[],
  { before, after }: { readonly before: readonly Grant[]; readonly after: readonly Grant[] },
  whyNot: (access: Access) => string | null,
): readonly BackendOutcome[] {
  const earlier = latestByAccess(before);
  const open = latestByAccess(after);
  const longest = latestByAccess(batch);
  return batch.map((grant): BackendOutcome => {
    const key = accessKey(grant.access);
    if ((open.get(key)?.expiresAt ?? 0) < grant.expiresAt) {
      return { ok: false, reason: whyNot(grant.access) ?? "it is not in the listing after it was added" };
    }
    const wasOpen = (earlier.get(key)?.expiresAt ?? 0) >= grant.expiresAt;
    return { ok: true, alreadyOpen: wasOpen || longest.get(key) !== grant };
  });
}

async function closeGrants<Listed extends Grant>(rules: ListedRules<Listed>, batch: readonly Grant[]): Promise<void> {
  const doomed = latestByAccess(batch);
  // A knock that came while this had to wait may have renewed one of them.
  const isDoomed = ({ access, expiresAt }: Grant) => expiresAt <= (doomed.get(accessKey(access))?.expiresAt ?? 0);
  const listed = await rules.read();
  const close = listed.filter(isDoomed);
  if (close.length === 0) return;
  const failure = await rules.change({ open: [], close }, listed).then(() => null, asFailure);
  const left = (await rules.read()).filter(isDoomed);
  if (left.length === 0) return;
  throw new FirewallError(
    `Cannot close ${left.length} doors: ${failure?.message ?? "they are still in the listing"}`,
    failure?.hint ?? "see --fw-list",
  );
}

/** What of that is still open, and of a kind that this packet filter can hold. */
function ownOf(live: LiveGrants, refusal: ListedOptions<Grant>["refusal"], now: number): readonly Grant[] {
  return [...live].filter(({ access, expiresAt }) => expiresAt > now && refusal(access.slot) === null);
}

async function repairRules<Listed extends Grant>(
  { rules, refusal }: ListedOptions<Listed>,
  live: LiveGrants,
  now: number,
): Promise<boolean> {
  await rules.require();
  const listed = await rules.read();
  const wanted = ownOf(live, refusal, now);
  const open = missing(wanted, listed);
  // Somebody loaded rules that were saved while a grant was open: its time is over all the same.
  const over = listed.filter(({ expiresAt }) => expiresAt <= now);
  const close = [...new Set([...over, ...replaced(open, listed)])];
  if (open.length + close.length === 0) return false;
  await rules.change({ open, close }, listed);
  return true;
}
