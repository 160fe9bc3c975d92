/** What each base chain on a packet's way does with it, as lines of `--doctor`. Pure. */
import { doubt, failure, type Finding, fine } from "../../lib/finding.ts";
import { formatService, type Service } from "../../lib/net/service.ts";
import type { Firewall } from "../firewall/firewall.ts";
import { knockRemedy } from "../firewall/path/examine.ts";
import { type Enters, formatPathChain, type NewPacket, type PathChain, type Step } from "../firewall/path/model.ts";
import type { PathWatch } from "../firewall/path/watch.ts";
import type { Door } from "./doors.ts";

/** How the way of a packet is looked at. */
type Walk = PathWatch["walk"];

/** The way, and the chains that the packet filter of the daemon opens grants in. */
export interface Look {
  readonly walk: Walk;
  readonly enters: Enters;
}

/** That of an opened packet filter. */
export function lookOf(
  { firewall, path }: { readonly firewall: Pick<Firewall, "enters">; readonly path: Pick<PathWatch, "walk"> },
): Look {
  return {
    walk: (packet, enters) => path.walk(packet, enters),
    enters: (chain) => firewall.enters(chain),
  };
}

/** The way of the knock itself, where it has to arrive at a port of this daemon. */
export function knockFindings(port: number, families: readonly (4 | 6)[], walk: Walk): readonly Finding[] {
  const service: Service = { proto: "udp", port };
  const met = families.flatMap((family) => travel({ service, family, granted: false }, "knocks", { walk }));
  return byChain(met).map(({ chain, does, whom, step }) =>
    does === "shuts"
      ? failure(chain, `drops ${whom}${reason(step)}`, knockRemedy(step.chain, port))
      : fine(chain, whatItDoes(does, whom))
  );
}

/** The way of those who were let in by a knock. */
export function doorFindings(doors: readonly Door[], look: Look): readonly Finding[] {
  const chains = byChain(followAll(doors, look)).map((one) =>
    one.does === "shuts" ? shutFinding(one) : fine(one.chain, whatItDoes(one.does, one.whom))
  );
  return [...chains, ...openAnyway(doors, look.walk)];
}

/** The chains that keep such a door shut, each with its line. */
export function shutDoors(
  doors: readonly Door[],
  look: Look,
): readonly { readonly chain: PathChain; readonly text: string }[] {
  return byChain(followAll(doors, look)).filter(({ does }) => does === "shuts").map((one) => {
    const { what, found, remedy } = shutFinding(one);
    return { chain: one.step.chain, text: `${what} ${found}${remedy === undefined ? "" : `: ${remedy}`}` };
  });
}

function followAll(doors: readonly Door[], look: Look): readonly Met[] {
  return doors.flatMap((door) => travel(door, formatService(door.service), look));
}

function shutFinding({ chain, whom, step }: Treatment): Finding {
  return failure(chain, `keeps ${whom} shut${reason(step)}`, step.obstruction?.remedy);
}

/**
 * Doors that stand open to everybody: there is nothing that a knock could do. To a host inside a knock still translates the
 * address.
 */
function openAnyway(doors: readonly Door[], walk: Walk): readonly Finding[] {
  const open = doors.filter((door) => walk({ ...door, granted: false }).every(({ does }) => does === "passes"));
  const of = (which: (door: Door) => boolean | undefined) =>
    formatTravellers(
      open.filter((door) => which(door) === true)
        .map((door) => ({ name: formatService(door.service), family: door.family })),
    );
  const here = of(({ forwarded, published }) => !forwarded && !published);
  const [inside, published] = [of((door) => door.forwarded), of((door) => door.published)];
  return [
    ...here === "" ? [] : [doubt(
      here,
      "open already, with or without a knock: nothing on the way drops it",
      "give the chain on the hook the policy drop, or take out the rule that lets it in",
    )],
    ...published === "" ? [] : [doubt(
      `${published} as published by others`,
      "open already, with or without a knock: nothing on the way drops it",
      "drop it in a chain on the forward hook (Docker: iptables -I DOCKER-USER -i INTERFACE -m conntrack --ctstate NEW -j DROP)",
    )],
    ...inside === "" ? [] : [
      fine(`${inside} of hosts inside`, "a knock leads there, and nothing on the way drops it"),
    ],
  ];
}

/** A packet in a chain. */
interface Met {
  readonly name: string;
  readonly family: 4 | 6;
  readonly step: Step;
}

function travel(
  packet: NewPacket,
  name: string,
  { walk, enters }: Pick<Look, "walk"> & Partial<Look>,
): readonly Met[] {
  return walk(packet, enters).map((step) => ({ name, family: packet.family, step }));
}

/** What a chain does with those it treats alike. */
interface Treatment {
  readonly chain: string;
  readonly does: Step["does"];
  readonly whom: string;
  /** One of them. */
  readonly step: Step;
}

/** Chains in the order of the way, each with a line for all that it treats alike. */
function byChain(met: readonly Met[]): readonly Treatment[] {
  const groups = Map.groupBy(
    met,
    ({ step }) => JSON.stringify([formatPathChain(step.chain), step.does, step.obstruction]),
  );
  const alike = [...groups.values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [[first, ...more] as const]
  );
  return alike
    .toSorted(([a], [b]) =>
      orderOf(a.step.chain) - orderOf(b.step.chain) || a.step.chain.priority - b.step.chain.priority
    )
    .map(([first, ...more]) => ({
      chain: formatPathChain(first.step.chain),
      does: first.step.does,
      whom: formatTravellers([first, ...more]),
      step: first.step,
    }));
}

const HOOKS = ["ingress", "prerouting", "input", "forward", "output", "postrouting"] as const;

function orderOf({ hook }: PathChain): number {
  return HOOKS.indexOf(hook);
}

function whatItDoes(does: Exclude<Step["does"], "shuts">, whom: string): string {
  if (does === "opens") return `opens ${whom} with a knock`;
  if (does === "passes") return `lets ${whom} through`;
  return `may drop ${whom}: it picks packets by their source, state or the like`;
}

function reason({ obstruction }: Step): string {
  return obstruction === null ? "" : ` (${obstruction.how})`;
}

/** `tcp/22, tcp/80 over IPv4 and IPv6`. */
function formatTravellers(travellers: readonly Pick<Met, "name" | "family">[]): string {
  const names = Map.groupBy(travellers, ({ name }) => name);
  const byFamilies = Map.groupBy(
    names.entries(),
    ([, each]) => [...new Set(each.map(({ family }) => `IPv${family}`))].toSorted().join(" and "),
  );
  return [...byFamilies].map(([families, each]) => `${each.map(([name]) => name).join(", ")} over ${families}`).join(
    ", ",
  );
}
