/** What a packet asks for, as a value. Its text is made here, on the way into the encoder, and nowhere else. Pure. */
import type { DigestName } from "../crypto/engine.ts";
import { PROTOCOL_VERSION } from "../limits.ts";
import { formatMessage, formatNat } from "../wire/message_text.ts";
import { MESSAGE_TYPES } from "../wire/fields.ts";
import type { AccessRequest, CommandRequest, MessageType, NatTarget, SpaFields } from "../wire/message.ts";

/** Where the server forwards what it opens. */
export interface NatRequest extends NatTarget {
  /** The server itself is meant, by another port (types 5 and 6). */
  readonly local: boolean;
}

/** Services that are to open. */
export interface ServiceRequest extends AccessRequest {
  readonly nat: NatRequest | null;
  /** Seconds that they are to stay open; 0 leaves the time to the server. */
  readonly timeout: number;
}

/** What is asked for. A command has neither a time nor NAT. */
export type KnockRequest = ServiceRequest | CommandRequest;

/** What is asked for, and in whose name. */
export type SealRequest = KnockRequest & {
  readonly user: string;
  /** The digest inside the packet. */
  readonly digest: DigestName;
};

/** The type as which a request goes out: a time above 0 has types of its own (facts/wire 3). */
export function messageType(request: KnockRequest): MessageType {
  if (request.kind === "command") return 0;
  const untimed = request.nat === null ? 1 : request.nat.local ? 5 : 2;
  return request.timeout > 0 ? MESSAGE_TYPES[untimed].withTimeout : untimed;
}

/** The fields of the packet. `random`: 16 decimal digits; `now`: Unix seconds. What is wrong is left to the encoder to refuse. */
export function fieldsOf(request: SealRequest, { random, now }: { random: string; now: number }): SpaFields {
  const [nat, timeout] = request.kind === "command" ? [null, 0] : [request.nat, request.timeout];
  return {
    random,
    username: request.user,
    timestamp: now,
    version: PROTOCOL_VERSION,
    type: messageType(request),
    message: formatMessage(request),
    natAccess: nat === null ? null : formatNat(nat),
    serverAuth: null,
    clientTimeout: timeout,
  };
}
