/** Shell completion from a table: every option, the words of enumerations, and file names where files are meant. */
import type { Setting, SettingTable } from "./setting.ts";

/** Shells that are known. */
export type Shell = "bash" | "zsh" | "fish";

/** What follows an option, as far as a shell can help. */
type Argument =
  | { readonly kind: "none" | "file" | "folder" | "other" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "function"; readonly name: string };

/** One option, with what can follow it. */
interface Row {
  readonly setting: Setting;
  readonly argument: Argument;
}

/**
 * What a program can say about its own words, in the language of one shell. In bash a function fills COMPREPLY from
 * `$current`, in zsh it calls compadd, in fish it prints a candidate a line.
 */
export interface ShellWords {
  /** Definitions of the functions, ending with a line end. */
  readonly functions: string;
  /** For a key of the table the function that completes what follows. */
  readonly after: Readonly<Record<string, string>>;
  /** The function for words that belong to no option. */
  readonly plain: string;
}

/** What is completed. */
export interface Completed {
  readonly program: string;
  /** Its options. */
  readonly table: SettingTable;
  readonly words?: ShellWords;
}

/** The completion script of a program, ending with a line end. */
export function formatCompletion(shell: Shell, { program, table, words }: Completed): string {
  const rows = Object.entries(table).flatMap(([key, setting]): Row[] => {
    if (setting.option === undefined || setting.hidden === true) return [];
    const name = words?.after[key];
    const argument: Argument = name === undefined ? argumentOf(setting as Setting) : { kind: "function", name };
    return [{ setting: setting as Setting, argument }];
  });
  return { bash: formatBash, zsh: formatZsh, fish: formatFish }[shell](program, rows, words);
}

function namesOf({ option }: Setting): readonly string[] {
  const short = option?.short === undefined ? [] : [`-${option.short}`];
  return [...short, ...[...(option?.long ?? []), ...(option?.exact ?? [])].map((name) => `--${name}`)];
}

function argumentOf(row: Setting): Argument {
  if (row.option?.argument !== "required" && row.option?.argument !== "optional") return { kind: "none" };
  if (row.kind.choices !== undefined) return { kind: "words", words: row.kind.choices };
  if (/^DIR(?:ECTORY)?$/.test(row.kind.valueName)) return { kind: "folder" };
  return { kind: /^FILE/.test(row.kind.valueName) ? "file" : "other" };
}

function formatBash(program: string, rows: readonly Row[], words?: ShellWords): string {
  const name = `_${program}`;
  const cases = rows.flatMap(({ setting, argument }) => {
    if (argument.kind === "none") return [];
    // What is optional is attached with "=": the next word is not it.
    const guard = isOptional(setting) ? [`      [[ $attached == "=" ]] || { ${name}_options; return; }`] : [];
    return [`    ${namesOf(setting).join(" | ")})`, ...guard, `      ${bashReply(argument)}`, "      return ;;"];
  });
  const plain = words === undefined ? [] : [
    "  if [[ $current != -* ]]; then",
    `    ${words.plain}`,
    "    [[ ${#COMPREPLY[@]} -gt 0 ]] && return",
    "  fi",
  ];
  const names = rows.flatMap(({ setting }) => namesOf(setting)).join(" ");
  return [
    `# bash completion for ${program}`,
    ...(words === undefined ? [] : [words.functions.trimEnd()]),
    `${name}_options() { COMPREPLY=($(compgen -W "${names}" -- "$current")); }`,
    `${name}_reply() {`,
    '  case "$previous" in',
    ...cases,
    "  esac",
    '  [[ $attached == "=" ]] && return',
    ...plain,
    `  ${name}_options`,
    "}",
    ...bashJoin(name),
    `complete -F ${name} -o filenames ${program}`,
    "",
  ].join("\n");
}

/**
 * bash cuts words at the characters of COMP_WORDBREAKS, = and : among them, and replaces the last piece only: the pieces are
 * put together again, and what stands before the last one is cut off every candidate.
 */
