/**
 * Doors as iptables rule vectors, exactly in the shapes of facts/firewall 3, so that rules of the C daemon and ours are
 * the same rules. Pure.
 */
import type { Ip } from "../../../lib/net/address.ts";
import { PROTO_NUMBER, type Service } from "../../../lib/net/service.ts";
import type { Door, Grant, NatMatch } from "../firewall.ts";
import type { ChainSpec } from "../chain_text.ts";
import type { ChainSpecs } from "./chains.ts";

/** A rule without verb and chain: the words after `-A CHAIN`. */
export type RuleWords = readonly string[];

/** The comment that says when a rule dies: a public convention (facts/firewall 4). */
function expiryComment(expiresAt: number): string {
  return `_exp_${expiresAt}`;
}

/** The family of all addresses of a door. */
export function doorFamily(door: Door): 4 | 6 {
  switch (door.slot) {
    case "foreign":
      return door.family;
    case "snat":
      return door.to.family;
    case "masquerade":
      return "source" in door.match ? door.match.source.family : door.match.destination.family;
    default:
      return door.source.family;
  }
}

/** The table and chain in which the rule of a door stands. */
export function doorChain(door: Door, chains: ChainSpecs): { readonly table: string; readonly to: string } {
  return door.slot === "foreign" ? { table: door.table, to: door.chain } : chains[door.slot];
}

/** The rule of a grant. A foreign door has none: it is never granted. */
export function ruleWords(grant: Grant, chains: ChainSpecs): RuleWords {
  const { door } = grant;
  if (door.slot === "foreign") throw new RangeError(`"grant" expected a door of ours, got a foreign rule`);
  const end = ["-m", "comment", "--comment", expiryComment(grant.expiresAt), "-j", chains[door.slot].target];
  switch (door.slot) {
    case "input":
      return [...portMatch(door.service, door.source, door.destination), ...end];
    case "output": {
      const from = door.destination?.text ?? anyOf(door.source);
      const proto = String(PROTO_NUMBER[door.service.proto]);
      return ["-p", proto, "-d", door.source.text, "-s", from, "--sport", String(door.service.port), ...end];
    }
    case "forward":
      return [...forwardMatch(door.source, door.target, door.service), ...end];
    case "dnat": {
      const match = door.service === null
        ? ["-s", door.source.text, "-d", door.destination?.text ?? anyOf(door.source)]
        : portMatch(door.service, door.source, door.destination);
      return [...match, ...end, "--to-destination", formatTarget(door.to, door.toPort)];
    }
    case "snat":
      return [...natMatch(door.match), ...end, "--to-source", door.to.text];
    case "masquerade":
      return [...natMatch(door.match), ...end, ...(door.toPort === null ? [] : ["--to-ports", String(door.toPort)])];
  }
}

/** The jump to one of our chains. */
export function jumpWords(spec: ChainSpec): RuleWords {
  return ["-j", spec.to];
}

/** Quotes words the way iptables-restore reads them. */
export function formatWords(words: RuleWords): string {
  return words.map((word) => /^[A-Za-z0-9_.,:\/\[\]!+-]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`)
    .join(" ");
}

function portMatch(service: Service, source: Ip, destination: Ip | null): RuleWords {
  return [
    ...["-p", String(PROTO_NUMBER[service.proto]), "-s", source.text],
    ...["-d", destination?.text ?? anyOf(source), "--dport", String(service.port)],
  ];
}

function forwardMatch(source: Ip, target: Ip | null, service: Service | null): RuleWords {
  const proto = service === null ? [] : ["-p", String(PROTO_NUMBER[service.proto])];
  const port = service === null ? [] : ["--dport", String(service.port)];
  return [...proto, "-s", source.text, ...(target === null ? [] : ["-d", target.text]), ...port];
}

function natMatch(match: NatMatch): RuleWords {
  if ("source" in match) return ["-s", match.source.text];
  const { proto, port } = match.service;
  return ["-p", String(PROTO_NUMBER[proto]), "-d", match.destination.text, "--dport", String(port)];
}

function anyOf(ip: Ip): string {
  return ip.family === 4 ? "0.0.0.0/0" : "::/0";
}

function formatTarget(to: Ip, port: number | null): string {
  if (port === null) return to.text;
  return to.family === 4 ? `${to.text}:${port}` : `[${to.text}]:${port}`;
}
