/** The variables of fwknopd.conf that only pf has, and what they mean. Pure. */
import { fail, ok } from "../../../lib/result.ts";
import { integer, yesNo, yesUnlessNo } from "../../../lib/settings/kinds.ts";
import type { Kind } from "../../../lib/settings/setting.ts";
import type { SettingBlock } from "../backend.ts";
import { executable, exeObjections, type ExeValues } from "../executable.ts";
import { lateObjections, lateSettings, lateValues, type Objection } from "../late_rows.ts";

/** Longest name of an anchor that the C daemon takes. */
const MAX_ANCHOR = 63;

/** The path of an anchor: names with `/` between them. */
const anchorName: Kind<string> = {
  valueName: "NAME",
  expects: `letters, digits, _, - and . with / between them, at most ${MAX_ANCHOR} characters`,
  parse: (text) =>
    text.length <= MAX_ANCHOR && /^[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*$/.test(text)
      ? ok(text)
      : fail(`expected ${anchorName.expects}`),
  format: (value) => value,
};

const ROWS = {
  flushPfAtInit: {
    kind: yesNo,
    directive: "FLUSH_PF_AT_INIT",
    fallback: true,
    doc: "empty the anchor at start",
    detail: "With N, grants that an earlier run left are taken over and closed at their time.",
  },
  flushPfAtExit: {
    kind: yesUnlessNo,
    directive: "FLUSH_PF_AT_EXIT",
    fallback: true,
    doc: "empty the anchor on a clean exit",
  },
  pfAnchor: {
    kind: anchorName,
    directive: "PF_ANCHOR_NAME",
    fallback: "fwknop",
    doc: "the anchor that the grants stand in, which pf.conf must name",
  },
  pfExpire: {
    kind: integer(1, 131_071, "SECONDS"),
    directive: "PF_EXPIRE_INTERVAL",
    fallback: 30,
    doc: "of the C daemon, without an effect there and here: a grant is closed at its time",
  },
} as const;

/** The rows of pf. */
export const PF_SETTINGS: readonly SettingBlock[] = [{ after: "faultInjectionTag", rows: lateSettings("pf", ROWS) }];

/** FIREWALL_EXE where it is not set. */
const PFCTL = "/sbin/pfctl";

/** What is read for the rows. */
export type PfValues = ExeValues & Readonly<Record<string, unknown>>;

/** What the rows mean. */
export interface PfConfig {
  /** The absolute path of pfctl. */
  readonly program: string;
  /** PF_ANCHOR_NAME. */
  readonly anchor: string;
  /** FLUSH_PF_AT_INIT. */
  readonly flushAtInit: boolean;
  /** FLUSH_PF_AT_EXIT. */
  readonly flushAtExit: boolean;
}

/** Shapes the resolved rows. `given`: keys of those that somebody wrote. */
export function configurePf(values: PfValues, given?: ReadonlySet<string>): PfConfig {
  const { flushPfAtInit, flushPfAtExit, pfAnchor } = lateValues(ROWS, values);
  return {
    program: executable(PFCTL, values, given),
    anchor: pfAnchor,
    flushAtInit: flushPfAtInit,
    flushAtExit: flushPfAtExit,
  };
}

/** What of the rows cannot be, where pf is in use. */
export function pfObjections(values: PfValues, given: ReadonlySet<string>): readonly Objection[] {
  return [...lateObjections(ROWS, values), ...exeObjections(PFCTL, values, given)];
}
