/** A packet of which some bytes are known and some are not, and what can be said of values made of them. Pure. */
import { PROTO_NUMBER, type Service } from "../../../lib/net/service.ts";
import type { Ip } from "../../../lib/net/address.ts";
import { byteString, CT, type Field, LOCAL, META, type Operand, portString, SENT_ELSEWHERE, STATE } from "./operand.ts";

/** Bits of one byte of a packet: its value, which bits of it are known, and the two odd states. */
const ALL_KNOWN = 0xff00, ELSEWHERE = 1 << 16, OPAQUE = 1 << 17;

/** Yes, no, or not known. */
export type Answer = boolean | null;

/** A value as far as it is known. */
export interface Partial {
  /** The least and the greatest that it can be, as byte strings; equal where all of it is known. */
  readonly low: string;
  readonly high: string;
  /** By byte, which bits are known. */
  readonly known: readonly number[];
  /** It is none of the values that rules name. */
  readonly elsewhere: boolean;
  /** No condition on it holds. */
  readonly opaque: boolean;
  /** What it is not, where the rest is not known. */
  readonly never: readonly { readonly at: number; readonly text: string }[];
}

/** A packet. */
export interface Packet {
  /** What is known of the value. */
  see(operand: Operand): Partial;
  /** Whether conditions that are not understood may hold. */
  readonly mayBeOpaque: boolean;
}

type Fields = Map<Field, number[]>;

/** What is known of a packet. What is left out is not known. */
export interface Knowledge {
  readonly family?: 4 | 6;
  readonly protocol?: number;
  readonly source?: Ip;
  readonly destination?: Ip;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Whether it was sent to an address of this host. */
  readonly local?: true;
  /** First of a connection, or one that follows. */
  readonly state?: keyof typeof STATE;
  /** Whether it is on its way to where it was sent, as far as this host is asked. */
  readonly untranslated?: boolean;
  /** It was sent to this host, to there, and somebody's rule sends it on. */
  readonly published?: { readonly destination?: Ip; readonly port: number };
  /** The type of an ICMP message. */
  readonly icmpType?: number;
  /** Came in by the loopback interface, by another one, by one that is none of these either, or by this one. */
  readonly interface?: "loopback" | "other" | { readonly never: readonly string[] } | { readonly name: string };
}

/** By field, what it is not. */
type Never = ReadonlyMap<Field, readonly string[]>;

const NOTHING: Never = new Map();
const LOOPBACK: Never = new Map<Field, readonly string[]>([
  [`meta ${META.iifname}`, ["lo\0"]],
  [`meta ${META.iif}`, ["\x01\0\0\0"]],
  // ARPHRD_LOOPBACK
  [`meta ${META.iifType}`, ["\x04\x03"]],
]);

/** A packet with what is known of it; of the rest nothing is. */
export function partialPacket(knowledge: Knowledge): Packet {
  const { interface: by } = knowledge;
  if (by === undefined || by === "loopback") return packetOf(fieldsOf(knowledge), NOTHING, 0);
  const names = typeof by === "object" && "never" in by ? by.never : [];
  return packetOf(fieldsOf(knowledge), names.length === 0 ? LOOPBACK : notBy(names), 0);
}

function notBy(names: readonly string[]): Never {
  const field = `meta ${META.iifname}` as const;
  return new Map([...LOOPBACK, [field, [...LOOPBACK.get(field) ?? [], ...names.map((name) => `${name}\0`)]]]);
}

/**
 * An ordinary packet that nothing was made for: source, interface, protocol and port are none of those that rules name, it
 * has no mark, and what is not understood does not hold for it. `port`: a packet of that protocol to any port instead.
 */
