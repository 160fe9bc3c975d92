/** Where a packet goes and what became of it: the words that all transports share. */
import { FfiError } from "../../ffi/errors.ts";
import type { Ip } from "../../lib/net/address.ts";

/** Values of `-P`/`SPA_SERVER_PROTO`. */
export type SendProto = "udp" | "tcp" | "http" | "udpraw" | "tcpraw" | "icmp";

/** A host and its port, as `--http-proxy` and `--socks5` name them. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Everything a transport may need (facts/client 8). What does not concern it, it ignores. */
export interface Target {
  /** `-D` as given: name, address, or link-local address with zone. */
  readonly host: string;
  readonly port: number;
  /** `-S`; null leaves it to the system (raw modes: a random one). */
  readonly sourcePort: number | null;
  /** `-4`, `-6`; null prefers IPv4 and takes IPv6 where the name has nothing else. */
  readonly family: 4 | 6 | null;
  /** `-Q`, raw modes only. */
  readonly spoofSource: Ip | null;
  readonly icmpType: number;
  readonly icmpCode: number;
  /** `-H`; with port null, {@link Target.port} is the proxy's. */
  readonly httpProxy: { readonly host: string; readonly port: number | null } | null;
  readonly userAgent: string;
  /** `--socks5`, tcp only: the name is resolved at the far end. */
  readonly socks5: HostPort | null;
}

/** What was sent. */
export interface SendReport {
  /** As the C client counts: raw modes with their headers, http with the whole request. */
  readonly bytesSent: number;
  /** Numeric address it went to; for `--socks5` the name as given. */
  readonly remote: string;
  readonly port: number;
}

/** Sends one packet. Throws {@link SendError}. */
export type Sender = (packet: string, target: Target) => Promise<SendReport>;

/** The packet did not leave. The message has the fragments that scripts know, the hint is the next move. */
export class SendError extends Error {
  override readonly name = "SendError";
  constructor(message: string, readonly hint: string | null, options?: ErrorOptions) {
    super(message, options);
  }
}

/** What a proxy sends, read by `read`. Throws {@link SendError} with its name when the connection breaks. */
export async function fromProxy<Bytes>(proxy: string, read: () => Promise<Bytes>): Promise<Bytes> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof FfiError)) throw cause;
    const reason = cause.details.failed?.reason ?? cause.message;
    throw new SendError(`Cannot send through ${proxy}: ${reason}`, "check host and port of the proxy, and its log", {
      cause,
    });
  }
}
