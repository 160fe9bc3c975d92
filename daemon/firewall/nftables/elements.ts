/** Grants as set elements: the bytes that nfnetlink wants, and back; and the words that nft would want. Pure. */
import { concatenate, split } from "../../../ffi/nfnetlink/codec.ts";
import { type Ip, ipFromBytes } from "../../../lib/net/address.ts";
import { PROTO_NUMBER, type Service } from "../../../lib/net/service.ts";
import type { Access } from "../firewall.ts";
import { type AccessFields, accessOf, type Field, fieldsOf, layoutOf, type SetLayout } from "./set_layout.ts";

/** An element of a set or map: what holds a grant in the ruleset. */
export interface Element {
  readonly layout: SetLayout;
  readonly key: Uint8Array;
  /** What a map holds for the key; null for a set. */
  readonly data: Uint8Array | null;
  /** Equal for grants that share a set and a key, and so cannot both be open unless they are the same. */
  readonly id: string;
}

/** The element for a grant; null when no set can hold it. */
export function elementOf(access: Access): Element | null {
  const layout = layoutOf(access);
  if (layout === null || access.slot === "foreign") return null;
  const fields = fieldsOf(access);
  const bytes = (names: readonly Field[]) => join(names.map((field) => fieldBytes(field, fields)));
  return makeElement(layout, bytes(layout.key), layout.value.length === 0 ? null : bytes(layout.value));
}

/** An element from its bytes. */
export function makeElement(layout: SetLayout, key: Uint8Array, data: Uint8Array | null): Element {
  return { layout, key, data, id: `${layout.name} ${key.toHex()}` };
}

/** The grant that an element stands for; null when it is none (another protocol than TCP and UDP). */
export function accessOfElement({ layout, key, data }: Element): Access | null {
  const fields = new Map([...readFields(layout.key, key, layout), ...readFields(layout.value, data, layout)]);
  if (fields.size !== layout.key.length + layout.value.length) return null;
  return accessOf(layout.slot, assemble(fields));
}

/** The key in nft's language: `192.0.2.1 . tcp . 22`. */
export function keyText({ layout, key }: Element): string {
  return [...readFields(layout.key, key, layout).values()].map(wordOf).join(" . ");
}

/** The value of a map's element in nft's language. */
export function dataText({ layout, data }: Element): string {
  return [...readFields(layout.value, data, layout).values()].map(wordOf).join(" . ");
}

/** What stands alone is not padded. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only = new Uint8Array(), ...more] = parts;
  return more.length === 0 ? only : concatenate(parts);
}

type Part = Ip | number | "tcp" | "udp";

function fieldBytes(field: Field, { source, destination, service, to, toPort }: AccessFields): Uint8Array {
  const missing = () => new RangeError(`"access" expected a ${field}`);
  switch (field) {
    case "proto":
      if (service === null) throw missing();
      return Uint8Array.of(PROTO_NUMBER[service.proto]);
    case "port":
    case "toPort": {
      const port = field === "port" ? service?.port ?? null : toPort;
      if (port === null) throw missing();
      return Uint8Array.of(port >> 8, port & 0xff);
    }
    default: {
      const ip = { source, destination, to }[field];
      if (ip === null) throw missing();
      return ip.bytes;
    }
  }
}

/** Reads as many fields as make sense. */
function readFields(names: readonly Field[], bytes: Uint8Array | null, { family }: SetLayout): Map<Field, Part> {
  const parts = new Map<Field, Part>();
  const lengths = names.map((field) => field === "proto" ? 1 : field.endsWith("ort") ? 2 : family === 4 ? 4 : 16);
  for (const [index, part] of (split(bytes ?? new Uint8Array(), lengths) ?? []).entries()) {
    const field = names[index];
    if (field === undefined) continue;
    if (field === "port" || field === "toPort") parts.set(field, ((part[0] ?? 0) << 8) | (part[1] ?? 0));
    else if (field !== "proto") parts.set(field, ipFromBytes(part));
    else if (part[0] === PROTO_NUMBER.tcp) parts.set(field, "tcp");
    else if (part[0] === PROTO_NUMBER.udp) parts.set(field, "udp");
  }
  return parts;
}

function assemble(parts: ReadonlyMap<Field, Part>): AccessFields {
  const ip = (field: Field) => {
    const part = parts.get(field);
    return typeof part === "object" ? part : null;
  };
  const port = (field: Field) => {
    const part = parts.get(field);
    return typeof part === "number" ? part : null;
  };
  const proto = parts.get("proto");
  const number = port("port");
  const service: Service | null = (proto === "tcp" || proto === "udp") && number !== null
    ? { proto, port: number }
    : null;
  return { source: ip("source"), destination: ip("destination"), service, to: ip("to"), toPort: port("toPort") };
}

function wordOf(part: Part): string {
  return typeof part === "object" ? part.text : String(part);
}
