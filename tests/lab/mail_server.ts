/** A real SMTP server on a host of the lab, and the mails that it took. */
import type { Lab } from "./lab.ts";
import type { Program } from "./program.ts";

/** One mail, as the server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body. */
  readonly text: string;
  readonly tls: boolean;
  readonly user: string | null;
}

/** A server that runs. */
export interface MailServer {
  readonly program: Program;
  /** All that it has taken so far. */
  taken(): readonly TakenMail[];
  /** The mail of that number, from 0, as soon as it is there. */
  mail(index: number): Promise<TakenMail>;
}

/** What the tests of mail run, and the Debian package of each. */
export const MAIL_PROGRAMS = {
  "/usr/lib/python3/dist-packages/aiosmtpd/smtp.py": "python3-aiosmtpd",
  "/usr/bin/msmtp": "msmtp",
  socat: "socat",
  ss: "iproute2",
} as const;

const SERVER = new URL("mail_server.py", import.meta.url).pathname;

/** Starts aiosmtpd on the server's loopback; `args` as in mail_server.py. */
export async function startMailServer(lab: Lab, args: readonly string[] = []): Promise<MailServer> {
  const program = lab.spawn("server", ["/usr/bin/python3", SERVER, ...args]);
  await program.waitFor(/^ready$/);
  const taken = () => program.lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as TakenMail);
  return {
    program,
    taken,
    async mail(index) {
      for (let since = 0; taken().length <= index;) {
        await program.waitFor(/^\{/, { since });
        since = program.mark();
      }
      return taken()[index]!;
    },
  };
}
