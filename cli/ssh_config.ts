/** `--ssh-config NAME`: the lines for `ssh_config` that knock before they connect. */
import type { Loaded } from "./load.ts";
import type { ClientSettings } from "./options.ts";
import { ClientError } from "./tui.ts";
import type { World } from "./world.ts";
import { joinWords } from "./words.ts";

/** Prints the lines for the stanza. The result is the exit code. */
export function printSshConfig({ settings, given }: Loaded, world: World): number {
  const rcFile = given.some(({ key }) => key === "rcFile") ? settings.rcFile : undefined;
  world.out(formatSshConfig(settings.sshConfig ?? "", settings, rcFile).join("\n"));
  return 0;
}

/** The lines. Throws {@link ClientError} for a name that ssh could not write in a command. Pure. */
export function formatSshConfig(
  name: string,
  settings: Pick<ClientSettings, "server" | "access" | "natRandPort" | "natPort">,
  rcFile?: string,
): readonly string[] {
  if (/["\r\n]/.test(name + (rcFile ?? ""))) {
    throw new ClientError(`[${name}] cannot be named in ssh_config: it has a quote or a line end`, "rename the stanza");
  }
  // ssh expands percent signs in both commands, and in HostName, where an IPv6 zone has one.
  const command = joinWords(["fwknop", ...(rcFile === undefined ? [] : ["--rc-file", rcFile]), "-n", name])
    .replaceAll("%", "%%");
  const host = settings.server ?? name;
  const alias = /^[A-Za-z0-9._-]+$/.test(name) ? name : host;
  const where = [`    HostName ${host.replaceAll("%", "%%")}`, ...portLine(settings)];
  return [
    "# Knocks, waits, and carries the connection that got through.",
    `Host ${alias}`,
    ...where,
    `    ProxyCommand ${command} --proxy %h %p`,
    "    # Hands the connection over to ssh instead of carrying it. If fwknop is not started by ssh itself but by",
    "    # another script, add --fdpass to the command.",
    "    # ProxyUseFdpass yes",
    "",
    ...(settings.natRandPort
      ? ["# The form without a relay needs a port that is known beforehand, so it cannot go with NAT_RAND_PORT."]
      : [
        "# The same without a relay: ssh connects itself once the port is open.",
        `# Match host ${alias} exec "${command} --wait=5"`,
        ...where.map((line) => `# ${line}`),
      ]),
  ];
}

/** ssh must use the port that opens; 22 goes without saying. */
function portLine({ access, natPort }: Pick<ClientSettings, "access" | "natPort">): readonly string[] {
  const [, asked] = /(?:^|,)tcp\/([0-9]+)/i.exec(access ?? "") ?? [];
  const port = natPort > 0 ? natPort : Number(asked ?? 22);
  return port === 22 ? [] : [`    Port ${port}`];
}
