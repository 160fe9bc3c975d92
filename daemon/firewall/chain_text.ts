/**
 * The chain strings of fwknopd.conf (facts/configuration 4): six comma-separated fields, e.g. `ACCEPT, filter, INPUT,
 * 1, FWKNOP_INPUT, 1`. The variables of iptables and those of firewalld have them.
 */
import { fail, ok } from "../../lib/result.ts";
import type { Kind } from "../../lib/settings/setting.ts";

/** An `IPT_*_ACCESS` value: `target, table, from, jumpPosition, to, rulePosition`. */
export interface ChainSpec {
  readonly target: string;
  readonly table: string;
  /** The chain that gets the jump. */
  readonly from: string;
  /** Rule number of the jump in `from`, from 1. */
  readonly jumpPosition: number;
  /** The chain of ours. */
  readonly to: string;
  /** Checked and then ignored, as in the C daemon: rules are appended, or go to the head with ENABLE_RULE_PREPEND. */
  readonly rulePosition: number;
}

/** Longest name of a chain or target that iptables takes; the C daemon hands longer ones on and fails at start. */
const MAX_NAME = 28;
/** Chains of the kernel: they cannot be made, emptied or removed as ours are. */
const BUILT_IN = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** Reads and writes one chain string. Blanks are ignored everywhere; names are letters, digits and `_`. */
export const chainSpec: Kind<ChainSpec> = {
  valueName: "TARGET,TABLE,FROM,POSITION,TO,POSITION",
  expects: "six fields: target, table, from-chain, jump position, to-chain, rule position",
  parse(text) {
    if (!/^[A-Za-z0-9_ ,]*$/.test(text)) {
      return fail("Invalid ACCESS specification: only letters, digits, _, blanks and commas are allowed");
    }
    const [target = "", table = "", from = "", jump = "", to = "", rule = "", ...more] = text.replaceAll(" ", "").split(
      ",",
    );
    const names = [target, table, from, to];
    if (more.length > 0 || [...names, jump, rule].includes("")) {
      return fail(`Invalid ACCESS specification: expected ${chainSpec.expects}`);
    }
    if (names.some((name) => name.length > MAX_NAME)) {
      return fail(`Invalid ACCESS specification: a name is longer than the ${MAX_NAME} characters that iptables takes`);
    }
    if (BUILT_IN.has(to) || to === from) {
      return fail("Invalid ACCESS specification: the to-chain must be one of its own, such as FWKNOP_INPUT");
    }
    if (!isPosition(jump)) return fail("invalid jump rule position: not in the range 0-65536");
    if (!isPosition(rule)) return fail("invalid to_chain rule position: not in the range 0-65536");
    return ok({ target, table, from, jumpPosition: Number(jump), to, rulePosition: Number(rule) });
  },
  remedy(text) {
    const fields = text.split(",").map((field) => field.trim());
    if (fields.length === 7 && /^(?:src|dst|both)$/i.test(fields[1] ?? "")) {
      return `fwknop 1.x had a direction there: write ${fields.toSpliced(1, 1).join(", ")}`;
    }
    if (fields.some((field) => /^[A-Za-z0-9_]+[-.][A-Za-z0-9_.-]*$/.test(field))) {
      return "a chain whose name has other characters cannot be used: make one with another name";
    }
    return undefined;
  },
  format: ({ target, table, from, jumpPosition, to, rulePosition }) =>
    [target, table, from, jumpPosition, to, rulePosition].join(", "),
};

function isPosition(text: string): boolean {
  return /^[0-9]{1,5}$/.test(text) && Number(text) <= 65536;
}
