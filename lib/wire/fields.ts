/** The fields of an SPA message: which type carries which, and what each may contain. Shared by encoder and decoder, so that they cannot disagree. */
import { MAX_TIMESTAMP_DIGITS, MAX_VERSION_LENGTH, RANDOM_DIGITS } from "../limits.ts";
import type { MessageType } from "./message.ts";

/** One row of {@link MESSAGE_TYPES}. */
export interface MessageTypeRow {
  /** As dumps print it (facts/client 12). */
  readonly printed: string;
  /** Whether a NAT string follows the message string. */
  readonly nat: boolean;
  /** Whether the client's timeout is the last field. */
  readonly timeout: boolean;
  /** The type that asks for the same with a timeout (facts/wire 3). A command has none. */
  readonly withTimeout: MessageType;
}

/** The seven types by their number on the wire (facts/wire 2, facts/wire 3). */
export const MESSAGE_TYPES: Readonly<Record<MessageType, MessageTypeRow>> = {
  0: { printed: "Command msg", nat: false, timeout: false, withTimeout: 0 },
  1: { printed: "Access msg", nat: false, timeout: false, withTimeout: 3 },
  2: { printed: "NAT access msg", nat: true, timeout: false, withTimeout: 4 },
  3: { printed: "Client timeout access msg", nat: false, timeout: true, withTimeout: 3 },
  4: { printed: "Client timeout NAT access msg", nat: true, timeout: true, withTimeout: 4 },
  5: { printed: "Local NAT access msg", nat: true, timeout: false, withTimeout: 6 },
  6: { printed: "Client timeout local NAT access msg", nat: true, timeout: true, withTimeout: 6 },
};

/** Fields before the optional ones: random value, user name, timestamp, version, type, message. */
export const FIXED_FIELDS = 6;

/** The most fields that a type can have, server_auth included and the digest not (facts/wire 10, "field count"). */
export function maxFields(type: MessageType): number {
  const { nat, timeout } = MESSAGE_TYPES[type];
  return FIXED_FIELDS + 1 + Number(nat) + Number(timeout);
}

/** Whether the number is a message type. */
export function isMessageType(value: number): value is MessageType {
  return Number.isInteger(value) && value >= 0 && value <= 6;
}

const RANDOM = new RegExp(`^[0-9]{${RANDOM_DIGITS}}$`);
const VERSION = new RegExp(`^[0-9.]{1,${MAX_VERSION_LENGTH}}$`);
const CANONICAL_NUMBER = /^(?:0|[1-9][0-9]*)$/;

/** What a user name may contain: printable ASCII without `" / \ [ ] : ; | = , + * ? < >` (facts/wire 3). */
const USERNAME_CHARACTER = /^[ !#$%&'()\-.0-9@A-Z^_`a-z{}~]$/;

/** Exactly 16 decimal digits. */
export function isRandom(text: string): boolean {
  return RANDOM.test(text);
}

/** Digits and dots, 1 to 8. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Index of the first character that a user name may not contain, or -1. */
export function badUsernameCharacter(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (!USERNAME_CHARACTER.test(text.charAt(i))) return i;
  }
  return -1;
}

/** Reads a plain decimal number: no sign, no leading zero, no blank. Null for anything else. */
export function parseNumber(text: string): number | null {
  return text.length <= MAX_TIMESTAMP_DIGITS && CANONICAL_NUMBER.test(text) ? Number(text) : null;
}
