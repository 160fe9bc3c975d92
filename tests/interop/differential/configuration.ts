/**
 * One configuration of the differential test: the stanzas that its choices make, and the packets that are sent to them.
 * Pure, apart from the engine that seals.
 */
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import type { RijndaelSecrets } from "../../../lib/crypto/secrets.ts";
import { parseIp } from "../../../lib/net/address.ts";
import { craftUdp } from "../../../lib/net/craft.ts";
import { sealFields } from "../../../lib/spa/seal.ts";
import { MESSAGE_TYPES } from "../../../lib/wire/fields.ts";
import type { SpaFields } from "../../../lib/wire/message.ts";
import { rijndael } from "../../fakes/secrets.ts";
import type { Directives } from "../../lab/config.ts";
import { ethernet } from "../../lib/net/frame_bytes.ts";
import { type Chosen, ELSEWHERE, NAMED, type Place, SERVER, SHARED_INSIDE, STANZA_CHOICES } from "./choices.ts";

/** What is asked for. */
export interface Asked {
  readonly allow: "another" | "its source";
  readonly what: "access" | "NAT" | "NAT by name" | "local NAT" | "command";
  readonly services: string;
  readonly timeout: number;
  readonly user: string;
  readonly digest: "md5" | "sha1" | "sha256" | "sha384" | "sha512" | "sha3_256" | "sha3_512";
  readonly to: string;
  readonly damage: Damage;
}

/** What is wrong with a packet, or special about its way. */
export type Damage = typeof DAMAGES[number];

/** By their names. */
export const DAMAGES = [
  "none",
  "another key",
  "another HMAC key",
  "too old",
  "dated ahead",
  "a replay",
  "over HTTP",
  "over HTTP, forwarded",
  "over HTTP, of a browser",
  "cut short",
  "a foreign character",
  "with its prefix",
  "padded",
  "long",
] as const;

/** The values of each field of {@link Asked}, the first fits every stanza as far as possible. */
export const ASKED: { readonly [Field in keyof Asked]: readonly Asked[Field][] } = {
  allow: ["another", "its source"],
  what: ["access", "NAT", "NAT by name", "local NAT", "command"],
  services: ["tcp/22", "udp/53", "tcp/22,udp/53", "tcp/8080", "tcp/22,tcp/23"],
  timeout: [0, 1000, 50_000],
  user: ["alice", "bob"],
  digest: ["sha256", "md5", "sha1", "sha384", "sha512", "sha3_256", "sha3_512"],
  to: [SERVER, ELSEWHERE],
  damage: DAMAGES,
};

/** A configuration with its packets. */
export interface Configuration {
  readonly place: Place;
  /** In words, for whoever reads of a difference. */
  readonly title: string;
  readonly stanzas: readonly Directives[];
  readonly secrets: RijndaelSecrets;
  /** In the order in which they are sent, packet N from address N. */
  readonly packets: readonly Asked[];
}

/** With so many more services a packet is long; a few less when it is too long to be sealed. */
const MORE_SERVICES = Array.from({ length: 16 }, (_, index) => `tcp/${22_001 + index}`);
/** The first port that NAT to a shared address leads to. */
export const LOCAL_PORTS = 30_000;
/** What is added to the number of a packet for the address that it asks to let in, and for the one that a proxy names. */
const ANOTHER = 128, FORWARDED = 192;

const bytes = (text: string) => new TextEncoder().encode(text);

/** The configuration of a row of `coveringRows()`. */
export function configurationOf(row: readonly number[], place: Place, packets: readonly Asked[]): Configuration {
  const chosen = row.map((value, index) => STANZA_CHOICES[index]!.values[value]![1](place));
  const plain: Directives = {
    SOURCE: `${place.network}.0/24`,
    KEY: `open ${place.network}`,
    HMAC_KEY: `sign ${place.network}`,
  };
  const own: Directives = Object.assign({}, plain, ...chosen.map((one: Chosen) => one.own ?? {}));
  // A stanza beside it differs in what the other choice says, and has the same keys.
  const kind = Object.fromEntries(
    Object.entries(own).filter(([name]) => /KEY|HMAC|ENCRYPTION|^SOURCE/.test(name)),
  );
  const beside = (which: "before" | "after") =>
    chosen.flatMap((one) => one[which] === undefined ? [] : [{ ...kind, ...one[which] }]);
  return {
    place,
    title: row.map((value, index) => `${STANZA_CHOICES[index]!.name} ${STANZA_CHOICES[index]!.values[value]![0]}`)
      .filter((_, index) => row[index] !== 0).join("; "),
    stanzas: [...beside("before"), own, ...beside("after")],
    secrets: secretsOf(own, place),
    packets,
  };
}

function secretsOf(own: Directives, { network }: Place): RijndaelSecrets {
  const mode = String(own.ENCRYPTION_MODE ?? "cbc").toLowerCase() as RijndaelSecrets["cipher"]["mode"];
  const name = String(own.HMAC_DIGEST_TYPE ?? "sha256").toLowerCase() as Asked["digest"];
  const signed = (own.HMAC_KEY ?? own.HMAC_KEY_BASE64 ?? null) !== null;
  return rijndael(bytes(`open ${network}`), { mode, hmac: signed ? { name, key: bytes(`sign ${network}`) } : null });
}

