/**
 * The daemon's own account of the grants that are open and of when each of them closes. It reads no clock and touches no
 * packet filter: the run loop tells it what was granted and what was closed, and asks what is due and when to wake up.
 */
import { accessKey, type Grant } from "../firewall/firewall.ts";

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
  /** Grants whose time is not over, in order of first opening. */
  live(now: number): readonly HeldGrant[];
  /** Keys of the grants that are open for a stanza. */
  heldBy(stanza: number, now: number): Set<string>;
  /** Grants whose time is over and that are not yet noted as closed, leaving out those that `postpone` put off. */
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

interface Entry {
  readonly grant: HeldGrant;
  /** When to close it: its expiry, or later after a failed attempt. */
  readonly dueAt: number;
}

/** An empty ledger, or one that starts with the grants of an earlier run. */
export function createLedger(inherited: readonly Grant[] = []): Ledger {
  const entries = new Map<string, Entry>();
  let earliest: number | null = null;
  let stale = false;

  const put = (key: string, entry: Entry) => {
    entries.set(key, entry);
    stale = true;
  };
  const recordOne = (grant: HeldGrant): Grant => {
    const key = accessKey(grant.access);
    const known = entries.get(key);
    if (known !== undefined && known.grant.expiresAt >= grant.expiresAt) return known.grant;
    put(key, { grant, dueAt: grant.expiresAt });
    return grant;
  };
  const ledger: Ledger = {
    get size() {
      return entries.size;
    },
    record: (grants) => grants.map(recordOne),
    live: (now) => [...entries.values()].filter(({ grant }) => grant.expiresAt > now).map(({ grant }) => grant),
    heldBy: (stanza, now) => {
      const keys = new Set<string>();
      for (const [key, { grant }] of entries) if (grant.stanza === stanza && grant.expiresAt > now) keys.add(key);
      return keys;
    },
    due: (now) => {
      const next = ledger.nextDue();
      if (next === null || next > now) return [];
      return [...entries.values()].filter(({ dueAt }) => dueAt <= now).map(({ grant }) => grant);
    },
    nextDue: () => {
      if (stale) {
        earliest = null;
        for (const { dueAt } of entries.values()) if (earliest === null || dueAt < earliest) earliest = dueAt;
        stale = false;
      }
      return earliest;
    },
    close: (grants) => {
      for (const { access, expiresAt } of grants) {
        const key = accessKey(access);
        const known = entries.get(key);
        if (known === undefined || known.grant.expiresAt > expiresAt) continue;
        entries.delete(key);
        stale = true;
      }
    },
    postpone: (grants, retryAt) => {
      for (const { access } of grants) {
        const key = accessKey(access);
        const known = entries.get(key);
        if (known !== undefined) put(key, { grant: known.grant, dueAt: Math.max(known.grant.expiresAt, retryAt) });
      }
    },
    expiryOf: ({ access }) => entries.get(accessKey(access))?.grant.expiresAt ?? null,
    agree: (listed, now) => {
      const listedUntil = latestByAccess(listed);
      const lost = ledger.live(now).filter((grant) =>
        (listedUntil.get(accessKey(grant.access))?.expiresAt ?? 0) < grant.expiresAt - ROUNDING
      );
      const found = [...listedUntil].filter(([key, grant]) =>
        (entries.get(key)?.grant.expiresAt ?? -1) < grant.expiresAt - ROUNDING
      ).map(([, grant]) => grant);
      ledger.record(found);
      return { lost, found };
    },
  };
  ledger.record(inherited);
  return ledger;
}

/** One of equal grants, the one that ends last: the same rule may stand in the packet filter more than once. */
export function latestByAccess(grants: readonly Grant[]): Map<string, Grant> {
  const latest = new Map<string, Grant>();
  for (const grant of grants) {
    const key = accessKey(grant.access);
    const known = latest.get(key);
    if (known === undefined || known.expiresAt < grant.expiresAt) latest.set(key, grant);
  }
  return latest;
}
