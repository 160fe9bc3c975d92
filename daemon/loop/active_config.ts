/** What the run loop works with: what SIGHUP exchanges, what outlives that, and what one turn leaves for the next. */
import type { Waiter } from "../../ffi/libc/poll.ts";
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import type { Ip } from "../../lib/net/address.ts";
import type { Log } from "../../lib/log.ts";
import type { Commands } from "../command/commands.ts";
import type { ServerConfig } from "../config/mod.ts";
import type { CommandLimits } from "../config/resolve_server.ts";
import type { Stanza } from "../config/stanza.ts";
import type { Signature } from "../fingerprint/signatures.ts";
import { systemsOf } from "../fingerprint/system.ts";
import type { GrantOptions } from "../grants/grants.ts";
import type { GrantContext } from "../grants/upkeep.ts";
import type { PacketSource, SourceInUse } from "../packet/datagram.ts";
import type { ReplayStore } from "../replay/store.ts";
import type { Mailer } from "../report/mailer.ts";
import { type RefusalLogs, refusalLogs } from "../report/refusal_budget.ts";
import type { ServiceManager } from "../service/manager.ts";
import type { StateFiles } from "../service/state_files.ts";
import type { SlowOpener } from "../verify/attempt.ts";
import type { DecisionContext, Pending } from "../verify/decision.ts";
import type { NameResolver } from "../verify/nat_target.ts";
import { createSieve } from "../verify/sieve.ts";
import { stanzaIndex } from "../verify/stanza_index.ts";
import type { Patience } from "./patience.ts";
import type { SignalInbox } from "./signals.ts";
import type { SlowLane } from "./slow.ts";
import type { Strangers } from "./strangers.ts";

/** What a reload may exchange while everything else goes on. */
export interface ActiveConfig {
  readonly context: DecisionContext;
  readonly grantOptions: GrantOptions;
  readonly commandLimits: CommandLimits;
  readonly sources: readonly SourceInUse[];
  readonly log: Log;
  /** Whether debug lines are written. */
  readonly verbose: boolean;
  readonly refusals: RefusalLogs;
  /** What TCP SYNs are compared with. */
  readonly signatures: readonly Signature[];
  /** Packets of one turn. */
  readonly batchLimit: number;
}

/** What an {@link ActiveConfig} is made of. */
export interface ActiveConfigParts {
  readonly config: ServerConfig;
  readonly stanzas: readonly Stanza[];
  readonly sources: readonly SourceInUse[];
  readonly log: Log;
  readonly store: ReplayStore;
  readonly test: boolean;
  readonly engine: CryptoEngine;
  /** Used where names are accepted. */
  readonly resolveName: NameResolver;
  /** Opens packets for GnuPG. Where it is absent they are refused. */
  readonly openSlowly?: SlowOpener | undefined;
  /** Absent in test mode. */
  readonly mailer?: Mailer | undefined;
  readonly strangers: Strangers;
}

/**
 * What a reload exchanges, made of a configuration that was checked. The store is told how long to remember, mail to whom it
 * goes, and packets of strangers how much time there is for them.
 */
export function makeActiveConfig(
  { config, stanzas, sources, log, store, test, engine, resolveName, openSlowly, mailer, strangers }: ActiveConfigParts,
): ActiveConfig {
  store.keepFor(config.maxAge);
  mailer?.use(config.mail);
  // A file waits, and loses nothing.
  strangers.use(sources.some(({ spec }) => spec.kind === "file") ? null : config.strangerShare);
  const verbose = config.logging.verbosity > 0;
  const active: ActiveConfig = {
    context: {
      engine,
      index: stanzaIndex(stanzas),
      sieve: createSieve(engine, stanzas, config),
      trialTime: strangers.onArrival,
      policy: { maxAge: config.maxAge, http: config.http, nat: config.firewall.switches },
      store,
      testMode: test,
      ...(config.settings.natDns ? { resolveName } : {}),
      ...(openSlowly === undefined ? {} : { openSlowly }),
    },
    grantOptions: {
      destinationRule: config.firewall.destinationRule,
      output: config.firewall.switches.output,
      ...config.firewall.nat,
    },
    commandLimits: config.commands,
    sources,
    log,
    verbose,
    refusals: refusalLogs(log, verbose),
    signatures: config.signatures ?? [],
    batchLimit: config.capture.dispatchCount,
  };
  return withSources(active, sources);
}

/** The same with these sources, some of which may know the systems of senders. */
export function withSources(active: ActiveConfig, sources: readonly SourceInUse[]): ActiveConfig {
  const { signatures } = active;
  const systemsOfSender = (sender: Ip) =>
    systemsOf(sources.flatMap(({ source }) => source.synsOf?.(sender) ?? []), signatures);
  const policy = { ...active.context.policy, systemsOf: systemsOfSender };
  return { ...active, sources, context: { ...active.context, policy } };
}

/** What lives as long as the loop. */
export interface Runtime extends GrantContext {
  readonly waiter: Pick<Waiter, "wait" | "watch" | "unwatch">;
  readonly signals: SignalInbox;
  readonly patience: Patience;
  /** Packets whose decision takes longer than a turn. */
  readonly slow: SlowLane<Pending>;
  /** Packets for which the keys of all stanzas have to be tried. */
  readonly strangers: Strangers;
  /** Absent in test mode, in which nothing is run. */
  readonly commands?: Commands;
  /** Absent in test mode. */
  readonly mailer?: Mailer | undefined;
  /** Absent where nobody supervises. */
  readonly manager?: ServiceManager;
  /** The files that outlive the loop, where there are any. */
  readonly stateFiles?: StateFiles;
  /** Packets after which to stop; 0 for no limit. */
  readonly packetLimit: number;
  /**
   * SIGHUP: what makes the configuration to go on with of the one that is in force then, which may have changed meanwhile, and
   * may stay. `later`: a file may be half written; it is asked again in a moment with `again`, and knocks go on meanwhile.
   */
  reload(current: ActiveConfig, again: boolean): Promise<((current: ActiveConfig) => ActiveConfig) | "later">;
  /**
   * A source broke: the one to go on with in its place, or null to give up. `later`: not now; it is asked again, without an
   * error, until it has an answer, and meanwhile everything else goes on.
   */
  recover(current: ActiveConfig, broken: SourceInUse, error: Error | null): PacketSource | "later" | null;
}

/** Why the loop ended. */
export type Ending =
  | { readonly reason: "SIGTERM" | "SIGINT" | "failure" }
  | { readonly reason: "packet limit" }
  | { readonly reason: "capture broken" };

/** What the rows of the loop share. */
export interface LoopState {
  active: ActiveConfig;
  /** Once it is set nothing more is done. */
  ending: Ending | null;
}
