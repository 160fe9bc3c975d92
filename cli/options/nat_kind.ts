/** `-N`: where the server leads what is opened. Pure. Its faults carry the fragments that scripts match (facts/client 7). */
import { parseIp } from "../../lib/net/address.ts";
import { isHostName } from "../../lib/net/host_name.ts";
import { parsePort } from "../../lib/net/service.ts";
import { MAX_NAT_HOST } from "../../lib/limits.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { Kind } from "../../lib/settings/setting.ts";

/** Where the server forwards to. Without a port it is that of the first service. */
export interface NatDestination {
  /** As it was written. */
  readonly text: string;
  /** A host name, or an address in its canonical form, without brackets. */
  readonly host: string;
  readonly port: number | null;
}

/** `-N`: `HOST`, `HOST:PORT` or `HOST,PORT`; IPv6 addresses stand in brackets when a port follows. */
export const natDestination: Kind<NatDestination> = {
  valueName: "HOST[:PORT]",
  expects: "HOST or HOST:PORT",
  parse(text) {
    const bare = parseIp(text);
    if (bare.ok && bare.value.family === 6) return withHost(text, { named: text, port: null });
    const [, inBrackets, plain, digits] = /^(?:\[([^\]]*)\]|([^:,[\]]*))(?:[:,](.*))?$/s.exec(text) ?? [];
    const port = digits === undefined ? null : parsePort(digits);
    if (digits !== undefined && port === null) {
      return fail(`Invalid port value in -N arg: "${text}" (Args contain invalid data)`);
    }
    return withHost(text, { named: inBrackets ?? plain ?? "", port });
  },
  format: ({ text }) => text,
};

function withHost(
  text: string,
  { named, port }: { readonly named: string; readonly port: number | null },
): Result<NatDestination, string> {
  const host = natHost(named);
  if (host === null) return fail(`Invalid NAT destination '${text}' for -N arg (Args contain invalid data)`);
  if (host.length > MAX_NAT_HOST) {
    const message = `Invalid NAT destination '${text}' for -N arg: the host has more than ${MAX_NAT_HOST} characters`;
    return fail(`${message} (Error 103 - Invalid SPA nat_access message)`);
  }
  return ok({ text, host, port });
}

/** Canonical host of a NAT target; null when it is none (facts/client 7, facts/decisions 1). */
export function natHost(text: string): string | null {
  const ip = parseIp(text);
  if (ip.ok) return ip.value.text === "::" ? null : ip.value.text;
  return isHostName(text) ? text : null;
}
