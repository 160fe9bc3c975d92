/**
 * Writes everything that is a fold over a table: man pages, reference pages, sample configurations and shell completion
 * from the tables of settings, permissions from what the packet filters run. With `--check` it writes nothing and fails when
 * a file on disk is not what it would write.
 *
 *     deno run -A .ci/gen.ts [--check]
 */
import { clientCompletion } from "../cli/shell/completion.ts";
import { CLIENT_SETTINGS } from "../cli/options/table.ts";
import { ACCESS_SETTINGS } from "../daemon/config/access_settings.ts";
import { MAIL_PORTS } from "../daemon/config/mail_kinds.ts";
import { SERVER_SETTINGS } from "../daemon/config/settings.ts";
import { permittedPrograms } from "../daemon/firewall/backends.ts";
import { DAEMON_OPTIONS } from "../daemon/options.ts";
import { formatCompletion, type Shell } from "../lib/settings/completion.ts";
import { wrap } from "../lib/settings/help.ts";
import { formatManPage } from "../lib/settings/man.ts";
import { formatReference } from "../lib/settings/reference.ts";
import { formatSample } from "../lib/settings/sample.ts";
import { LIBRARY_FOLDERS } from "../ffi/loader.ts";
import type { SettingTable } from "../lib/settings/setting.ts";
import { VERSION } from "../lib/version.ts";
import { parseManSource } from "./man_source.ts";
import { ACCESS_SAMPLE, ACCESS_STANZA, EXAMPLES, SERVER_SAMPLE } from "./sample_text.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const MAN_PAGES = ["fwknop.8", "fwknopd.8", "fwknoprc.5", "fwknopd.conf.5", "fwknop-access.conf.5"];
const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** Path below the root of the project → content. */
function generated(): Map<string, string> {
  const files = new Map([
    ...MAN_PAGES.map((page) => [`docs/man/${page}`, manPage(page)] as const),
    [
      "docs/reference/fwknop.md",
      reference(
        "fwknop",
        "Options of the client, and the directives of `~/.fwknoprc` that say the same.",
        CLIENT_SETTINGS,
      ),
    ],
    ["docs/reference/fwknopd.md", reference("fwknopd", "Options of the daemon.", onlyOptions())],
    [
      "docs/reference/fwknopd.conf.md",
      reference(
        "fwknopd.conf",
        "Variables of the daemon's main file, and the options that say the same.",
        SERVER_SETTINGS,
      ),
    ],
    ["docs/reference/access.conf.md", reference("access.conf", "Variables of a stanza.", ACCESS_SETTINGS)],
    [
      "packaging/conf/fwknopd.conf",
      formatSample(SERVER_SETTINGS, { introduction: SERVER_SAMPLE, examples: EXAMPLES }),
    ],
    [
      "packaging/conf/access.conf",
      formatSample(ACCESS_SETTINGS, { introduction: ACCESS_SAMPLE, active: ACCESS_STANZA, examples: EXAMPLES }),
    ],
  ]);
  files.set("lib/settings/names.ts", nameLists());
  files.set("packaging/permissions.json", `${JSON.stringify(permissions(), null, 2)}\n`);
  const daemon = { program: "fwknopd", table: DAEMON_OPTIONS };
  for (const shell of SHELLS) {
    files.set(`packaging/completion/fwknop.${shell}`, clientCompletion(shell));
    files.set(`packaging/completion/fwknopd.${shell}`, formatCompletion(shell, daemon));
  }
  return files;
}

