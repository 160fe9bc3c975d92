/** What stands inside the message string and the NAT string, as values. See facts/wire 3, facts/decisions 1. Pure. */
import { type Ip, parseIp, parseIpv4, parseIpv6 } from "../net/address.ts";
import { isHostName } from "../net/host_name.ts";
import { formatServices, parsePort, parseServices } from "../net/service.ts";
import { MAX_NAT_HOST } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";
import type { MessageType, NatTarget, SpaRequest } from "./message.ts";

/** What is wrong with a message string: the address that is to be let in, the command, or the list of services. */
export type MessageProblem = "allow" | "command" | "access";

/** `::` would be a second spelling of "the packet's source", which is `0.0.0.0` for both families. */
const UNSPECIFIED6 = "::";

/**
 * Reads a message string. The address is what stands before the first comma; the rest is a command for type 0 (any text
 * without NUL, which the C programs could not carry) and a list of services for all other types.
 */
export function parseMessage(type: MessageType, text: string): Result<SpaRequest, MessageProblem> {
  const comma = text.indexOf(",");
  const allow = parseIp(text.slice(0, Math.max(comma, 0)));
  if (!allow.ok || allow.value.text === UNSPECIFIED6) return fail("allow");
  const rest = text.slice(comma + 1);
  if (type === 0) return parseCommand(allow.value, rest);
  const services = parseServices(rest);
  return services.ok ? ok({ kind: "access", allow: allow.value, services: services.value }) : fail("access");
}

function parseCommand(allow: Ip, command: string): Result<SpaRequest, MessageProblem> {
  if (command === "" || command.includes("\0") || !command.isWellFormed()) return fail("command");
  return ok({ kind: "command", allow, command });
}

/** Writes the canonical message string: canonical address, ports without leading zeros. */
export function formatMessage(request: SpaRequest): string {
  return `${request.allow.text},${formatAsked(request)}`;
}

/** What stands behind the address: the command, or the services. */
export function formatAsked(request: SpaRequest): string {
  return request.kind === "command" ? request.command : formatServices(request.services);
}

/**
 * Reads a NAT string: `host,port` with exactly one comma. The host is a host name, an IPv4 address, or an IPv6 address in
 * brackets, at most 70 characters as written.
 */
export function parseNat(text: string): Result<NatTarget, "nat"> {
  const [host = "", digits = "", ...more] = text.split(",");
  if (more.length > 0 || host.length > MAX_NAT_HOST) return fail("nat");
  const named = parseNatHost(host);
  const port = parsePort(digits);
  return named !== null && port !== null ? ok({ host: named, port }) : fail("nat");
}

function parseNatHost(text: string): string | null {
  if (text.startsWith("[") && text.endsWith("]")) {
    const ip = parseIpv6(text.slice(1, -1));
    return ip.ok && ip.value.text !== UNSPECIFIED6 ? ip.value.text : null;
  }
  const ip = parseIpv4(text);
  if (ip.ok) return ip.value.text;
  return isHostName(text) ? text : null;
}

/** Writes the NAT string of a target; IPv6 gets its brackets. */
export function formatNat(target: NatTarget): string {
  return target.host.includes(":") ? `[${target.host}],${target.port}` : `${target.host},${target.port}`;
}
