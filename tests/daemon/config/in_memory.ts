/** Configuration from texts: a file system that holds what the test says, and reads of it in one line. */
import { fail, ok } from "../../../lib/result.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";
import type { CommandHost, ConfigFiles } from "../../../daemon/config/files.ts";
import { loadConfig, type LoadedConfig } from "../../../daemon/config/mod.ts";
import { parseDaemonOptions } from "../../../daemon/options.ts";

/** A host with the users and groups of a Debian, on which root runs the daemon. */
export const HOST: CommandHost = {
  user: (name) =>
    ({ root: { uid: 0, gid: 0 }, nobody: { uid: 65534, gid: 65534 }, alice: { uid: 1000, gid: 1000 } })[name] ?? null,
  group: (name) => ({ root: 0, nogroup: 65534, alice: 1000, adm: 4 })[name] ?? null,
  groupsOf: (user, gid) => user === "alice" ? [gid, 4] : [gid],
  own: { uid: 0, gid: 0 },
  mayBecomeOthers: true,
  noNewPrivileges: false,
  isProgram: (word) => !word.includes("gone"),
};

/** Files by absolute path; relative paths mean `/start`. */
export function inMemory(texts: Readonly<Record<string, string>>, host: CommandHost | null = HOST): ConfigFiles {
  return {
    ...host === null ? {} : { commandHost: host },
    startDirectory: "/start",
    read(path) {
      const text = texts[path];
      if (text === undefined) return fail({ code: "missing", message: "No such file or directory" });
      return ok({ text, warnings: [] });
    },
    list(folder) {
      const inside = Object.keys(texts).filter((path) => path.startsWith(`${folder}/`));
      if (inside.length === 0) return fail({ code: "missing", message: "No such file or directory" });
      return ok(inside.map((path) => path.slice(folder.length + 1)).sort());
    },
  };
}

/** A stanza that needs nothing more. */
export const STANZA = "SOURCE ANY\nKEY enckey\nHMAC_KEY hmackey\nREQUIRE_SOURCE_ADDRESS Y\n";

/** Loads `server` as `/c` and `access` as `/a`, with further arguments and files. */
export function load(
  server: string,
  access: string = STANZA,
  more: {
    readonly argv?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
    readonly now?: number;
    /** Null: it cannot be asked. */
    readonly host?: CommandHost | null;
    /** What else can be asked. */
    readonly world?: Pick<ConfigFiles, "kindOf" | "readKey" | "hasLocale">;
  } = {},
) {
  const options = parseDaemonOptions(["-c", "/c", "-a", "/a", ...(more.argv ?? [])]);
  if (!options.ok) return options;
  const files = { ...inMemory({ "/c": server, "/a": access, ...more.files }, more.host), ...more.world };
  return loadConfig(options.options, files, more.now ?? 0);
}

/** The configuration, or an error with what was wrong with it. */
export function good(...given: Parameters<typeof load>): LoadedConfig {
  const loaded = load(...given);
  if (loaded.ok) return loaded;
  throw new Error(`refused: ${loaded.problems.map(formatProblem).join("\n")}`);
}

/** The problems as lines; empty when it was accepted. */
export function wrong(...given: Parameters<typeof load>): readonly string[] {
  const loaded = load(...given);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}
