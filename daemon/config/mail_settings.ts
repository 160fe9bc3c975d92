/** The variables of fwknopd.conf that are about mail. */
import { choice, integer, path, seconds } from "../../lib/settings/kinds.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import { EVENT_KINDS } from "../report/mail_events.ts";
import { eventList, mailAddress, mailAddresses, mailHostName, mailServer } from "./mail_kinds.ts";

/** None of them is in the C daemon; the first two were in fwknop 1.x. */
export const MAIL_SETTINGS = {
  emailAddresses: {
    kind: mailAddresses,
    directive: ["EMAIL_ADDRESSES"],
    group: "mail",
    doc: "who gets mail about what the daemon did and refused; without this line nobody does",
    detail:
      "By SENDMAIL_EXE, or by EMAIL_SERVER where that is written. No knock waits for a mail: one that cannot be sent is a line of " +
      "the log, and its events come with the next.",
  },
  hostName: {
    kind: mailHostName,
    directive: ["HOSTNAME"],
    group: "mail",
    doc: "name of this host in mails; default the one that it has",
  },
  emailFrom: {
    kind: mailAddress,
    directive: ["EMAIL_FROM"],
    group: "mail",
    doc: "sender of mails; default fwknopd at HOSTNAME",
  },
  sendmailExe: {
    kind: path(),
    directive: ["SENDMAIL_EXE"],
    fallback: "/usr/sbin/sendmail",
    group: "mail",
    doc: "the program that takes mails; without effect where EMAIL_SERVER is written",
  },
  emailServer: {
    kind: mailServer,
    directive: ["EMAIL_SERVER"],
    group: "mail",
    doc: "mail server that takes mails over SMTP, in place of SENDMAIL_EXE; default port 25",
    detail: "Over IPv4, or at [::1]. Port 465 is TLS from the first byte on.",
  },
  emailTls: {
    kind: choice(["auto", "require", "off"], "WHEN"),
    directive: ["EMAIL_TLS"],
    fallback: "auto",
    group: "mail",
    doc: "TLS with EMAIL_SERVER: auto (where the server offers it), require, or off",
    detail:
      "Its certificate must be good for the name in EMAIL_SERVER, for an authority that this host trusts. With auto, a " +
      "server of this host itself (127.0.0.0/8, ::1, localhost) is spoken to in the clear.",
  },
  emailAuthFile: {
    kind: path(),
    directive: ["EMAIL_AUTH_FILE"],
    group: "mail",
    doc: "file with the user name (first line) and the password (second line) for EMAIL_SERVER",
    detail:
      "Read for each mail; one that others may read, or that is another user's, is refused. Whoever logs in requires TLS, except " +
      "with a server of this host itself.",
  },
  emailEvents: {
    kind: eventList,
    directive: ["EMAIL_EVENTS"],
    fallback: EVENT_KINDS,
    group: "mail",
    doc: "what mails tell of: grants, refusals (of who has a key), replays, errors (of the packet filter, of files)",
  },
  emailInterval: {
    kind: seconds(1, 86_400),
    directive: ["EMAIL_INTERVAL"],
    fallback: 60,
    group: "mail",
    doc: "seconds for which events are collected for one mail",
  },
  emailLimit: {
    kind: integer(1, 3600, "COUNT"),
    directive: ["EMAIL_LIMIT"],
    fallback: 20,
    group: "mail",
    doc: "most mails of an hour; what comes then waits for the next",
  },
} as const satisfies SettingTable;
