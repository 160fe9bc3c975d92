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

/** `tcp/22,udp/53`: several as a message lists them. */
export function formatServices(services: readonly Service[]): string {
  return services.map(formatService).join(",");
}

/** The port that these digits are, 1 to 65535, leading zeros allowed up to five digits in all; null for any other text. */
export function parsePort(digits: string): number | null {
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/**
 * Reads one `proto/port` of an SPA message: lower-case protocol, 1 to 5 digits, 1 to 65535, leading zeros allowed
 * (facts/wire 3, facts/decisions 1).
 */
export function parseService(text: string): Result<Service, "protocol" | "port"> {
  const slash = text.indexOf("/");
  const proto = text.slice(0, Math.max(slash, 0));
  if (proto !== "tcp" && proto !== "udp") return fail("protocol");
  const port = parsePort(text.slice(slash + 1));
  return port === null ? fail("port") : ok({ proto, port });
}

/** One of several that cannot be read. */
export interface ServiceFault {
  readonly item: string;
  readonly fault: "protocol" | "port";
}

/** Reads what {@link formatServices} writes; the first item that cannot be read is the fault. */
export function parseServices(text: string): Result<readonly Service[], ServiceFault> {
  const services: Service[] = [];
  for (const item of text.split(",")) {
    const service = parseService(item);
    if (!service.ok) return fail({ item, fault: service.fault });
    services.push(service.value);
  }
  return ok(services);
}
