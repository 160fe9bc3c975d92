/** What a knock asks for, in one line. */
import { UNSPECIFIED4 } from "../../lib/net/address.ts";
import { parseService, type Service } from "../../lib/net/service.ts";
import type { KnockRequest, NatRequest, ServiceRequest } from "../../lib/spa/request.ts";

/** `tcp/22,udp/53` */
export function services(text: string): readonly Service[] {
  return text.split(",").map((item) => {
    const service = parseService(item);
    if (!service.ok) throw new RangeError(`"text" expected services, got "${text}"`);
    return service.value;
  });
}

/** Services for the source of the packet. */
export function accessTo(text: string, nat: NatRequest | null = null): ServiceRequest {
  return { kind: "access", allow: UNSPECIFIED4, services: services(text), nat, timeout: 0 };
}

/** A command. */
export const COMMAND: KnockRequest = { kind: "command", allow: UNSPECIFIED4, command: "ls, -l" };
