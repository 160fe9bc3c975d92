/** What the kernel knows about the quality of its clock (adjtimex(2)). */
import { lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** int adjtimex(struct timex *buf) */
  adjtimex: { parameters: ["buffer"], result: "i32" },
});

/** struct timex of 64-bit Linux: modes (int), offset, freq, maxerror, esterror (long, microseconds), status (int); 208 bytes. */
const TIMEX = { size: 208, maxError: 24, status: 40 } as const;
const TIME_ERROR = 5;
const STA_UNSYNC = 0x40;

/** Whether something keeps the clock right, and how far off it may be. */
export interface ClockState {
  readonly synchronized: boolean;
  /** The largest error that the kernel reckons with, in microseconds. */
  readonly maxErrorUs: number;
}

/**
 * Asks, and changes nothing (modes 0), so that no right is needed.
 *
 * @tags allow-ffi
 */
export function clockState(): ClockState {
  const timex = new DataView(new ArrayBuffer(TIMEX.size));
  const state = libc().adjtimex(new Uint8Array(timex.buffer));
  if (state < 0) throwErrno("adjtimex", "ask for the state of the clock");
  const synchronized = state !== TIME_ERROR && (timex.getInt32(TIMEX.status, true) & STA_UNSYNC) === 0;
  return { synchronized, maxErrorUs: Number(timex.getBigInt64(TIMEX.maxError, true)) };
}
