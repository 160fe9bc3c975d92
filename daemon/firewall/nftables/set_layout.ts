/**
 * The sets and maps that hold open grants: which there are, what their keys and values are made of, and which rule looks
 * packets up in them. One table; everything else (rules, element bytes, listings) is a fold over it.
 */
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";
import type { DataType } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Ip } from "../../../lib/net/address.ts";
import type { Service } from "../../../lib/net/service.ts";
import type { Access, NatMatch, Slot } from "../firewall.ts";

/** A part of a key or value. `source` is always the knocker, also where the rule looks at answers to it. */
export type Field = "source" | "destination" | "proto" | "port" | "to" | "toPort";

/** One set (no value) or map. */
export interface SetLayout {
  /** Name of the set in the ruleset. */
  readonly name: string;
  readonly slot: Slot;
  /** The slot in whose chain its rule stands. */
  readonly home: Home;
  readonly family: 4 | 6;
  readonly key: readonly Field[];
  readonly value: readonly Field[];
}

/** The slots that have a chain of their own, which bears their name. */
export type Home = Exclude<Slot, "published">;

/** The parts of a grant by field; null is what the grant does not say. */
export interface AccessFields {
  readonly source: Ip | null;
  readonly destination: Ip | null;
  readonly service: Service | null;
  readonly to: Ip | null;
  readonly toPort: number | null;
}

/** Everything of ours in somebody else's table begins with this. */
export const PREFIX = "fwknop_";
/** The table of our own that holds the NAT chains. */
export const NAT_TABLE = { family: "inet", table: "fwknop_nat" } as const;

const SERVICE: readonly Field[] = ["source", "proto", "port"];
const SERVICE_TO: readonly Field[] = ["source", "destination", "proto", "port"];
const ALL: readonly Field[] = ["source"];
const ALL_TO: readonly Field[] = ["source", "destination"];
const INNER: readonly Field[] = ["destination", "proto", "port"];

/** The more exact comes first: its rule stands first, and for NAT the first that matches decides. */
const ROWS: readonly (readonly [slot: Slot, suffix: string, key: readonly Field[], value: readonly Field[]])[] = [
  ["input", "_to", SERVICE_TO, []],
  ["input", "", SERVICE, []],
  ["output", "_to", SERVICE_TO, []],
  ["output", "", SERVICE, []],
  ["forward", "_to", SERVICE_TO, []],
  ["forward", "", SERVICE, []],
  ["forward", "_all_to", ALL_TO, []],
  ["forward", "_all", ALL, []],
  ["published", "_published_to", SERVICE_TO, []],
  ["published", "_published", SERVICE, []],
  ["dnat", "_port_to", SERVICE_TO, ["to", "toPort"]],
  ["dnat", "_to", SERVICE_TO, ["to"]],
  ["dnat", "_port", SERVICE, ["to", "toPort"]],
  ["dnat", "", SERVICE, ["to"]],
  ["dnat", "_all_to", ALL_TO, ["to"]],
  ["dnat", "_all", ALL, ["to"]],
  ["snat", "", INNER, ["to"]],
  ["snat", "_all", ALL, ["to"]],
  ["masquerade", "_port", INNER, ["toPort"]],
  ["masquerade", "", INNER, []],
  ["masquerade", "_all", ALL, []],
];

/** All layouts of both families. */
export const SET_LAYOUTS: readonly SetLayout[] = ROWS.flatMap(([slot, suffix, key, value]) =>
  ([4, 6] as const).map((family) => {
    const home = homeOf(slot);
    return { name: `${chainOf(home)}${family}${suffix}`, slot, home, family, key, value };
  })
);

/** The chains of ours that the administrator's own base chains jump to; each is the name of its hook. */
export const FILTER_SLOTS = ["input", "output", "forward"] as const;
export type FilterSlot = (typeof FILTER_SLOTS)[number];

/** Numbers of hooks. */
const PREROUTING = 0, POSTROUTING = 4;
/** The priorities that nft calls dstnat and srcnat. */
const DSTNAT = -100, SRCNAT = 100;