export function ordinaryPacket(family: 4 | 6, stateKnown: boolean, port?: Service["proto"]): Packet {
  const protocol = port === undefined ? undefined : PROTO_NUMBER[port];
  const fields = fieldsOf({
    family,
    ...(protocol === undefined ? {} : { protocol }),
    ...(stateKnown ? { state: "new" } : {}),
  });
  const [source, length] = family === 4 ? [12, 4] as const : [8, 16] as const;
  put(fields, ["network", source], Array<number>(length).fill(ELSEWHERE));
  for (const field of LOOPBACK.keys()) put(fields, [field, 0], Array<number>(16).fill(ELSEWHERE));
  for (const field of [`meta ${META.mark}`, `ct ${CT.mark}`] as const) put(fields, [field, 0], known("\0\0\0\0"));
  if (protocol === undefined) {
    put(fields, [`meta ${META.l4proto}`, 0], [ELSEWHERE]);
    put(fields, ["network", family === 4 ? 9 : 6], [ELSEWHERE]);
    put(fields, ["transport", 0], Array<number>(4).fill(ELSEWHERE));
  } else {
    put(fields, ["transport", 0], [ELSEWHERE, ELSEWHERE, 0, 0]);
  }
  return packetOf(fields, NOTHING, OPAQUE);
}

function fieldsOf(knowledge: Knowledge): Fields {
  const { family, protocol, source, destination, sourcePort, destinationPort, state, icmpType } = knowledge;
  const fields: Fields = new Map();
  if (family !== undefined) putFamily(fields, family);
  if (protocol !== undefined) {
    put(fields, [`meta ${META.l4proto}`, 0], known(String.fromCharCode(protocol)));
    if (family !== undefined) put(fields, ["network", family === 4 ? 9 : 6], known(String.fromCharCode(protocol)));
  }
  if (source) put(fields, ["network", family === 4 ? 12 : 8], known(byteString(source.bytes)));
  if (destination) put(fields, ["network", family === 4 ? 16 : 24], known(byteString(destination.bytes)));
  if (knowledge.local === true) put(fields, ["address type", 0], known(LOCAL));
  if (sourcePort !== undefined) put(fields, ["transport", 0], known(portString(sourcePort)));
  if (destinationPort !== undefined) put(fields, ["transport", 2], known(portString(destinationPort)));
  if (icmpType !== undefined) put(fields, ["transport", 0], known(String.fromCharCode(icmpType)));
  if (state !== undefined) put(fields, [`ct ${CT.state}`, 0], known(`${String.fromCharCode(STATE[state])}\0\0\0`));
  if (state === "new") {
    put(fields, [`ct ${CT.direction}`, 0], known("\0"));
    // Neither expected nor answered, confirmed or sent to another address (IPS_*); what was done about that is not known.
    if (knowledge.untranslated === true) put(fields, [`ct ${CT.status}`, 0], [0x3f00]);
    if (knowledge.published !== undefined) putPublished(fields, knowledge.published);
    // A connection begins with SYN alone, apart from the two bits of congestion control.
    if (protocol === PROTO_NUMBER.tcp) put(fields, ["transport", 13], [0x3f00 | 0x02]);
  }
  if (knowledge.interface === "loopback") {
    for (const [field, [text = ""]] of LOOPBACK) put(fields, [field, 0], known(text));
    put(fields, [`meta ${META.iifname}`, 0], known("lo".padEnd(16, "\0")));
  } else if (typeof knowledge.interface === "object" && "name" in knowledge.interface) {
    put(fields, [`meta ${META.iifname}`, 0], known(knowledge.interface.name.padEnd(16, "\0")));
  }
  return fields;
}

function putPublished(fields: Fields, { destination, port }: NonNullable<Knowledge["published"]>): void {
  // As above, but for the bit that says that it was sent to another address.
  put(fields, [`ct ${CT.status}`, 0], [0x2f00 | SENT_ELSEWHERE]);
  put(fields, [`ct original ${CT.destinationPort}`, 0], known(portString(port)));
  if (destination === undefined) return;
  const key = destination.family === 4 ? CT.destination4 : CT.destination6;
  put(fields, [`ct original ${key}`, 0], known(byteString(destination.bytes)));
}

function putFamily(fields: Fields, family: 4 | 6): void {
  put(fields, [`meta ${META.nfproto}`, 0], known(family === 4 ? "\x02" : "\x0a"));
  put(fields, [`meta ${META.protocol}`, 0], known(family === 4 ? "\x08\0" : "\x86\xdd"));
  put(fields, [`meta ${META.packetType}`, 0], known("\0"));
  put(fields, ["network", 0], [0xf000 | (family === 4 ? 0x40 : 0x60)]);
  // No fragment: neither an offset nor the bit that says that more follow.
  if (family === 4) put(fields, ["network", 6], [0x3f00, 0xff00]);
}

