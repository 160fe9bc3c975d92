/** Whether the kernel told of everything that iptables-restore was told. Pure. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import type { Batch } from "./restore_lines.ts";

/** What was heard, and whether something was missed. */
export interface HeardChanges {
  readonly changes: readonly Pick<
    RulesetChange,
    "message" | "portId" | "family" | "table" | "chain" | "handle" | "expressions"
  >[];
  readonly lost: boolean;
}

/**
 * Whether each rule that the batch adds, and each that it deletes, was told of as a change by that process, and that all
 * transactions were committed; of one that changes nothing nothing is told. iptables-nft talks to the kernel from a port that
 * has the number of its process.
 */
export function isConfirmed(heard: HeardChanges, batch: Batch, from: { pid: number; family: 4 | 6 }): boolean {
  if (heard.lost) return false;
  const own = heard.changes.filter(({ portId }) => portId === from.pid);
  const family = from.family === 4 ? "ip" : "ip6";
  const told = countsOf(own.filter((change) => change.family === family).map(placeOf));
  const asked = countsOf([...batch].flatMap(([table, lines]) => lines.map((line) => placeOfLine(table, line))));
  const commits = own.filter(({ message }) => message === NFT_MSG.newGen).length;
  return (asked.size === 0 || commits === batch.size) && told.size === asked.size &&
    [...asked].every(([place, count]) => told.get(place) === count);
}

/** What was told of the rules that the process added. */
export function addedBy(heard: HeardChanges, from: { pid: number; family: 4 | 6 }): HeardChanges["changes"] {
  const family = from.family === 4 ? "ip" : "ip6";
  return heard.changes.filter((change) =>
    change.message === NFT_MSG.newRule && change.portId === from.pid && change.family === family
  );
}

function placeOf({ message, table, chain }: HeardChanges["changes"][number]): string | null {
  if (message === NFT_MSG.newRule) return `add ${table} ${chain}`;
  return message === NFT_MSG.delRule ? `delete ${table} ${chain}` : null;
}

function placeOfLine(table: string, line: string): string | null {
  const [, verb, chain] = /^-([AID]) (\S+) /.exec(line) ?? [];
  return verb === undefined ? null : `${verb === "D" ? "delete" : "add"} ${table} ${chain}`;
}

function countsOf(places: readonly (string | null)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const place of places) if (place !== null) counts.set(place, (counts.get(place) ?? 0) + 1);
  return counts;
}
