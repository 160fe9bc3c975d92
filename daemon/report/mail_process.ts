/**
 * The process that speaks to a mail server: an order on standard input, and what went wrong on standard error. It is this very
 * program, started once more by the daemon. Whoever types its argument gets nothing that they could not do without it.
 */
import { readFd } from "../../ffi/libc/fd.ts";
import { writeNow } from "../../ffi/libc/write_now.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import type { SmtpOrder } from "./smtp.ts";

/** The first argument of the process that speaks to a mail server. No option of the program: nobody is meant to write it. */
export const SEND_MAIL = "--send-mail";

const STANDARD_INPUT = 0, STANDARD_ERROR = 2;
/** Bytes of an order: many times what the daemon writes. */
const LIMIT = 1 << 18;

/** Does what it is ordered. Returns the exit status. */
export async function sendOrdered(): Promise<number> {
  try {
    const { deliverBySmtp } = await import("./smtp.ts");
    // Whoever writes something else is told what JSON or the library makes of it.
    await deliverBySmtp(JSON.parse(readOrder()) as SmtpOrder);
    return 0;
  } catch (error) {
    writeNow(STANDARD_ERROR, new TextEncoder().encode(`${reasonOf(error)}\n`));
    return 1;
  }
}

function readOrder(): string {
  const bytes = new Uint8Array(LIMIT);
  let length = 0;
  for (;;) {
    const count = readFd(STANDARD_INPUT, bytes.subarray(length));
    if (count === null || count === 0) return new TextDecoder().decode(bytes.subarray(0, length));
    length += count;
    if (length === LIMIT) throw new Error("Cannot read the order: it is too long");
  }
}