/** From its source beside it. Throws with the name of the page where that cannot be read. */
function manPage(page: string): string {
  const path = `docs/man/src/${page}.md`;
  try {
    return formatManPage(parseManSource(Deno.readTextFileSync(ROOT + path), {
      tables: {
        client: CLIENT_SETTINGS,
        daemon: DAEMON_OPTIONS,
        "fwknopd.conf": SERVER_SETTINGS,
        "access.conf": ACCESS_SETTINGS,
      },
      words: { "exact options": exactNames(CLIENT_SETTINGS).join(", ") },
      version: VERSION,
    }));
  } catch (cause) {
    throw new Error(`Cannot make ${page} of ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** The long options that match only when they are written out. */
function exactNames(table: SettingTable): readonly string[] {
  return Object.values(table).flatMap(({ option }) => option?.exact ?? []).map((name) => `--${name}`);
}

/** The names of both programs and all three files, so that each can say where a name belongs that it does not know. */
function nameLists(): string {
  const options = (table: SettingTable) =>
    Object.values(table).flatMap(({ option }) => {
      const long = [...option?.long ?? [], ...option?.exact ?? []].map((name) => `--${name}`);
      const names = [...(option?.short === undefined ? [] : [`-${option.short}`]), ...long];
      return names.length === 0 ? [] : [names.join("|")];
    });
  const directives = (table: SettingTable) => Object.values(table).flatMap(({ directive = [] }) => [...directive]);
  const lists: readonly (readonly [place: string, names: readonly string[]])[] = [
    ["fwknop", options(CLIENT_SETTINGS)],
    ["fwknopd", options(DAEMON_OPTIONS)],
    ["fwknoprc", directives(CLIENT_SETTINGS)],
    ['"fwknopd.conf"', directives(SERVER_SETTINGS)],
    ['"access.conf"', directives(ACCESS_SETTINGS)],
  ];
  return [
    "/** Written by .ci/gen.ts from the tables of settings: names of options (`-i|--interface`) and directives, by place. */",
    "export const NAMES = {",
    ...lists.map(([place, names]) => `  ${place}: \`\n${wrap(names.join(" "), 110).join("\n")}\n\`,`),
    "} as const;",
    "",
  ].join("\n");
}

/** What each program may do. An empty list is the whole kind; `permissions.ts` makes flags of it. */
function permissions() {
  const ffi = LIBRARY_FOLDERS, sys = ["uid"];
  return {
    fwknop: { ffi, read: [], write: [], env: [], sys, net: [], run: [] },
    // Programs of the packet filters, and no others.
    // And ports of mail servers, for a process that does nothing else (daemon/report/mail_process.ts).
    fwknopd: { ffi, read: [], write: [], sys, net: mailServers(), run: permittedPrograms() },
  };
}

/** All IPv4 addresses, and ::1: of IPv6 the runtime has no notation for networks, and a whole kind would be every port of every host. */
function mailServers(): string[] {
  return ["0.0.0.0/0", "[::1]"].flatMap((hosts) => MAIL_PORTS.map((port) => `${hosts}:${port}`));
}

function onlyOptions(): typeof DAEMON_OPTIONS {
  const rows = Object.entries(DAEMON_OPTIONS).filter(([, row]) => "option" in row);
  return Object.fromEntries(rows) as typeof DAEMON_OPTIONS;
}

function reference(title: string, introduction: string, table: Parameters<typeof formatReference>[2]): string {
  const note = "<!-- Written by .ci/gen.ts from the table of settings: edit that. -->";
  return formatted(formatReference(title, `${introduction}\n\n${note}`, table));
}

/** As `deno fmt` wants it, so that the check of formats has nothing to say about it. */
function formatted(markdown: string): string {
  const path = Deno.makeTempFileSync({ suffix: ".md" });
  try {
    Deno.writeTextFileSync(path, markdown);
    const args = ["fmt", "--quiet", "--config", `${ROOT}deno.json`, path];
    const run = new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).outputSync();
    if (!run.success) throw new Error(`Cannot format Markdown: deno fmt ended with ${run.code}`);
    return Deno.readTextFileSync(path);
  } finally {
    Deno.removeSync(path);
  }
}

function onDisk(path: string): string | null {
  try {
    return Deno.readTextFileSync(ROOT + path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

if (import.meta.main) {
  const stale = [...generated()].filter(([path, text]) => onDisk(path) !== text);
  if (!Deno.args.includes("--check")) {
    for (const [path, text] of stale) {
      Deno.mkdirSync((ROOT + path).replace(/[^/]*$/, ""), { recursive: true });
      Deno.writeTextFileSync(ROOT + path, text);
      console.log(`wrote ${path}`);
    }
  } else if (stale.length > 0) {
    console.error(`Not up to date: ${stale.map(([path]) => path).join(", ")}. Run: deno run -A .ci/gen.ts`);
    Deno.exit(1);
  }
}
