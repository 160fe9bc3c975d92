/** From the arguments to the settings of a run: rc file, stanzas, precedence, values, and every problem at once. */
import { DEFAULT_STANZA, stanzaNames } from "../../lib/settings/rc_file.ts";
import type { Arguments } from "../../lib/settings/argv.ts";
import { type Resolved, resolveSettings } from "../../lib/settings/resolve.ts";
import { formatOrigin, formatProblem, type Given, type Problem } from "../../lib/settings/setting.ts";
import { didYouMean } from "../../lib/settings/suggest.ts";
import { completeSettings } from "./implied.ts";
import { CLIENT_SETTINGS, type ClientKey, type ClientSettings, settingOf } from "../options/table.ts";
import { verbosity, yesNo } from "../options/kinds.ts";
import { type Layer, type Settled, settleLayers } from "./precedence.ts";
import { openRcFile, type RcFile, rcPath, readStanza } from "../rc/rc_file.ts";
import { ClientError, tellWarning } from "../ui/tui.ts";
import { findConflict } from "./conflicts.ts";
import type { World } from "../ui/world.ts";

/** What a run was told. */
export interface Loaded {
  readonly settings: ClientSettings;
  /** Where each value came from; absent for built-in defaults. */
  readonly origins: Resolved<typeof CLIENT_SETTINGS>["origins"];
  /** What is wrong with -A, -N and -H: it stands against a packet, not against a run that builds none (`unread.ts`). */
  readonly unread: readonly Problem[];
  /** What stood on the command line. */
  readonly given: readonly Given[];
  /** Words of the command line that belong to no option. */
  readonly words: readonly string[];
  /** Null with `--no-rc-file`, or when there is none. */
  readonly rc: RcFile | null;
}

/** Options that decide which files are read, as the command line has them. */
export type EarlySettings = ReturnType<typeof earlySettings>;

/** Reads the options that matter before any file. Their problems come up later, with all others. */
export function earlySettings(args: Arguments) {
  const has = (key: ClientKey) => args.given.some((said) => said.key === key);
  const text = (key: ClientKey) => args.given.findLast((said) => said.key === key)?.text ?? undefined;
  return {
    namedConfig: text("namedConfig"),
    rcFile: text("rcFile"),
    noRcFile: has("noRcFile"),
    noHomeDir: has("noHomeDir"),
    saveRcStanza: has("saveRcStanza"),
    stanzaList: has("stanzaList"),
    saveArgsFile: text("saveArgsFile"),
    verbose: has("verbose"),
    /** Nothing is written then, so no file is created either. */
    looksOnly: has("explain") || has("doctor") || has("stanzaList"),
  };
}

/** Opens the rc file that this run uses, creating it when it is absent and may be. */
export function openRc(early: EarlySettings, world: World): RcFile | null {
  if (early.noRcFile) {
    const { namedConfig, saveRcStanza, stanzaList } = early;
    const cannot = saveRcStanza
      ? "save an rc stanza"
      : stanzaList
      ? "list stanzas"
      : namedConfig !== undefined
      ? "set stanza name"
      : null;
    if (cannot === null) return null;
    throw new ClientError(`Cannot ${cannot} in --no-rc-file mode`, "leave out --no-rc-file");
  }
  const path = rcPath({ rcFile: early.rcFile, noHomeDir: early.noHomeDir, home: world.env("HOME") });
  if (path !== null) return openRcFile(path, world, { create: !early.looksOnly });
  tellWarning(world, "Unable to determine HOME directory: no rc file is read");
  return null;
}

/** Loads everything. Throws {@link ProblemsError} with all problems of arguments and stanzas. */
export function loadSettings(args: Arguments, rc: RcFile | null, world: World): Loaded {
  const early = earlySettings(args);
  const problems: Problem[] = [...args.problems];
  const keysOnly = makesKeysOnly(args);
  const stanzas = stanzaLayers(early, { rc, problems, world });
  const layers: Layer[] = [...(keysOnly ? stanzas.map(aboutNewKeys) : stanzas)];
  layers.push({ name: "command line", given: args.given });
  const settled = settleLayers(layers);
  const resolved = resolveSettings(CLIENT_SETTINGS, settled.given);
  const misread = [...overriddenProblems(layers, settled.given), ...resolved.problems];
  const unread = misread.filter(isReadWithPacket);
  if (problems.length === 0 && !keysOnly) {
    problems.push(...conflictBeside(misread.filter((problem) => !isReadWithPacket(problem)), settled, resolved));
  }
  problems.push(...misread);
  const told = problems.map((problem) =>
    problem.origin.file === undefined ? problem : { ...problem, message: inWordsOfC(problem.message) }
  );
  // An unknown directive does not prevent making keys.
  const passedOver = keysOnly ? told.filter(({ origin }) => origin.file !== undefined) : [];
  if (told.length > passedOver.length + unread.length) throw new ProblemsError(told);
  for (const problem of passedOver) tellWarning(world, formatProblem(problem));
  for (const warning of settled.warnings) tellWarning(world, warning);
  return {
    settings: completeSettings(resolved.values, settled.given),
    origins: resolved.origins,
    unread,
    given: args.given,
    words: args.words,
    rc,
  };
}

