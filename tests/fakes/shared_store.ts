/** Replay stores of several daemons that admit each packet once among them: a claim is only theirs when it is flushed. */
import { memoryStore } from "../../daemon/replay/memory.ts";
import type { ReplayStore } from "../../daemon/replay/store.ts";

/** Digest → the daemon that flushed it first. */
export type SharedClaims = Map<string, string>;

/** The store of one of the daemons. An answer takes a turn of the event loop, as one of a server would. */
export function sharedStore(daemon: string, shared: SharedClaims): ReplayStore {
  const own = memoryStore();
  let pending: string[] = [];
  const lost = new Set<string>();
  return {
    get size() {
      return own.size;
    },
    get forgottenUntil() {
      return own.forgottenUntil;
    },
    find: own.find,
    claim(digests, packet) {
      const first = own.claim(digests, packet);
      if (first) pending.push(...digests);
      return first;
    },
    keepFor: own.keepFor,
    mend() {},
    async flush() {
      const asked = pending;
      pending = [];
      await Promise.resolve();
      for (const digest of asked) {
        if (!shared.has(digest)) shared.set(digest, daemon);
        else if (shared.get(digest) !== daemon) lost.add(digest);
      }
      return new Set(lost);
    },
    [Symbol.dispose]() {},
  };
}
