/** What of a listing is ours: jumps, and rules that are grants. Pure. */
import { type Ip, parseIp } from "../../../lib/net/address.ts";
import type { Service } from "../../../lib/net/service.ts";
import { type Access, accessKey, type Grant, type NatMatch, type Slot } from "../firewall.ts";
import type { ChainSpec } from "../chain_text.ts";
import { SLOTS } from "../slots.ts";
import { chainRules, type RuleListing, splitWords } from "../save_text.ts";
import type { ChainSpecs } from "./chain_specs.ts";

/** A rule with an expiry in one of our chains. */
export interface ListedGrant extends Grant {
  /** Of its grant. */
  readonly key: string;
  readonly family: 4 | 6;
  readonly table: string;
  readonly chain: string;
  /** The exact text to delete it by. */
  readonly rule: string;
}

/** Whether the jump of a slot is there. */
export function hasJump(listing: RuleListing, spec: ChainSpec): boolean {
  return chainRules(listing, spec.table, spec.from)?.includes(`-j ${spec.to}`) ?? false;
}

/** Whether rules of the table lead to a chain of ours otherwise than by the plain jumps that `jumps` describe. */
export function hasOtherReferences(listing: RuleListing, spec: ChainSpec, jumps: readonly ChainSpec[]): boolean {
  for (const [chain, rules] of listing.tables.get(spec.table) ?? []) {
    const ours = jumps.some((jump) => jump.table === spec.table && jump.from === chain && jump.to === spec.to);
    for (const rule of rules) {
      if (!rule.includes(spec.to) || (ours && rule === `-j ${spec.to}`)) continue;
      const words = splitWords(rule);
      if (words.some((word, index) => (word === "-j" || word === "-g") && words[index + 1] === spec.to)) return true;
    }
  }
  return false;
}

