/** The view of the way of packets, kept in memory. What it is, `watch.ts` says. */
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { Route } from "../../../ffi/libc/route.ts";
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Ip } from "../../../lib/net/address.ts";
import { type Access, FirewallError } from "../firewall.ts";
import { asFirewallError, READING } from "../socket_error.ts";
import { applyChange, isKnown } from "./changes.ts";
import type { Beside } from "./beside.ts";
import { Judged } from "./judged.ts";
import { classify } from "./classify.ts";
import { createCompiler } from "./compile.ts";
import type { Enters, NewPacket, Obstruction, PathChain, Step } from "./model.ts";
import { surveyNetlink } from "./netlink_survey.ts";
import { forgetRules, ownerOf, type Tables } from "./ruleset.ts";
import { SetStore } from "./sets.ts";
import { isTracked, onlyTranslates, type Station, stationsOf } from "./stations.ts";
import { leadsThrough, type Turn } from "./onward.ts";
import { notPublished } from "./remedy.ts";
import { type Traveller, travellerFor, travellerOf } from "./traveller.ts";
import type { Due, OwnChain, PathWatch } from "./watch.ts";
import type { Walkable } from "./walk.ts";
import { type Arrival, type Assumed, knownEverywhere, type Landscape, maySendOn, travel } from "./way.ts";

/** What the view is made of. */
export interface PathParts {
  /** Null where the kernel has no nf_tables. Opened when it is needed first; throws `FirewallError`. */
  netlink(): Nfnetlink | null;
  /** The tables of iptables-legacy as they are now; throws `FirewallError`. */
  legacy(): Promise<Tables>;
  /** By which interfaces packets from outside come in. */
  arrival(): Arrival;
  /** Where packets to the address go; null: not known. */
  route(address: Ip): Route | null;
  /** Whether a chain is one of ours. */
  isOurs(chain: string): boolean;
  /** Lets other work go on. */
  pause(): Promise<void>;
  close(): void;
}

/** Makes the view; it is empty before the first survey. */
export function createPathWatch(parts: PathParts): PathWatch {
  return new MemoryWatch(parts);
}

const NOBODY: Enters = () => false;
const UNKNOWN: Arrival = { only: null, never: [] };

const ALONE: Beside = () => [];

/** A base chain that was looked at. */
interface Described {
  readonly chain: PathChain;
  /** What it was itself then, and the version of its table's rules. */
  readonly base: string;
  readonly version: number;
}

/** The changes by which base chains come, go and change. */
const STRUCTURAL = new Set<number>([NFT_MSG.newTable, NFT_MSG.delTable, NFT_MSG.newChain, NFT_MSG.delChain]);

class MemoryWatch implements PathWatch {
  chains: readonly PathChain[] = [];
  readonly #tables: Tables = new Map();
  #legacy: Tables = new Map();
  readonly #compiler = createCompiler();
  readonly #judged = new Judged();
  readonly #sets: SetStore;
  #stations: readonly Station[] | null = null;
  #arrival: Arrival = UNKNOWN;
  #running: Promise<readonly PathChain[]> | null = null;
  /** What was found out of base chains. */
  readonly #described = new Map<Station["chain"], Described>();

  constructor(readonly parts: PathParts) {
    this.#sets = new SetStore(() => this.#netlink(), this.#judged);
  }

  survey(): Promise<readonly PathChain[]> {
    this.#running ??= this.#survey().finally(() => this.#running = null);
    return this.#running;
  }

  async #survey(): Promise<readonly PathChain[]> {
    const { parts } = this;
    try {
      await this.#surveyNative();
    } catch (error) {
      throw asFirewallError(error, READING);
    }
    this.#legacy = await parts.legacy();
    this.#arrival = parts.arrival();
    this.#stations = null;
    const chains: PathChain[] = [];
    for (const station of this.#allStations()) {
      if (onlyTranslates(station)) continue;
      chains.push(this.#describe(station, "as it is"));
      await parts.pause();
    }
    const standing = new Set(this.#allStations().map(({ chain }) => chain));
    for (const chain of this.#described.keys()) if (!standing.has(chain)) this.#described.delete(chain);
    return this.chains = chains;
  }

  async #surveyNative(): Promise<void> {
    const { parts } = this;
    const netlink = parts.netlink();
    if (netlink === null) return this.#tables.clear();
    await surveyNetlink(this.#tables, {
      netlink,
      compiler: this.#compiler,
      sets: (table) => this.#sets.of(table, false),
      isOurs: (chain) => parts.isOurs(chain),
      pause: () => parts.pause(),
    });
  }

