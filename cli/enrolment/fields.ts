/** What an enrolment holds besides the keys: one field for each setting that another device needs. Pure data. */
import type { ClientKey } from "../options/table.ts";

/** Fields of the URI in the order in which they are written: the letter of the option where it has one. */
export const FIELDS: readonly (readonly [field: string, key: ClientKey])[] = [
  ["D", "server"],
  ["p", "serverPort"],
  ["P", "serverProto"],
  ["A", "access"],
  ["a", "allowIp"],
  ["f", "fwTimeout"],
  ["N", "natAccess"],
  ["nat-local", "natLocal"],
  ["nat-port", "natPort"],
  ["nat-rand-port", "natRandPort"],
  ["r", "randPort"],
  ["S", "sourcePort"],
  ["U", "spoofUser"],
  ["u", "userAgent"],
  ["resolve-url", "resolveUrl"],
  ["resolve-http-only", "resolveHttpOnly"],
  ["server-resolve-ipv4", "serverResolveIpv4"],
  ["m", "digestType"],
  ["M", "encryptionMode"],
  ["hmac-digest", "hmacDigestType"],
];

/** Fields of the keys, in base64url without padding (RFC 4648 section 5). */
export const KEY_FIELDS = { encryption: "k", hmac: "h" } as const;

/** Field and value of the version of this format. */
export const VERSION_FIELD = { field: "v", value: "1" } as const;
