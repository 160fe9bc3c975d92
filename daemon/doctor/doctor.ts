/**
 * `fwknopd --doctor`: what stands between a knock and the service, in the order in which a packet meets it, with what to do
 * about it. It looks as a start would, without starting, and changes nothing.
 */
import type { Log } from "../../lib/log.ts";
import { doubt, failure, type Finding, fine, formatFinding } from "../../lib/finding.ts";
import { showable } from "../../lib/showable.ts";
import { formatProblem, type Problem } from "../../lib/settings/setting.ts";
import type { LoadedConfig, ServerConfig } from "../config/mod.ts";
import { mailWords } from "../config/resolve_mail.ts";
import type { Stanza } from "../config/stanza.ts";
import type { OpenedFirewall } from "../firewall/backends.ts";
import type { Firewall } from "../firewall/firewall.ts";
import { breakWarnings } from "../firewall/path/examine.ts";
import type { PathWatch } from "../firewall/path/watch.ts";
import { findDaemon, type RunningDaemon } from "../service/pid_file.ts";
import { fileObstacles, lackingRights, lookAtCapture, type Obstacle, type Rights } from "../start/preflight.ts";
import { mailDoubts } from "../start/mail_outlook.ts";
import { explain } from "../start/start_error.ts";
import { doorsOf } from "./doors.ts";
import { forwardingWarnings } from "./forwarding.ts";
import { doorFindings, knockFindings, type Look, lookOf } from "./way.ts";

/** What the doctor needs of the world. */
export interface DoctorWorld {
  readonly rights: Rights;
  /** In which others can reach this host. */
  readonly families: readonly (4 | 6)[];
  /** Chooses and opens the packet filter, and changes nothing on the host. Throws `FirewallError`. */
  openFirewall(config: ServerConfig["firewall"], log: Log): Promise<Opened>;
}

/** What is used of an {@link OpenedFirewall}. */
export interface Opened extends Pick<OpenedFirewall, "reason"> {
  readonly firewall: Pick<Firewall, "enters" | "examine">;
  readonly path: Pick<PathWatch, "walk" | "chains">;
}

/** The lines, and whether something keeps a knock from opening its door. */
export interface Examined {
  readonly lines: readonly string[];
  readonly shut: boolean;
}

/** Looks at everything. `test`: as with --test, which needs no packet filter. */
export async function examineDaemon(loaded: LoadedConfig, test: boolean, world: DoctorWorld): Promise<Examined> {
  const { config } = loaded;
  const { daemon, finding } = lookForDaemon(config.paths.pidFile);
  // One that runs has its files, whoever looks here.
  const obstacles = daemon === null ? fileObstacles(config) : [];
  return conclude([
    ...configurationFindings(loaded),
    finding,
    ...await captureFindings(config, world.rights),
    ...obstacles.map((obstacle) => obstacleFinding("files", obstacle)),
    ...mailFindings(config.mail),
    ...test ? [fine("firewall", "none, because of --test")] : await firewallFindings(loaded, daemon, world),
  ]);
}

/** The same where the configuration cannot be used: there is nothing else to look at. */
export function examineProblems(problems: readonly Problem[]): Examined {
  return conclude(problems.map(({ hint, ...problem }) => failure("configuration", formatProblem(problem), hint)));
}

function conclude(findings: readonly Finding[]): Examined {
  return { lines: findings.map(formatFinding).map(showable), shut: findings.some(({ level }) => level === "fail") };
}

function configurationFindings({ config: { paths }, stanzas, warnings }: LoadedConfig): readonly Finding[] {
  const count = stanzas.length === 1 ? "1 stanza" : `${stanzas.length} stanzas`;
  const files = `${paths.configFile} and ${paths.accessFolder ?? paths.accessFile}`;
  return [
    fine("configuration", `${files} can be read, ${count}`),
    ...gpgFindings(stanzas),
    ...warnings.map((line) => remark("configuration", line)),
  ];
}

