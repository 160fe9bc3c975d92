/** The chain strings of fwknopd.conf (server B.4): six comma-separated fields, e.g. `ACCEPT, filter, INPUT, 1, FWKNOP_INPUT, 1`. */
import { fail, ok } from "../../lib/result.ts";
import type { Kind } from "../../lib/spec/setting.ts";
import type { ChainSpec } from "../firewall/iptables_chains.ts";

/** Longest name that is taken; the C daemon cuts here without a word. */
const MAX_NAME = 63;

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
      return fail(`Invalid ACCESS specification: a name is longer than ${MAX_NAME} characters`);
    }
    if (!isPosition(jump)) return fail("invalid jump rule position: not in the range 0-65536");
    if (!isPosition(rule)) return fail("invalid to_chain rule position: not in the range 0-65536");
    return ok({ target, table, from, jumpPosition: Number(jump), to, rulePosition: Number(rule) });
  },
  format: ({ target, table, from, jumpPosition, to, rulePosition }) =>
    [target, table, from, jumpPosition, to, rulePosition].join(", "),
};

function isPosition(text: string): boolean {
  return /^[0-9]{1,5}$/.test(text) && Number(text) <= 65536;
}
