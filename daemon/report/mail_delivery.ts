/**
 * Sending one mail: by a program of this host, or over the network. The daemon itself has no right to speak to others, so for that it
 * starts its own program once more, which does nothing else ({@link SEND_MAIL}). Either has limits of time and size.
 */
import { type Cut, exchange, type Exchanged } from "../../ffi/libc/exchange.ts";
import { closeFd } from "../../ffi/libc/fd.ts";
import { openMemoryFile } from "../../ffi/libc/memory_file.ts";
import { randomBytes } from "../../lib/host/entropy.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { showable } from "../../lib/showable.ts";
import type { OwnProgram } from "../command/own_program.ts";
import { SEND_MAIL } from "./mail_process.ts";
import { formatMail, mailableHost } from "./mail_text.ts";
import type { MailerParts } from "./mailer.ts";
import type { SmtpOrder } from "./smtp.ts";

/** What delivery needs of the host. */
export interface DeliveryHost {
  readonly program: OwnProgram;
  /** The name of this host. */
  hostName(): string;
  /** Unix milliseconds. */
  readonly clock: () => number;
}

/** Longer than any limit inside that process. */
const TIMEOUT_MS = 60_000;
const GRACE_MS = 500;
const OUTPUT_LIMIT = 16_384;
/** Characters of what the other said that a line repeats. */
const LONGEST = 300;

/** What sends mails. */
export function createDelivery({ program, hostName, clock }: DeliveryHost): MailerParts["deliver"] {
  return async ({ config, collection, failed }, stop) => {
    const host = config.host ?? mailableHost(hostName());
    const { route, to } = config;
    const from = config.from ?? `fwknopd@${host}`;
    const unique = [...randomBytes(12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const message = formatMail(collection, { host, from, to, now: clock(), unique, failed });
    if (route.kind === "smtp") {
      const order: SmtpOrder = { route, name: host, from, to, message };
      const args = [...program.before, SEND_MAIL];
      return await run({ path: program.path, args, env: program.env, folder: program.folder }, {
        input: JSON.stringify(order),
        what: `EMAIL_SERVER ${route.host} port ${route.port}`,
        stop,
      });
    }
    // Who the sender is, is the program's to say unless somebody wrote it: not every one lets every user name another.
    const args = ["-i", ...config.from === null ? [] : ["-f", config.from], ...to];
    return await run({ path: route.exe, args, env: ENVIRONMENT, folder: "/" }, {
      input: message,
      what: route.exe,
      stop,
    });
  };
}

const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" } as const;

/** Null where it ended well, else why it did not. */
async function run(
  program: Parameters<typeof exchange>[0],
  { input, what, stop }: { readonly input: string; readonly what: string; readonly stop: AbortSignal },
): Promise<string | null> {
  if (stop.aborted) return `${what}: the daemon ends`;
  let fd: number | null = null;
  try {
    fd = openMemoryFile(new TextEncoder().encode(input));
    const outputLimits = [OUTPUT_LIMIT, OUTPUT_LIMIT];
    const ended = await exchange(program, {
      input: { fd },
      outputLimits,
      timeoutMs: TIMEOUT_MS,
      graceMs: GRACE_MS,
      stop,
    });
    const reason = failureOf(ended);
    return reason === null ? null : `${what}: ${reason}`;
  } catch (error) {
    return reasonOf(error);
  } finally {
    if (fd !== null) closeFd(fd);
  }
}

const CUTS: Readonly<Record<Cut, string>> = {
  time: `no answer within ${TIMEOUT_MS / 1000} seconds`,
  output: "it prints without end",
  stop: "the daemon ends",
};

/** The first line that it said counts: programs of mail say there what is wrong. */
function failureOf({ cut, end, outputs }: Exchanged): string | null {
  if (cut !== null) return CUTS[cut];
  if ("status" in end && end.status === 0) return null;
  const said = outputs.map((bytes) => new TextDecoder().decode(bytes).trim()).reverse().find((text) => text !== "");
  const line = said?.split("\n")[0];
  if (line !== undefined) return showable(line).slice(0, LONGEST);
  return "signal" in end ? `ended by signal ${end.signal}` : `exit status ${end.status}`;
}
