/** The differences that are meant, each with the sentence of docs/COMPATIBILITY.md that says so. Pure. */
import { REPEATED } from "./choices.ts";
import { type Difference, type Found, isSame } from "./compare.ts";

/** A row of {@link KNOWN}. */
interface Known {
  /** Begins a sentence of the document. */
  readonly documented: string;
  /** What is found without this difference; the very same where it is not this one. */
  readonly settle: (difference: Difference, found: Found) => Found;
}

/** By name. */
const KNOWN: Readonly<Record<string, Known>> = {
  "base64 is strict": {
    documented: "base64 is strict: with `=`",
    settle: ({ asked }, found) =>
      asked?.damage === "padded" && found.ours.join() === "no message" ? { ...found, c: found.ours } : found,
  },
  "an HMAC does not make a Rijndael packet one of GnuPG": {
    documented: "warns of what C servers may take for GnuPG because of its HMAC; our daemon opens that",
    settle: ({ asked }, found) =>
      asked?.damage === "long" && found.c.some((line) => line.endsWith("no such encryption"))
        ? { ...found, c: found.ours }
        : found,
  },
  "replays are refused without DIGEST_PERSISTENCE too": {
    documented: "Digests seen are kept in memory also with `ENABLE_DIGEST_PERSISTENCE N`",
    settle: ({ asked, batch, configuration }, found) => {
      if (batch.server.ENABLE_DIGEST_PERSISTENCE !== "N") return found;
      const isReplay = asked?.damage === "a replay" && found.ours.join() === "replay";
      // What the replay opens is for the address that the first packet names.
      const isRepeated = asked === configuration.packets[0] && found.ours.every((line) => found.c.includes(line));
      return isReplay || isRepeated ? { ...found, c: found.ours } : found;
    },
  },
  "a repeated item of OPEN_PORTS counts once": {
    documented:
      "A repeated item in `OPEN_PORTS` counts once; C counts it twice, and lets other requests in than are meant",
    settle: ({ configuration }, found) => {
      const at = found.c.findIndex((line, index) => line !== found.ours[index]);
      const denied = [found.c[at], found.ours[at]].find((line) => /^#\d+ denied$/.test(line ?? ""));
      const stanza = configuration.stanzas[Number(denied?.slice(1).split(" ")[0]) - 1];
      return stanza?.OPEN_PORTS === REPEATED ? { ...found, c: found.ours } : found;
    },
  },
  "MAX_FW_TIMEOUT binds FW_ACCESS_TIMEOUT": {
    documented: "A written `MAX_FW_TIMEOUT` binds `FW_ACCESS_TIMEOUT` too",
    settle: ({ configuration, asked }, found) => {
      if (asked === null || asked.timeout > 0) return found;
      const bound = configuration.stanzas.find(({ FW_ACCESS_TIMEOUT = 0, MAX_FW_TIMEOUT = 0 }) =>
        Number(MAX_FW_TIMEOUT) > 0 && Number(FW_ACCESS_TIMEOUT) > Number(MAX_FW_TIMEOUT)
      );
      if (bound === undefined) return found;
      const [written, most] = [`for ${bound.FW_ACCESS_TIMEOUT} s`, `for ${bound.MAX_FW_TIMEOUT} s`];
      return { ...found, c: found.c.map((line) => line.replace(written, most)) };
    },
  },
};

/** What remains of differences without those that are known. */
export interface Judged {
  readonly unknown: readonly Difference[];
  /** Names of rows that explain something. */
  readonly met: ReadonlySet<string>;
}

/** Takes the known differences away. */
export function judge(differences: readonly Difference[]): Judged {
  const met = new Set<string>();
  const unknown = differences.filter((difference) => {
    let found = difference.found;
    const used: string[] = [];
    for (const [name, { settle }] of Object.entries(KNOWN)) {
      if (isSame(found)) break;
      const left = settle(difference, found);
      if (left !== found) used.push(name);
      found = left;
    }
    if (!isSame(found)) return true;
    for (const name of used) met.add(name);
    return false;
  });
  return { unknown, met };
}

/** Every row by its name, with what stands in the document. */
export const DOCUMENTED: ReadonlyMap<string, string> = new Map(
  Object.entries(KNOWN).map(([name, { documented }]) => [name, documented]),
);
