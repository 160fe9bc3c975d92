/** The rows of the packet source: reading what came, and trying a source again that broke or was never there. */
import type { Batch, PacketSource } from "../packet/datagram.ts";
import type { LoopState, Runtime } from "./active_config.ts";
import { handleBatch } from "./packets.ts";
import type { Duty, Watch } from "./rows.ts";

/** How long to wait before a broken capture is tried again. */
const RETRY_MS = 1000;

/** How it stands with the source in use. */
interface Progress {
  readonly source: PacketSource;
  /** Its descriptor is ready. */
  readable: boolean;
  /** A read was stopped by its limit. */
  more: boolean;
  /** A capture file has come to its end. */
  ended: boolean;
  /** It is broken, and is tried again then. */
  retryAt: number | null;
}

/** Reads packets, and ends the loop at the packet limit or when there is no source to go on with. */
export function captureRows(
  state: LoopState,
  runtime: Runtime,
): { readonly watch: Watch; readonly duties: readonly [Duty, Duty] } {
  let taken = 0;
  let latest = begin(state.active.source, runtime);
  /** A source that took the place of another begins anew. */
  const progress = (): Progress => {
    if (latest.source !== state.active.source) latest = begin(state.active.source, runtime);
    return latest;
  };
  const watch: Watch = {
    // A broken descriptor is always ready: it would be reported again and again.
    fd: () => progress().retryAt === null ? state.active.source.fd : null,
    ready: () => void (progress().readable = true),
  };
  const reading: Duty = {
    dueAt: (now) => isReadable(progress()) ? now : null,
    perform: async () => {
      const left = runtime.packetLimit > 0 ? runtime.packetLimit - taken : Infinity;
      // Never beyond the packet limit: what is over it stays for nobody.
      const batch = readBatch(state.active.source, Math.min(state.active.batchLimit, left));
      if (batch instanceof Error) return recover(batch, progress(), { state, runtime });
      Object.assign(progress(), { readable: false, more: batch.more, ended: batch.ended });
      taken += batch.taken;
      await handleBatch(batch, state.active, runtime);
      if (runtime.packetLimit === 0 || taken < runtime.packetLimit) return;
      state.active.log("warning", `* Incoming packet count limit of ${runtime.packetLimit} reached`);
      state.ending = { reason: "packet limit" };
    },
  };
  const retrying: Duty = {
    dueAt: () => progress().retryAt,
    perform: () => recover(null, progress(), { state, runtime }),
  };
  return { watch, duties: [reading, retrying] };
}

function begin(source: PacketSource, runtime: Runtime): Progress {
  const retryAt = source.absent ? runtime.steady() : null;
  return { source, readable: false, more: false, ended: false, retryAt };
}

function isReadable({ source, readable, more, ended, retryAt }: Progress): boolean {
  return retryAt === null && (readable || more || (source.fd === null && !ended));
}

function readBatch(source: PacketSource, limit: number): Batch | Error {
  try {
    return source.read(limit);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

/** The old source goes only when the new one is there. */
function recover(
  error: Error | null,
  progress: Progress,
  { state, runtime }: { readonly state: LoopState; readonly runtime: Runtime },
): void {
  const source = runtime.recover(state.active, error);
  if (source === null) {
    state.ending = { reason: "capture broken" };
    return;
  }
  progress.readable = progress.more = false;
  progress.retryAt = source === "later" ? runtime.steady() + RETRY_MS : null;
  if (source === "later" || source === progress.source) return;
  state.active = { ...state.active, source };
  progress.source[Symbol.dispose]();
}
