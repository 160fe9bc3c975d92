/** Shell completion from a table: every option, the words of enumerations, and file names where files are meant. */
import type { Setting, SettingTable } from "./setting.ts";

/** Shells that are known. */
export type Shell = "bash" | "zsh" | "fish";

/** What follows an option, as far as a shell can help. */
type Argument =
  | { readonly kind: "none" | "file" | "folder" | "other" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "command"; readonly name: string; readonly command: string };

/** One option, with what can follow it. */
interface Row {
  readonly setting: Setting;
  readonly argument: Argument;
}

/**
 * The completion script of a program, ending with a line end. `commands`: for a key of the table, what a shell runs to
 * get the words that can follow, one a line.
 */
export function formatCompletion(
  shell: Shell,
  program: string,
  table: SettingTable,
  commands: Readonly<Record<string, string>> = {},
): string {
  const rows = Object.entries(table).flatMap(([key, setting]): Row[] => {
    if (setting.option === undefined || setting.hidden === true) return [];
    const command = commands[key];
    const argument: Argument = command === undefined
      ? argumentOf(setting as Setting)
      : { kind: "command", name: `_${program}_${key}`, command };
    return [{ setting: setting as Setting, argument }];
  });
  return { bash: formatBash, zsh: formatZsh, fish: formatFish }[shell](program, rows);
}

function namesOf({ option }: Setting): readonly string[] {
  const short = option?.short === undefined ? [] : [`-${option.short}`];
  return [...short, ...[...(option?.long ?? []), ...(option?.exact ?? [])].map((name) => `--${name}`)];
}

function argumentOf(row: Setting): Argument {
  // What is optional is attached with "=", so the next word is not it.
  if (row.option?.argument !== "required") return { kind: "none" };
  if (row.kind.choices !== undefined) return { kind: "words", words: row.kind.choices };
  if (/^DIR(?:ECTORY)?$/.test(row.kind.valueName)) return { kind: "folder" };
  return { kind: /^FILE/.test(row.kind.valueName) ? "file" : "other" };
}

function formatBash(program: string, rows: readonly Row[]): string {
  const name = `_${program}`;
  const cases = rows.flatMap(({ setting, argument }) =>
    argument.kind === "none"
      ? []
      : [`    ${namesOf(setting).join(" | ")})`, `      ${bashReply(argument)}`, "      return ;;"]
  );
  return [
    `# bash completion for ${program}`,
    `${name}() {`,
    "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}",
    "  # --name=value arrives as three words.",
    '  if [[ $current == "=" ]]; then current=',
    '  elif [[ $previous == "=" ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}',
    "  fi",
    '  case "$previous" in',
    ...cases,
    "  esac",
    `  COMPREPLY=($(compgen -W "${rows.flatMap(({ setting }) => namesOf(setting)).join(" ")}" -- "$current"))`,
    "}",
    `complete -F ${name} -o filenames ${program}`,
    "",
  ].join("\n");
}

function bashReply(argument: Argument): string {
  switch (argument.kind) {
    case "words":
      return `COMPREPLY=($(compgen -W "${argument.words.join(" ")}" -- "$current"))`;
    case "command":
      return `COMPREPLY=($(compgen -W "$(${argument.command})" -- "$current"))`;
    case "file":
      return 'COMPREPLY=($(compgen -f -- "$current"))';
    case "folder":
      return 'COMPREPLY=($(compgen -d -- "$current"))';
    default:
      return "COMPREPLY=()";
  }
}

function formatZsh(program: string, rows: readonly Row[]): string {
  const specs = rows.flatMap(({ setting, argument }) => {
    const value = setting.kind.valueName.replaceAll(/[:\[\]()']/g, " ").trim();
    const text = setting.doc.replaceAll("'", "'\\''").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(
      ":",
      "\\:",
    );
    return namesOf(setting).map((name) => {
      // `=-` and `::`: only what is attached is the value.
      if (setting.option?.argument === "optional" && name.startsWith("--")) return `  '${name}=-[${text}]::${value}:'`;
      const equals = argument.kind === "none" ? "" : name.startsWith("--") ? "=" : "+";
      const repeat = setting.repeat === undefined || setting.repeat === "last" ? "" : "*";
      const action = argument.kind === "none" ? "" : `:${value}:${zshAction(argument)}`;
      return `  '${repeat}${name}${equals}[${text}]${action}'`;
    });
  });
  const functions = rows.flatMap(({ argument }) =>
    argument.kind === "command" ? [`${argument.name}() { compadd -- \${(f)"$(${argument.command})"} }`] : []
  );
  return [`#compdef ${program}`, ...functions, "_arguments -s \\", `${specs.join(" \\\n")}`, ""].join("\n");
}

function zshAction(argument: Argument): string {
  switch (argument.kind) {
    case "words":
      return `(${argument.words.join(" ")})`;
    case "command":
      return argument.name;
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    default:
      return "";
  }
}

function formatFish(program: string, rows: readonly Row[]): string {
  const lines = rows.map(({ setting, argument }) => {
    const text = `'${setting.doc.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    const long = [...(setting.option?.long ?? []), ...(setting.option?.exact ?? [])].flatMap((name) => ["-l", name]);
    const short = setting.option?.short === undefined ? [] : ["-s", setting.option.short];
    return ["complete", "-c", program, ...short, ...long, ...fishArgument(argument), "-d", text].join(" ");
  });
  return [`# fish completion for ${program}`, `complete -c ${program} -f`, ...lines, ""].join("\n");
}

function fishArgument(argument: Argument): readonly string[] {
  switch (argument.kind) {
    case "none":
      return [];
    case "words":
      return ["-x", "-a", `'${argument.words.join(" ")}'`];
    case "command":
      return ["-x", "-a", `'(${argument.command.replaceAll("\\", "\\\\").replaceAll("'", "\\'")})'`];
    case "file":
      return ["-r", "-F"];
    case "folder":
      return ["-x", "-a", "'(__fish_complete_directories)'"];
    default:
      return ["-x"];
  }
}
