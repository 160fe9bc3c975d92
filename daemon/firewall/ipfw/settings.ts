/** The variables of fwknopd.conf that only ipfw has, and what they mean. Pure. */
import { integer, yesNo, yesUnlessNo } from "../../../lib/settings/kinds.ts";
import type { SettingBlock } from "../backend.ts";
import { executable, exeObjections, type ExeValues } from "../executable.ts";
import { lateObjections, lateSettings, lateValues, type Objection } from "../late_rows.ts";

/** The highest number that a rule can have beside the kernel's own last one: numbers have 16 bits. */
const LAST_NUMBER = 65_534;
/** Sets have numbers from 0 to 31; the last one is the kernel's, and the first one everybody's. */
const LAST_SET = 30;

const ROWS = {
  flushIpfwAtInit: {
    kind: yesNo,
    directive: "FLUSH_IPFW_AT_INIT",
    fallback: true,
    doc: "remove our rules and tables at start",
    detail: "With N, grants that an earlier run left are taken over and closed at their time.",
  },
  flushIpfwAtExit: {
    kind: yesUnlessNo,
    directive: "FLUSH_IPFW_AT_EXIT",
    fallback: true,
    doc: "remove our rules and tables on a clean exit",
  },
  ipfwStart: {
    kind: integer(1, LAST_NUMBER),
    directive: "IPFW_START_RULE_NUM",
    fallback: 10_000,
    doc: "first number for our rules; it must come before the rule that denies",
  },
  ipfwMax: {
    kind: integer(1, 65_535),
    directive: "IPFW_MAX_RULES",
    fallback: 65_535,
    doc: "how many numbers our rules may take; one serves all clients of a service",
  },
  ipfwActiveSet: {
    kind: integer(1, LAST_SET),
    directive: "IPFW_ACTIVE_SET_NUM",
    fallback: 1,
    doc: "the set of the rules that count, which must hold nothing else",
  },
  ipfwExpireSet: {
    kind: integer(0, LAST_SET),
    directive: "IPFW_EXPIRE_SET_NUM",
    fallback: 2,
    doc: "the set of rules that nobody is let in by any more, but connections live on by",
    detail: "With 0 such a rule is deleted at once, and the connections that it let in end.",
  },
  ipfwPurge: {
    kind: integer(1, 131_071, "SECONDS"),
    directive: "IPFW_EXPIRE_PURGE_INTERVAL",
    fallback: 30,
    doc: "how long after a look for rules of that set whose connections have ended there may be another",
  },
  ipfwCheckState: {
    kind: yesNo,
    directive: "IPFW_ADD_CHECK_STATE",
    fallback: false,
    doc: "add a check-state rule in front of ours",
  },
} as const;

/** The rows of ipfw. */
export const IPFW_SETTINGS: readonly SettingBlock[] = [
  { after: "faultInjectionTag", rows: lateSettings("ipfw", ROWS) },
];

/** FIREWALL_EXE where it is not set. */
const IPFW = "/sbin/ipfw";

/** What is read for the rows. */
export type IpfwValues = ExeValues & Readonly<Record<string, unknown>>;

/** What the rows mean. */
export interface IpfwConfig {
  /** The absolute path of ipfw. */
  readonly program: string;
  /** FLUSH_IPFW_AT_INIT. */
  readonly flushAtInit: boolean;
  /** FLUSH_IPFW_AT_EXIT. */
  readonly flushAtExit: boolean;
  /** IPFW_START_RULE_NUM. */
  readonly start: number;
  /** The last number that our rules may have. */
  readonly end: number;
  /** IPFW_ACTIVE_SET_NUM. */
  readonly activeSet: number;
  /** IPFW_EXPIRE_SET_NUM; 0: there is none. */
  readonly expireSet: number;
  /** IPFW_EXPIRE_PURGE_INTERVAL, in seconds. */
  readonly purgeInterval: number;
  /** IPFW_ADD_CHECK_STATE. */
  readonly checkState: boolean;
}

/** Shapes the resolved rows. `given`: keys of those that somebody wrote. */
export function configureIpfw(values: IpfwValues, given?: ReadonlySet<string>): IpfwConfig {
  const read = lateValues(ROWS, values);
  return {
    program: executable(IPFW, values, given),
    flushAtInit: read.flushIpfwAtInit,
    flushAtExit: read.flushIpfwAtExit,
    start: read.ipfwStart,
    end: Math.min(read.ipfwStart + read.ipfwMax - 1, LAST_NUMBER),
    activeSet: read.ipfwActiveSet,
    expireSet: read.ipfwExpireSet,
    purgeInterval: read.ipfwPurge,
    checkState: read.ipfwCheckState,
  };
}

/** What of the rows cannot be, where ipfw is in use. */
export function ipfwObjections(values: IpfwValues, given: ReadonlySet<string>): readonly Objection[] {
  const wrong = [...lateObjections(ROWS, values), ...exeObjections(IPFW, values, given)];
  const { ipfwActiveSet, ipfwExpireSet } = lateValues(ROWS, values);
  if (wrong.length > 0 || ipfwActiveSet !== ipfwExpireSet) return wrong;
  return [{
    key: "ipfwExpireSet",
    message: `IPFW_EXPIRE_SET_NUM: it is the same set as IPFW_ACTIVE_SET_NUM, ${ipfwActiveSet}`,
    hint: "use two sets that nothing else is in, such as 1 and 2",
  }];
}
