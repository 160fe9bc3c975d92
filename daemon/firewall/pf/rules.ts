/**
 * Rules of the anchor as text: those of grants as they are loaded, and any as `pfctl -s rules` prints them. The end of a
 * grant stands in the label of its rule, in the word of the C daemon (facts/firewall 4). Pure.
 */
import { type Ip, parseIp } from "../../../lib/net/address.ts";
import type { Access, Grant } from "../firewall.ts";

/** What can stand in the anchor as a grant of ours. */
export type InputAccess = Extract<Access, { readonly slot: "input" }>;

/** A grant in the anchor. */
export interface ListedRule extends Grant {
  /** As pfctl prints it, which it also reads. */
  readonly text: string;
}

/** What the anchor holds. */
export interface AnchorRules {
  readonly grants: readonly ListedRule[];
  /** Rules without an end: somebody else's, and kept as they are. */
  readonly others: readonly string[];
}

/** The rule of a grant, as pfctl reads it. */
export function ruleText({ source, destination, service: { proto, port } }: InputAccess, expiresAt: number): string {
  const family = source.family === 4 ? "inet" : "inet6";
  const to = destination === null ? "any" : destination.text;
  // As a range: pfctl would print a single port by its name in /etc/services.
  return `pass in quick ${family} proto ${proto} from ${source.text} to ${to} port ${port}:${port} keep state ` +
    `label "_exp_${expiresAt}"`;
}

/**
 * Reads the listing of the anchor. A rule with an end that is none of ours, such as one of the C daemon whose port has a
 * name, is a foreign one: it is closed at its time.
 */
export function parseAnchor(listing: string, anchor: string): AnchorRules {
  const grants: ListedRule[] = [];
  const others: string[] = [];
  for (const text of listing.split("\n").map((line) => line.trimEnd())) {
    // Counters and the like, which pfctl prints below a rule, are indented.
    if (text === "" || /^[ \t]/.test(text)) continue;
    const expiresAt = expiryOf(text);
    if (expiresAt === null) others.push(text);
    else grants.push({ access: accessOf(text) ?? foreign(text, anchor), expiresAt, text });
  }
  return { grants, others };
}

function expiryOf(rule: string): number | null {
  const [, digits] = /^pass .*\blabel "_exp_([0-9]{1,11})"/.exec(rule) ?? [];
  return digits === undefined ? null : Number(digits);
}

const RULE =
  /^pass in quick inet6? proto (tcp|udp) from (\S+) to (\S+) port (?:= ([0-9]{1,5})|([0-9]{1,5}):([0-9]{1,5}))(?: flags S\/SA)?(?: keep state)?(?: \([^)]*\))? label "[^"]*"$/;

/** The access that a rule gives; null where it is not exactly that of one grant. */
function accessOf(rule: string): InputAccess | null {
  const [, proto, from = "", to = "", single, first, last = first] = RULE.exec(rule) ?? [];
  if (proto !== "tcp" && proto !== "udp") return null;
  const port = Number(single ?? first);
  const source = hostOf(from);
  const destination = to === "any" ? null : hostOf(to);
  if (source === null || last !== first || port < 1 || port > 65_535) return null;
  if (to !== "any" && (destination === null || destination.family !== source.family)) return null;
  return { slot: "input", source, destination, service: { proto, port } };
}

function hostOf(text: string): Ip | null {
  const ip = parseIp(text.replace(text.includes(":") ? /\/128$/ : /\/32$/, ""));
  return ip.ok ? ip.value : null;
}

function foreign(rule: string, anchor: string): Access {
  return { slot: "foreign", family: rule.includes(" inet6 ") ? 6 : 4, table: "pf", chain: anchor, rule };
}

/** All of the anchor for `pfctl -f -`: rules of others first, as they were. Empty text empties it. */
export function formatAnchor({ grants, others }: AnchorRules, added: readonly Grant[]): string {
  const kept = [...others, ...grants.map(({ text }) => text)];
  const fresh = added.flatMap(({ access, expiresAt }) => access.slot === "input" ? [ruleText(access, expiresAt)] : []);
  return [...kept, ...fresh].map((line) => `${line}\n`).join("");
}
