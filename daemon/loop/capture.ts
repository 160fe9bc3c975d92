/**
 * The rows of the packet sources: reading what came, looking whether they are still there, and trying one again that broke
 * or was never there. Each source stands for itself: what happens to one stops no packet of another.
 */
import type { Batch, Datagram, SourceInUse } from "../packet/datagram.ts";
import { type ActiveConfig, type LoopState, type Runtime, withSources } from "./active_config.ts";
import { handleBatch, type PacketWork } from "./packets.ts";
import type { Duty, Watch } from "./rows.ts";

/** How long to wait before a broken source is tried again. */
const RETRY_MS = 1000;
/** How often sources that can tell are asked whether they are still what they were opened as. */
const CHECK_MS = 1000;
/** A batch may grow to so many times its size while more waits: a disk and a packet filter are asked once for each batch. */
const GROWTH = 4;

/** How it stands with a source in use. */
interface Progress {
  inUse: SourceInUse;
  /** Its descriptor is ready, or its last read was stopped by its limit. */
  readable: boolean;
  /** Batches of this size are taken from it: twice as many packets as before while there are more. */
  size: number;
  /** When it is read although its descriptor says nothing. */
  readAt: number | null;
  /** It is broken, and is tried again then. */
  retryAt: number | null;
}

/** What all rows of this file share. */
interface Scene extends PacketWork {
  /** One for each source in use. */
  progresses(): readonly Progress[];
  /** How many packets have been taken. */
  taken: number;
}

/** Reads packets, and ends the loop at the packet limit or when a source is gone that it is to end without. */
export function captureRows(work: PacketWork): { readonly watch: Watch; readonly duties: readonly Duty[] } {
  const scene: Scene = { ...work, progresses: follow(work.state, work.runtime), taken: 0 };
  const { progresses } = scene;
  const watch: Watch = {
    // A broken descriptor is always ready: it would be reported again and again.
    fd: () =>
      isFull(scene) ? [] : progresses().flatMap(({ inUse, retryAt }) => retryAt === null ? inUse.source.fd ?? [] : []),
    ready: (fds) => {
      for (const progress of progresses()) {
        const { fd } = progress.inUse.source;
        if (fd !== null && fds.has(fd)) progress.readable = true;
      }
    },
  };
  return { watch, duties: [checkingDuty(scene), readingDuty(scene), limitDuty(scene), retryingDuty(scene)] };
}

/** A source that takes the place of another begins anew; one that stays goes on. */
function follow(state: LoopState, runtime: Runtime): () => readonly Progress[] {
  let followed: readonly SourceInUse[] = [];
  let progresses: readonly Progress[] = [];
  return () => {
    const { sources } = state.active;
    if (followed !== sources) {
      progresses = sources.map((inUse) => {
        const known = progresses.find(({ inUse: before }) => before.source === inUse.source);
        return known === undefined ? begin(inUse, runtime) : Object.assign(known, { inUse });
      });
      followed = sources;
    }
    return progresses;
  };
}

function begin(inUse: SourceInUse, runtime: Runtime): Progress {
  const { absent, fd } = inUse.source;
  const now = runtime.steady();
  return { inUse, readable: false, size: 0, readAt: fd === null && !absent ? now : null, retryAt: absent ? now : null };
}

/** Whatever can be read, of each source at most one batch, is decided about together. */
function readingDuty(scene: Scene): Duty {
  const { state, runtime, flight, progresses } = scene;
  const isDue = ({ readable, readAt, retryAt }: Progress, now: number) =>
    retryAt === null && (readable || (readAt !== null && readAt <= now));
  return {
    dueAt: (now) => {
      if (isFull(scene)) return null;
      return earliest(progresses(), (one) => isDue(one, now) ? now : one.retryAt === null ? one.readAt : null);
    },
    isBesideFlight: true,
    perform: async () => {
      const now = runtime.steady();
      const datagrams: Datagram[] = [];
      let more = false;
      for (const progress of progresses().filter((one) => isDue(one, now))) {
        const left = runtime.packetLimit > 0 ? runtime.packetLimit - scene.taken : Infinity;
        // Never beyond the packet limit: what is over it stays for nobody.
        if (left <= 0) break;
        const batch = readBatch(progress, Math.min(sizeOf(progress, state.active), left));
        if (batch instanceof Error) {
          await flight.settle();
          recover(batch, progress, { state, runtime });
          continue;
        }
        note(batch, progress, now);
        progress.size *= batch.more ? 2 : 0;
        await tellOf(batch, scene);
        more ||= batch.more;
        scene.taken += batch.taken;
        datagrams.push(...batch.datagrams);
      }
      await handleBatch({ datagrams, more: more && !isFull(scene) }, scene);
      if (isFull(scene)) state.active.log("warning", `* Incoming packet count limit of ${runtime.packetLimit} reached`);
    },
  };
}

