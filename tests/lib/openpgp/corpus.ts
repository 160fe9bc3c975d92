/**
 * Messages that no client makes, for a key that a server has: changed from outside by whoever sees them, or made strange by
 * somebody who knows the public key of the server, and perhaps has a key that may sign.
 */
import type { Key } from "openpgp";
import { concat, textBytes } from "../../../lib/bytes.ts";
import { keysIn } from "../../../lib/openpgp/file_keys.ts";
import type { GpgHome, GpgKeyName } from "../../lab/gpg_home.ts";
import {
  type ByHand,
  compressed,
  encrypted,
  literal,
  type Packet,
  packets,
  signedBy,
  signedByHand,
  split,
  TAG,
} from "./packets.ts";

/** One message. */
export interface Sample {
  readonly name: string;
  readonly message: Uint8Array;
}

/** What the messages are made of. */
export interface CorpusParts {
  /** With `curve`, which opens, and `subkeys`, `rsa2048`, `nist`, `signOnly`, `expired`, `revoked`, which sign. */
  readonly home: GpgHome;
  /** The public key of `curve`. */
  readonly key: Key;
  readonly text: Uint8Array;
}

/** All of them. */
export async function* corpus(parts: CorpusParts): AsyncGenerator<Sample> {
  yield* changedOutside(parts);
  yield* sealedOtherwise(parts);
  yield* changedInside(parts);
  yield* arranged(parts);
  yield* signedOtherwise(parts);
  yield* signedByNoProgram(parts);
}

async function wrap(inner: Uint8Array, { key }: Pick<CorpusParts, "key">): Promise<Uint8Array> {
  return packets(await encrypted(inner, { key }));
}

/** The bytes with one thing changed, by its number, so that a run can be repeated. */
export function changed(bytes: Uint8Array, number: number): Uint8Array {
  const at = number * 7919 % bytes.length;
  if (number % 7 === 0) return bytes.slice(0, at);
  if (number % 7 === 1) return concat(bytes.subarray(0, at), bytes.subarray(at + 1));
  if (number % 7 === 2) return concat(bytes.subarray(0, at), Uint8Array.of(number & 0xff), bytes.subarray(at));
  const flipped = bytes.slice();
  flipped[at]! ^= 1 << number % 8;
  return flipped;
}

/** Without any key. */
async function* changedOutside({ home, key, text }: CorpusParts): AsyncGenerator<Sample> {
  const inner = packets(await signedBy(home, ["rsa2048"], { text }));
  const [session, data] = await encrypted(inner, { key }) as [Packet, Packet];
  const [otherSession, otherData] = await encrypted(inner, { key }) as [Packet, Packet];
  yield { name: "as it is", message: packets([session, data]) };
  for (let number = 0; number < 120; number++) {
    const at = number % 2 === 0 ? session : data;
    const torn = { tag: at.tag, body: changed(at.body, number) };
    yield { name: `outside ${number}`, message: packets(number % 2 === 0 ? [torn, data] : [session, torn]) };
  }
  const whole = packets([session, data]);
  for (let number = 0; number < 120; number++) yield { name: `whole ${number}`, message: changed(whole, number) };
  const marker = { tag: TAG.marker, body: textBytes("PGP") };
  const trust = { tag: TAG.trust, body: Uint8Array.of(1, 2) };
  const padding = { tag: TAG.padding, body: new Uint8Array(9) };
  const rows: Readonly<Record<string, readonly Packet[]>> = {
    "session key of another": [otherSession, data],
    "data of another": [session, otherData],
    "swapped": [data, session],
    "session key twice": [session, session, data],
    "two session keys, the wrong one first": [otherSession, session, data],
    "two session keys, the wrong one last": [session, otherSession, data],
    "data twice": [session, data, data],
    "two messages": [session, data, otherSession, otherData],
    "no session key": [data],
    "no data": [session],
    "marker first": [marker, session, data],
    "marker between": [session, marker, data],
    "marker last": [session, data, marker],
    "trust last": [session, data, trust],
    "padding last": [session, data, padding],
    "text behind": [session, data, literal(text)],
    "text before": [literal(text), session, data],
    "signature behind": [session, data, split(inner).at(-1)!],
    "not encrypted": split(inner),
    "only text": [literal(text)],
    "nothing": [],
  };
  for (const [name, list] of Object.entries(rows)) yield { name, message: packets(list) };
}