  hear(change: RulesetChange | "lost"): Due {
    if (change === "lost") {
      this.#sets.clear();
      forgetRules(this.#tables);
      return "survey";
    }
    const { family, table, set, message } = change;
    if (set !== "" && family !== null) {
      const named = !set.startsWith("__") && (message === NFT_MSG.newSetElem || message === NFT_MSG.delSetElem);
      if (named) return this.#sets.mayChange({ family, table, set }, change.elements()) ? "judging" : "nothing";
      this.#sets.forget({ family, table }, set);
      return "nothing";
    }
    const due = applyChange({
      tables: this.#tables,
      compiler: this.#compiler,
      sets: (name) => this.#sets.of(name, false),
      isOurs: (chain) => this.parts.isOurs(chain),
      isForGrants: (rule, sets) => this.#judged.mayMeet(rule, sets),
    }, change);
    if (STRUCTURAL.has(message)) this.#stations = null;
    return due;
  }

  judge(access: Access, enters = NOBODY, beside: Beside = ALONE): readonly Obstruction[] {
    const traveller = travellerOf(access);
    if (traveller === null) return [];
    // That by which some never come is not certain for everybody.
    this.#judged.note(knownEverywhere(traveller, this.#arrival.never.length === 0 ? this.#arrival : UNKNOWN));
    const passages = (turn: Turn) => access.slot === "input" && beside(access.source).some(leadsThrough(access, turn));
    const shutBy = this.#travel(traveller, { enters, passages }).flatMap(({ obstruction }) =>
      obstruction === null ? [] : [obstruction]
    );
    if (access.slot !== "published" || maySendOn(traveller, this.#landscape(this.#arrival))) return shutBy;
    return [notPublished(access), ...shutBy];
  }

  /** What is believed of interfaces is asked for only where a door is shut by it. */
  #travel(traveller: Traveller, assumed: Assumed): readonly Step[] {
    const arrival = this.#arrival;
    const steps = travel(traveller, this.#landscape(arrival), assumed);
    const { source } = traveller.before;
    if (arrival.never.length === 0 || source === undefined || steps.every(({ does }) => does !== "shuts")) return steps;
    const name = this.parts.route(source)?.interface ?? null;
    if (name !== null && !arrival.never.includes(name)) return steps;
    return travel(traveller, this.#landscape(UNKNOWN), assumed);
  }

  judgeAnew(): void {
    this.#judged.begin();
  }

  ours(): readonly OwnChain[] {
    const native = [...this.#tables.values()].map((table) => ({ table, owner: ownerOf(table) }));
    const legacy = [...this.#legacy.values()].map((table) => ({ table, owner: "iptables-legacy" as const }));
    return [...native, ...legacy].flatMap(({ table, owner }) =>
      [...table.chains.keys()].filter((chain) => this.parts.isOurs(chain)).map((chain) => ({ owner, chain }))
    );
  }

  walk(packet: NewPacket, enters: Enters = NOBODY): readonly Step[] {
    const passages = ({ here }: Turn) => packet.alsoPublished === true && !here;
    return this.#travel(travellerFor(packet), { enters, passages });
  }

  [Symbol.dispose](): void {
    this.#tables.clear();
    this.#sets.clear();
    this.parts.close();
  }

  #landscape(arrival: Arrival): Landscape {
    return {
      stations: this.#allStations(),
      arrival,
      isOwn: (address) => this.parts.route(address)?.local ?? null,
      walkable: (station, granted) => this.#walkable(station, { granted, askKernel: true }),
      // What it does with packets in general can wait for the next survey.
      describe: (station) => this.#describe(station, "as it was"),
      isOurs: (chain) => this.parts.isOurs(chain),
    };
  }

  #allStations(): readonly Station[] {
    return this.#stations ??= stationsOf(this.#tables, this.#legacy);
  }

  #walkable({ table, owner }: Station, how: { readonly granted: boolean; readonly askKernel: boolean }): Walkable {
    const name: TableName = table;
    return {
      rules: (name) => {
        const chain = table.chains.get(name);
        return chain !== undefined && isKnown(chain) ? chain.rules : null;
      },
      sets: owner === "iptables-legacy" ? () => ({ hit: null, verdicts: [] }) : this.#sets.of(name, how.askKernel),
      isOurs: (chain) => this.parts.isOurs(chain),
      granted: how.granted,
    };
  }

  #describe(station: Station, when: "as it is" | "as it was"): PathChain {
    const { owner, table, chain, base, hook } = station;
    const known = this.#described.get(chain);
    const state = `${table.locked} ${base.policy} ${base.priority} ${base.devices} ${owner}`;
    if (known?.base === state && (when === "as it was" || known.version === table.version)) return known.chain;
    const described: PathChain = {
      ...{ owner, family: table.family, table: table.table, chain: chain.name, hook, priority: base.priority },
      ...{ devices: base.devices, locked: table.locked },
      ...classify({
        table: this.#walkable(station, { granted: false, askKernel: false }),
        ...{ family: table.family, chain: chain.name, policy: base.policy, tracked: isTracked(station) },
      }),
    };
    this.#described.set(chain, { chain: described, base: state, version: table.version });
    return described;
  }

  #netlink(): Nfnetlink | null {
    try {
      return this.parts.netlink();
    } catch (error) {
      if (error instanceof FirewallError) return null;
      throw error;
    }
  }
}
