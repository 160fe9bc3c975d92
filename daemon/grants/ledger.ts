/**
 * The daemon's own account of the grants that are open and of when each of them closes. It reads no clock and touches no
 * packet filter: the run loop tells it what was granted and what was closed, and asks what is due and when to wake up. What
 * is asked for each knock or at each wake-up costs the same beside any number of grants, or the logarithm of it.
 */
import { accessFamily, accessKey, type Grant } from "../firewall/firewall.ts";
import { Deadlines } from "./deadlines.ts";
import { Ranking } from "./ranking.ts";

/** What differs between the ledger and the packet filter. */
export interface Disagreement {
  /** In the ledger and still to run, but not in the packet filter (or there with less time). */
  readonly lost: readonly Grant[];
  /** In the packet filter, but unknown to the ledger (or with less time here); `agree` took them in. */
  readonly found: readonly Grant[];
}

/** A grant and, where that is known, for whom: the number of the stanza. Not known of grants that an earlier run left. */
export interface HeldGrant extends Grant {
  readonly stanza?: number;
}

/** What is open for somebody, as far as is asked of it. A set of keys is one. */
export interface Held {
  readonly size: number;
  has(key: string): boolean;
}

/** Seconds by which a listed end may differ: kernels count what is left of a grant, and that is rounded. */
const ROUNDING = 1;

/** Grants by what they open. All times are Unix seconds. */
export interface Ledger {
  /** How many grants it knows. */
  readonly size: number;
  /**
   * Notes grants that were opened. One that is known keeps the later of the two ends: renewal extends, and a shorter
   * knock never shortens. Returns the grants as they stand now, in the same order.
   */
  record(grants: readonly HeldGrant[]): readonly Grant[];
  /** Grants whose time is not over, in order of first opening. All are looked at. */
  live(now: number): readonly HeldGrant[];
  /** Keys of the grants that are open for a stanza. True until the next call of anything that changes the ledger. */
  heldBy(stanza: number, now: number): Held;
  /** The number of a grant among those of its slot and address family, in order of first opening, from 1; null when unknown. */
  numberOf(grant: Grant): number | null;
  /**
   * Grants whose time is over and that are not yet noted as closed, the earliest first, leaving out those that `postpone` put
   * off.
   */
  due(now: number): readonly Grant[];
  /** When `due` will next have something to say; null for never. */
  nextDue(): number | null;
  /** Notes grants that are closed. One that was meanwhile renewed beyond `expiresAt` stays. */
  close(grants: readonly Grant[]): void;
  /** Closing failed: `due` will bring them up again at `retryAt`, not before. */
  postpone(grants: readonly Grant[], retryAt: number): void;
  /** The end of a grant's time, or null when it is not in the ledger. */
  expiryOf(grant: Grant): number | null;
  /**
   * Compares with what the packet filter lists. What only the packet filter knows (another program's `_exp_` rule, or
   * what an earlier run left behind) is taken in, so that it closes on time.
   */
  agree(listed: readonly Grant[], now: number): Disagreement;
}

