/** SIGHUP: the configuration is read again, and what is new of it put into force while everything else goes on. */
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import { formatProblem } from "../../lib/settings/setting.ts";
import {
  concludeConfig,
  type ConfigDraft,
  type ConfigFiles,
  type LoadedConfig,
  readConfig,
  type ServerConfig,
  withGpgKeys,
} from "../config/mod.ts";
import { wantedSources } from "../config/sources.ts";
import { forgetKeys } from "../config/resolve_stanza.ts";
import { weakenings } from "../config/weakening.ts";
import type { DaemonOptions } from "../options.ts";
import type { PacketSource } from "../packet/datagram.ts";
import { needsLibpcap, type SourceSpec } from "../packet/spec.ts";
import type { ReplayStore } from "../replay/store.ts";
import { newSources, openSources } from "../start/sources.ts";
import type { Mailer } from "../report/mailer.ts";
import type { Part } from "../start/rights.ts";
import { reasonOf } from "../start/start_error.ts";
import type { SlowOpener } from "../verify/attempt.ts";
import type { NameResolver } from "../verify/nat_target.ts";
import type { Accounts } from "./accounts.ts";
import { type ActiveConfig, makeActiveConfig, type Runtime } from "./active_config.ts";
import { recoverSource } from "./recover.ts";
import type { Strangers } from "./strangers.ts";

/** How often a configuration that may be half written is read again: with the pauses of the run loop, for one second. */
const REREADS = 4;

/** Files are read at SIGHUP, and whose they are is checked then. */
export const RELOAD: Part = { needs: ["read", "sys"] };

/** What the configuration was made from, so that it can be made again. */
export interface ConfigSource {
  readonly options: DaemonOptions;
  readonly loaded: LoadedConfig;
  readonly files: ConfigFiles;
}

/** What reloading needs of the host and of the runtime. */
export interface ReloadContext {
  readonly store: ReplayStore;
  /** Opens a source. Throws `FfiError` with a hint. */
  readonly openSource: (spec: SourceSpec) => PacketSource;
  readonly engine: CryptoEngine;
  readonly resolveName: NameResolver;
  readonly openSlowly?: SlowOpener | undefined;
  readonly accounts: Accounts;
  readonly mailer?: Mailer | undefined;
  readonly strangers: Strangers;
}

/** What counts at the moment. */
interface InForce {
  config: ServerConfig;
  access: LoadedConfig["access"];
}

/**
 * SIGHUP: the new configuration is read and checked whole; only then does anything of it count. A capture that breaks is
 * mended by what is in force then, not by what was read at start.
 */
export function makeReload(origin: ConfigSource, context: ReloadContext): Pick<Runtime, "reload" | "recover"> {
  const { config, access } = origin.loaded;
  const { accounts, openSource } = context;
  const inForce: InForce = { config, access };
  let rereads = 0;
  const reload: Runtime["reload"] = async ({ log }, again) => {
    if (!again) {
      rereads = 0;
      accounts.begin();
      log("info", "Got SIGHUP. Re-reading configs.");
    } else if (await accounts.answered() === "later") return "later";
    const read = await readWithAccounts(origin, accounts);
    if (read === "later") return "later";
    const { draft, unfinished } = read;
    if (unfinished !== null && rereads++ < REREADS) {
      if (!again) log("info", `${unfinished} ends in the middle of a line: waiting a moment for the rest of it`);
      return "later";
    }
    const loaded = await concludeSafely(draft, origin);
    if (loaded.ok) return (current) => takeOver(loaded, current, { origin, inForce, context });
    for (const problem of loaded.problems) log("error", problem);
    log("error", "The configuration stays as it was, and so do open doors");
    return (current) => current;
  };
  return {
    reload,
    recover: ({ log }, broken, error) => recoverSource(broken, error, { config: inForce.config, openSource, log }),
  };
}

/** Reads it until all accounts in it are known, or says that this takes too long. */
async function readWithAccounts(
  origin: ConfigSource,
  accounts: Accounts,
): Promise<ReturnType<typeof readSafely> | "later"> {
  for (;;) {
    const read = readSafely(origin, accounts);
    const answered = await accounts.answered();
    if (answered === "known") return read;
    if (answered === "later") return "later";
    if (answered !== "news") {
      return { draft: { failure: nobodySays(answered.silent) }, unfinished: null };
    }
  }
}

function nobodySays(names: readonly string[]): string {
  return `Cannot look up ${
    names.map((name) => JSON.stringify(name)).join(", ")
  } of access.conf: the name service of this ` +
    "machine does not answer (getent passwd tries it)";
}

