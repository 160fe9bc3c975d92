/**
 * Grants as iptables rule vectors, exactly in the shapes of facts/firewall 3, so that rules of the C daemon and ours are
 * the same rules. Pure.
 */
import type { Ip } from "../../../lib/net/address.ts";
import { PROTO_NUMBER, type Service } from "../../../lib/net/service.ts";
import type { Access, Grant, NatMatch } from "../firewall.ts";
import type { ChainSpec } from "../chain_text.ts";
import type { ChainSpecs } from "./chain_specs.ts";

/** A rule without verb and chain: the words after `-A CHAIN`. */
export type RuleWords = readonly string[];

/** The comment that says when a rule dies: a public convention (facts/firewall 4). */
function expiryComment(expiresAt: number): string {
  return `_exp_${expiresAt}`;
}

/** The table and chain in which the rule of a grant stands. */
export function accessChain(access: Access, chains: ChainSpecs): { readonly table: string; readonly to: string } {
  return access.slot === "foreign" ? { table: access.table, to: access.chain } : chains[access.slot];
}

/** The rule of a grant. A foreign grant has none: it is never granted. */
export function ruleWords(grant: Grant, chains: ChainSpecs): RuleWords {
  const { access } = grant;
  if (access.slot === "foreign") throw new RangeError(`"grant" expected one of ours, got a foreign rule`);
  const end = ["-m", "comment", "--comment", expiryComment(grant.expiresAt), "-j", chains[access.slot].target];
  switch (access.slot) {
    case "input":
      return [...portMatch(access.service, access.source, access.destination), ...end];
    case "output": {
      const from = access.destination?.text ?? anyOf(access.source);
      const proto = String(PROTO_NUMBER[access.service.proto]);
      return ["-p", proto, "-d", access.source.text, "-s", from, "--sport", String(access.service.port), ...end];
    }
    case "forward":
      return [...forwardMatch(access.source, access.target, access.service), ...end];
    case "published":
      return [...publishedMatch(access.service, access.source, access.destination), ...end];
    case "dnat": {
      const match = access.service === null
        ? ["-s", access.source.text, "-d", access.destination?.text ?? anyOf(access.source)]
        : portMatch(access.service, access.source, access.destination);
      return [...match, ...end, "--to-destination", formatTarget(access.to, access.toPort)];
    }
    case "snat":
      return [...natMatch(access.match), ...end, "--to-source", access.to.text];
    case "masquerade":
      return [
        ...natMatch(access.match),
        ...end,
        ...(access.toPort === null ? [] : ["--to-ports", String(access.toPort)]),
      ];
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

/** What the client asked for, of connections that somebody's DNAT sent on; the words in the order of iptables-save. */
function publishedMatch({ proto, port }: Service, source: Ip, destination: Ip | null): RuleWords {
  return [
    ...["-p", String(PROTO_NUMBER[proto]), "-s", source.text, "-m", "conntrack", "--ctstate", "DNAT"],
    ...(destination === null ? [] : ["--ctorigdst", destination.text]),
    ...["--ctorigdstport", String(port), "--ctdir", "ORIGINAL"],
  ];
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
