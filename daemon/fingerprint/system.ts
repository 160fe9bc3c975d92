/** Which system a sender seems to have, and the expression by which a stanza asks for one. Pure. */
import { fail, ok } from "../../lib/result.ts";
import type { Kind } from "../../lib/settings/setting.ts";
import type { SeenSyn } from "./memory.ts";
import { nameOfSystem, type Signature } from "./signatures.ts";
import { formatSyn } from "./syn.ts";

/** A system that a sender seems to have. A hint: every trait can be set by whoever sends. */
export interface SeenSystem {
  /** Of the signature; null where the SYN fits none. */
  readonly name: string | null;
  /** The SYN, as the signature file would have it. */
  readonly syn: string;
  /** Seconds since then. */
  readonly age: number;
}

/** The systems that SYNs speak of, in the same order. */
export function systemsOf(seen: readonly SeenSyn[], signatures: readonly Signature[]): readonly SeenSystem[] {
  return seen.map(({ syn, age }) => ({
    name: nameOfSystem(syn, signatures),
    syn: formatSyn(syn),
    age: Math.round(age / 1000),
  }));
}

/** Characters of an expression. */
const MAX_PATTERN = 128;

/** Repetitions in an expression: each of them multiplies what a name costs in the worst case by its length. */
const MOST_REPETITIONS = 4;

/** Groups in an expression: in the worst case all ways through each of them are tried with all through the others. */
const MOST_GROUPS = 6;

/** REQUIRE_OS: an expression that the name of a system has to contain, in any letter case. */
export const systemPattern: Kind<RegExp> = {
  valueName: "REGEX",
  expects: "a regular expression",
  parse(text) {
    if (text === "") return fail("expected a regular expression, got nothing");
    if (text.length > MAX_PATTERN) return fail(`expected at most ${MAX_PATTERN} characters`);
    if (/^\/.*\/[a-z]*$/.test(text)) return fail("expected a regular expression without slashes around it");
    const bare = text.replace(/\\./g, "x").replace(/\[[^\]]*\]/g, "x");
    if (/\)[*+{]/.test(bare) || /\\[1-9k]/.test(text)) {
      return fail("expected a regular expression without repeated groups and references back, which may take for ever");
    }
    if (count(bare, /[*+{]|(?<![(*+?}])\?/g) > MOST_REPETITIONS || count(bare, /\(/g) > MOST_GROUPS) {
      const most = `${MOST_REPETITIONS} repetitions and ${MOST_GROUPS} groups`;
      return fail(`expected a regular expression with at most ${most}`);
    }
    try {
      return ok(new RegExp(text, "i"));
    } catch {
      return fail("expected a regular expression that can be read");
    }
  },
  remedy: () => "write a part of the name of the system, such as Linux, or several as Linux|FreeBSD",
  format: (value) => value.source,
};

function count(text: string, what: RegExp): number {
  return [...text.matchAll(what)].length;
}
