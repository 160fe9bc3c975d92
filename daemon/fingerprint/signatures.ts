/**
 * The signature file: which SYNs which systems send (docs/FINGERPRINTS.md). One line for each: a name, a colon, and the
 * traits. Strict: a line that is not understood is a problem with its place. Pure.
 */
import type { Problem } from "../../lib/settings/setting.ts";
import { INITIAL_TTLS, OPTION_NAMES, type Syn } from "./syn.ts";

/** One line: a SYN fits when it passes every test. */
export interface Signature {
  /** Of the system. */
  readonly name: string;
  readonly tests: readonly ((syn: Syn) => boolean)[];
}

/** Characters of a name: what an expression of an administrator is tried on is short. */
export const MAX_NAME = 32;

/** More lines are a mistake, and every SYN that is asked about is compared with all of them. */
const MOST_SIGNATURES = 500;
const MOST_PROBLEMS = 20;

const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._+/()-]*$/;

/** Makes a test of the text behind `=`; null where that is none. */
type TraitReader = (text: string) => ((syn: Syn) => boolean) | null;

/** A trait of the file, in words for whoever got it wrong. */
interface Trait {
  readonly read: TraitReader;
  readonly expects: string;
  /** Without it a signature says next to nothing. */
  readonly needed: boolean;
}

const TRAITS: ReadonlyMap<string, Trait> = new Map<string, Trait>([
  ["ttl", { read: oneOf(ttlTest), expects: INITIAL_TTLS.join(", "), needed: true }],
  ["df", { read: dontFragmentTest, expects: "yes or no", needed: false }],
  [
    "window",
    { read: oneOf(windowTest), expects: "numbers up to 65535, mss*N, mss*max or *, separated by /", needed: true },
  ],
  ["mss", { read: oneOf(numberTest("mss", 65_535)), expects: "numbers, none or *, separated by /", needed: false }],
  ["scale", { read: oneOf(numberTest("scale", 255)), expects: "numbers, none or *, separated by /", needed: false }],
  ["options", {
    read: oneOf(optionsTest),
    expects: `none, or names separated by commas: ${[...OPTION_NAMES.values()].join(", ")}, or numbers`,
    needed: true,
  }],
]);

/** Reads the text of a signature file: its lines in order, and everything that is wrong with them. */
export function parseSignatures(
  text: string,
  file: string,
): { readonly signatures: readonly Signature[]; readonly problems: readonly Problem[] } {
  const signatures: Signature[] = [], problems: Problem[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const read = problems.length >= MOST_PROBLEMS
      ? { message: "what follows is not looked at: too many lines before it are wrong" }
      : signatures.length >= MOST_SIGNATURES
      ? { message: `more than ${MOST_SIGNATURES} signatures`, hint: "remove those that no REQUIRE_OS asks for" }
      : readLine(line);
    if ("tests" in read) signatures.push(read);
    else problems.push({ origin: { file, line: index + 1 }, ...read });
    if (problems.length > MOST_PROBLEMS || signatures.length >= MOST_SIGNATURES && problems.length > 0) break;
  }
  return { signatures, problems };
}

/** The name of the first signature that a SYN fits; null where it fits none. */
export function nameOfSystem(syn: Syn, signatures: readonly Signature[]): string | null {
  return signatures.find(({ tests }) => tests.every((test) => test(syn)))?.name ?? null;
}

function readLine(line: string): Signature | Pick<Problem, "message" | "hint"> {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).trim();
  if (!NAME.test(name) || name.length > MAX_NAME) {
    return {
      message: "the line does not begin with the name of a system and a colon",
      hint: `a name has up to ${MAX_NAME} letters, digits, blanks and ._+/()-, as in "Linux 4.x: ttl=64 ..."`,
    };
  }
  const tests = new Map<string, (syn: Syn) => boolean>();
  for (const word of line.slice(colon + 1).trim().split(/[ \t]+/)) {
    const [, key = "", value = ""] = /^([a-z]+)=(\S+)$/.exec(word) ?? [];
    const trait = TRAITS.get(key);
    if (trait === undefined) {
      const hint = `behind the name stand ${[...TRAITS.keys()].map((one) => `${one}=`).join(", ")}`;
      return { message: `${JSON.stringify(word)} is no trait`, hint };
    }
    if (tests.has(key)) return { message: `${key} stands twice`, hint: "keep one; several values are separated by /" };
    const test = trait.read(value);
    if (test === null) return { message: `${key}: expected ${trait.expects}` };
    tests.set(key, test);
  }
  const missing = [...TRAITS].find(([key, { needed }]) => needed && !tests.has(key));
  if (missing === undefined) return { name, tests: [...tests.values()] };
  return { message: `${missing[0]} is missing`, hint: `write ${missing[0]}= and ${missing[1].expects}` };
}

/** `a/b`: any of them; `*`: whatever it is. */
function oneOf(read: TraitReader): TraitReader {
  return (text) => {
    if (text === "*") return () => true;
    const tests = text.split("/").map(read);
    if (tests.includes(null)) return null;
    return (syn) => tests.some((test) => test?.(syn) === true);
  };
}

function ttlTest(text: string) {
  const wanted = INITIAL_TTLS.find((ttl) => String(ttl) === text);
  return wanted === undefined ? null : (syn: Syn) => syn.ttl === wanted;
}

/** IPv6 has no such bit: there it does not count. */
function dontFragmentTest(text: string) {
  if (text !== "yes" && text !== "no") return null;
  return ({ dontFragment }: Syn) => dontFragment === null || dontFragment === (text === "yes");
}

/** `mss*max`: as many segments as fit into 65535 bytes, which is how a system fills an unscaled window. */
function windowTest(text: string) {
  const [, factor] = /^mss\*([1-9][0-9]{0,4}|max)$/.exec(text) ?? [];
  if (factor === "max") return ({ window, mss }: Syn) => !!mss && window === Math.floor(65_535 / mss) * mss;
  if (factor !== undefined) return ({ window, mss }: Syn) => mss !== null && window === mss * Number(factor);
  const wanted = decimal(text, 65_535);
  return wanted === null ? null : (syn: Syn) => syn.window === wanted;
}

function numberTest(key: "mss" | "scale", most: number): TraitReader {
  return (text) => {
    const wanted = decimal(text, most);
    return wanted === null && text !== "none" ? null : (syn) => syn[key] === wanted;
  };
}

function optionsTest(text: string) {
  const known = [...OPTION_NAMES.values()];
  const isOption = (word: string) => known.includes(word) || decimal(word, 255) !== null;
  if (text !== "none" && !text.split(",").every(isOption)) return null;
  return (syn: Syn) => syn.options === text;
}

function decimal(text: string, most: number): number | null {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= most ? Number(text) : null;
}
