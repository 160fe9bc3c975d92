/** Shell completion from a table: every option, the words of enumerations, and file names where files are meant. */
import type { Setting, SettingTable } from "./setting.ts";

/** Shells that are known. */
export type Shell = "bash" | "zsh" | "fish";

/** What follows an option, as far as a shell can help. */
type Argument = { readonly kind: "none" | "file" | "folder" | "other" } | {
  readonly kind: "words";
  readonly words: readonly string[];
};

/** The completion script of a program, ending with a line end. */
export function formatCompletion(shell: Shell, program: string, table: SettingTable): string {
  const rows = Object.values(table).filter((row: Setting) => row.option !== undefined && row.hidden !== true);
  const write = { bash: formatBash, zsh: formatZsh, fish: formatFish }[shell];
  return write(program, rows as readonly Setting[]);
}

function namesOf({ option }: Setting): readonly string[] {
  const short = option?.short === undefined ? [] : [`-${option.short}`];
  return [...short, ...[...(option?.long ?? []), ...(option?.exact ?? [])].map((name) => `--${name}`)];
}

function argumentOf(row: Setting): Argument {
  if (row.option?.argument === "none" || row.option?.argument === "rest") return { kind: "none" };
  if (row.kind.choices !== undefined) return { kind: "words", words: row.kind.choices };
  if (/^DIR(?:ECTORY)?$/.test(row.kind.valueName)) return { kind: "folder" };
  return { kind: /^FILE/.test(row.kind.valueName) ? "file" : "other" };
}

function formatBash(program: string, rows: readonly Setting[]): string {
  const name = `_${program}`;
  const cases = rows.flatMap((row) => {
    const argument = argumentOf(row);
    const reply = argument.kind === "words"
      ? `COMPREPLY=($(compgen -W "${argument.words.join(" ")}" -- "$current"))`
      : argument.kind === "file"
      ? 'COMPREPLY=($(compgen -f -- "$current"))'
      : argument.kind === "folder"
      ? 'COMPREPLY=($(compgen -d -- "$current"))'
      : "COMPREPLY=()";
    return argument.kind === "none" ? [] : [`    ${namesOf(row).join(" | ")})`, `      ${reply}`, "      return ;;"];
  });
  return [
    `# bash completion for ${program}`,
    `${name}() {`,
    "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}",
    '  case "$previous" in',
    ...cases,
    "  esac",
    `  COMPREPLY=($(compgen -W "${rows.flatMap(namesOf).join(" ")}" -- "$current"))`,
    "}",
    `complete -F ${name} -o filenames ${program}`,
    "",
  ].join("\n");
}

function formatZsh(program: string, rows: readonly Setting[]): string {
  const specs = rows.flatMap((row) => {
    const argument = argumentOf(row);
    const value = row.kind.valueName.replaceAll(/[:\[\]()']/g, " ").trim();
    const action = argument.kind === "words"
      ? `(${argument.words.join(" ")})`
      : argument.kind === "file"
      ? "_files"
      : argument.kind === "folder"
      ? "_files -/"
      : "";
    const text = row.doc.replaceAll("'", "'\\''").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(":", "\\:");
    return namesOf(row).map((name) => {
      const equals = argument.kind === "none" ? "" : name.startsWith("--") ? "=" : "+";
      const repeat = row.repeat === undefined || row.repeat === "last" ? "" : "*";
      return `  '${repeat}${name}${equals}[${text}]${argument.kind === "none" ? "" : `:${value}:${action}`}'`;
    });
  });
  return [`#compdef ${program}`, "_arguments -s \\", `${specs.join(" \\\n")}`, ""].join("\n");
}

function formatFish(program: string, rows: readonly Setting[]): string {
  const lines = rows.flatMap((row) => {
    const argument = argumentOf(row);
    const words: readonly string[] = {
      none: [],
      file: ["-r", "-F"],
      folder: ["-x", "-a", "'(__fish_complete_directories)'"],
      other: ["-x"],
      words: ["-x", "-a", `'${argument.kind === "words" ? argument.words.join(" ") : ""}'`],
    }[argument.kind];
    const text = `'${row.doc.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    const long = [...(row.option?.long ?? []), ...(row.option?.exact ?? [])].flatMap((name) => ["-l", name]);
    const short = row.option?.short === undefined ? [] : ["-s", row.option.short];
    return [["complete", "-c", program, ...short, ...long, ...words, "-d", text].join(" ")];
  });
  return [`# fish completion for ${program}`, `complete -c ${program} -f`, ...lines, ""].join("\n");
}
