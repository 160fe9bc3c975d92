/** The types of values of the NAT directives of a stanza (facts/configuration 7). Pure. */
import { type Ip, parseIp } from "../../lib/net/address.ts";
import { type AddressList, parseAddressList } from "../../lib/net/cidr.ts";
import { stripBrackets } from "../../lib/net/host_name.ts";
import { parsePort } from "../../lib/net/service.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { Kind } from "../../lib/settings/setting.ts";
import type { NatAllowance, NatEnd, PortRange } from "../grants/nat_policy.ts";

/** FORCE_NAT: `10.0.0.5 22`; the port may be 0 where FORWARD_ALL leaves it aside. */
export const natEnd: Kind<NatEnd> = {
  valueName: "ADDRESS PORT",
  expects: "an address and a port, such as 10.0.0.5 22",
  parse(text) {
    const [, host, digits] = /^([^ \t]+)[ \t]+([^ \t]+)$/.exec(text) ?? [];
    if (host === undefined || digits === undefined) return fail("invalid FORCE_NAT arg: need <IP> <PORT>");
    const to = parseIp(stripBrackets(host));
    if (!to.ok) return fail("invalid FORCE_NAT IP: expected an address such as 10.0.0.5 or 2001:db8::5");
    const port = /^0{1,5}$/.test(digits) ? 0 : parsePort(digits);
    if (port === null) return fail("invalid FORCE_NAT port: expected a number from 1 to 65535");
    return ok({ to: to.value, port });
  },
  remedy(text) {
    const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[0-9.]+)[:,]([0-9]+)$/.exec(text) ?? [];
    if (host !== undefined) return `write a blank between address and port: ${host} ${port}`;
    return /^[a-z][a-z0-9.-]* +[0-9]+$/i.test(text) ? "names are not looked up: write the address" : undefined;
  },
  format: ({ to, port }) => `${to.text} ${port}`,
};

/** FORCE_SNAT: one address. */
export const snatAddress: Kind<Ip> = {
  valueName: "ADDRESS",
  expects: "an address",
  parse(text) {
    const ip = parseIp(stripBrackets(text));
    return ip.ok ? ip : fail("invalid FORCE_SNAT IP: expected an address such as 10.0.0.1 or 2001:db8::1");
  },
  format: ({ text }) => text,
};

/** SNAT_TRANSLATE_IP: an address, or one of each family; null for anything else. */
export function parseSnatAddresses(text: string): readonly Ip[] | null {
  const addresses = text.split(",").map((item) => parseIp(stripBrackets(item.trim())));
  const read = addresses.flatMap((ip) => ip.ok ? [ip.value] : []);
  const families = new Set(read.map(({ family }) => family));
  return read.length === addresses.length && families.size === read.length ? read : null;
}

/** NAT_ALLOW: `10.0.0.5:22,443`, `10.0.0.0/24`, `[fd00::/64]:8000-8010`, `ANY:22`, separated by commas. */
export const natAllow: Kind<readonly NatAllowance[]> = {
  valueName: "HOST|NET[:PORT[-PORT]][,...]",
  expects: "hosts or networks, each with ports where not all of them are meant, such as 10.0.0.5:22",
  parse(text) {
    const read: { readonly hosts: AddressList; readonly ports: PortRange[] | null }[] = [];
    for (const written of text.split(",")) {
      const item = written.trim();
      const ports = read.at(-1)?.ports;
      const more = ports ? parsePortRange(item) : null;
      // A number alone is one more port of the item before it.
      if (ports && more !== null) {
        ports.push(more);
        continue;
      }
      const one = parseAllowance(item);
      if (!one.ok) return one;
      read.push(one.value);
    }
    return ok(read);
  },
  remedy(text) {
    if (/[a-z]/i.test(text.replaceAll(/\[[^\]]*\]|\bany\b/gi, "")) && !/::/.test(text)) {
      return "names are not looked up: write the address";
    }
    return /:.*:/.test(text) && !text.includes("[")
      ? "write IPv6 with ports in brackets, such as [2001:db8::5]:22"
      : undefined;
  },
  format: (items) => items.map(formatAllowance).join(", "),
};

/** `10.0.0.0/24`, `fd00::/64`, `[fd00::/64]`, `[fd00::]/64`, the ones in brackets and those of IPv4 also with `:22`. */
const ALLOWANCE = /^(?:\[([^\][]*)\](\/[0-9]*)?|([^:\][]*))(?::([^:]*))?$/;

function parseAllowance(item: string): Result<{ hosts: AddressList; ports: PortRange[] | null }, string> {
  // IPv6 without brackets has colons of its own, and no ports.
  const [, inner, mask = "", outer, ports] = ALLOWANCE.exec(item) ?? ["", undefined, "", item];
  const hosts = parseAddressList(inner === undefined ? outer ?? "" : inner + mask);
  if (!hosts.ok) {
    return fail(`"${item}" is no host or network: expected one such as 10.0.0.5, 10.0.0.0/24 or [2001:db8::5]`);
  }
  if (ports === undefined) return ok({ hosts: hosts.value, ports: null });
  const range = parsePortRange(ports);
  if (range === null) return fail(`"${item}" has no ports after the colon: expected 22 or 8000-8010`);
  return ok({ hosts: hosts.value, ports: [range] });
}

function parsePortRange(text: string): PortRange | null {
  const [, from = "", to = from] = /^([0-9]+)(?:-([0-9]+))?$/.exec(text) ?? [];
  const [first, last] = [parsePort(from), parsePort(to)];
  return first !== null && last !== null && first <= last ? { first, last } : null;
}

function formatAllowance({ hosts, ports }: NatAllowance): string {
  const host = hosts.text.includes(":") ? `[${hosts.text}]` : hosts.text;
  if (ports === null) return host;
  return `${host}:${ports.map(({ first, last }) => first === last ? first : `${first}-${last}`).join(",")}`;
}
