/**
 * The packet filters that this daemon works with: the one place that lists them. Everything that depends on which there are
 * (settings, `FIREWALL`, permissions, the choice at start) is a fold over the list.
 */
import { FfiError } from "../../ffi/errors.ts";
import { openRulesetListener, type RulesetListener } from "../../ffi/nfnetlink/events.ts";
import { runProgram, tellSlow } from "../../lib/host/run.ts";
import type { Log } from "../../lib/log.ts";
import type { Ip } from "../../lib/net/address.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import type { Backend, OpenedBackend } from "./backend.ts";
import {
  type Candidate,
  chainsOnTheWay,
  type Choice,
  chooseByConfiguration,
  chooseByPath,
  decidingOwner,
  formatChoice,
  type Preference,
} from "./choose.ts";
import { type Firewall, FirewallError } from "./firewall.ts";
import { firewalld } from "./firewalld/firewalld.ts";
import { ipfw } from "./ipfw/ipfw.ts";
import { iptables } from "./iptables/iptables.ts";
import type { Objection } from "./late_rows.ts";
import { nftables } from "./nftables/nftables.ts";
import type { PathChain } from "./path/model.ts";
import { openPathWatch } from "./path/open.ts";
import type { PathWatch } from "./path/watch.ts";
import type { Right } from "../start/rights.ts";
import { pf } from "./pf/pf.ts";
import { PROGRAM_FOLDERS } from "./program_folders.ts";
import { activeSlots, type SlotSwitches } from "./slots.ts";
import { StandingFirewall } from "./standing.ts";

/** The preferred ones first: of two that could open the grant, `FIREWALL auto` takes the earlier. */
export const BACKENDS: readonly Backend[] = [nftables, iptables, firewalld, pf, ipfw];

/** What `FIREWALL auto` does, for the documents. */
export const AUTO_DETAIL =
  "auto takes iptables when FIREWALL_EXE or an IPT_*_ACCESS variable is set. Otherwise it takes the one whose chain drops " +
  "incoming packets by default: nftables, or iptables, of the legacy kind too, or firewalld where it answers on the system " +
  "bus and lets this user change its rules; where none does, iptables if it is " +
  "installed, else nftables. When the ruleset changes it decides again, and takes the open doors along. The daemon says " +
  "which one it took and why. On Linux it never takes pf or ipfw.";

/** Those of the operating system that this is. */
const HERE = BACKENDS.filter(({ systems = ["linux"] }) => systems.includes(Deno.build.os));

/** What to do where none of them can be used. */
const NONE_HINT =
  "install the Debian package iptables, or set FIREWALL_EXE to where iptables is, or load the kernel's nf_tables (modprobe nf_tables)";

/** What fwknopd.conf says of the rules of a NAT request. */
interface NatRules {
  /** ENABLE_IPT_SNAT. */
  readonly snat: boolean;
  /** SNAT_TRANSLATE_IP; empty: masquerade. */
  readonly snatTranslate: readonly Ip[];
  /** Whether FORWARD rules name the inside host: not with ENABLE_FORWARD_ANY_HOST. */
  readonly strictForward: boolean;
  /** ENABLE_MASQUERADE_ANY_PORT. */
  readonly masqueradeAnyPort: boolean;
}

/** The configuration of the packet filter. */
export interface FirewallConfig extends Preference {
  /** ENABLE_DESTINATION_RULE. */
  readonly destinationRule: boolean;
  /** Which kinds of grant may be opened, whatever the packet filter. */
  readonly switches: SlotSwitches;
  /** What becomes of NAT requests, whatever the packet filter. */
  readonly nat: NatRules;
  /** What each packet filter made of its own rows, by its name. Nobody else looks into it. */
  readonly backends: Readonly<Record<string, unknown>>;
}

/** What is opened on the host. */
interface Host {
  openPath(log: Log, isOurs: (chain: string) => boolean): PathWatch;
  openListener(log: Log): RulesetListener | null;
}

/** A packet filter and why it is that one. */
export interface OpenedFirewall {
  readonly firewall: Firewall;
  /** The way of packets, surveyed. */
  readonly path: PathWatch;
  /** The line for the log. */
  readonly reason: string;
  /** Opens the packet filters beside it that hold chains of ours, such as those that an earlier run left. */
  leftovers(): Promise<readonly OpenedBackend[]>;
}

/**
 * A table with the rows of all packet filters in it, each block behind the row that it names. Throws `RangeError` where
 * the table has no such row, or has a row already that a packet filter brings.
 */
export function withBackendRows<const Table extends SettingTable>(
  table: Table,
  backends: readonly Pick<Backend, "settings">[] = BACKENDS,
): Table & SettingTable {
  const blocks = backends.flatMap(({ settings }) => [...settings]);
  const rows: Record<string, SettingTable[string]> = {};
  const add = (more: SettingTable) => {
    for (const [key, row] of Object.entries(more)) {
      if (key in rows) throw new RangeError(`"settings" expected each key once, got "${key}" twice`);
      rows[key] = row;
    }
  };
  for (const { after } of blocks) {
    if (!(after in table)) throw new RangeError(`"after" expected a key of the table, got "${after}"`);
  }
  for (const [key, row] of Object.entries(table)) {
    add({ [key]: row });
    for (const block of blocks.filter(({ after }) => after === key)) add(block.rows);
  }
  // All rows of the table are in it, which the compiler cannot see.
  return rows as Table & SettingTable;
}

