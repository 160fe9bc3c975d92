/** `--ssh-config NAME`: the lines for `ssh_config` that knock before they connect. */
import { reasonOf } from "../../lib/host/reason.ts";
import { isHost } from "../../lib/net/host_name.ts";
import type { Loaded } from "../settings/load.ts";
import type { ClientSettings } from "../options/table.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** Prints the lines for the stanza. The result is the exit code. */
export function printSshConfig({ settings, given }: Loaded, world: World): number {
  const rcFile = given.some(({ key }) => key === "rcFile") ? settings.rcFile : undefined;
  // ssh runs the command wherever it is called.
  const path = rcFile === undefined || rcFile.startsWith("/") ? rcFile : `${currentDirectory()}/${rcFile}`;
  world.out(formatSshConfig(settings.sshConfig ?? "", settings, path).join("\n"));
  return 0;
}

function currentDirectory(): string {
  try {
    return Deno.cwd();
  } catch (cause) {
    const message = `Cannot name the current directory: ${reasonOf(cause)}`;
    throw new ClientError(message, "name the rc file with its whole path", { cause });
  }
}

/**
 * What a word of a command may be made of: letters, digits and signs that mean nothing to ssh_config or to any user's shell,
 * where they stand in single quotes. Not so quotes, `\`, `$`, backquotes, `#`, and what shells take for more than one word.
 * A percent sign is doubled for ssh.
 */
const WORD = /^[\p{L}\p{N}._/][\p{L}\p{M}\p{N}._/@:+,=%~ -]*$/u;

/** A word that every shell takes as it is. */
const PLAIN = /^[A-Za-z0-9._/][A-Za-z0-9._/@:+,-]*$/;

/** A name that may follow `Host` and be given to ssh: neither a pattern nor an option. */
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The lines. Throws {@link ClientError} for what ssh, its configuration or a shell could read as anything else. Pure. */
export function formatSshConfig(
  name: string,
  settings: Pick<ClientSettings, "server" | "access" | "natRandPort" | "natPort">,
  rcFile?: string,
): readonly string[] {
  const host = settings.server ?? name;
  if (!isHost(host)) {
    throw new ClientError(
      `"${host}" cannot be the HostName of ssh: it is no host name and no address`,
      "check SPA_SERVER",
    );
  }
  const option = rcFile === undefined ? [] : ["--rc-file", wordFor(rcFile, "the rc file", "rename or move it")];
  const command = ["fwknop", ...option, "-n", wordFor(name, "the stanza", "rename it")].join(" ");
  const alias = ALIAS.test(name) ? name : host;
  // ssh expands percent signs in HostName too, where an IPv6 zone has one.
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

/** The word as it stands in a command of ssh. Throws {@link ClientError}. */
function wordFor(word: string, what: string, remedy: string): string {
  if (PLAIN.test(word)) return word;
  if (WORD.test(word)) return `'${word.replaceAll("%", "%%")}'`;
  throw new ClientError(
    `${what} ${JSON.stringify(word)} cannot be named in ssh_config: ssh or a shell could read it as something else`,
    `${remedy}: letters, digits, blanks and . _ / @ : + , = % ~ - are safe`,
  );
}

/** ssh must use the port that opens; 22 is its default. */
function portLine({ access, natPort }: Pick<ClientSettings, "access" | "natPort">): readonly string[] {
  const asked = access?.services.find(({ proto }) => proto === "tcp");
  const port = natPort > 0 ? natPort : asked?.port ?? 22;
  return port === 22 ? [] : [`    Port ${port}`];
}