/** The message with the words that the C client adds for any mistake in an rc file. */
export function inWordsOfC(message: string): string {
  return `${message} (Parameter error)`;
}

/** `-k` or `-K` without `--qr`: the settings of a stanza would go into its code. */
function makesKeysOnly({ given }: Arguments): boolean {
  const has = (...keys: readonly string[]) => given.some(({ key }) => keys.includes(key));
  return has("keyGen", "keyGenFile") && !has("qr");
}

/** The settings of a stanza that matter for making keys; the rest of it is about knocks. */
function aboutNewKeys(layer: Layer): Layer {
  return { ...layer, given: layer.given.filter(({ key }) => ["hmacDigestType", "verbose"].includes(key)) };
}

/** Options that are read when the packet is built. A stanza's bad value is a mistake of its line in every run. */
const READ_WITH_PACKET: ReadonlySet<string | undefined> = new Set<ClientKey>(["access", "natAccess", "httpProxy"]);

function isReadWithPacket({ origin, about }: Problem): boolean {
  return origin.option !== undefined && READ_WITH_PACKET.has(about?.key);
}

/** The conflict between the values that count, where all of them can be read; told with the mistakes in other values. */
function conflictBeside(
  misread: readonly Problem[],
  { given }: Settled,
  { values }: Resolved<typeof CLIENT_SETTINGS>,
): readonly Problem[] {
  const last = new Map(given.map((said) => [said.key, said.origin]));
  const counting = new Set(last.values());
  if (misread.length === 0 || misread.some(({ origin }) => counting.has(origin))) return [];
  const conflict = findConflict(completeSettings(values, given));
  return conflict === null ? [] : [{ origin: {}, ...conflict }];
}

/** Problems of values that a closer source overrides: a mistake is told even where another value hides it. */
function overriddenProblems(layers: readonly Layer[], settled: readonly Given[]): readonly Problem[] {
  const counted = new Set(settled);
  const overridden = layers.flatMap(({ given }) => given).filter((said) => !counted.has(said));
  return overridden.length === 0 ? [] : resolveSettings(CLIENT_SETTINGS, overridden).problems;
}

/** Mistakes in arguments and stanzas, all of them. */
export class ProblemsError extends Error {
  override readonly name = "ProblemsError";
  /** Those of the command line, then those of the file from top to bottom. */
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join("; "));
    this.problems = problems.toSorted((a, b) => (a.origin.line ?? 0) - (b.origin.line ?? 0));
  }
}

/** `[default]`, then the named stanza; while saving, the stanza that will be replaced says nothing. */
function stanzaLayers(
  early: EarlySettings,
  sources: { readonly rc: RcFile | null; readonly problems: Problem[]; readonly world: World },
): readonly Layer[] {
  const { rc, problems, world } = sources;
  const name = early.saveRcStanza ? undefined : early.namedConfig;
  const layers: Layer[] = [];
  for (const wanted of [DEFAULT_STANZA, ...(name === undefined ? [] : [name])]) {
    const read = rc === null ? null : readStanza(rc, wanted, world);
    if (read !== null) {
      problems.push(...read.problems);
      // The default stanza may be named too: it is not applied twice.
      if (wanted !== name || wanted !== DEFAULT_STANZA || layers.length === 0) {
        layers.push(withoutIdleSwitches(read.layer, world));
      }
    } else if (wanted === name) {
      throw new ClientError(
        `Named configuration stanza: [${name}] was not found`,
        rc === null ? "there is no rc file: name one with --rc-file" : stanzaHint(name, rc),
      );
    }
  }
  return layers;
}

function stanzaHint(name: string, { file, path }: RcFile): string {
  return didYouMean(name, stanzaNames(file)) ?? `see fwknop --stanza-list, or add [${name}] to ${path}`;
}

/** Leaves out switches that are neither Y nor N: the C client ignores them, and existing files may hold such lines. */
function withoutIdleSwitches(layer: Layer, world: World): Layer {
  for (const said of layer.given.filter(isIdleWord)) {
    const counts = settingOf(said.key as ClientKey).kind.expects;
    const origin = formatOrigin(said.origin);
    tellWarning(world, `${origin}: ${said.name}: passed over, as in the C client: only ${counts} counts here`);
  }
  return { ...layer, given: layer.given.filter((said) => !isIdleWord(said)) };
}

function isIdleWord({ key, text }: Given): boolean {
  if (text === null) return false;
  const { kind } = settingOf(key as ClientKey);
  // A number that is no level of verbosity is refused, as in C.
  return (kind === yesNo || kind === verbosity && !/[0-9]/.test(text)) && !kind.parse(text).ok;
}
