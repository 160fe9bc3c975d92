/** What an SPA packet says, as values. See facts/wire 2, facts/wire 3 and facts/decisions 1. */
import type { DigestName } from "../crypto/engine.ts";
import type { Ip } from "../net/address.ts";
import type { Service } from "../net/service.ts";

/** Message type ids as they stand on the wire. */
export type MessageType = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** The fields that an encoder is given. Text only: exactly what will be on the wire before base64. */
export interface SpaFields {
  /** 16 decimal digits. */
  readonly random: string;
  readonly username: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** `3.0.0` when we send; older clients send `2.0.x`. */
  readonly version: string;
  readonly type: MessageType;
  /** `192.0.2.10,tcp/22` or `192.0.2.10,command text`. */
  readonly message: string;
  /** `host,port`, or null. */
  readonly natAccess: string | null;
  readonly serverAuth: string | null;
  /** Seconds the client asks for; 0 when it does not ask. */
  readonly clientTimeout: number;
}

/** A command that the server is to run. */
export interface CommandRequest {
  readonly kind: "command";
  readonly allow: Ip;
  readonly command: string;
}

/** Services that are to open for an address. */
export interface AccessRequest {
  readonly kind: "access";
  /** `0.0.0.0`: the source of the packet, for both families. */
  readonly allow: Ip;
  readonly services: readonly Service[];
}

/** What the message string means. */
export type SpaRequest = CommandRequest | AccessRequest;

/** Where a NAT request wants to go: a host name, IPv4, or IPv6 (brackets removed). */
export interface NatTarget {
  readonly host: string;
  readonly port: number;
}

/** A decoded, digest-checked message. */
export interface SpaMessage extends SpaFields {
  readonly digestName: DigestName;
  /** b64n of the inner digest. */
  readonly digest: string;
  /** The colon text without its digest ("Encoded Data" of the dump). */
  readonly encoded: string;
  readonly request: SpaRequest;
  readonly nat: NatTarget | null;
}
