/**
 * Where packets wait whose decision takes longer than a turn. They delay nobody: what has finished is taken up by a later
 * turn, in the order in which the packets came.
 */
import type { Datagram } from "../packet/datagram.ts";

/** Packets that wait at the same time. Each may stand for a program that runs. */
export const MAX_PENDING = 128;

/** What the lane needs of a decision that is pending. */
export interface Slow {
  /** Whether a key of ours fitted already: who has none gives way first. */
  readonly authenticated: boolean;
  /** Settles when the decision can be taken up. */
  readonly finished: Promise<unknown>;
}

/** A packet and what it waits for. */
export interface PendingPacket<Pending extends Slow> {
  readonly datagram: Datagram;
  readonly pending: Pending;
  /** Its place in the order of arrival; one that waits a second time keeps it. Default: the last. */
  readonly arrival?: number;
}

/** A packet of the lane. */
export type HeldPacket<Pending extends Slow> = Required<PendingPacket<Pending>>;

/** The packets that wait. */
export interface SlowLane<Pending extends Slow> {
  readonly size: number;
  /** Whether {@link SlowLane.takeFinished} has something. */
  readonly hasFinished: boolean;
  /**
   * Takes a packet in. Returns the one that has to be refused because there are too many: the oldest without a key of ours,
   * or this one where all of them have one.
   */
  add(packet: PendingPacket<Pending>): HeldPacket<Pending> | null;
  /** Those that have finished since the last call, in the order of arrival. They are no longer in the lane. */
  takeFinished(): readonly HeldPacket<Pending>[];
}

/**
 * An empty lane. Whatever is in it when the daemon ends is forgotten: nobody waits for it.
 *
 * @param wake called when a packet has finished: there is something to do
 */
export function createSlowLane<Pending extends Slow>(wake: () => void, limit = MAX_PENDING): SlowLane<Pending> {
  const waiting = new Set<HeldPacket<Pending>>();
  let finished: HeldPacket<Pending>[] = [];
  let arrivals = 0;

  function refuseOne(newest: HeldPacket<Pending>): HeldPacket<Pending> {
    const strangers = [...waiting].filter(({ pending }) => !pending.authenticated);
    const out = strangers.reduce((oldest, one) => one.arrival < oldest.arrival ? one : oldest, strangers[0] ?? newest);
    waiting.delete(out);
    return out;
  }

  return {
    get size() {
      return waiting.size + finished.length;
    },
    get hasFinished() {
      return finished.length > 0;
    },
    add({ datagram, pending, arrival }) {
      const packet = { datagram, pending, arrival: arrival ?? arrivals++ };
      waiting.add(packet);
      const finish = () => {
        // One that had to go meanwhile has been refused already.
        if (!waiting.delete(packet)) return;
        finished.push(packet);
        wake();
      };
      pending.finished.then(finish, finish);
      return waiting.size > limit ? refuseOne(packet) : null;
    },
    takeFinished() {
      const taken = finished.sort((a, b) => a.arrival - b.arrival);
      finished = [];
      return taken;
    },
  };
}