/** By other ways to encrypt. */
async function* sealedOtherwise({ home, key, text }: CorpusParts): AsyncGenerator<Sample> {
  const inner = packets(await signedBy(home, ["rsa2048"], { text }));
  for (const how of ["none", "version2", "aead"] as const) {
    yield { name: `encrypted: ${how}`, message: packets(await encrypted(inner, { key, how })) };
  }
  const to = ["--trust-model", "always", "--recipient", home.fingerprint("curve")];
  const sign = ["--local-user", home.fingerprint("rsa2048"), "--sign"];
  const password = ["--pinentry-mode", "loopback", "--passphrase", "x"];
  const rows: Readonly<Record<string, readonly string[]>> = {
    "by gpg": [...to, ...sign, "--encrypt"],
    "by a password": [...password, "--symmetric"],
    "by a password, signed": [...password, ...sign, "--symmetric"],
    "by a password and a key": [...password, ...to, ...sign, "--symmetric", "--encrypt"],
    "to a hidden key": [...to, "--throw-keyids", ...sign, "--encrypt"],
    "to two keys": [...to, "--recipient", home.fingerprint("rsa2048"), ...sign, "--encrypt"],
    "to another key": ["--trust-model", "always", "--recipient", home.fingerprint("nist"), ...sign, "--encrypt"],
    "a signature alone": ["--local-user", home.fingerprint("rsa2048"), "--detach-sign"],
    "clear text": ["--local-user", home.fingerprint("rsa2048"), "--clear-sign"],
    "armored": ["--armor", ...to, ...sign, "--encrypt"],
    "text mode": ["--textmode", ...to, ...sign, "--encrypt"],
    "another name": ["--set-filename", "../x", ...to, ...sign, "--encrypt"],
    "for your eyes only": ["--for-your-eyes-only", ...to, ...sign, "--encrypt"],
    "bzip2": ["--compress-algo", "bzip2", ...to, ...sign, "--encrypt"],
    "zip": ["--compress-algo", "zip", ...to, ...sign, "--encrypt"],
    "not compressed": ["--compress-algo", "none", ...to, ...sign, "--encrypt"],
    "AES-128": ["--cipher-algo", "AES", ...to, ...sign, "--encrypt"],
  };
  for (const [name, args] of Object.entries(rows)) yield { name, message: await home.gpg(args, text) };
}

/** By somebody who knows the public key of the server, and has seen what a client has signed. */
async function* changedInside(parts: CorpusParts): AsyncGenerator<Sample> {
  const { home, text } = parts;
  for (const signer of ["rsa2048", "subkeys"] as const) {
    const signed = await signedBy(home, [signer], { text });
    for (const [index, at] of signed.entries()) {
      for (let number = 0; number < 26; number++) {
        const torn = signed.with(index, { tag: at.tag, body: changed(at.body, number * 3 + 1) });
        yield { name: `${signer}, packet ${index}, ${number}`, message: await wrap(packets(torn), parts) };
      }
    }
    const inner = packets(signed);
    for (let number = 0; number < 30; number++) {
      yield { name: `${signer}, inside ${number}`, message: await wrap(changed(inner, number), parts) };
    }
  }
}

/** The packets of a text that is signed by a client, and what can be put beside them. */
async function pieces({ home, key, text }: CorpusParts) {
  const [before, , after] = await signedBy(home, ["rsa2048"], { text }) as [Packet, Packet, Packet];
  const [otherBefore, , otherAfter] = await signedBy(home, ["nist"], { text }) as [Packet, Packet, Packet];
  const plain = literal(text);
  const signed = [before, plain, after];
  const nested = await encrypted(packets(signed), { key });
  const notLast = { ...before, body: before.body.with(-1, 0) };
  const other = literal(textBytes("1234567890123456:other"));
  return { before, notLast, plain, after, otherBefore, otherAfter, other, signed, nested };
}

type Pieces = Awaited<ReturnType<typeof pieces>>;
type Rows = Readonly<Record<string, readonly Packet[]>>;

function order({ before, notLast, plain, after, otherBefore, otherAfter, other, signed }: Pieces): Rows {
  return {
    "only text": [plain],
    "nothing": [],
    "signature first": [after, plain],
    "signature first, and none before": [after],
    "signature last, none announced": [plain, after],
    "announced, not there": [before, plain],
    "announced by another": [otherBefore, plain, after],
    "two, one announced": [before, plain, after, otherAfter],
    "two, nested": [notLast, otherBefore, plain, otherAfter, after],
    "two, crossed": [notLast, otherBefore, plain, after, otherAfter],
    "twice the same": [notLast, before, plain, after, after],
    "text twice": [before, plain, plain, after],
    "another text before": [other, ...signed],
    "another text behind": [...signed, other],
    "another text instead": [before, other, after],
    "two signed": [...signed, ...signed],
    "no text": [before, after],
    "empty text": [before, literal(new Uint8Array(0)), after],
  };
}

function strangers({ before, plain, after, signed }: Pieces): Rows {
  const marker = { tag: TAG.marker, body: textBytes("PGP") };
  return {
    "marker first": [marker, ...signed],
    "marker between": [before, plain, marker, after],
    "padding": [...signed, { tag: TAG.padding, body: new Uint8Array(3) }],
    "trust": [...signed, { tag: TAG.trust, body: Uint8Array.of(1) }],
    "a packet of tag 60": [...signed, { tag: 60, body: new Uint8Array(3) }],
    "a packet of tag 30": [...signed, { tag: 30, body: new Uint8Array(3) }],
  };
}

