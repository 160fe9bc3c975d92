/** Kinds of the values that are about mail. Pure. */
import { parseIp } from "../../lib/net/address.ts";
import { isHostName } from "../../lib/net/host_name.ts";
import { fail, ok } from "../../lib/result.ts";
import { choice, list, text } from "../../lib/settings/kinds.ts";
import type { Kind } from "../../lib/settings/setting.ts";
import { EVENT_KINDS, type EventKind } from "../report/mail_events.ts";

/**
 * An address as it stands behind RCPT TO and among the arguments of sendmail: it begins with a letter or a digit, because old
 * programs took `|` for a command, `/` for a file and `-` for an option. A name alone is a user of this host.
 */
const ADDRESS = /^[A-Za-z0-9][A-Za-z0-9._%+=~-]{0,63}(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)?$/;

/** EMAIL_FROM. */
export const mailAddress: Kind<string> = {
  ...text({ valueName: "ADDRESS", bare: true }),
  expects: "a mail address",
  parse: (given) => ADDRESS.test(given) ? ok(given) : fail("expected a mail address such as root@localhost"),
};

/** So many get each mail at most. */
const MOST_ADDRESSES = 20;

/** EMAIL_ADDRESSES: separated by commas, or as in fwknop 1.x by blanks. One that stands twice counts once. */
export const mailAddresses: Kind<readonly string[]> = {
  valueName: "ADDRESS[,ADDRESS...]",
  expects: "mail addresses separated by commas",
  bare: true,
  parse(given) {
    const addresses = [...new Set(given.split(/[ \t]*,[ \t]*|[ \t]+/))];
    const wrong = addresses.findIndex((address) => !ADDRESS.test(address));
    if (wrong >= 0) return fail(`number ${wrong + 1} of them is no mail address such as root@localhost`);
    return addresses.length <= MOST_ADDRESSES ? ok(addresses) : fail(`expected at most ${MOST_ADDRESSES} addresses`);
  },
  format: (addresses) => addresses.join(","),
};

/** HOSTNAME. What the file of 1.x had before its installation filled it in stands for the name that the host has. */
export const mailHostName: Kind<string> = {
  ...text({ valueName: "NAME", bare: true }),
  expects: "the name of a host",
  parse(given) {
    if (/^_*CHANGEME_*$/.test(given)) return ok("");
    // It stands behind the @ of a sender, where a dot may not come last.
    return isHostName(given) && !given.endsWith(".")
      ? ok(given)
      : fail("expected the name of a host, of letters, digits, dots and hyphens");
  },
};

/** Where a mail server listens. */
export interface MailServer {
  /** A name, an IPv4 address or `::1`. */
  readonly host: string;
  readonly port: number;
}

/** Ports of mail servers. The program has the right to connect to these, and to no other (packaging/permissions.json). */
export const MAIL_PORTS: readonly number[] = [25, 465, 587, 2525];

/** EMAIL_SERVER. */
export const mailServer: Kind<MailServer> = {
  valueName: "HOST[:PORT]",
  expects: `a host and one of the ports ${MAIL_PORTS.join(", ")}`,
  bare: true,
  parse(given) {
    const [, six, name, port = "25"] = /^(?:\[([0-9a-fA-F:]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?$/.exec(given) ?? [];
    const host = six ?? name;
    if (host === undefined) return fail("expected a host, or a host and a port such as mail.example.org:587");
    if (six !== undefined && six !== "::1") {
      return fail("expected a name or an IPv4 address: over IPv6 only [::1] is possible");
    }
    if (six === undefined && !parseIp(host).ok && !isHostName(host)) {
      return fail("expected the name of a host, or an IPv4 address");
    }
    if (!MAIL_PORTS.includes(Number(port))) {
      return fail(`expected one of the ports ${MAIL_PORTS.join(", ")}, which are those of mail servers`);
    }
    return ok({ host, port: Number(port) });
  },
  remedy: () => "a mail program of this host (SENDMAIL_EXE) reaches every other server",
  format: ({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`,
};

const kinds = list(choice(EVENT_KINDS, "KIND"));

/** EMAIL_EVENTS. One that stands twice counts once. */
export const eventList: Kind<readonly EventKind[]> = {
  ...kinds,
  valueName: "KIND[,KIND...]",
  expects: `some of ${EVENT_KINDS.join(", ")}, separated by commas`,
  bare: true,
  choices: EVENT_KINDS,
  parse(given) {
    const read = kinds.parse(given);
    return read.ok ? ok([...new Set(read.value)]) : fail(`expected ${eventList.expects}`);
  },
};
