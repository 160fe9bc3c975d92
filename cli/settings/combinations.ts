/**
 * Which options of a command line go together: those that the C client does not have (`options/own.ts`) with each other
 * and with those modes of the C client that are not a knock. What the table does not list is refused, so that nothing is
 * silently ignored.
 * Conflicts between what values mean, wherever they come from, are in `conflicts.ts`. Loaded only when one of these options
 * or a list of servers is given. Pure.
 */
import type { Arguments } from "../../lib/settings/argv.ts";
import { shownWords, wordRemedy } from "../remedies/words.ts";
import { listedServers } from "../knock/server_list.ts";
import type { ModeOption } from "../modes.ts";
import type { ClientKey } from "../options/table.ts";
import { ClientError } from "../ui/tui.ts";

/** What is looked at: options by the names of their rows, and `several` for a list of servers after -D. */
export type Part = keyof typeof PARTS;

/**
 * What each part does by itself, as the reason why it stands alone. The first of two in this order gives the reason.
 */
const PARTS = {
  several: "a list of servers",
  completion: "it only prints a completion",
  showLast: "it only shows the last run",
  stanzaList: "it only lists the stanzas",
  import: "it only stores a stanza",
  sshConfig: "it only prints lines for ssh_config",
  lastCmd: "it repeats a run as it was",
  keyGen: "it makes keys and sends nothing",
  keyGenFile: "it makes keys and sends nothing",
  qr: "it shows a stanza and sends nothing",
  forceQr: "it belongs to --qr",
  doctor: "it looks at things and does nothing else",
  explain: "it explains a knock and does nothing else",
  saveRcStanza: "it writes the rc file",
  test: "it sends nothing, so nothing can follow",
  proxy: "standard output belongs to ssh then",
  fdpass: "it belongs to --proxy",
  thenCommand: "the command takes the place of this program",
  hold: "it does not end by itself",
  stdin: "it gives the keys of one server",
  fd: "it gives the keys of one server",
  savePacket: "each packet would replace the one before",
  json: "it has no answer for that",
  wait: "it waits after a knock",
} as const satisfies
  & Readonly<Record<Exclude<ModeOption, "help" | "version">, string>>
  & Readonly<Partial<Record<ClientKey | "several", string>>>;

/** For each part those that it goes with. Each pair is listed once, at the part that comes first in {@link PARTS}. */
const TOGETHER: Readonly<Partial<Record<Part, readonly Part[]>>> = {
  several: ["explain", "doctor", "test", "lastCmd", "showLast", "stanzaList", "json", "wait"],
  doctor: ["json", "test", "wait", "proxy", "fdpass", "thenCommand", "hold"],
  explain: ["test", "wait", "proxy", "fdpass", "thenCommand", "hold"],
  json: ["test", "showLast", "stanzaList", "saveRcStanza", "wait", "hold"],
  wait: ["proxy", "fdpass", "thenCommand", "hold", "saveRcStanza"],
  proxy: ["fdpass"],
  thenCommand: ["saveRcStanza"],
  hold: ["saveRcStanza"],
  qr: ["forceQr", "keyGen", "keyGenFile", "saveRcStanza"],
  forceQr: ["keyGen", "keyGenFile", "saveRcStanza"],
};

/** Parts that the C client has: combined with each other they do what they do there. */
const OF_C: ReadonlySet<Part> = new Set<Part>([
  "showLast",
  "stanzaList",
  "lastCmd",
  "keyGen",
  "keyGenFile",
  "saveRcStanza",
  "test",
  "stdin",
  "fd",
  "savePacket",
]);

/** Parts that matter only beside a list of servers. */
const ONLY_BESIDE_SEVERAL: ReadonlySet<Part> = new Set<Part>(["stdin", "fd", "savePacket"]);

