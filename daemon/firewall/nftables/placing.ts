/** Writing our chains, sets and jumps into a table, and taking them away. */
import { E } from "../../../ffi/abi.ts";
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { Refusal } from "../../../ffi/nfnetlink/transact.ts";
import type { StructureChange } from "../../../ffi/nfnetlink/ruleset.ts";
import { changesAnew, changesFor, type FoundJump, type FoundTable, isOurChain, type OurTable } from "./placement.ts";
import type { PlacedTable } from "./reading.ts";
import { plainJump } from "./rules.ts";

/** A transaction that the kernel refused, and at which of its changes. */
export interface Refused {
  readonly refusal: Refusal | undefined;
  readonly change: StructureChange | undefined;
}

/** What became of a table. */
export type Placing =
  | { readonly ok: true; readonly placed: PlacedTable; readonly added: readonly FoundJump[]; readonly changed: boolean }
  | { readonly ok: false; readonly refused: Refused };

/** Makes of what was found what should be, in one transaction. */
export function placeTable(netlink: Nfnetlink, found: FoundTable, ours: OurTable): Placing {
  const changes = changesFor(found, ours);
  const first = tryChanges(netlink, changes);
  if (first.ok) return placedBy(found, ours, { changes, handles: first.handles });
  const { code } = first.refused.refusal ?? {};
  // What is not there, or not ours to change, does not come by another order of steps.
  if (code === E.NOENT || code === E.PERM) return { ok: false, refused: first.refused };
  const anew = changesAnew(found, ours);
  const second = tryChanges(netlink, anew);
  return second.ok
    ? placedBy(found, ours, { changes: anew, handles: second.handles })
    : { ok: false, refused: first.refused };
}

/** Takes away what was found; null when it is gone. */
export function takeAway(netlink: Nfnetlink, found: FoundTable): Refused | null {
  const outcome = tryChanges(netlink, changesFor(found, null));
  return outcome.ok ? null : outcome.refused;
}

type Tried =
  | { readonly ok: true; readonly handles: ReadonlyMap<number, bigint> }
  | { readonly ok: false; readonly refused: Refused };

function tryChanges(netlink: Nfnetlink, changes: readonly StructureChange[]): Tried {
  if (changes.length === 0) return { ok: true, handles: new Map() };
  const outcome = netlink.transact(changes, null);
  if (outcome.ok) return outcome;
  const refusal = outcome.stale ? undefined : outcome.refusals[0];
  const change = refusal === undefined || refusal.index === null ? undefined : changes[refusal.index];
  return { ok: false, refused: { refusal, change } };
}

function placedBy(
  found: FoundTable,
  ours: OurTable,
  { changes, handles }: { readonly changes: readonly StructureChange[]; readonly handles: ReadonlyMap<number, bigint> },
): Placing {
  const added = changes.flatMap((change, index): FoundJump[] => {
    const to = jumpOf(change);
    const handle = handles.get(index);
    if (to === null || handle === undefined || change.verb !== "add rule") return [];
    return [{ from: change.chain, handle, to, first: true }];
  });
  const kept = found.jumps.filter(({ from, handle }) =>
    !changes.some((change) => change.verb === "delete rule" && change.chain === from && change.handle === handle)
  );
  return { ok: true, placed: { ours, jumps: [...kept, ...added] }, added, changed: changes.length > 0 };
}

/** The chain of ours that a change adds a jump to; null for other changes. */
export function jumpOf(change: StructureChange | undefined): string | null {
  if (change?.verb !== "add rule") return null;
  const to = plainJump(change.expressions);
  return to !== null && isOurChain(to) ? to : null;
}
