/** Where our chains, sets and jumps stand, putting them there and taking them away: one table at a time. */
import { E } from "../../../ffi/abi.ts";
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Log, LogLine } from "../../../lib/log.ts";
import { createFacts } from "../../report/facts.ts";
import { FirewallError } from "../firewall.ts";
import { formatChain, formatTable } from "../names.ts";
import { OWNED } from "./choose_chains.ts";
import { type FoundTable, nothingIn, type OurTable, sameTable } from "./placement.ts";
import { jumpOf, placeTable, type Placing, type Refused, takeAway } from "./placing.ts";
import { lookAtTable, type PlacedTable, searchTable } from "./reading.ts";
import { BUSY, isOwned, LOOK, OWNER_HINT, reasonOf } from "./refusals.ts";

/** How often a table is looked at again that others change meanwhile. */
const LOOKS = 3;

/** What came of putting things in place. */
export interface Placed {
  readonly changed: boolean;
  /** Why some of it could not be put in place; null where all was. */
  readonly failure: FirewallError | null;
}

/** The tables that hold our objects. One that refuses never hinders the others. */
export class Placements {
  #tables: readonly PlacedTable[] = [];
  /** Tables that belong to another process. */
  #owned: readonly TableName[] = [];
  #gone = false;
  readonly #facts = createFacts();

  constructor(readonly netlink: Nfnetlink, readonly log: Log) {}

  get tables(): readonly PlacedTable[] {
    return this.#tables;
  }

  /** Whether a place was found to be gone, and no survey has said since where our objects belong. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** What is left of what was placed in the table; undefined where nothing was. */
  find(at: TableName): FoundTable | undefined {
    const placed = this.#tables.find(({ ours }) => sameTable(ours, at));
    return placed === undefined ? undefined : lookAtTable(this.netlink, placed);
  }

  /** Forgets what was refused or gone: a survey says anew where our objects belong. */
  beginAnew(): void {
    this.#owned = [];
    this.#gone = false;
  }

  /** Knows of no table any more. */
  forget(): void {
    this.#tables = [];
  }

  /** Puts in place what is missing. */
  place(plan: readonly OurTable[], find: (ours: OurTable) => FoundTable | undefined): Placed {
    const placed: PlacedTable[] = [];
    let failure: Refused | null = null;
    let changed = false;
    for (const ours of plan) {
      const placing = this.#placeOne(ours, find(ours) ?? nothingIn(ours));
      if (placing === null) continue;
      if (placing.ok) {
        placed.push(placing.placed);
        changed ||= placing.changed;
        for (const { from, to } of placing.added) {
          this.log("info", `Added jump rule from chain: ${formatChain({ ...ours, chain: from })} to chain: ${to}`);
        }
      } else if (isOwned(placing.refused.refusal)) this.#owned = [...this.#owned, ours];
      else failure ??= placing.refused;
    }
    this.#tables = placed;
    this.#sayOwned();
    return {
      changed,
      failure: failure === null ? null : failureOf(failure, "Cannot put chains and sets into the ruleset"),
    };
  }

  /** Takes away what was found in tables that are not wanted. What is gone, or cannot be written, is left. */
  async leave(tables: readonly FoundTable[]): Promise<boolean> {
    let failure: Refused | null = null;
    for (const found of tables) {
      let refused = takeAway(this.netlink, found);
      // Jumps that nobody knew of: somebody loaded what a listing showed.
      if (refused?.refusal?.code === BUSY) refused = takeAway(this.netlink, await searchTable(this.netlink, found));
      if (refused?.refusal?.code !== E.NOENT && !isOwned(refused?.refusal)) failure ??= refused;
    }
    if (failure !== null) throw failureOf(failure, "Cannot take away what belongs to fwknopd");
    return tables.length > 0;
  }

  /** A table that refused to be written is left out until the next survey. */
  leaveOut(at: TableName): void {
    this.#tables = this.#tables.filter(({ ours }) => !sameTable(ours, at));
    this.#owned = [...this.#owned, at];
    this.#sayOwned();
  }

  /** One table, without the jumps whose chain is gone. Null where the table is. */
  #placeOne(ours: OurTable, found: FoundTable): Placing | null {
    let wanted = ours;
    let there = found;
    for (let looks = 0; looks < LOOKS;) {
      const placing = placeTable(this.netlink, there, wanted);
      if (placing.ok || placing.refused.refusal?.code !== E.NOENT) return placing;
      const { change } = placing.refused;
      if (change?.verb === "add rule" && jumpOf(change) === null) return placing;
      if (change?.verb === "add rule") {
        this.#gone = true;
        wanted = { ...wanted, jumps: wanted.jumps.filter(({ from }) => from !== change.chain) };
      } else looks++;
      there = lookAtTable(this.netlink, { ours: wanted, jumps: there.jumps });
    }
    this.#gone = true;
    return null;
  }

  #sayOwned(): void {
    const lines = this.#owned.map((table): LogLine => ({
      level: "warning",
      text: `Cannot open doors in ${formatTable(table)}: ${OWNED}; ${OWNER_HINT}`,
    }));
    this.#facts("owned", lines, this.log);
  }
}

function failureOf({ refusal, change }: Refused, what: string): FirewallError {
  const place = change === undefined ? "" : ` (${change.verb}, ${formatTable(change)})`;
  return new FirewallError(`${what}${place}: ${reasonOf(refusal)}`, LOOK);
}
