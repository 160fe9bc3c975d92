/** What goes wrong with GnuPG: one sentence, and what to do about it. No passphrase is ever part of one. Pure. */
import { type Fault, fault, type FaultCode, faultText } from "../faults.ts";
import { fail } from "../result.ts";

/** One failure. */
export interface GpgFailure {
  /** Its number and words are those that scripts look for (facts/wire 11). */
  readonly fault: Fault;
  /** What exactly, without them. */
  readonly what: string;
  /** The next move. */
  readonly remedy: string;
}

/** A failure as the result of a function. */
export function gpgFail(code: FaultCode, what: string, remedy: string) {
  return fail<GpgFailure>({ fault: fault(code), what, remedy });
}

/** The sentence: number, the words that scripts know, and what exactly. */
export function formatGpgFailure({ fault, what }: GpgFailure): string {
  return `Error ${fault.number} - ${faultText(fault)}: ${what}`;
}
