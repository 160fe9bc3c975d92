/** A backend, a way of packets and a listener in memory: what the standing decision is made with. */
import type { OpenedBackend, Repaired } from "../../daemon/firewall/backend.ts";
import { accessKey, type Grant } from "../../daemon/firewall/firewall.ts";
import type { Obstruction, Owner, PathChain } from "../../daemon/firewall/path/model.ts";
import type { OwnChain, PathWatch } from "../../daemon/firewall/path/watch.ts";
import { recordingFirewall } from "../../daemon/firewall/recording.ts";
import type { RulesetChange, RulesetListener } from "../../ffi/nfnetlink/events.ts";

/** A base chain on the input hook that drops by default. */
export function inputChain(change: Partial<PathChain> = {}): PathChain {
  return {
    owner: "nftables",
    family: "inet",
    table: "filter",
    chain: "input",
    hook: "input",
    priority: 0,
    devices: [],
    locked: false,
    drops: "default",
    acceptsEstablished: true,
    acceptsNeighbourDiscovery: true,
    ...change,
  };
}

/** The chain INPUT of iptables. */
export function iptablesChain(owner: Owner = "iptables-nft", change: Partial<PathChain> = {}): PathChain {
  return inputChain({ owner, family: "ip", chain: "INPUT", ...change });
}

/** A backend that notes what is asked of it. Everything of `change` is different. */
export function fakeBackend(owner: Owner, now: () => number, change: Partial<OpenedBackend> = {}) {
  const { grant, repair, ...recording } = recordingFirewall({ now, kernelTimed: owner === "nftables" });
  const calls: string[] = [];
  const say = (grants: readonly Grant[]) => grants.map(({ access, expiresAt }) => `${portOf(access)}@${expiresAt}`);
  const backend: OpenedBackend = {
    ...recording,
    name: owner === "nftables" ? owner : "iptables",
    owner,
    isOwn: (portId) => portId === 1,
    concerns: ({ table }) => table === "ours",
    enters: (chain) => chain.owner === owner,
    check: () => Promise.resolve(void calls.push("check")),
    prepare: () => {
      calls.push("prepare");
      return recording.prepare();
    },
    grant: (batch, live, at) => {
      calls.push(`grant ${say(batch)}`);
      return grant(batch, live, at);
    },
    repair: async (live, at): Promise<Repaired> => {
      calls.push(`repair ${say([...live])}`);
      return await repair(live, at) ? "restored" : "intact";
    },
    adapt: (live) => {
      calls.push(`adapt ${say([...live])}`);
      return Promise.resolve(false);
    },
    cleanup: () => {
      calls.push("cleanup");
      return recording.cleanup();
    },
    [Symbol.dispose]: () => void calls.push("dispose"),
    ...change,
  };
  return { backend, recording, calls };
}

function portOf(access: Grant["access"]): string {
  return "service" in access ? String(access.service?.port) : accessKey(access);
}

/** A way of packets whose chains the test sets. */
export function fakePath(chains: readonly PathChain[] = []) {
  const state = {
    chains,
    /** What the next survey finds; a promise: when it has looked. */
    found: null as readonly PathChain[] | null,
    looking: Promise.resolve(),
    heard: [] as (RulesetChange | "lost")[],
    shutBy: [] as readonly Obstruction[],
    ours: [] as readonly OwnChain[],
    surveys: 0,
    rounds: 0,
  };
  const path: PathWatch = {
    get chains() {
      return state.chains;
    },
    survey: async () => {
      state.surveys++;
      await state.looking;
      return state.chains = state.found ?? state.chains;
    },
    hear: (change) => {
      state.heard.push(change);
      if (change === "lost" || change.table === "theirs") return "survey";
      return change.table === "apart" ? "nothing" : "judging";
    },
    judge: (_access, enters) => {
      const shut = state.chains.some((chain) => chain.drops === "default" && chain.locked && !enters?.(chain));
      return shut ? [OBSTRUCTION] : state.shutBy;
    },
    judgeAnew: () => void state.rounds++,
    ours: () => state.ours,
    walk: () => [],
    [Symbol.dispose]() {},
  };
  return { path, state };
}

/** What keeps a door shut. */
export const OBSTRUCTION: Obstruction = { chain: "inet block input", how: "drops by policy", remedy: "let it in" };

/** A change of somebody else's, or of ours with the port id 1. Only its table counts. */
export function change(table: "ours" | "theirs" | "other" | "apart", portId = 99): RulesetChange {
  return {
    message: 0,
    portId,
    family: "inet",
    table,
    chain: "",
    set: "",
    handle: null,
    position: null,
    append: false,
    placed: true,
    expressions: () => [],
    elements: () => [],
    tableInfo: () => null,
    chainInfo: () => null,
  };
}

/** A listener whose changes the test puts in. */
export function fakeListener() {
  /** `failure`: why nothing can be read. */
  const waiting = { changes: [] as RulesetChange[], lost: false, failure: null as Error | null };
  const listener: RulesetListener = {
    fd: 5,
    drain: () => {
      if (waiting.failure !== null) throw waiting.failure;
      const { lost } = waiting;
      waiting.lost = false;
      return { changes: waiting.changes.splice(0), lost };
    },
    [Symbol.dispose]() {},
  };
  return { listener, waiting };
}
