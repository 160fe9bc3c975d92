/** The variables of fwknopd.conf that only firewalld has, and what they mean. Pure. */
import { list, text, yesNo, yesUnlessNo } from "../../../lib/settings/kinds.ts";
import type { SettingsOf } from "../../../lib/settings/resolve.ts";
import type { SettingTable } from "../../../lib/settings/setting.ts";
import type { SettingBlock } from "../backend.ts";

const ROWS = {
  firewdZone: {
    kind: list(text({ valueName: "ZONE", maxLength: 64 })),
    directive: ["FIREWD_ZONE"],
    group: "firewalld",
    doc: "firewalld: the zones in which doors are opened",
    detail:
      "Default: those that the client's packets may come in by: a zone that names its address as a source, else the " +
      "zones of all interfaces and the default zone. Setting it makes FIREWALL auto take firewalld.",
  },
  flushFirewdAtInit: {
    kind: yesNo,
    directive: ["FLUSH_FIREWD_AT_INIT"],
    fallback: true,
    group: "firewalld",
    doc: "close at start the doors that an earlier run left open in firewalld",
    detail: "With N they are taken over and close at their time, as firewalld ends them by itself too.",
  },
  flushFirewdAtExit: {
    kind: yesUnlessNo,
    directive: ["FLUSH_FIREWD_AT_EXIT"],
    fallback: true,
    group: "firewalld",
    doc: "close all doors in firewalld on a clean exit",
  },
} as const satisfies SettingTable;

/** The rows of firewalld. */
export const FIREWALLD_SETTINGS: readonly SettingBlock[] = [{ after: "firewall", rows: ROWS }];

/** What is read for the rows. */
export type FirewalldValues = SettingsOf<typeof ROWS> & {
  /** Rows that every packet filter has: ENABLE_IPT_OUTPUT and ENABLE_IPT_SNAT, under the name of either build of the C daemon. */
  readonly outputRules: boolean;
  readonly snat: boolean;
};

/** Rows that nobody sets who works with another packet filter. */
export const DECISIVE: readonly (keyof SettingsOf<typeof ROWS>)[] = ["firewdZone"];

/** What the rows mean. */
export interface FirewalldConfig {
  /** FIREWD_ZONE; empty: those of the client. */
  readonly zones: readonly string[];
  /** Whether answers are to be let out, and sources rewritten: neither can be had of firewalld. */
  readonly output: boolean;
  readonly snat: boolean;
  /** FLUSH_FIREWD_AT_INIT. */
  readonly flushAtInit: boolean;
  /** FLUSH_FIREWD_AT_EXIT. */
  readonly flushAtExit: boolean;
}

/** Shapes the resolved rows. */
export function configureFirewalld(values: FirewalldValues): FirewalldConfig {
  return {
    zones: [...new Set(values.firewdZone ?? [])],
    output: values.outputRules,
    snat: values.snat,
    flushAtInit: values.flushFirewdAtInit,
    flushAtExit: values.flushFirewdAtExit,
  };
}