async function layers({ before, plain, after, signed, nested }: Pieces): Promise<Rows> {
  const once = await compressed(packets(signed));
  return {
    "compressed": [once],
    "compressed, zlib": [await compressed(packets(signed), "deflate")],
    "compressed twice": [await compressed(packets([once]))],
    "compressed text": [before, await compressed(packets([plain])), after],
    "compressed, more behind": [once, plain],
    "compressed, by none": [{ tag: TAG.compressed, body: concat(Uint8Array.of(0), packets(signed)) }],
    "a bomb": [await compressed(packets([before, literal(new Uint8Array(3_000_000)), after]))],
    "encrypted again": nested,
    "encrypted and compressed again": [await compressed(packets(nested))],
    "encrypted behind": [...signed, ...nested],
  };
}

/** Packets in an order, or of a kind, that clients do not send. */
async function* arranged(parts: CorpusParts): AsyncGenerator<Sample> {
  const found = await pieces(parts);
  const rows = { ...order(found), ...strangers(found), ...await layers(found) };
  for (const [name, list] of Object.entries(rows)) {
    yield { name: `arranged: ${name}`, message: await wrap(packets(list), parts) };
  }
  for (const format of ["b", "t", "u", "m", "l", "1", "\0"]) {
    for (const name of ["", "x", "_CONSOLE"]) {
      const list = [found.before, literal(parts.text, { format, name }), found.after];
      yield { name: `literal ${JSON.stringify(format)} ${name}`, message: await wrap(packets(list), parts) };
    }
  }
}

/** By clients whose keys, clocks or programs are not as they should be, and by those that nobody knows. */
async function* signedOtherwise(parts: CorpusParts): AsyncGenerator<Sample> {
  const { home, text } = parts;
  const at = (time: string) => ["--faked-system-time", `${time}!`];
  const rows = {
    "subkeys": [["subkeys"], []],
    "nist": [["nist"], []],
    "locked": [["locked"], []],
    "a stranger": [["signOnly"], []],
    "two, one of them a stranger": [["rsa2048", "signOnly"], []],
    "two": [["rsa2048", "nist"], []],
    "expired by now": [["expired"], at("20200110T000000")],
    "in the future": [["rsa2048"], at("20380101T000000")],
    "text mode": [["rsa2048"], ["--textmode"]],
    "expires in the future": [["rsa2048"], ["--default-sig-expire", "1d"]],
    "a notation": [["rsa2048"], ["--set-notation", "x@test=y"]],
    "a critical notation": [["rsa2048"], ["--set-notation", "!x@test=y"]],
    "a policy": [["rsa2048"], ["--set-policy-url", "https://test/"]],
    "a critical policy": [["rsa2048"], ["--set-policy-url", "!https://test/"]],
    "SHA-1": [["rsa2048"], ["--digest-algo", "SHA1"]],
    "SHA-224": [["rsa2048"], ["--digest-algo", "SHA224"]],
    "SHA-384": [["rsa2048"], ["--digest-algo", "SHA384"]],
    "SHA-512": [["rsa2048"], ["--digest-algo", "SHA512"]],
    "RIPEMD-160": [["rsa2048"], ["--digest-algo", "RIPEMD160"]],
  } as const;
  for (const [name, [signers, args]] of Object.entries(rows)) {
    yield {
      name: `signed: ${name}`,
      message: await wrap(packets(await signedBy(home, signers, { text, args })), parts),
    };
  }
}

/** By somebody who has a key that may sign, or had one. */
async function* signedByNoProgram(parts: CorpusParts): AsyncGenerator<Sample> {
  const { home, text } = parts;
  const secret = async (name: GpgKeyName): Promise<Key> => {
    const path = await home.keyFile(name, { secret: true });
    const [key] = await keysIn({ path, bytes: Deno.readFileSync(path) });
    return key!;
  };
  const [known, revoked] = [await secret("nist"), await secret("revoked")];
  const rows: readonly (readonly [name: string, key: Key, says: ByHand])[] = [
    ["as usual", known, {}],
    ["the key is revoked", revoked, {}],
    ["it has expired", known, { date: known.getCreationTime(), expires: 1 }],
    ["it expires tomorrow", known, { expires: 86_400 }],
    ["older than the key", known, { date: new Date("2020-01-01") }],
    ["an unknown subpacket", known, { extra: Uint8Array.of(2, 100, 1) }],
    ["an unknown critical subpacket", known, { extra: Uint8Array.of(2, 0x80 | 100, 1) }],
    ["a broken subpacket", known, { extra: Uint8Array.of(200) }],
    ["of type 1", known, { type: 1 }],
    ["of type 2", known, { type: 2 }],
    ["of type 16", known, { type: 0x10 }],
    ["of type 64", known, { type: 0x40 }],
    ["with MD5", known, { hash: 1 }],
    ["with SHA-512", known, { hash: 10 }],
  ];
  for (const [name, key, says] of rows) {
    const signed = await signedByHand(key, text, says).catch(() => null);
    if (signed !== null) yield { name: `by hand: ${name}`, message: await wrap(packets(signed), parts) };
  }
}