/** An empty ledger, or one that starts with the grants of an earlier run. */
export function createLedger(inherited: readonly Grant[] = []): Ledger {
  const entries = new Map<string, HeldGrant>();
  /** When to close each: its expiry, or later after a failed attempt. */
  const closings = new Deadlines<string>();
  const rows = createRows();
  const counts = createCounts();

  const put = (key: string, grant: HeldGrant) => {
    const known = entries.get(key);
    if (known === undefined) rows.of(grant).append(key);
    entries.set(key, grant);
    closings.set(key, grant.expiresAt);
    counts.set(key, grant);
  };
  const recordOne = (grant: HeldGrant): Grant => {
    const key = accessKey(grant.access);
    const known = entries.get(key);
    if (known !== undefined && known.expiresAt >= grant.expiresAt) return known;
    put(key, grant);
    return grant;
  };
  const ledger: Ledger = {
    get size() {
      return entries.size;
    },
    record: (grants) => grants.map(recordOne),
    live: (now) => entries.values().filter(({ expiresAt }) => expiresAt > now).toArray(),
    heldBy: (stanza, now) => ({
      size: counts.of(stanza, now),
      has: (key) => {
        const known = entries.get(key);
        return known !== undefined && known.stanza === stanza && known.expiresAt > now;
      },
    }),
    numberOf: (grant) => rows.of(grant).numberOf(accessKey(grant.access)),
    due: (now) => closings.upTo(now).map((key) => entries.get(key)).filter((grant) => grant !== undefined),
    nextDue: () => closings.first?.at ?? null,
    close: (grants) => {
      for (const { access, expiresAt } of grants) {
        const key = accessKey(access);
        const known = entries.get(key);
        if (known === undefined || known.expiresAt > expiresAt) continue;
        entries.delete(key);
        closings.delete(key);
        counts.delete(key);
        rows.of(known).delete(key);
      }
    },
    postpone: (grants, retryAt) => {
      for (const { access } of grants) {
        const key = accessKey(access);
        const known = entries.get(key);
        if (known !== undefined) closings.set(key, Math.max(known.expiresAt, retryAt));
      }
    },
    expiryOf: ({ access }) => entries.get(accessKey(access))?.expiresAt ?? null,
    agree: (listed, now) => {
      const listedUntil = latestByAccess(listed);
      const lost = ledger.live(now).filter((grant) =>
        (listedUntil.get(accessKey(grant.access))?.expiresAt ?? 0) < grant.expiresAt - ROUNDING
      );
      const found = [...listedUntil].filter(([key, grant]) =>
        (entries.get(key)?.expiresAt ?? -1) < grant.expiresAt - ROUNDING
      ).map(([, grant]) => grant);
      ledger.record(found);
      return { lost, found };
    },
  };
  ledger.record(inherited);
  return ledger;
}

/** The rows in which grants are numbered: one for each slot and address family, as there are chains and sets. */
function createRows() {
  const rows = new Map<string, Ranking<string>>();
  return {
    of({ access }: Grant): Ranking<string> {
      const name = `${access.slot} ${accessFamily(access)}`;
      const known = rows.get(name);
      if (known !== undefined) return known;
      const row = new Ranking<string>();
      rows.set(name, row);
      return row;
    },
  };
}

/** How many grants each stanza has whose time is not over. */
function createCounts() {
  const counts = new Map<number, number>();
  /** Of those that are counted, for which stanza. */
  const counted = new Map<string, number>();
  const ends = new Deadlines<string>();
  const add = (stanza: number, by: number) => {
    const count = (counts.get(stanza) ?? 0) + by;
    if (count === 0) counts.delete(stanza);
    else counts.set(stanza, count);
  };
  const uncount = (key: string) => {
    const stanza = counted.get(key);
    if (stanza !== undefined) add(stanza, -1);
    counted.delete(key);
  };
  return {
    set(key: string, { stanza, expiresAt }: HeldGrant): void {
      this.delete(key);
      if (stanza === undefined) return;
      counted.set(key, stanza);
      add(stanza, 1);
      ends.set(key, expiresAt);
    },
    delete(key: string): void {
      uncount(key);
      ends.delete(key);
    },
    of(stanza: number, now: number): number {
      for (const key of ends.takeUpTo(now)) uncount(key);
      return counts.get(stanza) ?? 0;
    },
  };
}

/** One of equal grants, the one that ends last: the same rule may stand in the packet filter more than once. */
export function latestByAccess(grants: Iterable<Grant>): Map<string, Grant> {
  const latest = new Map<string, Grant>();
  for (const grant of grants) {
    const key = accessKey(grant.access);
    const known = latest.get(key);
    if (known === undefined || known.expiresAt < grant.expiresAt) latest.set(key, grant);
  }
  return latest;
}
