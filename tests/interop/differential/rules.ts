/** What a daemon asked the packet filter for, read from `iptables -S`. Pure. */
import { TIMES } from "./choices.ts";
import { addressOf, type Configuration, packetOf } from "./configuration.ts";

/**
 * Rules by the source of the packet that asked for them, in the order in which they stand, their ends as seconds of a grant.
 * Those that all packets of a configuration have in common are under its network.
 */
export type RulesOf = ReadonlyMap<string, readonly string[]>;

/** Reads the rules with an end. What stands more than once counts once. */
export function readRules(saved: string, configurations: readonly Configuration[], startedAt: number): RulesOf {
  const found = new Map<string, Set<string>>();
  const places = new Map(configurations.flatMap(({ place }) => [[place.network, place], [place.inside, place]]));
  for (const line of saved.split("\n")) {
    const end = /_exp_(\d+)/.exec(line);
    if (end === null) continue;
    const owners = line.matchAll(/ ([\d.]+)\.(\d+)(?:\/32)?(?= )/g).flatMap(([, network = "", last]) => {
      const place = places.get(network);
      return place === undefined ? [] : [{ place, packet: packetOf(Number(last)) }];
    }).toArray();
    const [owner] = owners;
    if (owner === undefined) throw new Error(`a rule for nobody: ${line}`);
    const source = owner.packet === null ? owner.place.network : addressOf(owner.place, owner.packet);
    const rule = line.replace(end[0], `for ${secondsOf(Number(end[1]) - startedAt)} s`);
    found.set(source, (found.get(source) ?? new Set()).add(rule));
  }
  return new Map(found.entries().map(([source, rules]) => [source, [...rules]]));
}

/** The time of a grant that ends so many seconds after the start of its daemon. */
function secondsOf(left: number): number {
  const time = TIMES.findLast((seconds) => seconds <= left);
  if (time === undefined) throw new RangeError(`"left" expected at least ${TIMES[0]}, got ${left}`);
  return time;
}