function bashJoin(name: string): readonly string[] {
  return [
    `${name}() {`,
    "  local place=$COMP_CWORD current=${COMP_WORDS[COMP_CWORD]} piece=${COMP_WORDS[COMP_CWORD]} previous attached=",
    "  [[ $piece == +([:=]) ]] && piece=",
    "  while ((place > 1)) && [[ ${COMP_WORDS[place]} == +([:=]) || ${COMP_WORDS[place - 1]} == +([:=]) ]]; do",
    "    ((place--))",
    "    current=${COMP_WORDS[place]}$current",
    "  done",
    "  previous=${COMP_WORDS[place - 1]}",
    "  if [[ $current == --*=* ]]; then previous=${current%%=*} current=${current#*=} attached='='; fi",
    "  COMPREPLY=()",
    `  ${name}_reply`,
    '  local before=${current%"$piece"} index',
    '  for index in "${!COMPREPLY[@]}"; do COMPREPLY[index]=${COMPREPLY[index]#"$before"}; done',
    "}",
  ];
}

function isOptional({ option }: Setting): boolean {
  return option?.argument === "optional";
}

function bashReply(argument: Argument): string {
  switch (argument.kind) {
    case "words":
      return `COMPREPLY=($(compgen -W "${argument.words.join(" ")}" -- "$current"))`;
    case "function":
      return argument.name;
    case "file":
      return 'COMPREPLY=($(compgen -f -- "$current"))';
    case "folder":
      return 'COMPREPLY=($(compgen -d -- "$current"))';
    default:
      return ":";
  }
}

function formatZsh(program: string, rows: readonly Row[], words?: ShellWords): string {
  const specs = rows.flatMap(({ setting, argument }) => {
    const value = setting.kind.valueName.replaceAll(/[:\[\]()']/g, " ").trim();
    const text = setting.doc.replaceAll("'", "'\\''").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(
      ":",
      "\\:",
    );
    return namesOf(setting).map((name) => {
      // `=-` and `::`: only what is attached is the value, and a letter takes none.
      const optional = isOptional(setting);
      const takes = argument.kind !== "none" && !(optional && !name.startsWith("--"));
      const equals = !takes ? "" : name.startsWith("--") ? (optional ? "=-" : "=") : "+";
      const repeat = setting.repeat === undefined || setting.repeat === "last" ? "" : "*";
      const action = takes ? `:${optional ? ":" : ""}${value}:${zshAction(argument)}` : "";
      return `  '${repeat}${name}${equals}[${text}]${action}'`;
    });
  });
  const plain = words === undefined ? [] : [`  '*:word:${words.plain}'`];
  return [
    `#compdef ${program}`,
    ...(words === undefined ? [] : [words.functions.trimEnd()]),
    "_arguments -s \\",
    [...specs, ...plain].join(" \\\n"),
    "",
  ].join("\n");
}

function zshAction(argument: Argument): string {
  switch (argument.kind) {
    case "words":
      return `(${argument.words.join(" ")})`;
    case "function":
      return argument.name;
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    default:
      return "";
  }
}

function formatFish(program: string, rows: readonly Row[], words?: ShellWords): string {
  const lines = rows.map(({ setting, argument }) => {
    const text = `'${setting.doc.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    const long = [...(setting.option?.long ?? []), ...(setting.option?.exact ?? [])].flatMap((name) => ["-l", name]);
    const short = setting.option?.short === undefined ? [] : ["-s", setting.option.short];
    // In fish what is optional is only what is attached: the next word is another.
    const takes: Argument = isOptional(setting) ? { kind: "none" } : argument;
    return ["complete", "-c", program, ...short, ...long, ...fishArgument(takes), "-d", text].join(" ");
  });
  return [
    `# fish completion for ${program}`,
    ...(words === undefined ? [] : [words.functions.trimEnd()]),
    `complete -c ${program} -f${words === undefined ? "" : ` -a '(${words.plain})'`}`,
    ...lines,
    "",
  ].join("\n");
}

function fishArgument(argument: Argument): readonly string[] {
  switch (argument.kind) {
    case "none":
      return [];
    case "words":
      return ["-x", "-a", `'${argument.words.join(" ")}'`];
    case "function":
      return ["-x", "-a", `'(${argument.name})'`];
    case "file":
      return ["-r", "-F"];
    case "folder":
      return ["-x", "-a", "'(__fish_complete_directories)'"];
    default:
      return ["-x"];
  }
}