/** Parts that mean nothing without one of others. */
const NEEDED: readonly (readonly [part: Part, oneOf: readonly Part[], sentence: string, hint: string])[] = [
  ["fdpass", ["proxy"], "--fdpass says how --proxy hands over, and there is no --proxy", "leave out --fdpass"],
  ["forceQr", ["qr"], "--force-qr says where --qr may show its code, and there is no --qr", "add --qr"],
  [
    "json",
    ["test", "showLast", "stanzaList", "wait", "doctor"],
    "--json goes with -T, --show-last, --stanza-list, --wait or --doctor",
    "leave out --json",
  ],
];

/** All parts, for tests over all pairs. */
export const ALL_PARTS = Object.keys(PARTS) as Part[];

/** Whether two parts may stand on one command line. */
export function goTogether(one: Part, other: Part): boolean {
  if (one === other || OF_C.has(one) && OF_C.has(other)) return true;
  if ([one, other].some((part) => ONLY_BESIDE_SEVERAL.has(part))) return one !== "several" && other !== "several";
  return TOGETHER[one]?.includes(other) === true || TOGETHER[other]?.includes(one) === true;
}

/** Refuses what does not go together. Throws {@link ClientError}. */
export function checkCombination(args: Arguments): void {
  const parts = partsOf(args);
  for (const [part, oneOf, sentence, hint] of NEEDED) {
    if (parts.has(part) && !oneOf.some((other) => parts.has(other))) throw new ClientError(sentence, hint);
  }
  const given = ALL_PARTS.filter((part) => parts.has(part));
  for (const [index, first] of given.entries()) {
    for (const second of given.slice(index + 1)) {
      if (!goTogether(first, second)) throw refusal([first, second], parts);
    }
  }
  if (parts.has("qr") && parts.has("saveRcStanza") && !parts.has("keyGen") && !parts.has("keyGenFile")) {
    throw new ClientError(
      `--qr and ${parts.get("saveRcStanza")} cannot be combined without -k: --qr shows the stanza as it is`,
      "save the stanza first, then show it",
    );
  }
  checkWords(args, parts);
}

/** The parts given, each as it was written. */
function partsOf(args: Arguments): ReadonlyMap<Part, string> {
  const { given } = args;
  const parts = new Map<Part, string>();
  for (const { key, name } of given) if (key in PARTS) parts.set(key as Part, name);
  const server = given.findLast(({ key }) => key === "server");
  if (server !== undefined && listedServers(args) !== null) parts.set("several", `${server.name} ${server.text}`);
  // With -b packets are appended, so none replaces another.
  if (given.some(({ key }) => key === "savePacketAppend")) parts.delete("savePacket");
  return parts;
}

function refusal([first, second]: readonly [Part, Part], parts: ReadonlyMap<Part, string>): ClientError {
  const [one, other] = [parts.get(first), parts.get(second)];
  if (first === "several") {
    return new ClientError(`${other} goes with one server only, not with ${one}`, "name one server with -D");
  }
  return new ClientError(`${other} cannot be combined with ${one}: ${PARTS[first]}`, "leave out one");
}

/** A word that belongs to no option is passed over as in C, except beside an option that it was probably meant for. */
function checkWords({ words, given }: Arguments, parts: ReadonlyMap<Part, string>): void {
  const first = words[parts.has("doctor") ? 1 : 0];
  const asked = (["wait", "hold", "thenCommand", "proxy", "explain", "doctor", "sshConfig", "qr", "import"] as const)
    .find((part) => parts.has(part));
  if (first === undefined || asked === undefined) return;
  const seconds = given.some(({ key, text }) => key === "wait" && text === null) && /^[0-9]+$/.test(first);
  const beforeCommand = !seconds && (asked === "wait" || asked === "hold");
  throw new ClientError(
    `${shownWords({ given, words: [first] })} belongs to no option`,
    beforeCommand
      ? "write --then before a command, and -n before the name of a stanza"
      : wordRemedy(first, { given }, null),
  );
}