/** What the source says of a batch, after what is said of the one before. */
async function tellOf({ warnings = [], remarks }: Batch, { state: { active }, flight }: Scene): Promise<void> {
  const debug = active.verbose ? remarks?.() ?? [] : [];
  if (warnings.length + debug.length > 0) await flight.settle();
  for (const line of warnings) active.log("warning", line);
  for (const line of debug) active.log("debug", line);
}

function sizeOf(progress: Progress, { batchLimit }: ActiveConfig): number {
  return progress.size = Math.min(Math.max(progress.size, batchLimit), batchLimit * GROWTH);
}

function isFull({ runtime: { packetLimit }, taken }: Scene): boolean {
  return packetLimit > 0 && taken >= packetLimit;
}

/** What was captured before is decided first, also where that takes something slow, and commands come to their end. */
function limitDuty(scene: Scene): Duty {
  const { state, runtime } = scene;
  const nobodyWaits = () => runtime.slow.size === 0 && runtime.strangers.size === 0;
  const isDone = () => isFull(scene) && nobodyWaits() && (runtime.commands?.descriptors.length ?? 0) === 0;
  return {
    dueAt: (now) => isDone() ? now : null,
    perform: () => void (state.ending = { reason: "packet limit" }),
  };
}

function readBatch({ inUse: { source } }: Progress, limit: number): Batch | Error {
  try {
    return source.read(limit);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

/** When it is to be read next. */
function note(batch: Batch, progress: Progress, now: number): void {
  progress.readable = batch.more;
  progress.readAt = batch.again === undefined ? null : now + batch.again;
  if (batch.again === undefined && progress.inUse.source.fd === null && !batch.ended) progress.readable = true;
}

/** An interface may go, come back and change its name without any packet that tells of it. */
function checkingDuty({ state, runtime, progresses }: Scene): Duty {
  let next = runtime.steady() + CHECK_MS;
  const checked = () => progresses().filter(({ inUse, retryAt }) => retryAt === null && inUse.source.check);
  return {
    dueAt: () => checked().length === 0 ? null : next,
    perform: () => {
      next = runtime.steady() + CHECK_MS;
      for (const progress of checked()) {
        try {
          for (const line of progress.inUse.source.check?.() ?? []) state.active.log("info", line);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          recover(error, progress, { state, runtime });
        }
      }
    },
  };
}

function retryingDuty({ state, runtime, progresses }: Scene): Duty {
  return {
    dueAt: () => earliest(progresses(), ({ retryAt }) => retryAt),
    perform: () => {
      const now = runtime.steady();
      for (const progress of progresses()) {
        if ((progress.retryAt ?? Infinity) <= now) recover(null, progress, { state, runtime });
      }
    },
  };
}

/** The old source goes only when the new one is there. */
function recover(
  error: Error | null,
  progress: Progress,
  { state, runtime }: { readonly state: LoopState; readonly runtime: Runtime },
): void {
  const { inUse } = progress;
  const source = runtime.recover(state.active, inUse, error);
  if (source === null) {
    state.ending = { reason: "capture broken" };
    return;
  }
  progress.readable = false;
  progress.retryAt = source === "later" ? runtime.steady() + RETRY_MS : null;
  if (source === "later" || source === inUse.source) return;
  progress.readAt = source.fd === null ? runtime.steady() : null;
  progress.inUse = { spec: inUse.spec, source };
  state.active = withSources(state.active, state.active.sources.map((one) => one === inUse ? progress.inUse : one));
  inUse.source[Symbol.dispose]();
}

function earliest(progresses: readonly Progress[], when: (progress: Progress) => number | null): number | null {
  const first = progresses.reduce((least, progress) => Math.min(least, when(progress) ?? Infinity), Infinity);
  return first === Infinity ? null : first;
}