/** The frames of a configuration. `now`: Unix seconds. */
export async function framesOf(configuration: Configuration, now: number): Promise<Uint8Array[]> {
  const wires: string[] = [];
  for (const [index, asked] of configuration.packets.entries()) {
    wires.push(asked.damage === "a replay" ? wires[0]! : await wireOf(configuration, index + 1, { asked, now }));
  }
  return wires.map((wire, index) => {
    const asked = configuration.packets[index]!;
    const route = { source: ip(addressOf(configuration.place, index + 1)), destination: ip(asked.to), id: index };
    const payload = bytes(onItsWay(wire, asked, addressOf(configuration.place, FORWARDED + index + 1)));
    return ethernet(0x0800, craftUdp(route, { sourcePort: 40_000, destinationPort: 62_201 }, payload));
  });
}

/** The address that packet N comes from. */
export function addressOf({ network }: Place, packet: number): string {
  return `${network}.${packet}`;
}

/** The packet that an address of its configuration belongs to; null for one that all of them share. */
export function packetOf(last: number): number | null {
  if (last === SHARED_INSIDE) return null;
  return last > FORWARDED ? last - FORWARDED : last > ANOTHER ? last - ANOTHER : last;
}

let sealed = 0;

async function wireOf(
  { place, secrets }: Configuration,
  packet: number,
  { asked, now }: { readonly asked: Asked; readonly now: number },
): Promise<string> {
  const { cipher, hmac } = secrets;
  const keys = {
    cipher: asked.damage === "another key" ? { ...cipher, key: bytes("of nobody") } : cipher,
    hmac: asked.damage === "another HMAC key" && hmac !== null ? { ...hmac, key: bytes("of nobody") } : hmac,
  };
  for (let more = asked.damage === "long" ? MORE_SERVICES.length : 0; more >= 0; more--) {
    const services = [asked.services, ...MORE_SERVICES.slice(0, more)].join();
    const fields = fieldsOf({ ...asked, services }, { place, packet, now });
    const salt = new Uint8Array(8);
    new DataView(salt.buffer).setUint32(4, ++sealed);
    const made = await sealFields(nobleEngine, fields, asked.digest, { secrets: keys, salt });
    if (made.ok) return made.value.wire;
  }
  throw new Error(`a packet that cannot be sealed: ${JSON.stringify(asked)}`);
}

function fieldsOf(
  asked: Asked,
  { place, packet, now }: { readonly place: Place; readonly packet: number; readonly now: number },
): SpaFields {
  const untimed = ({ access: 1, NAT: 2, "NAT by name": 2, "local NAT": 5, command: 0 } as const)[asked.what];
  const timeout = asked.what === "command" ? 0 : asked.timeout;
  const allow = asked.allow === "another" ? addressOf(place, ANOTHER + packet) : "0.0.0.0";
  const command = `touch ${place.folder}/${place.network}.${packet}`;
  const off = asked.damage === "too old" ? -80_000 : asked.damage === "dated ahead" ? 80_000 : 0;
  // A port of its own, by which rules are known that have no other address of the packet.
  const port = LOCAL_PORTS + place.number * 16 + packet;
  const nat: Readonly<Record<string, string>> = {
    NAT: `${place.inside}.${packet},80`,
    "NAT by name": `${NAMED.name},${port}`,
    "local NAT": `${SERVER},${port}`,
  };
  return {
    random: String(sealed).padStart(16, "1234567890"),
    username: asked.user,
    timestamp: now + off,
    version: "3.0.0",
    type: timeout > 0 ? MESSAGE_TYPES[untimed].withTimeout : untimed,
    message: `${allow},${asked.what === "command" ? command : asked.services}`,
    natAccess: nat[asked.what] ?? null,
    serverAuth: null,
    clientTimeout: timeout,
  };
}

function onItsWay(wire: string, { damage }: Asked, forwardedFor: string): string {
  const path = wire.replaceAll("+", "-").replaceAll("/", "_");
  const request = (agent: string, more = "") =>
    `GET /${path} HTTP/1.1\r\nUser-Agent: ${agent}\r\n${more}Host: gw.example.org\r\nAccept: */*\r\n\r\n`;
  switch (damage) {
    case "over HTTP":
      return request("Fwknop/2.6.10");
    case "over HTTP, forwarded":
      return request("Fwknop/2.6.10", `X-Forwarded-For: ${forwardedFor}\r\n`);
    case "over HTTP, of a browser":
      return request("Mozilla/5.0");
    case "cut short":
      return wire.slice(0, 139);
    case "a foreign character":
      return `${wire.slice(0, 20)}-${wire.slice(21)}`;
    case "with its prefix":
      return `U2FsdGVkX1${wire}`;
    case "padded":
      return `${wire}=`;
    default:
      return wire;
  }
}

function ip(text: string) {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new RangeError(`"text" expected an address, got ${text}`);
  return parsed.value;
}