/** Keys of rows that the dump of the C daemon does not have. */
export function keysOutsideC(): ReadonlySet<string> {
  return new Set(
    BACKENDS.filter(({ inDumpOfC }) => !inDumpOfC).flatMap(({ settings }) =>
      settings.flatMap(({ rows }) => Object.keys(rows))
    ),
  );
}

/** Keys of rows that have no effect with that FIREWALL: of packet filters that other operating systems have. */
export function keysWithoutEffect(directive: string): ReadonlySet<string> {
  const idle = BACKENDS.filter((backend) => !HERE.includes(backend) && backend.name !== directive);
  return new Set(idle.flatMap(({ settings }) => settings.flatMap(({ rows }) => Object.keys(rows))));
}

/** What of the rows of the packet filter that FIREWALL names cannot be. */
export function firewallObjections(
  directive: string,
  values: unknown,
  given: ReadonlySet<string>,
): readonly Objection[] {
  return BACKENDS.find(({ name }) => name === directive)?.objections?.(values, given) ?? [];
}

/** The program that `--version` names; without a configuration the default. */
export function firewallProgram(config: FirewallConfig | null): string {
  const named = BACKENDS.filter(({ name }) => name === config?.directive);
  const programs = [...named, ...BACKENDS].map((backend) => backend.program(config?.backends[backend.name] ?? null));
  return programs.find((program) => program !== null) ?? "";
}

/** Paths of all programs that any of them may run, for the permissions of the daemon. */
export function permittedPrograms(): readonly string[] {
  const names = BACKENDS.flatMap(({ programs }) => [...programs]);
  return PROGRAM_FOLDERS.flatMap((folder) => names.map((name) => `${folder}/${name}`));
}

/**
 * Reads the way of packets, decides and opens the packet filter; nothing on the host is changed before its `prepare`. Throws
 * `FirewallError`.
 */
export async function openFirewall(
  config: FirewallConfig,
  log: Log,
  host: Host = { openPath, openListener },
): Promise<OpenedFirewall> {
  // Before the path: what changes while the ruleset is read is heard afterwards.
  const listener = host.openListener(log);
  const isOurs = (chain: string) => BACKENDS.some((one) => one.isOurs(config.backends[one.name], chain));
  const path = host.openPath(log, isOurs);
  await path.survey();
  const slots = activeSlots(config.switches);
  const decide = (current: Choice | null) => decideFor(config, chainsOnTheWay(path.chains, slots), current);
  const open = ({ backend: name, owner }: Pick<Choice, "backend" | "owner">) =>
    backendOf(name).open(config.backends[name], { slots, log, path, owner, hears: listener !== null });
  const choice = await decide(null);
  const parts = { path, listener, log, slots, decide, open, steady: () => performance.now(), needs: needsOf(config) };
  const backend = await open(choice);
  const firewall = new StandingFirewall(parts, { choice, backend });
  return {
    ...{ firewall, path, reason: formatChoice(choice) },
    leftovers: () => Promise.all(holdingOurs(config, path).filter(({ owner }) => owner !== backend.owner).map(open)),
  };
}

/** The packet filters that hold a chain of ours. */
function holdingOurs(config: FirewallConfig, path: PathWatch): readonly Pick<Choice, "backend" | "owner">[] {
  const ours = path.ours();
  return BACKENDS.flatMap(({ name, owners, isOurs }) => {
    const own = config.backends[name];
    return owners(own)
      .filter((owner) => ours.some((one) => one.owner === owner && isOurs(own, one.chain)))
      .map((owner) => ({ backend: name, owner }));
  });
}

/** Where the configuration names the packet filter, the chains that it can enter still decide between its flavours. */
async function decideFor(
  config: FirewallConfig,
  chains: readonly PathChain[],
  current: Choice | null,
): Promise<Choice> {
  const fixed = chooseByConfiguration(config);
  if (fixed !== null) {
    const owners = backendOf(fixed.backend).owners(config.backends[fixed.backend]);
    return { ...fixed, owner: decidingOwner(chains, owners) };
  }
  const choice = chooseByPath(
    chains,
    await Promise.all(HERE.map((backend) => candidateOf(backend, config))),
    current,
  );
  if (choice.ok) return choice.value;
  throw new FirewallError(`Cannot find a packet filter: ${choice.fault}`, NONE_HINT);
}

async function candidateOf(backend: Backend, config: FirewallConfig): Promise<Candidate> {
  const own = config.backends[backend.name];
  const { also = [] } = backend;
  return { backend, owners: backend.owners(own), also, blocker: await backend.blocker(own) };
}

/** What any of them needs that the decision may come to. */
function needsOf(config: FirewallConfig): readonly Right[] {
  const fixed = chooseByConfiguration(config);
  return [...new Set((fixed === null ? HERE : [backendOf(fixed.backend)]).flatMap(({ needs }) => needs))];
}

function backendOf(name: string): Backend {
  const backend = BACKENDS.find((one) => one.name === name);
  if (backend === undefined) throw new RangeError(`"config" expected the name of a packet filter, got ${name}`);
  return backend;
}

function openPath(log: Log, isOurs: (chain: string) => boolean): PathWatch {
  return openPathWatch({ log, isOurs, run: tellSlow(runProgram, log) });
}

/** A kernel without nf_tables tells of no changes. */
function openListener(log: Log): RulesetListener | null {
  try {
    return openRulesetListener();
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    log("debug", `Changes of the ruleset cannot be listened to: ${error.message}`);
    return null;
  }
}
