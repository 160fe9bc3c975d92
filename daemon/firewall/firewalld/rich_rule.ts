/** Grants as rich rules of firewalld, and back. Pure. */
import { type Ip, parseIp } from "../../../lib/net/address.ts";
import { parsePort, type Service } from "../../../lib/net/service.ts";
import type { Access } from "../firewall.ts";
import { endOf, markOf } from "./end_mark.ts";

/** A grant that a rich rule can hold. */
export type RuleAccess =
  | Extract<Access, { slot: "input" }>
  | (Extract<Access, { slot: "dnat" }> & { readonly service: Service; readonly toPort: number });

/** A rule of ours that firewalld lists. */
export interface FoundRule {
  readonly text: string;
  readonly access: RuleAccess;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** The grant, where a rich rule can hold it; else null. */
export function asRuleAccess(access: Access): RuleAccess | null {
  if (access.slot === "input") return access;
  if (access.slot !== "dnat") return null;
  const { service, toPort } = access;
  return service === null || toPort === null ? null : { ...access, service, toPort };
}

/**
 * The rule, as firewalld itself writes it. The source is written as a network of one address: nobody else does, so that with
 * the priority of its end such a rule is known as ours.
 */
export function formatRule(access: RuleAccess, expiresAt: number, now: number): string {
  const { source, destination, service } = access;
  const to = destination === null ? "" : ` destination address="${destination.text}"`;
  const what = access.slot === "input"
    ? `port port="${service.port}" protocol="${service.proto}" accept`
    : `forward-port port="${service.port}" protocol="${service.proto}" to-port="${access.toPort}" to-addr="${access.to.text}"`;
  const bits = source.family === 4 ? 32 : 128;
  return `rule priority="${markOf(expiresAt, now)}" family="ipv${source.family}" ` +
    `source address="${source.text}/${bits}"${to} ${what}`;
}

const SHAPE = new RegExp(
  [
    `^rule priority="(?<mark>\\d+)" family="ipv[46]" source address="(?<source>[^"/]+)/(?<bits>32|128)"`,
    `(?: destination address="(?<destination>[^"]+)")?`,
    `(?: port port="(?<port>\\d+)" protocol="(?<proto>tcp|udp)" accept`,
    `| forward-port port="(?<asked>\\d+)" protocol="(?<carrier>tcp|udp)" to-port="(?<toPort>\\d+)" to-addr="(?<to>[^"]+)")$`,
  ].join(""),
);

/** A listed rule, where it is one of ours; else null. */
export function parseRule(text: string, now: number): FoundRule | null {
  const parts = SHAPE.exec(text)?.groups;
  if (parts === undefined) return null;
  const source = ipOf(parts.source);
  const destination = parts.destination === undefined ? null : ipOf(parts.destination);
  const expiresAt = endOf(Number(parts.mark), now);
  const port = parsePort(parts.port ?? parts.asked ?? "");
  const proto = (parts.proto ?? parts.carrier) === "tcp" ? "tcp" : "udp";
  if (source === null || expiresAt === null || port === null) return null;
  if (Number(parts.bits) !== (source.family === 4 ? 32 : 128)) return null;
  if (parts.destination !== undefined && destination === null) return null;
  const common = { source, destination, service: { proto, port } as const };
  if (parts.to === undefined) return { text, expiresAt, access: { slot: "input", ...common } };
  const to = ipOf(parts.to);
  const toPort = parsePort(parts.toPort ?? "");
  return to === null || toPort === null ? null : { text, expiresAt, access: { slot: "dnat", ...common, to, toPort } };
}

function ipOf(text: string | undefined): Ip | null {
  const ip = parseIp(text ?? "");
  return ip.ok ? ip.value : null;
}
