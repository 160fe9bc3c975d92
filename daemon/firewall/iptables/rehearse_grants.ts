/** The way of grants through the rules of a family and the program that is kept open for it, without an effect. */
import { FirewallError, type Grant } from "../firewall.ts";
import { FamilyRules } from "./family.ts";

/**
 * Opens grants in each of the families, in an account that is thrown away. In place of each batch the program that is kept
 * open is told a transaction that changes nothing; where there is none nothing is done. Throws `FirewallError` where that
 * program cannot be ended.
 */
export async function rehearseGrants(
  families: readonly FamilyRules[],
  batch: readonly Grant[],
  now: number,
): Promise<void> {
  for (const rules of families) await rehearseIn(rules, batch, now);
}

async function rehearseIn(rules: FamilyRules, batch: readonly Grant[], now: number): Promise<void> {
  const { tools, options } = rules;
  const { kept, chains } = options;
  if (kept === null) return;
  const inVain: typeof kept = {
    async apply() {
      await kept.rehearse(chains.input.table);
      return "done";
    },
    rehearse: () => Promise.resolve(),
    start: () => {},
  };
  const practice = new FamilyRules(refuse, tools, { ...options, kept: inVain, handles: undefined });
  await practice.grant(batch, [], { now, outcomes: new Map() });
}

/** No program is run. */
function refuse(program: string): Promise<never> {
  return Promise.reject(new FirewallError(`${program} is not run in a rehearsal`, ""));
}