function put(fields: Fields, place: readonly [field: Field, at: number], bytes: readonly number[]): void {
  const [field, at] = place;
  let whole = fields.get(field);
  if (whole === undefined) fields.set(field, whole = []);
  while (whole.length < at) whole.push(NaN);
  for (let index = 0; index < bytes.length; index++) whole[at + index] = bytes[index]!;
}

function known(text: string): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) bytes.push(ALL_KNOWN | text.charCodeAt(at));
  return bytes;
}

/** `rest`: what bytes are that no field has. */
function packetOf(fields: Fields, never: Never, rest: 0 | typeof OPAQUE): Packet {
  const seen = new Map<Operand, Partial>();
  const byte = (field: Field, at: number): number => {
    const found = fields.get(field)?.[at];
    return found === undefined || Number.isNaN(found) ? rest : found;
  };
  return {
    mayBeOpaque: rest === 0,
    see(operand) {
      let partial = seen.get(operand);
      if (partial === undefined) seen.set(operand, partial = look(operand, byte, never));
      return partial;
    },
  };
}

function look(
  { bytes }: Operand,
  byteAt: (field: Field, at: number) => number,
  never: Never,
): Partial {
  const known: number[] = [];
  let [low, high, elsewhere, opaque] = ["", "", false, false];
  for (const { field, at, mask, xor } of bytes) {
    const found = mask === 0 ? ALL_KNOWN : byteAt(field, at);
    elsewhere ||= (found & ELSEWHERE) !== 0;
    opaque ||= (found & OPAQUE) !== 0;
    const bits = found >> 8 & 0xff | ~mask & 0xff;
    const value = (found & mask ^ xor) & bits;
    known.push(bits);
    low += String.fromCharCode(value);
    high += String.fromCharCode(value | ~bits & 0xff);
  }
  return { low, high, known, elsewhere, opaque, never: neverIn(bytes, never) };
}

/** Where in the operand a field stands, unchanged, of which it is known what it is not. */
function neverIn(bytes: Operand["bytes"], never: Never): Partial["never"] {
  if (never.size === 0) return [];
  return bytes.flatMap(({ field, at }, start) => {
    if (at !== 0) return [];
    return (never.get(field) ?? []).filter((text) => isWhole(bytes, field, { start, length: text.length }))
      .map((text) => ({ at: start, text }));
  });
}

function isWhole(
  bytes: Operand["bytes"],
  field: Field,
  { start, length }: { readonly start: number; readonly length: number },
): boolean {
  return bytes.slice(start, start + length).length === length &&
    bytes.slice(start, start + length).every((origin, index) =>
      origin.field === field && origin.at === index && origin.mask === 0xff && origin.xor === 0
    );
}

/** The first bytes of a value. */
export function cut(partial: Partial, length: number): Partial {
  if (partial.low.length <= length) return partial;
  return {
    ...partial,
    low: partial.low.slice(0, length),
    high: partial.high.slice(0, length),
    known: partial.known.slice(0, length),
    never: partial.never.filter(({ at, text }) => at + text.length <= length),
  };
}

/** Whether the value is `text`. */
export function equals({ low, high, known, elsewhere, never }: Partial, text: string): Answer {
  if (elsewhere || low.length !== text.length) return false;
  if (low === high) return low === text;
  if (never.some(({ at, text: not }) => text.startsWith(not, at))) return false;
  for (let index = 0; index < known.length; index++) {
    if (((low.charCodeAt(index) ^ text.charCodeAt(index)) & known[index]!) !== 0) return false;
  }
  return null;
}

/** Whether the value is between the two, themselves included. */
export function isWithin({ low, high, elsewhere }: Partial, first: string, last: string): Answer {
  if (elsewhere || high < first || low > last) return false;
  return low >= first && high <= last ? true : null;
}
