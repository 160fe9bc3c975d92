/** The differences that are meant, each with the sentence of docs/COMPATIBILITY.md that says so. Pure. */
import { REPEATED } from "./choices.ts";
import { type Difference, type Found, isSame } from "./compare.ts";

/** A row of {@link KNOWN}. */
interface Known {
  /** Begins a sentence of the document. */
  readonly documented: string;
  /** What is found without this difference; the same where it is not this one. */
  readonly settle: (difference: Difference, found: Found) => Found;
}

/** By name. */
const KNOWN: Readonly<Record<string, Known>> = {
  "base64 is strict": {
    documented: "base64 is strict: with `=`",
    settle: ({ asked }, found) =>
      asked?.damage === "padded" && found.ours.join() === "no message" ? { ...found, c: found.ours } : found,
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
  "MAX_FW_TIMEOUT binds command cycles": {
    documented: "`CMD_CYCLE_OPEN`: `OPEN_PORTS`, `RESTRICT_PORTS`, `MAX_FW_TIMEOUT` and `MAX_OPEN_GRANTS` hold for it",
    settle: ({ configuration, asked }, found) => {
      const most = Math.min(
        ...configuration.stanzas.filter((one) => "CMD_CYCLE_OPEN" in one).map((one) =>
          Number(one.MAX_FW_TIMEOUT) || 300
        ),
      );
      if (asked === null || asked.timeout <= most) return found;
      const over = new RegExp(`\\+(\\d+)\\+${asked.timeout} touched`);
      const within = (_: string, end: string) => `+${Number(end) - asked.timeout + most}+${most} touched`;
      return { ...found, c: found.c.map((line) => line.replace(over, within)) };
    },
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
  "test mode refuses what could not be opened": {
    documented: "Test mode (`-t`) refuses what could not be opened either",
    settle: ({ asked, batch }, found) =>
      asked?.what === "NAT by name" && batch.server.ENABLE_NAT_DNS === "N" && /^#\d+ opens$/.test(found.c.at(-1) ?? "")
        ? { ...found, c: found.c.slice(0, -1) }
        : found,
  },
  "ports are looked at for command cycles too": {
    documented: "`CMD_CYCLE_OPEN`: `OPEN_PORTS`, `RESTRICT_PORTS`, `MAX_FW_TIMEOUT` and `MAX_OPEN_GRANTS` hold for it",
    settle: ({ configuration }, found) => {
      const at = found.c.findIndex((line, index) => line !== found.ours[index]);
      const [, stanza, what] = /^#(\d+) (.*)$/.exec(found.c[at] ?? "") ?? [];
      const isCycle = configuration.stanzas[Number(stanza) - 1]?.CMD_CYCLE_OPEN !== undefined;
      return isCycle && what === "runs" && found.ours[at] === `#${stanza} denied` ? { ...found, c: found.ours } : found;
    },
  },
  "FORWARD rules name the inside host": {
    documented: "The FORWARD rule names the inside host (`-d`)",
    settle: ({ batch }, found) => {
      const ours = found.ours.map((line) => line.replace(/(?<=^-A FWKNOP_FORWARD .*) -d \S+/, ""));
      return batch.server.ENABLE_FORWARD_ANY_HOST === "Y" || isSame({ c: ours, ours: found.ours })
        ? found
        : { ...found, ours };
    },
  },
  "nothing is sent on to 0.0.0.0": {
    documented: "No DNAT rule to 0.0.0.0",
    settle: (_, found) => {
      const c = found.c.filter((line) => !/--to-destination 0\.0\.0\.0$/.test(line));
      return c.length === found.c.length ? found : { ...found, c };
    },
  },
  "source addresses are rewritten without ENABLE_IPT_SNAT where the stanza says so": {
    documented: "`FORCE_SNAT` and `FORCE_MASQUERADE` work without `ENABLE_IPT_SNAT`",
    settle: ({ batch, configuration }, found) => {
      const forced = configuration.stanzas.some((one) => "FORCE_SNAT" in one || "FORCE_MASQUERADE" in one);
      const ours = found.ours.filter((line) => !/^-A FWKNOP_(?:POSTROUTING|MASQUERADE) /.test(line));
      return batch.server.ENABLE_IPT_SNAT === undefined && forced && ours.length < found.ours.length
        ? { ...found, ours }
        : found;
    },
  },
  "every requested port leads to the target": {
    documented:
      "Every requested port of a NAT request leads to its target, each with its own protocol; C takes the first",
    settle: (difference, found) => hasMoreOf(/^-A \S+ /, difference, found) ? { ...found, c: found.ours } : found,
  },
  "a command cycle runs for every requested port": {
    documented: "runs for every service of a request, one after the other; in C for the first",
    settle: (difference, found) =>
      hasMoreOf(/ touched by \d+$/, difference, found) ? { ...found, c: found.ours } : found,
  },
  "local NAT leads to a port": {
    documented: "A local NAT request that leads to no host and port opens nothing",
    settle: ({ asked, configuration }, found) => {
      const nowhere = configuration.stanzas.some((one) =>
        "FORWARD_ALL" in one && !("FORCE_NAT" in one) && ("FORCE_SNAT" in one || "FORCE_MASQUERADE" in one)
      );
      const c = found.c.filter((line) => !line.startsWith("-A "));
      return asked?.what === "local NAT" && nowhere && isSame({ c, ours: found.ours }) ? { ...found, c } : found;
    },
  },
};

/** Whether ours did what the C daemon did, and the same in the same places for the other ports of the request. */
function hasMoreOf(place: RegExp, { asked }: Difference, { c, ours }: Found): boolean {
  const more = ours.filter((line) => !c.includes(line));
  const placeOf = (line: string) => place.exec(line)?.[0];
  return asked !== null && (asked.services.includes(",") || asked.damage === "long") &&
    c.every((line) => ours.includes(line)) &&
    more.every((line) => placeOf(line) !== undefined && c.some((one) => placeOf(one) === placeOf(line)));
}

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
      if (JSON.stringify(left) !== JSON.stringify(found)) used.push(name);
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
