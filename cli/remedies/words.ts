/** Words of a command line that belong to no option, as in `fwknop web1`: the C client passes over them silently. */
import { stanzaNames } from "../../lib/settings/rc_file.ts";
import type { Arguments } from "../../lib/settings/argv.ts";
import { parseService } from "../../lib/net/service.ts";
import { nearest } from "../../lib/settings/suggest.ts";
import { stanzaOfHost } from "../settings/named_stanza.ts";
import type { ClientKey } from "../options/table.ts";
import type { RcFile } from "../rc/rc_file.ts";
import { bareHost } from "./values.ts";
import { tellWarning, type Terminal } from "../ui/tui.ts";

/** Shown in place of words that may be secret. */
const HIDDEN = "a word";

/** Options after which words may be the rest of a secret that was typed with blanks; base64 has none. */
const SECRETS_WITH_BLANKS: readonly string[] = ["key", "hmacKey", "import"];

/** The words for a message: services, and all others unless they may be part of a secret. */
export function shownWords({ given, words }: Pick<Arguments, "given" | "words">): string {
  const risky = given.some(({ key }) => SECRETS_WITH_BLANKS.includes(key)) && !words.every(isService);
  return risky ? HIDDEN : words.map((word) => `"${word}"`).join(" ");
}

/** Warns of words that do nothing for this run; of those that are not shown it is silent, as the C client is of all. */
export function warnOfWords(args: Pick<Arguments, "given" | "words">, rc: RcFile | null, terminal: Terminal): void {
  const [first] = args.words;
  if (first === undefined) return;
  const shown = shownWords(args);
  if (shown === HIDDEN) return;
  const verb = args.words.length > 1 ? "belong to no option and are" : "belongs to no option and is";
  tellWarning(terminal, `${shown} ${verb} ignored: ${wordRemedy(first, args, rc)}`);
}

/** What to write instead of the first word, for a run that needed what it may have meant. Null: there is none to show. */
export function wordHint(args: Pick<Arguments, "given" | "words">, rc: RcFile | null): string | null {
  const [first] = args.words;
  const shown = shownWords(args);
  return first === undefined || shown === HIDDEN
    ? null
    : `${shown}: no option takes it: ${wordRemedy(first, args, rc)}`;
}

/** How to say what a word probably means. */
export function wordRemedy(word: string, { given }: Pick<Arguments, "given">, rc: RcFile | null): string {
  const said = (key: ClientKey) => given.findLast((one) => one.key === key);
  const access = said("access");
  if (isService(word)) {
    const text = access?.text?.replace(/,$/, "");
    const service = bareService(word);
    return text === undefined ? `write -A ${service}` : `write services with commas: -A ${text},${service}`;
  }
  if (/^,/.test(word) && access !== undefined) return "write services with commas and without blanks";
  if (said("wait")?.text === null && /^[0-9]+$/.test(word)) return `write --wait=${word}`;
  const names = rc === null ? [] : stanzaNames(rc.file);
  const same = names.find((name) => name.toLowerCase() === word.toLowerCase());
  const stanza = same ?? (rc === null ? null : stanzaOfHost(rc.file.stanzas, word)) ?? nearest(word, names);
  if (stanza !== null && said("namedConfig") === undefined) {
    return same === undefined ? `did you mean -n ${stanza}?` : `write -n ${stanza}`;
  }
  const { host } = bareHost(word);
  if (said("server") !== undefined) return "put quotes around a value with blanks, and a hyphen before an option";
  if (said("namedConfig") !== undefined || /[.:]/.test(word)) return `-D ${host === "" ? "HOST" : host} names a server`;
  return `write -n ${word} for a stanza, or -D ${word} for a server`;
}

function isService(word: string): boolean {
  return parseService(bareService(word)).ok;
}

function bareService(word: string): string {
  return word.toLowerCase().replace(/^,|,$/g, "");
}
