/**
 * A name that a file does not know: whether a message may show it, and what was meant. The names of all three files are
 * looked through, since people put a line of one into another. Loaded only for messages.
 */
import { elsewhere } from "./elsewhere.ts";
import { NAMES } from "./names.ts";
import { isOldName, LUCI_NAMES, OLD_NAMES } from "./old_names.ts";
import { didYouMean, nearest } from "./suggest.ts";

/** What can be said of an unknown name. */
export interface UnknownName {
  /** The name as it was written, if it cannot be a key; else null. */
  readonly shown: string | null;
  readonly hint: string | undefined;
}

const FILES = ["fwknoprc", "access.conf", "fwknopd.conf"] as const;

/** A file that has directives. */
export type ConfigFile = (typeof FILES)[number];

const DIRECTIVES: Readonly<Record<ConfigFile, readonly string[]>> = {
  fwknoprc: NAMES.fwknoprc.trim().split(/\s+/),
  "access.conf": [...NAMES["access.conf"].trim().split(/\s+/), "%include", "%include_folder", "%include_keys"],
  "fwknopd.conf": NAMES["fwknopd.conf"].trim().split(/\s+/),
};

/** What people write, and what the file calls it: names of samples, of options and of the other end. */
const SYNONYMS: Readonly<Record<ConfigFile, Readonly<Record<string, string>>>> = {
  fwknoprc: { CLIENT_TIMEOUT: "FW_TIMEOUT", FW_ACCESS_TIMEOUT: "FW_TIMEOUT", DESTINATION: "SPA_SERVER" },
  "access.conf": { FW_TIMEOUT: "FW_ACCESS_TIMEOUT", SPOOF_USER: "REQUIRE_USERNAME", PORTS: "OPEN_PORTS" },
  "fwknopd.conf": { INTERFACE: "PCAP_INTF", PCAP_INTERFACE: "PCAP_INTF", ACCESS_CONF: "ACCESS_FILE" },
};

/** What is known of a name that `file` does not have. */
export function unknownName(word: string, file: ConfigFile): UnknownName {
  const hint = hintFor(word, file);
  const isWord = /^(?:-{1,2}|%)?[A-Za-z][A-Za-z0-9_-]*$/.test(word);
  const shown = isWord && (hint !== undefined || looksLikeName(word) || LUCI_NAMES.has(word)) ? word : null;
  return { shown, hint };
}

function hintFor(word: string, file: ConfigFile): string | undefined {
  const name = word.toUpperCase().replaceAll("-", "_");
  const meant = SYNONYMS[file][name];
  if (meant !== undefined) return `did you mean ${meant}?`;
  if (DIRECTIVES[file].includes(name)) return `did you mean ${name}? names are written in capitals`;
  if (word.startsWith("-")) return elsewhere(word, file);
  return elsewhere(word, file) ?? near(word, file) ?? old(word);
}

function near(word: string, file: ConfigFile): string | undefined {
  if (nearest(word, DIRECTIVES[file]) !== null) return didYouMean(word, DIRECTIVES[file]);
  const other = nearest(word, FILES.flatMap((one) => DIRECTIVES[one]));
  const place = other === null ? undefined : elsewhere(other, file);
  return place === undefined ? undefined : `${place}, if that is meant`;
}

function old(word: string): string | undefined {
  return isOldName(word) ? "it is a variable of the fwknop daemon 1.x: remove the line" : undefined;
}

/** Parts of names, apart from those that stand before keys. */
const PARTS: ReadonlySet<string> = new Set(
  [...FILES.flatMap((file) => DIRECTIVES[file]), ...Object.values(OLD_NAMES).flatMap((names) => [...names])]
    .flatMap((name) => name.split("_"))
    .filter((part) => /^[A-Z]{3,}$/.test(part) && !/^(?:KEY|HMAC|PASS|SIGNING)$/.test(part)),
);

/** Capitals with `_` between them of which one is a word of our names. A pass phrase could be in capitals too. */
function looksLikeName(word: string): boolean {
  return /^[A-Z]{2,16}(?:_[A-Z]{1,16}){1,5}$/.test(word) && word.split("_").some((part) => PARTS.has(part));
}
