/** The backend that counts, and from it to another one while grants are open: at no moment is one of them in neither. */
import type { Log } from "../../lib/log.ts";
import { latestByAccess } from "../grants/ledger.ts";
import { reasonOf } from "../start/start_error.ts";
import type { BackendOutcome, OpenedBackend } from "./backend.ts";
import type { Choice } from "./choose.ts";
import { accessKey, type Grant, type LiveGrants, type OpenGrants } from "./firewall.ts";

/** An opened backend and why it is that one. */
export interface Held {
  readonly choice: Choice;
  readonly backend: OpenedBackend;
}

/** What holds the backend. */
export interface Holder extends Disposable {
  readonly held: Held;
  /** Whether an event with that port id is of our own doing: by the backend that counts, or the one before. */
  isOwn(portId: number): boolean;
  /** The same filter goes on, for another reason. */
  keep(choice: Choice): void;
  /** Opens grants in the backend that counts, and once more where another one took over meanwhile. */
  grant(batch: readonly Grant[], live: LiveGrants, now: number): Promise<readonly BackendOutcome[]>;
  /** What was just opened and is said not to be open is not left standing. What was open before stays. */
  takeBack(opened: readonly Grant[], live: LiveGrants): Promise<void>;
  /**
   * Prepares the next one, opens in it what is open, and lets it count. Returns how many grants it took over. Throws
   * `FirewallError` where it cannot be used: then the old one goes on.
   */
  handOver(next: Held, open: OpenGrants): Promise<number>;
  /** Takes out of the ruleset what an earlier backend left there, when nothing is being opened in it any more. */
  retire(): Promise<void>;
}

/** Grants that are being opened. */
interface Opening {
  readonly batch: readonly Grant[];
  readonly work: Promise<unknown>;
  ended: boolean;
}

/** Holds the first. */
export function createHolder(first: Held, log: Log): Holder {
  let held = first;
  let earlier: OpenedBackend | null = null;
  let leaving: OpenedBackend | null = null;
  let isHandingOver = false;
  const openings = new Set<Opening>();

  async function openIn({ backend }: Held, ...asked: Parameters<OpenedBackend["grant"]>) {
    const work = backend.grant(...asked);
    const opening: Opening = { batch: asked[0], work, ended: false };
    openings.add(opening);
    try {
      return await work;
    } finally {
      opening.ended = true;
      // What ended while another one takes over may have come too late for its account.
      if (!isHandingOver) openings.delete(opening);
    }
  }
  async function carry({ backend }: Held, open: OpenGrants): Promise<number> {
    const carried = new Set<Opening>();
    let count = 0;
    let waiting: readonly Grant[] = open.live();
    do {
      const rest = [...openings].filter((opening) => !carried.has(opening));
      for (const opening of rest) carried.add(opening);
      waiting = [...waiting, ...rest.flatMap(({ batch }) => batch)];
      count += await openAll(backend, [...latestByAccess(waiting).values()], { now: open.now(), log });
      waiting = [];
    } while ([...openings].some((opening) => !carried.has(opening)));
    return count;
  }

  return {
    get held() {
      return held;
    },
    isOwn: (portId) => held.backend.isOwn(portId) || earlier?.isOwn(portId) === true,
    keep: (choice) => void (held = { ...held, choice }),
    async grant(...asked) {
      for (;;) {
        const { backend } = held;
        const outcomes = await openIn(held, ...asked);
        if (backend === held.backend) return outcomes;
      }
    },
    async takeBack(opened, live) {
      const before = latestByAccess(live);
      const fresh = opened.filter(({ access }) => !before.has(accessKey(access)));
      await held.backend.revoke(fresh).catch((error) =>
        log("error", `Cannot close again what was opened in part: ${reasonOf(error)}`)
      );
    },
    async handOver(next, open) {
      isHandingOver = true;
      try {
        await next.backend.prepare();
        const count = await carry(next, open);
        leaving = earlier = held.backend;
        held = next;
        return count;
      } catch (error) {
        // Why it cannot be used says more than that it cannot be cleaned up either.
        await takeAway(next.backend, (_level, text) => log("debug", text));
        throw error;
      } finally {
        isHandingOver = false;
        for (const opening of openings) if (opening.ended) openings.delete(opening);
      }
    },
    async retire() {
      const old = leaving;
      leaving = null;
      if (old === null) return;
      await Promise.allSettled([...openings].map(({ work }) => work));
      await takeAway(old, log);
    },
    [Symbol.dispose]: () => held.backend[Symbol.dispose](),
  };
}

/** Opens them with the time that is left to them. Returns how many it were. */
async function openAll(
  backend: OpenedBackend,
  grants: readonly Grant[],
  { now, log }: { readonly now: number; readonly log: Log },
): Promise<number> {
  // Rules that others gave an end stand in chains that only the earlier one has.
  const wanted = grants.filter(({ access, expiresAt }) => access.slot !== "foreign" && expiresAt > now);
  if (wanted.length === 0) return 0;
  const outcomes = await backend.grant(wanted, [], now);
  const refused = outcomes.filter((outcome) => !outcome.ok);
  const [first] = refused;
  if (first?.ok === false) {
    log("error", `Cannot open ${refused.length} doors in ${backend.name} that were open: ${first.reason}`);
  }
  return wanted.length - refused.length;
}

async function takeAway(backend: OpenedBackend, log: Log): Promise<void> {
  try {
    await backend.cleanup();
  } catch (error) {
    log("error", `Cannot take what belongs to fwknopd out of ${backend.name}: ${reasonOf(error)}`);
  }
  backend[Symbol.dispose]();
}
