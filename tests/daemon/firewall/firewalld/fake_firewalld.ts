/** firewalld in memory: zones with rich rules that end, and the refusals of the real one. */
import { FirewalldError, type FirewalldService, type Refusal } from "../../../../daemon/firewall/firewalld/service.ts";
import type { ActiveZone } from "../../../../daemon/firewall/firewalld/zones.ts";

/** The service, and what a test can see of it and do to it. */
export interface FakeFirewalld extends FirewalldService {
  /** Unix seconds. */
  now: number;
  /** The number of its process. */
  pid: number;
  active: readonly ActiveZone[];
  /** From now on everything is refused for that reason; null: nothing is. */
  refuse: Refusal | null;
  /** Zone to rule to its end. */
  readonly rulesOf: ReadonlyMap<string, Map<string, number>>;
  /** What was asked, as `add public`, in order. */
  readonly calls: string[];
}

/** Makes one with the zones `public`, which is the default, and `dmz`. */
export function fakeFirewalld(now: number): FakeFirewalld {
  const rulesOf = new Map(["public", "dmz"].map((zone) => [zone, new Map<string, number>()]));
  const say = (refusal: Refusal) => new FirewalldError(`firewalld: ${refusal}`, "a hint", { refusal });
  function ask<Value>(what: string, answer: () => Value): Promise<Value> {
    fake.calls.push(what);
    if (fake.refuse !== null) return Promise.reject(say(fake.refuse));
    try {
      return Promise.resolve(answer());
    } catch (error) {
      return Promise.reject(error);
    }
  }
  function zoneOf(name: string): Map<string, number> {
    const rules = rulesOf.get(name);
    if (rules === undefined) throw say("zone");
    for (const [rule, end] of rules) if (end <= fake.now) rules.delete(rule);
    return rules;
  }
  const fake: FakeFirewalld = {
    ...{ now, pid: Deno.pid, active: [], refuse: null, rulesOf, calls: [] },
    owner: () => ask("owner", () => ":1.5"),
    processOf: () => ask("process", () => fake.pid),
    defaultZone: () => ask("default", () => "public"),
    zones: () => ask("zones", () => [...rulesOf.keys()]),
    activeZones: () => ask("active", () => fake.active),
    richRules: (zone) => ask(`list ${zone}`, () => [...zoneOf(zone).keys()]),
    addRule: (zone, rule, seconds) =>
      ask(`add ${zone}`, () => {
        const rules = zoneOf(zone);
        if (rules.has(rule)) throw say("already");
        rules.set(rule, fake.now + seconds);
      }),
    removeRule: (zone, rule) =>
      ask(`remove ${zone}`, () => {
        if (!zoneOf(zone).delete(rule)) throw say("not there");
      }),
    [Symbol.dispose]() {},
  };
  return fake;
}
