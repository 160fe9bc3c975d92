/** The two address families: what becomes of one where the other fails, and a host that has no IPv6. */
import type { Log } from "../../../lib/log.ts";
import { asOneFailure, FirewallError } from "../firewall.ts";
import type { FamilyRules } from "./family.ts";
import { isFamilyAbsent } from "./tools.ts";

/** Something that is done for a family. Throws `FirewallError`. */
type Work<Rules> = (rules: Rules) => Promise<void>;

/** Both of them. */
export interface Families<Rules> {
  /** Why there is no IPv6; null as long as there is. */
  readonly missing6: string | null;
  /** One after the other. IPv4 must work; IPv6 does where the host has it, and that it does not is said once. */
  onBoth(work: Work<Rules>): Promise<void>;
  /** For what closes doors or puts something back: a family that fails, or hangs, does not keep the other from it. */
  onEach(work: Work<Rules>): Promise<void>;
}

/** Nothing is known of either yet. */
export function bothFamilies<Rules extends Pick<FamilyRules, "ready">>(
  v4: Rules,
  v6: Rules,
  log: Log,
): Families<Rules> {
  let missing6: string | null = null;
  const goWithout6 = (error: FirewallError) => {
    missing6 = error.message;
    log(isFamilyAbsent(error) ? "warning" : "error", `IPv6 grants are not possible here: ${error.message}`);
  };
  return {
    get missing6() {
      return missing6;
    },
    async onBoth(work) {
      await work(v4);
      if (missing6 !== null) return;
      try {
        await work(v6);
      } catch (error) {
        if (!(error instanceof FirewallError) || v6.ready) throw error;
        goWithout6(error);
      }
    },
    async onEach(work) {
      const families = missing6 === null ? [v4, v6] : [v4];
      const ends = await Promise.allSettled(families.map(work));
      const failures: FirewallError[] = [];
      for (const [index, end] of ends.entries()) {
        if (end.status === "fulfilled") continue;
        if (!(end.reason instanceof FirewallError)) throw end.reason;
        if (families[index] === v6 && !v6.ready && isFamilyAbsent(end.reason)) goWithout6(end.reason);
        else failures.push(end.reason);
      }
      const [first, ...more] = failures;
      if (first !== undefined) throw asOneFailure([first, ...more]);
    },
  };
}
