/** What the variables about mail come to. Pure. */
import type { Resolved, SettingsOf } from "../../lib/settings/resolve.ts";
import type { Problem } from "../../lib/settings/setting.ts";
import type { EventKind } from "../report/mail_events.ts";
import { type MailServer, mailServer } from "./mail_kinds.ts";
import type { MAIL_SETTINGS } from "./mail_settings.ts";

/** A mail server, and how to speak to it. */
export interface SmtpRoute extends MailServer {
  readonly kind: "smtp";
  readonly tls: "auto" | "require" | "off";
  /** The file of the user name and the password; null: without logging in. */
  readonly authFile: string | null;
}

/** How mails leave. */
export type MailRoute = { readonly kind: "sendmail"; readonly exe: string } | SmtpRoute;

/** To whom mails go, and how many. */
export interface MailConfig {
  readonly to: readonly string[];
  /** Null: fwknopd at the name of the host. */
  readonly from: string | null;
  /** HOSTNAME; null: the name that it has. */
  readonly host: string | null;
  readonly events: readonly EventKind[];
  /** Seconds for which events are collected. */
  readonly interval: number;
  /** Most mails of an hour. */
  readonly limit: number;
  readonly route: MailRoute;
}

type Said = Pick<Resolved<typeof MAIL_SETTINGS>, "values" | "origins">;

/** Null where nobody gets mail. What is wrong between the variables goes to `problems`. */
export function mailConfig(
  { values, origins }: Said,
  path: (given: string) => string,
  problems: Problem[],
): MailConfig | null {
  problems.push(...loginProblems({ values, origins }));
  if (values.emailAddresses === undefined) return null;
  return {
    to: values.emailAddresses,
    from: values.emailFrom ?? null,
    host: values.hostName || null,
    events: values.emailEvents,
    interval: values.emailInterval,
    limit: values.emailLimit,
    route: routeOf(values, path),
  };
}

function routeOf(values: SettingsOf<typeof MAIL_SETTINGS>, path: (given: string) => string): MailRoute {
  const { emailServer, emailTls, emailAuthFile, sendmailExe } = values;
  if (emailServer === undefined) return { kind: "sendmail", exe: path(sendmailExe) };
  const authFile = emailAuthFile === undefined ? null : path(emailAuthFile);
  return { kind: "smtp", ...emailServer, tls: emailTls, authFile };
}

/** In plain words. */
export function mailWords({ events, interval, limit, route, to }: MailConfig): string {
  const by = route.kind === "sendmail" ? `by ${route.exe}` : `over ${mailServer.format(route)}`;
  const rate = `one for ${interval === 1 ? "each second" : `${interval} seconds`}, at most ${limit} an hour`;
  return `mail to ${to.join(", ")} ${by}: ${events.join(", ")}; ${rate}`;
}

/** Whether it is this host: what goes there is on no wire. */
export function isOwnServer({ host }: Pick<MailServer, "host">): boolean {
  return /^(?:localhost|::1|127(?:\.[0-9]{1,3}){3})$/i.test(host);
}

function loginProblems({ values, origins }: Said): readonly Problem[] {
  const { emailServer, emailTls, emailAuthFile } = values;
  if (emailAuthFile === undefined) return [];
  if (emailServer === undefined) {
    const message = "EMAIL_AUTH_FILE: there is no server to log in to";
    return [{ origin: origins.emailAuthFile ?? {}, message, hint: "write EMAIL_SERVER, or remove the line" }];
  }
  if (emailTls !== "off" || isOwnServer(emailServer)) return [];
  const message = "EMAIL_TLS: with off the password of EMAIL_AUTH_FILE would be readable on the way";
  return [{ origin: origins.emailTls ?? {}, message, hint: "write EMAIL_TLS require" }];
}

/** Variables that do nothing, because nobody gets mail. */
export function idleMailLines({ values, origins }: Said): readonly string[] {
  if (values.emailAddresses !== undefined) return [];
  // HOSTNAME stands in every file of fwknop 1.x.
  const idle = (Object.keys(origins) as (keyof typeof origins)[]).filter((key) => /^(?:email|sendmail)/.test(key));
  return idle.flatMap((key) => {
    const { file, line } = origins[key] ?? {};
    return file === undefined ? [] : [`${file}:${line}: no mail is sent without EMAIL_ADDRESSES`];
  });
}
