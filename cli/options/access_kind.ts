/** `-A`: what is to be opened, such as tcp/22. Pure. Its faults carry the fragments that scripts match (facts/client 7). */
import { formatServices, parseServices, type Service, type ServiceFault } from "../../lib/net/service.ts";
import { fail, ok } from "../../lib/result.ts";
import { text as anyText } from "../../lib/settings/kinds.ts";
import type { Kind } from "../../lib/settings/setting.ts";

/** Services, at least one, and how they were written: so they are saved and shown. */
export interface Access {
  readonly text: string;
  readonly services: readonly Service[];
}

/** Services that nobody wrote. */
export function accessOf(services: readonly Service[]): Access {
  return { text: formatServices(services), services };
}

/** `-A`. */
export const access: Kind<Access> = {
  valueName: "PROTO/PORT[,…]",
  expects: "services such as tcp/22 or tcp/80,udp/53",
  parse(text) {
    const said = anyText().parse(text);
    if (!said.ok) return said;
    const services = parseServices(text);
    if (services.ok) return ok({ text, services: services.value });
    return fail(`Invalid SPA access message: "${services.fault.item}": ${reasonOf(services.fault)}`);
  },
  format: ({ text }) => text,
};

function reasonOf({ item, fault }: ServiceFault): string {
  if (!item.includes("/")) return "Expecting <proto>/<port> for -A arg";
  return fault === "port" ? "Invalid port value" : "the protocol must be tcp or udp";
}
