/**
 * What a stanza says of commands: users and groups looked up, CMD_CYCLE checked (facts/configuration 7). Pure, but for what
 * the host is asked. What cannot work is a problem; a program that is not there at this moment is a warning.
 */
import type { Origin } from "../../lib/settings/setting.ts";
import type { CommandCycle, CommandPolicy, RunAs } from "../command/policy.ts";
import { MAX_TEMPLATE } from "../command/template.ts";
import { MAX_WORDS } from "../command/words.ts";
import { ACCESS_SETTINGS, type AccessSettings } from "./access_settings.ts";
import { type CommandHost, DATA_ERROR, type Report } from "./files.ts";
import type { Resolved } from "../../lib/settings/resolve.ts";

/** A stanza whose commands are looked at. */
export interface CommandStanza {
  readonly values: AccessSettings;
  readonly origins: Resolved<typeof ACCESS_SETTINGS>["origins"];
  /** Its SOURCE line. */
  readonly origin: Origin;
  /** What its SOURCE says: by this the C daemon names stanzas. */
  readonly source: string;
}

/** What is asked besides the stanza. */
export interface CommandContext {
  readonly host: CommandHost;
  /** SUDO_EXE. */
  readonly sudo: string;
  readonly report: Report;
}

/** What is done with commands in packets, and what runs instead of opening a door. */
export function resolveCommands(stanza: CommandStanza, context: CommandContext) {
  return { commands: commandPolicy(stanza, context), cycle: commandCycle(stanza, context) };
}

function commandPolicy(stanza: CommandStanza, context: CommandContext): CommandPolicy | null {
  // A name that nobody has is a mistake also where no command is taken, as in C.
  const runAs = runningUser(stanza, context);
  const prefix = sudoPrefix(stanza, context);
  const { commandExec, commandSudo } = stanza.values;
  if (commandSudo && !commandExec) {
    context.report.warnings.push(
      at(stanza, "commandSudo", "ENABLE_CMD_SUDO_EXEC has no effect without ENABLE_CMD_EXEC Y"),
    );
  }
  return commandExec ? { runAs, prefix: commandSudo ? prefix : [] } : null;
}

/** CMD_EXEC_USER and CMD_EXEC_GROUP; null for the daemon itself, and after a problem. */
function runningUser(stanza: CommandStanza, context: CommandContext): RunAs | null {
  const { host } = context;
  const { commandExecUser: user, commandExecGroup: group } = stanza.values;
  const account = user === undefined ? null : findUser(user, stanza, { ...context, key: "commandExecUser" });
  const gid = group === undefined ? account?.gid : findGroup(group, stanza, { ...context, key: "commandExecGroup" });
  if (user === undefined) {
    if (group !== undefined) {
      context.report.warnings.push(
        at(stanza, "commandExecGroup", "CMD_EXEC_GROUP has no effect without CMD_EXEC_USER"),
      );
    }
    return null;
  }
  if (account === null || gid === undefined || gid === null) return null;
  // Root runs them as it is, with whatever group was named, as in C.
  if (account.uid === 0 && host.own.uid === 0) return null;
  if (group === undefined) {
    context.report.warnings.push(
      `Setting gid to group associated with CMD_EXEC_USER '${user}' for setgid() execution in stanza source: '${stanza.source}'`,
    );
  }
  if (!host.mayBecomeOthers) {
    if (account.uid === host.own.uid && gid === host.own.gid) return null;
    context.report.problems.push({
      origin: stanza.origins.commandExecUser ?? stanza.origin,
      message: `CMD_EXEC_USER: fwknopd runs as uid ${host.own.uid} here and cannot run commands as ${user}`,
      hint: "that needs root (CAP_SETUID and CAP_SETGID): start it as root, or name the user that it runs as",
    });
    return null;
  }
  return { user, group: group ?? user, ...account, gid, groups: host.groupsOf(user, gid) };
}

/** `SUDO_EXE -u USER -g GROUP --`. What stands behind it cannot be taken for an option of sudo. */
function sudoPrefix(stanza: CommandStanza, context: CommandContext): readonly string[] {
  const { host, sudo } = context;
  const { commandSudo, commandSudoUser: user, commandSudoGroup: group } = stanza.values;
  const account = user === undefined ? null : findUser(user, stanza, { ...context, key: "commandSudoUser" });
  if (group !== undefined) findGroup(group, stanza, { ...context, key: "commandSudoGroup" });
  if (!commandSudo) return [];
  if (!host.isProgram(sudo)) {
    context.report.warnings.push(
      at(stanza, "commandSudo", `ENABLE_CMD_SUDO_EXEC: sudo path '${sudo}' is no program that can be run`),
    );
  }
  if (host.noNewPrivileges) {
    const why = "this process and all that it starts have no_new_privs (NoNewPrivileges=yes of a service)";
    context.report.warnings.push(at(stanza, "commandSudo", `ENABLE_CMD_SUDO_EXEC: sudo cannot work here: ${why}`));
  }
  const words = [sudo];
  if (user !== undefined && account?.uid !== 0) words.push("-u", user);
  if (group !== undefined) {
    // The C daemon takes the name of a user here; sudo does not.
    words.push("-g", host.group(group) === null ? `#${host.user(group)?.gid ?? ""}` : group);
  }
  return [...words, "--"];
}

