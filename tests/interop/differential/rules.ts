/** What a daemon asked the packet filter for, read from `iptables -S`. Pure. */
import { TIMES } from "./choices.ts";
import { addressOf, type Configuration, LOCAL_PORTS, packetOf } from "./configuration.ts";

/**
 * Rules by the source of the packet that asked for them, in the order in which they stand, their ends as seconds of a grant.
 * Those that all packets of a configuration have in common are under its network.
 */
export type RulesOf = ReadonlyMap<string, readonly string[]>;

/** Reads what commands made: files whose names begin with an address of their packet. */
export function readTouched(files: ReadonlyMap<string, number>, configurations: readonly Configuration[]): RulesOf {
  const found = new Map<string, string[]>();
  for (const [name, uid] of files) {
    const source = ownerOf(` ${name} `, configurations);
    found.set(source, [...found.get(source) ?? [], `${name} touched by ${uid}`].sort());
  }
  return found;
}

/** Reads the rules with an end. What stands more than once counts once. */
export function readRules(saved: string, configurations: readonly Configuration[], startedAt: number): RulesOf {
  const found = new Map<string, Set<string>>();
  for (const line of saved.split("\n")) {
    const end = /_exp_(\d+)/.exec(line);
    if (end === null) continue;
    const source = ownerOf(line, configurations);
    const rule = line.replace(end[0], `for ${secondsOf(Number(end[1]) - startedAt)} s`);
    found.set(source, (found.get(source) ?? new Set()).add(rule));
  }
  return new Map(found.entries().map(([source, rules]) => [source, [...rules]]));
}

/** The source of the packet that a rule is for, told by its addresses, or by the port that only it leads to. */
function ownerOf(line: string, configurations: readonly Configuration[]): string {
  for (const { place } of configurations) {
    for (const network of [place.network, place.inside]) {
      const last = new RegExp(` ${network.replaceAll(".", "\\.")}\\.(\\d+)[/ +]`).exec(line)?.[1];
      if (last === undefined) continue;
      const packet = packetOf(Number(last));
      return packet === null ? place.network : addressOf(place, packet);
    }
  }
  const port = Number(/--dport (\d+)/.exec(line)?.[1]) - LOCAL_PORTS;
  const owner = configurations.find(({ place: { number } }) => number === port >> 4);
  if (owner === undefined) throw new Error(`a rule for nobody: ${line}`);
  return addressOf(owner.place, port & 15);
}

/** The time of a grant that ends so many seconds after the start of its daemon. */
function secondsOf(left: number): number {
  const time = TIMES.findLast((seconds) => seconds <= left);
  if (time === undefined) throw new RangeError(`"left" expected at least ${TIMES[0]}, got ${left}`);
  return time;
}
