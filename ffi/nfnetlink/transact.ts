/** Running transactions, and what became of them. */
import { E } from "../abi.ts";
import { readAcknowledgement } from "./answers.ts";
import { batchMessages, type Change } from "./batch.ts";
import { readRuleHandle } from "./read_ruleset.ts";
import { protocolError, type Requests } from "./requests.ts";

/** A step of a transaction that the kernel refused. */
export interface Refusal {
  /**
   * Which change; null when the transaction as a whole was refused. EPERM of a change: its table belongs to another process
   * (`flags owner`). EPERM of the whole: the capability is missing.
   */
  readonly index: number | null;
  /** errno. */
  readonly code: number;
  readonly text: string;
}

/** What became of a transaction. */
export type BatchOutcome =
  /** `handles`: of the rules that were added, by the index of the change that added them. */
  | { readonly ok: true; readonly handles: ReadonlyMap<number, bigint> }
  /** The ruleset is no longer of the generation that the transaction was made for. Nothing was changed. */
  | { readonly ok: false; readonly stale: true }
  | { readonly ok: false; readonly stale: false; readonly refusals: readonly Refusal[] };

/** Runs one transaction; with `generation`, only on the ruleset of that generation. Throws `FfiError` where nobody answers. */
export function transact(requests: Requests, changes: readonly Change[], generation: number | null): BatchOutcome {
  return exchange(requests, changes, (seq) => batchMessages(changes, seq, generation));
}

/** A ruleset has so many changes behind it when one came every second for 136 years. */
const NO_GENERATION = 0xffff_ffff;

/**
 * Has the kernel asked for changes in a way that it refuses before it looks at them: for a generation that there is not. As the
 * transaction has no end either, it would take them back in any case. Nobody is told of it. Throws `FfiError` where nobody
 * answers.
 */
export function transactInVain(requests: Requests, changes: readonly Change[]): BatchOutcome {
  return exchange(requests, changes, (seq) => batchMessages(changes, seq, NO_GENERATION).slice(0, -1));
}

function exchange(
  requests: Requests,
  changes: readonly Change[],
  make: (seq: number) => ReturnType<typeof batchMessages>,
): BatchOutcome {
  if (changes.length === 0) return { ok: true, handles: new Map() };
  let first = 0;
  const answers = requests.exchange((seq) => make(first = seq));
  const changeOf = (seq: number) => seq > first && seq <= first + changes.length ? seq - first - 1 : null;
  const acknowledgements = answers.map(readAcknowledgement).filter((answer) => answer !== null);
  const errors = acknowledgements.filter(({ code }) => code !== 0);
  if (errors.some(({ code, seq }) => code === E.RESTART && seq === first)) return { ok: false, stale: true };
  if (errors.length > 0) {
    const refusals = errors.map(({ seq, code, text }) => ({ index: changeOf(seq), code, text }));
    return { ok: false, stale: false, refusals };
  }
  // Silence is not success: the last change asked for an answer.
  if (acknowledgements.length === 0) throw protocolError("the kernel did not answer a transaction", 0);
  const handles = new Map<number, bigint>();
  for (const answer of answers) {
    const index = changeOf(answer.seq);
    const handle = index === null ? null : readRuleHandle(answer);
    if (index !== null && handle !== null) handles.set(index, handle);
  }
  return { ok: true, handles };
}