/** The settings that are looked at here. */
type Key = keyof CommandStanza["origins"] & keyof typeof ACCESS_SETTINGS;
type Named = CommandContext & { readonly key: Key };

function findUser(name: string, stanza: CommandStanza, context: Named) {
  return context.host.user(name) ?? nobody(name, stanza, { ...context, kind: "user" });
}

/** A group, or where there is none of that name the own group of the user who has it: that is what the C daemon looks for. */
function findGroup(name: string, stanza: CommandStanza, context: Named): number | null {
  const { host } = context;
  return host.group(name) ?? host.user(name)?.gid ?? nobody(name, stanza, { ...context, kind: "group" });
}

/** Says that there is none of that name. */
function nobody(
  name: string,
  stanza: CommandStanza,
  { report, key, kind }: Named & { readonly kind: "user" | "group" },
): null {
  const [directive] = ACCESS_SETTINGS[key].directive;
  const [id, database] = kind === "user" ? ["UID", "passwd"] : ["GID", "group"];
  report.problems.push({
    origin: stanza.origins[key] ?? stanza.origin,
    message: `${directive}: Unable to determine ${id} for ${directive}: there is no ${kind} ${name}`,
    hint: `name a ${kind} of this host (getent ${database} lists them)`,
  });
  return null;
}

/** A line for the log, with the place of a setting. */
function at({ origins, origin }: CommandStanza, key: Key, text: string): string {
  const { file, line } = origins[key] ?? origin;
  return `${file}:${line}: ${text}`;
}

function commandCycle(stanza: CommandStanza, context: CommandContext): CommandCycle | null {
  const { values: { cycleOpen: open, cycleClose: close, cycleTimer: timer }, origins } = stanza;
  const refuse = (key: Key, message: string, hint: string) => {
    context.report.problems.push({ origin: origins[key] ?? stanza.origin, message, hint });
    return null;
  };
  if (open === undefined && close === undefined) {
    if (timer !== undefined) {
      context.report.warnings.push(at(stanza, "cycleTimer", "CMD_CYCLE_TIMER has no effect without CMD_CYCLE_OPEN"));
    }
    return null;
  }
  if (close === undefined) {
    const message = `CMD_CYCLE_OPEN: cannot be set without also setting CMD_CYCLE_CLOSE ${DATA_ERROR}`;
    return refuse("cycleOpen", message, "CMD_CYCLE_CLOSE NONE closes nothing");
  }
  if (open === undefined) {
    const message = `CMD_CYCLE_CLOSE: cannot be set without also setting CMD_CYCLE_OPEN ${DATA_ERROR}`;
    return refuse("cycleClose", message, "add the command that opens");
  }
  const closes = !/^none(?:\s|$)/i.test(close);
  if (closes && timer === undefined) {
    const message = `Must set the CMD_CYCLE_TIMER for command cycle functionality ${DATA_ERROR}`;
    return refuse("cycleClose", message, "add the seconds between the two commands");
  }
  const isFine = checkTemplate("cycleOpen", open, { stanza, context });
  if (!(closes ? checkTemplate("cycleClose", close, { stanza, context }) : true) || !isFine) return null;
  return { open, close: closes ? close : null, timer: timer ?? null };
}

/** Whether a template can become a command. That its program is not there is only said. */
function checkTemplate(
  key: "cycleOpen" | "cycleClose",
  template: string,
  { stanza, context }: { readonly stanza: CommandStanza; readonly context: CommandContext },
): boolean {
  const [name] = ACCESS_SETTINGS[key].directive;
  const origin = stanza.origins[key] ?? stanza.origin;
  const words = template.split(/[ \t]+/).filter((word) => word !== "");
  const { length } = new TextEncoder().encode(template);
  const fault = length > MAX_TEMPLATE
    ? `command is too long: it has ${length} bytes, and at most ${MAX_TEMPLATE} are taken`
    : words.length > MAX_WORDS
    ? `it has ${words.length} words, and at most ${MAX_WORDS} are taken`
    : null;
  if (fault !== null) {
    context.report.problems.push({ origin, message: `${name}: ${fault}`, hint: "put it into a script" });
    return false;
  }
  const [program = ""] = words;
  if (!program.includes("$") && !context.host.isProgram(program)) {
    const none = /^_*none_*$/i.test(program) ? " (NONE stands for no command)" : "";
    context.report.warnings.push(at(stanza, key, `${name}: ${program} is no program that can be run${none}`));
  }
  return true;
}
