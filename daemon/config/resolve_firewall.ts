/** What fwknopd.conf says about the packet filter: what is common, and what each of them makes of its own rows. */
import type { Resolved } from "../../lib/settings/resolve.ts";
import type { Origin, Problem, Setting, SettingTable } from "../../lib/settings/setting.ts";
import { BACKENDS, type FirewallConfig, firewallObjections } from "../firewall/backends.ts";
import { parseSnatAddresses } from "./nat_kinds.ts";
import { SERVER_SETTINGS } from "./settings.ts";

/** Shapes the resolved rows. */
export function resolveFirewall(resolved: Resolved<typeof SERVER_SETTINGS>): FirewallConfig {
  const { values } = resolved;
  const { origins, given } = saidOf(resolved);
  return {
    directive: values.firewall,
    decisive: BACKENDS.flatMap(({ name, decisive }) =>
      decisive.filter((key) => origins[key] !== undefined)
        .map((key) => ({ backend: name, directive: directiveOf(key) }))
    ),
    destinationRule: values.destinationRule,
    switches: {
      output: values.outputRules,
      forwarding: values.natForwarding,
      localNat: values.localNat,
      // A stanza may force SNAT without the switch, also one that comes with a reload.
      snat: values.snat || values.natForwarding || values.localNat,
      // What the stanzas want is known when they are read.
      published: false,
    },
    nat: {
      snat: values.snat,
      snatTranslate: values.snat ? parseSnatAddresses(values.snatAddress ?? "") ?? [] : [],
      strictForward: !values.forwardAnyHost,
      masqueradeAnyPort: values.masqueradeAnyPort,
    },
    backends: Object.fromEntries(BACKENDS.map((backend) => [backend.name, backend.configure(values, given)])),
  };
}

/** Where each row was said. */
function saidOf(resolved: Resolved<typeof SERVER_SETTINGS>) {
  // The table has the rows of all packet filters, which its type does not say.
  const origins: Readonly<Record<string, Origin | undefined>> = resolved.origins;
  return { origins, given: new Set(Object.keys(origins).filter((key) => origins[key] !== undefined)) };
}

/** What of the rows of the packet filter in use cannot be, with the place where it was written. */
export function objectFirewall(resolved: Resolved<typeof SERVER_SETTINGS>): readonly Problem[] {
  const { origins, given } = saidOf(resolved);
  return firewallObjections(resolved.values.firewall, resolved.values, given)
    .map(({ key, message, hint }) => ({ origin: origins[key] ?? {}, message, hint }));
}

function directiveOf(key: string): string {
  const row = (SERVER_SETTINGS as SettingTable)[key] as Setting | undefined;
  return row?.directive?.[0] ?? key;
}
