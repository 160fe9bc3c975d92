/**
 * The packet filters that this daemon works with: the one place that lists them. Everything that depends on which there are
 * (settings, `FIREWALL`, permissions, the choice at start) is a fold over the list.
 */
import type { Log } from "../../lib/log.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import type { Backend } from "./backend.ts";
import { chooseByConfiguration, chooseByHost, formatChoice, type Preference } from "./choose.ts";
import { type Firewall, FirewallError } from "./firewall.ts";
import { iptables } from "./iptables/iptables.ts";
import { nftables } from "./nftables/nftables.ts";
import { PROGRAM_FOLDERS } from "./program_folders.ts";
import { activeSlots, type SlotSwitches } from "./slots.ts";

/** The preferred ones first: of two that could open the grant, `FIREWALL auto` takes the earlier. */
export const BACKENDS: readonly Backend[] = [nftables, iptables];

/** What `FIREWALL auto` does, for the documents. */
export const AUTO_DETAIL =
  "auto takes iptables when FIREWALL_EXE or an IPT_*_ACCESS variable is set. Otherwise it takes nftables where that can " +
  "be used and a native chain that can drop stands in the way of incoming packets, else iptables where it is " +
  "installed, else nftables. The daemon says at start which one it took and why.";

/** What to do where none of them can be used. */
const NONE_HINT = "install the Debian package nftables or iptables, or set FIREWALL_EXE to where iptables is";

/** The configuration of the packet filter. */
export interface FirewallConfig extends Preference {
  /** ENABLE_DESTINATION_RULE. */
  readonly destinationRule: boolean;
  /** Which kinds of grant may be opened, whatever the packet filter. */
  readonly switches: SlotSwitches;
  /** What each packet filter made of its own rows, by its name. Nobody else looks into it. */
  readonly backends: Readonly<Record<string, unknown>>;
}

/** A packet filter and why it is that one. */
export interface OpenedFirewall {
  readonly firewall: Firewall;
  /** The line for the log. */
  readonly reason: string;
  readonly warning: string | null;
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

/** The program that `--version` names; without a configuration the default. */
export function firewallProgram(config: FirewallConfig | null): string {
  const programs = BACKENDS.map((backend) => backend.program(config?.backends[backend.name] ?? null));
  return programs.find((program) => program !== null) ?? "";
}

/** Paths of all programs that any of them may run, for the permissions of the daemon. */
export function permittedPrograms(): readonly string[] {
  const names = BACKENDS.flatMap(({ programs }) => [...programs]);
  return PROGRAM_FOLDERS.flatMap((folder) => names.map((name) => `${folder}/${name}`));
}

/** Nothing that is opened looks at it yet. */
const NOWHERE = { chains: [], survey: () => Promise.resolve([]) };

/** Chooses and opens the packet filter; nothing on the host is changed before its `prepare`. Throws `FirewallError`. */
export async function openFirewall(config: FirewallConfig, log: Log): Promise<OpenedFirewall> {
  const choice = chooseByConfiguration(config) ?? await surveyAndChoose(config);
  const backend = BACKENDS.find(({ name }) => name === choice.backend);
  if (backend === undefined) {
    throw new RangeError(`"config" expected the name of a packet filter, got ${choice.backend}`);
  }
  const slots = activeSlots(config.switches);
  const firewall = await backend.open(config.backends[backend.name], { slots, log, path: NOWHERE, owner: null });
  return { firewall, reason: formatChoice(choice), warning: choice.warning };
}

async function surveyAndChoose(config: FirewallConfig) {
  const candidates = [];
  for (const backend of BACKENDS) {
    candidates.push({ backend, survey: await backend.survey(config.backends[backend.name]) });
  }
  const choice = chooseByHost(candidates);
  if (choice.ok) return choice.value;
  throw new FirewallError(`Cannot find a packet filter: ${choice.fault}`, NONE_HINT);
}
