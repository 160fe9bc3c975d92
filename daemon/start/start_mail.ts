/** The mail of a daemon at its start. */
import { readProcOrNull } from "../../ffi/libc/proc_file.ts";
import { ownProgram } from "../command/own_program.ts";
import type { ConfigSource } from "../loop/reload.ts";
import { createDelivery } from "../report/mail_delivery.ts";
import { createMailer, type Mailer } from "../report/mailer.ts";

/** Undefined in test mode, in which nothing is run. `wake`: called when a mail was sent, or could not be. */
export function startMail(
  { options, files }: Pick<ConfigSource, "options" | "files">,
  wake: () => void,
): Mailer | undefined {
  if (options.actions.test) return undefined;
  const host = {
    program: ownProgram(files.startDirectory),
    hostName: () => readProcOrNull("/proc/sys/kernel/hostname") ?? "",
    clock: Date.now,
  };
  return createMailer({ deliver: createDelivery(host), clock: Date.now, steady: () => performance.now(), wake });
}