/** The slots whose rules stand in {@link NAT_TABLE}, with the place of their chain. */
export const NAT_CHAINS = {
  dnat: { type: "nat", hook: PREROUTING, priority: DSTNAT - 5 },
  snat: { type: "nat", hook: POSTROUTING, priority: SRCNAT - 5 },
  masquerade: { type: "nat", hook: POSTROUTING, priority: SRCNAT - 4 },
} as const;

/** In whose chain the rules of a slot stand. */
export function homeOf(slot: Slot): Home {
  return slot === "published" ? "forward" : slot;
}

/** Our chain of that name. */
export function chainOf(home: Home): string {
  return `${PREFIX}${home}`;
}

/** The layout that holds such grants; null when none can (a translated port without a service to translate). */
export function layoutOf(access: Access): SetLayout | null {
  if (access.slot === "foreign") return null;
  const fields = fieldsOf(access);
  const family = (fields.source ?? fields.destination)?.family;
  const parts = partsOf(fields);
  return SET_LAYOUTS.find((layout) =>
    layout.slot === access.slot && layout.family === family && parts.size === layout.key.length + layout.value.length &&
    [...layout.key, ...layout.value].every((field) => parts.has(field))
  ) ?? null;
}

/** The fields that the grant fills. */
function partsOf({ source, destination, service, to, toPort }: AccessFields): ReadonlySet<Field> {
  const parts = new Set<Field>();
  if (source) parts.add("source");
  if (destination) parts.add("destination");
  if (service) parts.add("proto").add("port");
  if (to) parts.add("to");
  if (toPort !== null) parts.add("toPort");
  return parts;
}

/** Takes a grant apart. */
export function fieldsOf(access: Exclude<Access, { slot: "foreign" }>): AccessFields {
  const none = { source: null, destination: null, service: null, to: null, toPort: null };
  switch (access.slot) {
    case "input":
    case "output":
    case "published":
      return { ...none, source: access.source, destination: access.destination, service: access.service };
    case "forward":
      return { ...none, source: access.source, destination: access.target, service: access.service };
    case "dnat":
      return {
        source: access.source,
        destination: access.destination,
        service: access.service,
        to: access.to,
        toPort: access.toPort,
      };
    case "snat":
      return { ...none, ...matchFields(access.match), to: access.to };
    case "masquerade":
      return { ...none, ...matchFields(access.match), toPort: access.toPort };
  }
}

function matchFields(match: NatMatch): Pick<AccessFields, "source" | "destination" | "service"> {
  return "source" in match
    ? { source: match.source, destination: null, service: null }
    : { source: null, destination: match.destination, service: match.service };
}

/** Puts a grant together; null when the fields do not make one. */
export function accessOf(slot: Slot, fields: AccessFields): Access | null {
  const { source, destination, service, to, toPort } = fields;
  switch (slot) {
    case "input":
    case "output":
    case "published":
      return source && service ? { slot, source, destination, service } : null;
    case "forward":
      return source ? { slot, source, target: destination, service } : null;
    case "dnat":
      return source && to ? { slot, source, destination, service, to, toPort } : null;
    case "snat":
    case "masquerade": {
      const match = source ? { source } : destination && service ? { destination, service } : null;
      if (match === null) return null;
      if (slot === "masquerade") return { slot, match, toPort };
      return to ? { slot, match, to } : null;
    }
  }
}

/** Whether packets of an IP family pass the chains of a table family. */
export function seesFamily(table: TableFamily, family: 4 | 6): boolean {
  return table === "inet" || table === (family === 4 ? "ip" : "ip6");
}

/** `NFPROTO_*` of the IP families. */
export const NFPROTO_OF = { 4: 2, 6: 10 } as const;

/** What a field is in nft's language. */
export function fieldType(field: Field, family: 4 | 6): DataType {
  if (field === "proto") return "inet_proto";
  if (field === "port" || field === "toPort") return "inet_service";
  return family === 4 ? "ipv4_addr" : "ipv6_addr";
}

/** The bytes of a field. */
export function fieldSize(field: Field, family: 4 | 6): number {
  return { inet_proto: 1, inet_service: 2, ipv4_addr: 4, ipv6_addr: 16 }[fieldType(field, family)];
}
