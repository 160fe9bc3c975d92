/** What `gpg --with-colons --list-keys` prints, as values, and whether a key can do what it is named for. Pure. */
import type { KeyKind } from "./size.ts";

/** What a key is for. */
export type KeyUse = "encrypt" | "sign";

/** A primary key or subkey. */
export interface ListedPart {
  readonly fingerprint: string;
  readonly kind: KeyKind;
  /** A letter: `u`, `f`, `m` and so on are trust, `r` revoked, `e` expired, `d` disabled, `i` invalid. */
  readonly validity: string;
  /** Unix seconds; 0 where it is not said. */
  readonly created: number;
  readonly expires: number | null;
  /** `e`, `s`, `c`, `a` of this part. */
  readonly abilities: string;
  /** The secret part is elsewhere: gpg knows only that there is one. */
  readonly stub: boolean;
}

/** A key with its subkeys. */
export interface ListedKey {
  /** The primary key comes first. */
  readonly parts: readonly [ListedPart, ...ListedPart[]];
  readonly userId: string;
  readonly disabled: boolean;
}

/** OpenPGP's numbers of algorithms. */
const ALGORITHMS: Readonly<Record<string, KeyKind["algorithm"]>> = {
  "1": "rsa",
  "2": "rsa",
  "3": "rsa",
  "16": "elgamal",
  "17": "dsa",
  "18": "ecdh",
  "19": "ecdsa",
  "20": "elgamal",
  "22": "eddsa",
};

/** The keys of a listing of public or secret keys. */
export function parseKeyList(text: string): readonly ListedKey[] {
  const keys: { parts: ListedPart[]; userId: string; disabled: boolean }[] = [];
  for (const line of text.split("\n")) {
    const fields = line.split(":");
    const [type = ""] = fields;
    const key = keys.at(-1);
    if (type === "pub" || type === "sec") {
      keys.push({ parts: [part(fields)], userId: "", disabled: (fields[11] ?? "").includes("D") });
    } else if (key === undefined) continue;
    else if (type === "sub" || type === "ssb") key.parts.push(part(fields));
    else if (type === "fpr" && key.parts.at(-1)!.fingerprint === "") {
      key.parts[key.parts.length - 1] = { ...key.parts.at(-1)!, fingerprint: fields[9] ?? "" };
    } else if (type === "uid" && key.userId === "") key.userId = unescapeField(fields[9] ?? "");
  }
  return keys.map((key) => ({ ...key, parts: key.parts as [ListedPart, ...ListedPart[]] }));
}

function part(fields: readonly string[]): ListedPart {
  const [, validity = "", bits = "", algorithm = "", , created = "", expires = ""] = fields;
  return {
    fingerprint: "",
    kind: { algorithm: ALGORITHMS[algorithm] ?? "unknown", bits: Number(bits) || 0 },
    validity,
    created: Number(created) || 0,
    expires: expires === "" ? null : Number(expires),
    abilities: (fields[11] ?? "").replace(/[A-Z]/g, ""),
    stub: fields[14] === "#",
  };
}

/** Colons and bytes that a line cannot hold are written `\x3a`. */
function unescapeField(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** The part that gpg takes: the newest that may; or why there is none, as the end of a sentence. */
export function usablePart(key: ListedKey, use: KeyUse): ListedPart | string {
  const [primary] = key.parts;
  const whole = WHY_NOT[primary.validity];
  if (whole !== undefined) return `it ${whole(primary)}`;
  if (key.disabled) return "it is disabled";
  const letter = use === "encrypt" ? "e" : "s";
  const able = key.parts.filter(({ abilities }) => abilities.includes(letter));
  if (able.length === 0) return `it cannot ${use}`;
  const sound = able.filter(({ validity }) => WHY_NOT[validity] === undefined);
  if (sound.length === 0) return `the part of it that can ${use} ${WHY_NOT[able.at(-1)!.validity]!(able.at(-1)!)}`;
  const here = use === "sign" ? sound.filter(({ stub }) => !stub) : sound;
  if (here.length === 0) return "its secret part is not here";
  return here.reduce((newest, each) => each.created >= newest.created ? each : newest);
}

/** Whether gpg's owner, or somebody trusted, says whose key it is. */
export function isTrusted({ parts: [{ validity }] }: ListedKey): boolean {
  return validity === "u" || validity === "f";
}

const WHY_NOT: Readonly<Record<string, (part: ListedPart) => string>> = {
  r: () => "is revoked",
  e: ({ expires }) => `expired${expires === null ? "" : ` on ${formatDay(expires)}`}`,
  d: () => "is disabled",
  i: () => "is not valid: its own signatures are missing",
};

/** `2026-11-28`. */
export function formatDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** What to do where several keys fit a name: the first of them, to choose from. */
export function nameOne(keys: readonly ListedKey[]): string {
  const shown = keys.slice(0, 4).map(({ parts: [{ fingerprint }], userId }) => `${fingerprint} (${userId})`);
  return `name one by its fingerprint: ${shown.join(", ")}`;
}
