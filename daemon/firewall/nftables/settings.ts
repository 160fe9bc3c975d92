/** The variables of fwknopd.conf that only nftables has, and what they mean. Pure. */
import { yesNo } from "../../../lib/settings/kinds.ts";
import type { SettingsOf } from "../../../lib/settings/resolve.ts";
import type { SettingTable } from "../../../lib/settings/setting.ts";
import type { SettingBlock } from "../backend.ts";
import { type NftChain, nftChains } from "./chain_list.ts";
import type { FilterSlot } from "./set_layout.ts";

const ROWS = {
  flushNftAtInit: {
    kind: yesNo,
    directive: ["FLUSH_NFT_AT_INIT"],
    fallback: false,
    group: "nftables",
    doc: "close at start the doors that an earlier run left open",
    detail: "With N they are taken over and close at their time, which the kernel keeps.",
  },
  flushNftAtExit: {
    kind: yesNo,
    directive: ["FLUSH_NFT_AT_EXIT"],
    fallback: true,
    group: "nftables",
    doc: "close all doors on a clean exit",
  },
  nftInputChains: chainsRow("NFT_INPUT_CHAINS", "input"),
  nftOutputChains: chainsRow("NFT_OUTPUT_CHAINS", "output"),
  nftForwardChains: chainsRow("NFT_FORWARD_CHAINS", "forward"),
} as const satisfies SettingTable;

/** The rows of nftables. */
export const NFTABLES_SETTINGS: readonly SettingBlock[] = [{ after: "firewall", rows: ROWS }];

/** What is read for the rows. */
export type NftablesValues = SettingsOf<typeof ROWS>;

/** What the rows mean. */
export interface NftablesConfig {
  /** FLUSH_NFT_AT_INIT: close the grants of an earlier run instead of taking them over. */
  readonly flushAtInit: boolean;
  /** FLUSH_NFT_AT_EXIT. */
  readonly flushAtExit: boolean;
  /** Base chains named by the administrator, by hook. A hook that is not named: every one found that can drop. */
  readonly chains: Partial<Readonly<Record<FilterSlot, readonly NftChain[]>>>;
}

/** Shapes the resolved rows. */
export function configureNftables(values: NftablesValues): NftablesConfig {
  return {
    flushAtInit: values.flushNftAtInit,
    flushAtExit: values.flushNftAtExit,
    chains: {
      ...(values.nftInputChains === undefined ? {} : { input: values.nftInputChains }),
      ...(values.nftOutputChains === undefined ? {} : { output: values.nftOutputChains }),
      ...(values.nftForwardChains === undefined ? {} : { forward: values.nftForwardChains }),
    },
  };
}

function chainsRow<const Name extends string>(name: Name, hook: FilterSlot) {
  return {
    kind: nftChains,
    directive: [name],
    group: "nftables",
    doc: `Base chains on the ${hook} hook that get our jump, such as: inet filter ${hook}`,
    detail:
      "Default: every native base chain of that hook that drops packets by default or by their port, and none that only picks " +
      "some of them, by their source for example (fail2ban, blocklists).",
  } as const;
}
