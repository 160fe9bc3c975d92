/** `tcp/22`: a transport protocol and a port, the unit of every access request. */
import { fail, ok, type Result } from "../result.ts";

/** A service that a knock can ask for. */
export interface Service {
  readonly proto: "tcp" | "udp";
  /** 1 to 65535 (0 only in lists of access.conf, where it is merely the number 0). */
  readonly port: number;
}

/** IP protocol numbers of what a {@link Service} can name. */
export const PROTO_NUMBER = { tcp: 6, udp: 17 } as const;

/** `tcp/22`, the canonical spelling. */
export function formatService(service: Service): string {
  return `${service.proto}/${service.port}`;
}

/**
 * Reads one `proto/port` of an SPA message: lower-case protocol, 1 to 5 digits, 1 to 65535, leading zeros allowed
 * (facts/wire 3, facts/decisions 1).
 */
export function parseService(text: string): Result<Service, "protocol" | "port"> {
  const slash = text.indexOf("/");
  const proto = text.slice(0, Math.max(slash, 0));
  if (proto !== "tcp" && proto !== "udp") return fail("protocol");
  const digits = text.slice(slash + 1);
  if (!/^[0-9]{1,5}$/.test(digits)) return fail("port");
  const port = Number(digits);
  return port >= 1 && port <= 65535 ? ok({ proto, port }) : fail("port");
}