/** Keys that are missing are problems of the configuration, and doubts about them are among its warnings. */
function gpgFindings(stanzas: readonly Stanza[]): readonly Finding[] {
  const count = stanzas.filter(({ gpg }) => gpg !== null).length;
  if (count === 0) return [];
  return [fine("GnuPG", `the keys of ${count === 1 ? "1 stanza" : `${count} stanzas`} are there`)];
}

function remark(what: string, found: string): Finding {
  return { level: "warn", what, found };
}

function obstacleFinding(what: string, { message, hint }: Obstacle): Finding {
  return failure(what, message, hint ?? undefined);
}

function lookForDaemon(pidPath: string): { readonly daemon: RunningDaemon | null; readonly finding: Finding } {
  try {
    const daemon = findDaemon(pidPath);
    if (daemon !== null) return { daemon, finding: fine("daemon", `fwknopd runs (pid ${daemon.pid})`) };
    const found = `none holds ${pidPath}, so no knock opens anything`;
    return { daemon, finding: doubt("daemon", found, "start fwknopd") };
  } catch (error) {
    const known = explain(error);
    if (known === null) throw error;
    return { daemon: null, finding: obstacleFinding("daemon", known) };
  }
}

async function captureFindings(config: ServerConfig, rights: Rights): Promise<readonly Finding[]> {
  const { obstacles, warnings } = await lookAtCapture(config, rights);
  return [
    ...obstacles.length === 0 ? [fine("capture", captureText(config))] : [],
    ...obstacles.map((obstacle) => obstacleFinding("capture", obstacle)),
    ...warnings.map((line) => remark("capture", line)),
  ];
}

/** Without mail every knock opens as well. */
function mailFindings(mail: ServerConfig["mail"]): readonly Finding[] {
  const doubts = mailDoubts(mail);
  if (mail === null || doubts.length > 0) return doubts.map((line) => remark("mail", line));
  return [fine("mail", mailWords(mail))];
}

function captureText({ capture, udpServer }: ServerConfig): string {
  if (udpServer.enabled) return `knocks have to arrive at UDP port ${udpServer.port}, as other packets do`;
  const { queue } = capture;
  if (queue !== null) return `knocks are taken from netfilter queue ${queue.queue}: UDP port ${queue.port}`;
  if (capture.file !== null) return `knocks are read from ${capture.file}`;
  return `knocks are seen on ${capture.interfaces.join(" and ")} before any packet filter: ${capture.filter}`;
}

async function firewallFindings(
  loaded: LoadedConfig,
  daemon: RunningDaemon | null,
  world: DoctorWorld,
): Promise<readonly Finding[]> {
  const { config } = loaded;
  const lacking = lackingRights(config, false, world.rights);
  if (lacking !== null) {
    return [doubt("firewall", `not looked at, because this user has no ${lacking}`, "run it as root")];
  }
  try {
    const opened = await world.openFirewall(config.firewall, () => {});
    // What a start would refuse is thrown; what it would warn of is said below, chain by chain.
    await opened.firewall.examine(null);
    // The jumps of a daemon that runs stand where they stand; those of one that does not are still to come.
    const willStand = lookOf(opened);
    const look = daemon === null ? willStand : { ...willStand, enters: () => false };
    return [
      fine("firewall", opened.reason.replace(/^firewall: /, "")),
      ...wayFindings(loaded, look, world),
      ...breakWarnings(opened.path.chains, willStand.enters).map((line) => remark("afterwards", line)),
    ];
  } catch (error) {
    const known = explain(error);
    if (known === null) throw error;
    return [failure("firewall", known.message, known.hint ?? undefined)];
  }
}

function wayFindings({ config, stanzas }: LoadedConfig, look: Look, { families }: DoctorWorld): readonly Finding[] {
  return [
    ...families.includes(6)
      ? []
      : [fine("IPv6", "not looked at, because this host has no address of it that others reach")],
    ...forwardingWarnings({ switches: config.firewall.switches, stanzas }, families).map((line) =>
      remark("forwarding", line)
    ),
    ...config.udpServer.enabled ? knockFindings(config.udpServer.port, families, look.walk) : [],
    ...doorFindings(doorsOf(stanzas, families), look),
  ];
}
