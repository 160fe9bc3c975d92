/**
 * How long a packet gets by the keys that make it. A server takes 1,499 characters (facts/wire 8), and what is too
 * long is better known before somebody has to type a passphrase. Pure.
 */
import { MAX_SPA_LENGTH } from "../limits.ts";

/** Algorithm of a key as far as its size tells that of what it makes. */
export interface KeyKind {
  readonly algorithm: "rsa" | "elgamal" | "dsa" | "ecdh" | "ecdsa" | "eddsa" | "unknown";
  readonly bits: number;
}

/** Everything that the length depends on. */
export interface PacketParts {
  readonly recipient: KeyKind;
  readonly signer: KeyKind | null;
  /** Bytes of the message. */
  readonly plaintext: number;
  /** Characters of the HMAC, or 0. */
  readonly tag: number;
}

/** Header, version, key id and algorithm of a session key. */
const SESSION_KEY = 13;
/** Header, version, random prefix and MDC of the encrypted data. */
const ENVELOPE = 3 + 1 + 18 + 22;
/** Header, format, empty name and date. */
const LITERAL = 8;
/** The packet in front of a signed message, and what is in a signature beside its numbers. */
const SIGNATURE = 15 + 3 + 6 + 6 + 23 + 10 + 4;
/** What gpg may add or save by compressing. */
const SLACK = 12;

/** Characters that the packet has at most; compression may make it a few dozen shorter. */
export function packetLength({ recipient, signer, plaintext, tag }: PacketParts): number {
  const signed = signer === null ? 0 : SIGNATURE + signatureBytes(signer);
  const bytes = SESSION_KEY + sessionKeyBytes(recipient) + ENVELOPE + LITERAL + plaintext + signed + SLACK;
  return Math.ceil(bytes * 4 / 3) - 2 + tag;
}

/** What to do about a packet that would be too long, with the numbers. */
export function remedyForLength(parts: PacketParts): string {
  const fits = (recipient: number, signer: number) => {
    const rsa = (bits: number) => ({ algorithm: "rsa", bits } as const);
    return packetLength({ ...parts, recipient: rsa(recipient), signer: rsa(signer) }) <= MAX_SPA_LENGTH;
  };
  const pairs = [[4096, 3072], [4096, 2048], [3072, 3072], [3072, 2048], [2048, 2048]] as const;
  const fitting = pairs.filter(([recipient, signer]) => fits(recipient, signer));
  const rsa = fitting.length === 0
    ? "no pair of RSA keys"
    : fitting.map(([recipient, signer]) => `RSA-${recipient} signed by RSA-${signer}`).join(", ");
  const tag = parts.tag > 43 ? "; an HMAC of SHA256 has 43 characters" : "";
  return `for this message fit: ${rsa}, and every pair of cv25519 and ed25519${tag}`;
}

/** What the keys are called in messages. */
export function formatKind({ algorithm, bits }: KeyKind): string {
  const names = { rsa: "RSA", elgamal: "Elgamal", dsa: "DSA", ecdh: "ECDH", ecdsa: "ECDSA", eddsa: "EdDSA" } as const;
  return algorithm === "unknown" ? "an unknown algorithm" : `${names[algorithm]}-${bits}`;
}

function sessionKeyBytes({ algorithm, bits }: KeyKind): number {
  const bytes = Math.ceil(bits / 8);
  switch (algorithm) {
    case "elgamal":
      return 2 * (2 + bytes);
    case "ecdh":
      // The point, uncompressed unless it is of a modern curve, and the wrapped session key.
      return 2 + pointBytes(bits) + 1 + 48;
    default:
      return 2 + bytes;
  }
}

function signatureBytes({ algorithm, bits }: KeyKind): number {
  switch (algorithm) {
    case "dsa":
      return 2 * (2 + 32);
    case "eddsa":
    case "ecdsa":
      return 2 * (2 + Math.ceil(bits / 8));
    default:
      return 2 + Math.ceil(bits / 8);
  }
}

function pointBytes(bits: number): number {
  const bytes = Math.ceil(bits / 8);
  return bits === 255 || bits === 448 ? 1 + bytes : 1 + 2 * bytes;
}
