/**
 * Rules as text: those that let in the clients of a table, those that say when a client's time ends, and any as
 * `pfctl -s rules` prints them. The end stands in the label of a rule, in the word of the C daemon (facts/firewall 4). Pure.
 */
import { type Ip, parseIp } from "../../../lib/net/address.ts";
import { type Access, accessKey, type Grant } from "../firewall.ts";
import { type Door, type InputAccess, tableName } from "./tables.ts";

/** A rule of the anchor that has an end: what the C daemon makes, and fwknopd made before it had tables. */
export interface EndingRule extends Grant {
  /** As pfctl prints it, which it also reads. */
  readonly text: string;
}

/** What stands in the anchor. */
export interface AnchorRules {
  /** Those whose table of ours is let in. */
  readonly doors: readonly Door[];
  readonly ending: readonly EndingRule[];
  /** Rules without an end: somebody else's, and kept as they are. */
  readonly others: readonly string[];
}

/** The rule that lets the clients of a table in, as pfctl reads it. */
export function doorRule(door: Door): string {
  const name = tableName(door);
  return rule(`<${name}>`, door, name);
}

/** The rule of a grant, which in its label has the end of it. */
export function endRule({ source, destination, service }: InputAccess, expiresAt: number): string {
  return rule(source.text, { family: source.family, destination, service }, `_exp_${expiresAt}`);
}

function rule(from: string, { family, destination, service: { proto, port } }: Door, label: string): string {
  const to = destination === null ? "any" : destination.text;
  // As a range: pfctl would print a single port by its name in /etc/services.
  return `pass in quick ${family === 4 ? "inet" : "inet6"} proto ${proto} from ${from} to ${to} ` +
    `port ${port}:${port} keep state label "${label}"`;
}

/**
 * Reads the listing of the anchor. A rule with an end that is none of ours, such as one of the C daemon whose port has a
 * name, is a foreign one: it is closed at its time.
 */
export function parseAnchor(listing: string, anchor: string): AnchorRules {
  const doors: Door[] = [];
  const ending: EndingRule[] = [];
  const others: string[] = [];
  for (const text of listing.split("\n").map((line) => line.trimEnd())) {
    // Counters and the like, which pfctl prints below a rule, are indented.
    if (text === "" || /^[ \t]/.test(text)) continue;
    const expiresAt = expiryOf(text);
    const door = readDoor(text);
    if (door !== null) doors.push(door);
    else if (expiresAt === null) others.push(text);
    else ending.push({ access: accessOf(text) ?? foreign(text, anchor), expiresAt, text });
  }
  return { doors, ending, others };
}

/** Reads the anchor that no packet goes through: when what is open ends, by the key of its access. */
export function parseEnds(listing: string): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { access, expiresAt } of parseAnchor(listing, "").ending) {
    const key = accessKey(access);
    ends.set(key, Math.max(expiresAt, ends.get(key) ?? 0));
  }
  return ends;
}

function expiryOf(rule: string): number | null {
  const [, digits] = /^pass .*\blabel "_exp_([0-9]{1,11})"/.exec(rule) ?? [];
  return digits === undefined ? null : Number(digits);
}

const RULE =
  /^pass in quick (inet6?) proto (tcp|udp) from (\S+) to (\S+) port (?:= ([0-9]{1,5})|([0-9]{1,5}):([0-9]{1,5}))(?: flags S\/SA)?(?: keep state)?(?: \([^)]*\))? label "([^"]*)"$/;

/** A rule of the shape of ours; null where it is another. */
function readRule(text: string): { readonly door: Door; readonly from: string; readonly label: string } | null {
  const [, word, proto, from = "", to = "", single, first, last = first, label = ""] = RULE.exec(text) ?? [];
  if (proto !== "tcp" && proto !== "udp") return null;
  const family = word === "inet" ? 4 : 6;
  const port = Number(single ?? first);
  const destination = to === "any" ? null : hostOf(to);
  if (last !== first || port < 1 || port > 65_535) return null;
  if (to !== "any" && destination?.family !== family) return null;
  return { door: { family, service: { proto, port }, destination }, from, label };
}

/** The access that a rule gives; null where it is not exactly that of one grant. */
function accessOf(text: string): InputAccess | null {
  const read = readRule(text);
  const source = read === null ? null : hostOf(read.from);
  if (read === null || source?.family !== read.door.family) return null;
  const { destination, service } = read.door;
  return { slot: "input", source, destination, service };
}

/** What a rule of ours lets the clients of its table through; null where it is another. */
function readDoor(text: string): Door | null {
  const read = readRule(text);
  if (read === null) return null;
  const name = tableName(read.door);
  // With -v pfctl tells the number of entries in the brackets.
  return read.label === name && read.from.replace(/:[0-9*]+>$/, ">") === `<${name}>` ? read.door : null;
}

function hostOf(text: string): Ip | null {
  const ip = parseIp(text.replace(text.includes(":") ? /\/128$/ : /\/32$/, ""));
  return ip.ok ? ip.value : null;
}

function foreign(rule: string, anchor: string): Access {
  return { slot: "foreign", family: rule.includes(" inet6 ") ? 6 : 4, table: "pf", chain: anchor, rule };
}
