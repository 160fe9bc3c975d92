/** The grants that are open beside one that is judged. Pure. */
import type { Ip } from "../../../lib/net/address.ts";
import type { Access, Grant } from "../firewall.ts";

/** Those of a source. */
export type Beside = (source: Ip) => readonly Access[];

/** Those of all sources are looked through when one is asked for first, which is seldom: there may be many. */
export function grantsBeside(...open: readonly Iterable<Grant>[]): Beside {
  let bySource: Map<string, Access[]> | null = null;
  return ({ text }) => {
    bySource ??= Map.groupBy(
      open.flatMap((grants) => [...grants]).flatMap(({ access }) => "source" in access ? [access] : []),
      ({ source }) => source.text,
    );
    return bySource.get(text) ?? [];
  };
}