/** Puts what was read into force, unless its source cannot be opened. */
function takeOver(
  loaded: LoadedConfig,
  current: ActiveConfig,
  { origin, inForce, context }: {
    readonly origin: ConfigSource;
    readonly inForce: InForce;
    readonly context: ReloadContext;
  },
): ActiveConfig {
  const { log } = current;
  const missing = needsFirewallLate(origin, loaded) ?? needsSynsLate(origin, loaded) ??
    needsPublishedLate(origin, loaded);
  if (missing !== null) {
    log("error", `The configuration stays as it was: ${missing}`);
    return current;
  }
  const late = whatComesLate(origin.loaded.config, loaded.config);
  let { sources } = current;
  try {
    if (late === null) sources = openSources(loaded.config, { inUse: sources, open: context.openSource, log });
  } catch (error) {
    log("error", `The configuration stays as it was: ${reasonOf(error)}`);
    return current;
  }
  for (const name of [...needRestart(inForce.config, loaded.config), ...late === null ? [] : [late]]) {
    log("warning", `${name} has changed: that takes effect when fwknopd is started again`);
  }
  for (const note of loaded.notes) log("info", note);
  for (const warning of [...loaded.warnings, ...weakenings(inForce, loaded)]) log("warning", warning);
  for (const line of newSources(sources, current.sources).flatMap(({ source }) => source.banner)) log("info", line);
  // Between two batches nobody opens anything with the old keys, and they may have been taken out because they leaked.
  forgetKeys(inForce.access);
  current.context.sieve?.wipe();
  const { config, access, stanzas } = loaded;
  Object.assign(inForce, { config, access });
  log("info", "Re-starting fwknopd");
  const { openSource: _open, ...lasting } = context;
  return makeActiveConfig({ config, stanzas, sources, log, test: origin.options.actions.test, ...lasting });
}

/** What was read, or why it could not be. */
type Draft = ConfigDraft | { readonly failure: string };

/** The configuration as the files say it now, and the file that may be half written: its last line has no end. */
function readSafely(
  origin: ConfigSource,
  accounts: Accounts,
): { readonly draft: Draft; readonly unfinished: string | null } {
  let unfinished: string | null = null;
  const files: ConfigFiles = {
    ...origin.files,
    ...origin.files.commandHost === undefined ? {} : { commandHost: accounts.with(origin.files.commandHost) },
    read(path) {
      const read = origin.files.read(path);
      if (read.ok && !read.value.text.endsWith("\n")) unfinished ??= path;
      return read;
    },
  };
  try {
    return { draft: readConfig(origin.options, files), unfinished };
  } catch (error) {
    return { draft: { failure: reasonOf(error) }, unfinished };
  }
}

/** What it comes to, with the keys of GnuPG. Nothing is thrown: whatever is wrong, the daemon goes on as it was. */
async function concludeSafely(
  draft: Draft,
  { files }: ConfigSource,
): Promise<LoadedConfig | { readonly ok: false; readonly problems: readonly string[] }> {
  if ("failure" in draft) return { ok: false, problems: [draft.failure] };
  try {
    const now = Date.now() / 1000;
    const loaded = concludeConfig(await withGpgKeys(draft, files, now), now);
    return loaded.ok ? loaded : { ok: false, problems: loaded.problems.map(formatProblem) };
  } catch (error) {
    return { ok: false, problems: [reasonOf(error)] };
  }
}

/** Where all stanzas were command cycles at the start, no packet filter was opened: then no stanza opens doors. */
function needsFirewallLate({ loaded, options }: ConfigSource, after: LoadedConfig): string | null {
  if (options.actions.test || loaded.stanzas.some(({ cycle }) => cycle === null)) return null;
  const door = after.stanzas.find(({ cycle }) => cycle === null);
  return door === undefined
    ? null
    : `stanza #${door.number} opens doors, and this daemon was started without a packet filter, because every stanza had ` +
      "a CMD_CYCLE_OPEN command: start it again";
}

/** Whoever began without libpcap has given up the right to load it, and would refuse every packet of such a stanza. */
function needsSynsLate({ loaded }: ConfigSource, { config, stanzas }: LoadedConfig): string | null {
  if (config.signatures === null || wantedSources(loaded.config).some(needsLibpcap)) return null;
  const asking = stanzas.find(({ requireSystem }) => requireSystem !== null);
  return `stanza #${asking?.number} has a REQUIRE_OS, and this daemon was started without libpcap: start it again`;
}

/** Chains for published services are made at the start, and only where a stanza asks for them. */
function needsPublishedLate({ loaded, options }: ConfigSource, after: LoadedConfig): string | null {
  const { published } = after.config.firewall.switches;
  if (options.actions.test || !published || loaded.config.firewall.switches.published) return null;
  const stanza = after.stanzas.find(({ guard, cycle }) => guard !== "input" && cycle === null);
  return `stanza #${stanza?.number} has GUARD ${stanza?.guard}, and no stanza had it when this daemon was started: ` +
    "start it again";
}

/** What cannot be captured any more, by the variable that asks for it: the right to prepare for it has been given up. */
function whatComesLate(before: ServerConfig, after: ServerConfig): string | null {
  const [was, is] = [before, after].map(({ capture }) => JSON.stringify(capture.queue));
  if (was !== is) return "ENABLE_NFQ_CAPTURE";
  // Whoever begins as UDP server never loads libpcap.
  const isNew = !wantedSources(before).some(needsLibpcap) && wantedSources(after).some(needsLibpcap);
  return isNew ? "ENABLE_UDP_SERVER" : null;
}

/** What is opened once, and only once. */
function needRestart(before: ServerConfig, after: ServerConfig): string[] {
  const parts = [
    ["the firewall configuration", "firewall"],
    ["the logging configuration", "logging"],
    ["the replay file", "replay"],
    ["a path", "paths"],
  ] as const;
  return parts.filter(([, key]) => JSON.stringify(before[key]) !== JSON.stringify(after[key])).map(([name]) => name);
}
