/**
 * Writes everything that is a fold over a table of settings: man pages, reference pages, sample configurations and shell
 * completion. With `--check` it writes nothing and fails when a file on disk is not what it would write.
 *
 *     deno run -A .ci/gen.ts [--check]
 */
import { clientCompletion } from "../cli/shell/completion.ts";
import { CLIENT_SETTINGS } from "../cli/options/table.ts";
import { ACCESS_SETTINGS } from "../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../daemon/config/settings.ts";
import { DAEMON_OPTIONS } from "../daemon/options.ts";
import { formatCompletion, type Shell } from "../lib/settings/completion.ts";
import { wrap } from "../lib/settings/help.ts";
import { formatManPage } from "../lib/settings/man.ts";
import { formatReference } from "../lib/settings/reference.ts";
import { formatSample } from "../lib/settings/sample.ts";
import type { SettingTable } from "../lib/settings/setting.ts";
import { VERSION } from "../lib/version.ts";
import {
  ACCESS_SAMPLE,
  ACCESS_STANZA,
  CLIENT_FILE_PAGE,
  CLIENT_PAGE,
  DAEMON_PAGE,
  EXAMPLES,
  SERVER_SAMPLE,
} from "./gen_prose.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** Path below the root of the project → content. */
function generated(): Map<string, string> {
  const client = { name: "fwknop", section: 8, version: VERSION, synopsis: "fwknop [OPTION]..." };
  const daemon = { name: "fwknopd", section: 8, version: VERSION, synopsis: "fwknopd [OPTION]..." };
  const files = new Map([
    [
      "docs/man/fwknop.8",
      formatManPage({ ...client, brief: "Single Packet Authorization client", sections: CLIENT_PAGE }),
    ],
    [
      "docs/man/fwknoprc.5",
      formatManPage({
        name: "fwknoprc",
        section: 5,
        version: VERSION,
        synopsis: "~/.fwknoprc",
        brief: "settings of the fwknop client",
        sections: CLIENT_FILE_PAGE,
      }),
    ],
    [
      "docs/man/fwknopd.8",
      formatManPage({ ...daemon, brief: "Single Packet Authorization daemon", sections: DAEMON_PAGE }),
    ],
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
  for (const shell of SHELLS) {
    files.set(`packaging/completion/fwknop.${shell}`, clientCompletion(shell));
    files.set(`packaging/completion/fwknopd.${shell}`, formatCompletion(shell, "fwknopd", DAEMON_OPTIONS));
  }
  return files;
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
