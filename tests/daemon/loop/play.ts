/** The run loop with everything real but the clock, the wait, the packets and the packet filter. */
import assert from "node:assert/strict";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import type { Access } from "../../../daemon/firewall/firewall.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { createLedger } from "../../../daemon/grants/ledger.ts";
import { createShutGrants } from "../../../daemon/grants/shut.ts";
import type { ActiveConfig, Ending, Runtime } from "../../../daemon/loop/active_config.ts";
import { runLoop } from "../../../daemon/loop/loop.ts";
import { createPatience } from "../../../daemon/loop/patience.ts";
import { createSlowLane } from "../../../daemon/loop/slow.ts";
import { createStrangers } from "../../../daemon/loop/strangers.ts";
import type { Batch, Datagram, PacketSource } from "../../../daemon/packet/datagram.ts";
import { createFacts } from "../../../daemon/report/facts.ts";
import { refusalLogs } from "../../../daemon/report/refusal_budget.ts";
import type { DecisionContext } from "../../../daemon/verify/decision.ts";
import { randomBytes } from "../../../lib/host/entropy.ts";
import type { Log } from "../../../lib/log.ts";
import { decisionContext, ip, NOW } from "../../fakes/knock.ts";

/** The descriptor of the packet source. */
export const FD = 7;

/** What lets `source` reach a TCP port. */
export const access = (source: string, port: number): Access => ({
  slot: "input",
  source: ip(source),
  destination: null,
  service: { proto: "tcp", port },
});

/** One wake-up: packets that arrive, or time that passes, or both. */
export interface Turn {
  readonly packets?: readonly Datagram[];
  readonly seconds?: number;
  /** Seconds by which somebody sets the wall clock, back when negative. */
  readonly set?: number;
  readonly before?: () => void | Promise<void>;
  readonly hangup?: boolean;
  readonly broken?: boolean;
  /** Descriptors that are ready besides that of the source. */
  readonly ready?: readonly number[];
}

/** What turns do to the world. */
interface Script {
  readonly clock: { now: number; set: number };
  readonly signals: { stop: "SIGTERM" | null; hangup: boolean };
  inbox: Batch | "broken" | null;
  readonly waits: number[];
}

/** Each wait is over with the next turn; after the last one comes SIGTERM. */
function waiterOf(turns: readonly Turn[], script: Script): Runtime["waiter"] {
  let at = -1;
  return {
    watch: () => {},
    unwatch: () => {},
    wait: async (timeout) => {
      script.waits.push(timeout);
      const turn = turns[++at];
      if (turn === undefined) {
        script.signals.stop = "SIGTERM";
        return new Set();
      }
      await turn.before?.();
      script.clock.now += turn.seconds ?? 0;
      script.clock.set += turn.set ?? 0;
      script.signals.hangup = turn.hangup ?? false;
      const packets = turn.packets ?? [];
      script.inbox = turn.broken ? "broken" : { datagrams: packets, taken: packets.length, more: false, ended: false };
      return new Set([...turn.packets || turn.broken ? [FD] : [], ...turn.ready ?? []]);
    },
  };
}

function sourceOf(script: Script, onDispose: () => void): PacketSource {
  return {
    banner: [],
    fd: FD,
    read: () => {
      if (script.inbox === "broken") throw new Error("the interface disappeared");
      assert.ok(script.inbox !== null, "read only when something is there");
      return script.inbox;
    },
    statistics: () => null,
    [Symbol.dispose]: onDispose,
  };
}

function activeConfig(
  { stanzas, decides, verbose = true, beside = [] }: Setting,
  source: PacketSource,
  log: Log,
): ActiveConfig {
  return {
    context: decisionContext(stanzas, decides),
    grantOptions: { destinationRule: false, output: false },
    commandLimits: { timeout: null, most: 16 },
    sources: [source, ...beside].map((one, index) => ({ spec: { kind: "udp", port: index + 1 }, source: one })),
    log,
    verbose,
    refusals: refusalLogs(log, verbose),
    signatures: [],
    batchLimit: 100,
  };
}

function signalsOf({ signals }: Script): Runtime["signals"] {
  return {
    get stop() {
      return signals.stop;
    },
    get hangup() {
      return signals.hangup;
    },
    takeHangup: () => {
      const came = signals.hangup;
      signals.hangup = false;
      return came;
    },
    [Symbol.dispose]: () => {},
  };
}

/** What the daemon is set to: one stanza and `-v` if nothing is said. */
interface Setting {
  readonly stanzas?: readonly Stanza[];
  /** What is different about the decisions: another store, test mode. */
  readonly decides?: Partial<DecisionContext>;
  readonly verbose?: boolean;
  /** What stands in front of the log. */
  readonly through?: (log: Log) => Log;
  /** What is different about the source. */
  readonly from?: Partial<PacketSource>;
  /** Sources behind it. */
  readonly beside?: readonly PacketSource[];
}

/** Runs the loop through the turns. */
export async function play(turns: readonly Turn[], changes: Partial<Runtime> = {}, setting: Setting = {}) {
  const lines: string[] = [];
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const script: Script = {
    clock: { now: NOW, set: 0 },
    signals: { stop: null, hangup: false },
    inbox: null,
    waits: [],
  };
  const { clock, waits } = script;
  const firewall = recordingFirewall({ now: () => clock.now + clock.set });
  await firewall.prepare();
  const disposed: string[] = [];
  const source = { ...sourceOf(script, () => void disposed.push("source")), ...setting.from };
  const active = activeConfig(setting, source, setting.through?.(log) ?? log);
  const ending: Ending = await runLoop(active, {
    waiter: waiterOf(turns, script),
    patience: createPatience(() => 60_000, () => {}),
    slow: createSlowLane(() => {}),
    strangers: createStrangers(() => clock.now * 1000, randomBytes),
    facts: createFacts(),
    signals: signalsOf(script),
    alreadyOpen: "already exists",
    firewall,
    ledger: createLedger(),
    shut: createShutGrants(),
    packetLimit: 0,
    clock: () => (clock.now + clock.set) * 1000,
    steady: () => clock.now * 1000,
    reload: (current) => Promise.resolve(() => current),
    recover: () => null,
    ...changes,
  });
  return { lines, firewall, ending, waits, disposed };
}
