/** The variables of fwknopd.conf that only iptables has (facts/configuration 4), and what they mean. Pure. */
import { path, yesNo, yesUnlessNo } from "../../../lib/settings/kinds.ts";
import type { SettingsOf } from "../../../lib/settings/resolve.ts";
import type { SettingTable } from "../../../lib/settings/setting.ts";
import type { SettingBlock } from "../backend.ts";
import { type ChainSpec, chainSpec } from "../chain_text.ts";
import { type ChainSpecs, DEFAULT_CHAINS } from "./chain_specs.ts";

const PREPEND_ROW = {
  rulePrepend: {
    kind: yesNo,
    directive: ["ENABLE_RULE_PREPEND"],
    fallback: false,
    group: "firewall",
    doc: "iptables: put new rules at the head of the chain instead of its end",
  },
} as const satisfies SettingTable;

const CHAIN_ROWS = {
  flushIptAtInit: {
    kind: yesNo,
    directive: ["FLUSH_IPT_AT_INIT"],
    fallback: true,
    group: "iptables",
    doc: "empty and remake our chains at start",
    detail: "With N, rules that an earlier run left are taken over and removed at their time.",
  },
  flushIptAtExit: {
    kind: yesUnlessNo,
    directive: ["FLUSH_IPT_AT_EXIT"],
    fallback: true,
    group: "iptables",
    doc: "remove our chains on a clean exit",
  },
  inputChain: chainRow("IPT_INPUT_ACCESS", DEFAULT_CHAINS.input, "chain of the rules that let a client in"),
  outputChain: chainRow("IPT_OUTPUT_ACCESS", DEFAULT_CHAINS.output, "chain of the rules that let answers out"),
  forwardChain: chainRow("IPT_FORWARD_ACCESS", DEFAULT_CHAINS.forward, "chain of the rules for forwarded connections"),
  dnatChain: chainRow("IPT_DNAT_ACCESS", DEFAULT_CHAINS.dnat, "chain of the rules that rewrite destinations"),
  snatChain: chainRow("IPT_SNAT_ACCESS", DEFAULT_CHAINS.snat, "chain of the rules that rewrite sources"),
  masqueradeChain: chainRow("IPT_MASQUERADE_ACCESS", DEFAULT_CHAINS.masquerade, "chain of the masquerading rules"),
  commentCheck: {
    kind: yesNo,
    directive: ["ENABLE_IPT_COMMENT_CHECK"],
    fallback: true,
    group: "iptables",
    doc: "make sure at start that the comment match is there, which carries the expiry of a rule",
  },
} as const satisfies SettingTable;

const PROGRAM_ROW = {
  firewallExe: {
    kind: path(),
    directive: ["FIREWALL_EXE"],
    fallback: "/usr/sbin/iptables",
    group: "firewall",
    doc: "the iptables to run; the ip6tables beside it is used for IPv6",
    detail: "Setting it makes FIREWALL auto take iptables.",
  },
} as const satisfies SettingTable;

/** Where they stand in the dump of the C daemon. */
export const IPTABLES_SETTINGS: readonly SettingBlock[] = [
  { after: "destinationRule", rows: PREPEND_ROW },
  { after: "outputRules", rows: CHAIN_ROWS },
  { after: "sudoExe", rows: PROGRAM_ROW },
];

/** Rows that nobody sets who works with another packet filter. */
export const DECISIVE: readonly (keyof IptablesValues)[] = [
  ...["firewallExe", "inputChain", "outputChain", "forwardChain", "dnatChain", "snatChain", "masqueradeChain"] as const,
];

/** FIREWALL_EXE where it is not set. */
export const DEFAULT_EXECUTABLE = PROGRAM_ROW.firewallExe.fallback;

/** What the rows mean. */
export interface IptablesConfig {
  /** FIREWALL_EXE: the absolute path of iptables. */
  readonly firewallExe: string;
  /** Whether it was written: then no other is run, wherever the chains are that drop. */
  readonly isExeGiven: boolean;
  /** FLUSH_IPT_AT_INIT. */
  readonly flushAtInit: boolean;
  /** FLUSH_IPT_AT_EXIT. */
  readonly flushAtExit: boolean;
  /** ENABLE_RULE_PREPEND: new rules go to the head of their chain. */
  readonly prepend: boolean;
  /** ENABLE_IPT_COMMENT_CHECK. */
  readonly commentCheck: boolean;
  readonly chains: ChainSpecs;
}

/** What is read for the rows. */
export type IptablesValues = SettingsOf<typeof PREPEND_ROW & typeof CHAIN_ROWS & typeof PROGRAM_ROW>;

/** Shapes the resolved rows. `given`: keys of those that somebody wrote. */
export function configureIptables(values: IptablesValues, given?: ReadonlySet<string>): IptablesConfig {
  return {
    firewallExe: values.firewallExe,
    isExeGiven: given?.has("firewallExe") === true,
    flushAtInit: values.flushIptAtInit,
    flushAtExit: values.flushIptAtExit,
    prepend: values.rulePrepend,
    commentCheck: values.commentCheck,
    chains: {
      input: values.inputChain,
      output: values.outputChain,
      forward: values.forwardChain,
      published: values.forwardChain,
      dnat: values.dnatChain,
      snat: values.snatChain,
      masquerade: values.masqueradeChain,
    },
  };
}

function chainRow<const Name extends string>(name: Name, fallback: ChainSpec, doc: string) {
  return { kind: chainSpec, directive: [name], fallback, group: "iptables", doc } as const;
}
