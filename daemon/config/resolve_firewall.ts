/** What fwknopd.conf says about the packet filter: what is common, and what each of them makes of its own rows. */
import type { Resolved } from "../../lib/settings/resolve.ts";
import type { Setting, SettingTable } from "../../lib/settings/setting.ts";
import { BACKENDS, type FirewallConfig } from "../firewall/backends.ts";
import { parseSnatAddresses } from "./nat_kinds.ts";
import { SERVER_SETTINGS } from "./settings.ts";

/** Shapes the resolved rows. */
export function resolveFirewall(resolved: Resolved<typeof SERVER_SETTINGS>): FirewallConfig {
  const { values } = resolved;
  // The table has the rows of all packet filters, which its type does not say.
  const origins: Readonly<Record<string, unknown>> = resolved.origins;
  const given = new Set(Object.keys(origins).filter((key) => origins[key] !== undefined));
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

function directiveOf(key: string): string {
  const row = (SERVER_SETTINGS as SettingTable)[key] as Setting | undefined;
  return row?.directive?.[0] ?? key;
}