/** Every rule with an `_exp_` comment in our chains, whoever put it there (facts/firewall 4). */
export function listedGrants(listing: RuleListing, chains: ChainSpecs, family: 4 | 6): readonly ListedGrant[] {
  const found: ListedGrant[] = [];
  const seen = new Set<string>();
  for (const slot of SLOTS) {
    const spec = chains[slot];
    const key = `${spec.table} ${spec.to}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const slots = SLOTS.filter((other) => `${chains[other].table} ${chains[other].to}` === key);
    for (const rule of chainRules(listing, spec.table, spec.to) ?? []) {
      const fields = readRule(rule);
      const expiresAt = parseExpiry(fields.comment);
      if (expiresAt === null) continue;
      const access: Access = slots.map((candidate) =>
        readAccess(candidate, fields, chains[candidate])
      ).find((it) => it !== null) ??
        { slot: "foreign", family, table: spec.table, chain: spec.to, rule };
      found.push({ access, key: accessKey(access), expiresAt, family, table: spec.table, chain: spec.to, rule });
    }
  }
  return found;
}

/** The epoch of an `_exp_` comment; at most eleven digits, and they end the comment. */
export function parseExpiry(comment: string | null): number | null {
  const digits = /_exp_([0-9]{1,11}) *$/.exec(comment ?? "")?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The parts of a rule that our own rules have. `exotic` is set by any other part. */
interface RuleFields {
  source: string | null;
  destination: string | null;
  proto: string | null;
  dport: string | null;
  sport: string | null;
  comment: string | null;
  target: string | null;
  toDestination: string | null;
  toSource: string | null;
  toPorts: string | null;
  ctState: string | null;
  ctDestination: string | null;
  ctPort: string | null;
  ctDirection: string | null;
  exotic: boolean;
}

const FIELD_OF: Readonly<Record<string, Exclude<keyof RuleFields, "exotic">>> = {
  "-s": "source",
  "-d": "destination",
  "-p": "proto",
  "--dport": "dport",
  "--sport": "sport",
  "--comment": "comment",
  "-j": "target",
  "--to-destination": "toDestination",
  "--to-source": "toSource",
  "--to-ports": "toPorts",
  "--ctstate": "ctState",
  "--ctorigdst": "ctDestination",
  "--ctorigdstport": "ctPort",
  "--ctdir": "ctDirection",
};

const KNOWN_MATCHES = new Set(["comment", "tcp", "udp", "conntrack"]);

function readRule(rule: string): RuleFields {
  const fields: RuleFields = {
    ...{ source: null, destination: null, proto: null, dport: null, sport: null, comment: null, target: null },
    ...{ toDestination: null, toSource: null, toPorts: null, exotic: false },
    ...{ ctState: null, ctDestination: null, ctPort: null, ctDirection: null },
  };
  const words = splitWords(rule);
  for (let i = 0; i < words.length; i += 2) {
    const word = words[i] ?? "";
    const value = words[i + 1] ?? "";
    const field = FIELD_OF[word];
    if (field !== undefined && fields[field] === null) fields[field] = value;
    else if (word !== "-m" || !KNOWN_MATCHES.has(value)) {
      fields.exotic = true;
      // Words no longer come in pairs, but an expiry must be found all the same.
      i -= word.startsWith("-") && !value.startsWith("-") ? 0 : 1;
    }
  }
  return fields;
}

function readAccess(slot: Slot, fields: RuleFields, spec: ChainSpec): Access | null {
  if (fields.exotic || fields.target !== spec.target) return null;
  // A comment with more in it is not what we would write.
  if (!/^_exp_[0-9]+$/.test(fields.comment ?? "")) return null;
  if (slot === "published") return readPublished(fields);
  if (PUBLISHED_ONLY.some((field) => fields[field] !== null)) return null;
  const source = readHost(fields.source);
  const destination = readHost(fields.destination);
  if (source === undefined || destination === undefined) return null;
  const service = readService(fields.proto, slot === "output" ? fields.sport : fields.dport);
  if (service === undefined || (slot === "output" ? fields.dport : fields.sport) !== null) return null;
  const plain = fields.toDestination === null && fields.toSource === null && fields.toPorts === null;
  switch (slot) {
    case "input":
      return plain && source && service ? { slot, source, destination, service } : null;
    case "output":
      return plain && destination && service ? { slot, source: destination, destination: source, service } : null;
    case "forward":
      return plain && source ? { slot, source, target: destination, service } : null;
    case "dnat": {
      const to = readTarget(fields.toDestination);
      return to && source ? { slot, source, destination, service, ...to } : null;
    }
    case "snat": {
      const match = readMatch(source, destination, service);
      const to = readTarget(fields.toSource);
      return match && to && to.toPort === null ? { slot, match, to: to.to } : null;
    }
    case "masquerade": {
      const match = readMatch(source, destination, service);
      const port = fields.toPorts;
      if (match === null || (port !== null && !/^[0-9]{1,5}$/.test(port))) return null;
      return { slot, match, toPort: port === null ? null : Number(port) };
    }
  }
}

/** What only rules for published services ask for. */
const PUBLISHED_ONLY = ["ctState", "ctDestination", "ctPort", "ctDirection"] as const;

function readPublished({ ctState, ctDirection, ctDestination, ctPort, ...fields }: RuleFields): Access | null {
  const source = readHost(fields.source);
  const destination = readHost(ctDestination);
  const service = readService(fields.proto, ctPort);
  const others = [
    fields.destination,
    fields.dport,
    fields.sport,
    fields.toDestination,
    fields.toSource,
    fields.toPorts,
  ];
  if (ctState !== "DNAT" || ctDirection !== "ORIGINAL" || others.some((one) => one !== null)) return null;
  return source && service && destination !== undefined ? { slot: "published", source, destination, service } : null;
}

/** One address; null for none; undefined for a whole network or something negated. */
function readHost(text: string | null): Ip | null | undefined {
  if (text === null) return null;
  const [address = "", length] = text.split("/");
  const ip = parseIp(address);
  if (!ip.ok || (length !== undefined && Number(length) !== ip.value.bytes.length * 8)) return undefined;
  return ip.value;
}

/** Null when neither protocol nor port is named, undefined when it is no service. */
function readService(proto: string | null, port: string | null): Service | null | undefined {
  if (proto === null && port === null) return null;
  const name = proto === "6" ? "tcp" : proto === "17" ? "udp" : proto;
  if ((name !== "tcp" && name !== "udp") || port === null || !/^[0-9]{1,5}$/.test(port)) return undefined;
  return { proto: name, port: Number(port) };
}

function readTarget(text: string | null): { readonly to: Ip; readonly toPort: number | null } | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?$/.exec(text ?? "");
  const ip = parseIp(match?.[1] ?? match?.[2] ?? text ?? "");
  if (!ip.ok) return null;
  return { to: ip.value, toPort: match?.[3] === undefined ? null : Number(match[3]) };
}

function readMatch(source: Ip | null, destination: Ip | null, service: Service | null): NatMatch | null {
  if (destination !== null && service !== null && source === null) return { destination, service };
  return source !== null && destination === null && service === null ? { source } : null;
}
