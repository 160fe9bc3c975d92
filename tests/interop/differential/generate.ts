/** The configurations of the differential test, and which of them are tried with one start. Pure. */
import type { Directives } from "../../lab/config.ts";
import { type Random, randomNumbers } from "../../fakes/random.ts";
import type { Batch } from "./batch.ts";
import { type Choice, excludes, needsMore, type Place, SERVER_CHOICES, STANZA_CHOICES } from "./choices.ts";
import { ASKED, type Asked, configurationOf } from "./configuration.ts";
import { coveringRows } from "./covering.ts";

/** Packets of a configuration: one that fits, some that ask otherwise, some that are not as they should be. */
const OTHERWISE = 3, DAMAGED = 2;

/** How many configurations there are at least. */
const ENOUGH = 400;

/** All batches of a seed. `folder`: where commands write. */
export function batchesOf(seed: number, folder: string): Batch[] {
  const random = randomNumbers(seed);
  const servers = coveringRows({ sizes: sizes(SERVER_CHOICES), random });
  const asked = packetRows(random);
  const numbers = { network: 0, packet: 0 };
  const rows: (readonly [server: number, row: readonly number[]])[] = [];
  while (rows.length < ENOUGH) {
    // The server's row is one more choice: each stanza's value meets each of them.
    const pass = coveringRows({
      sizes: [servers.length, ...sizes(STANZA_CHOICES)],
      random,
      excludes: ([one, value], [other, more]) =>
        one === 0
          ? other > 0 && needsMore([other - 1, more], servers[value]!)
          : excludes([one - 1, value], [other - 1, more]),
    });
    rows.push(...pass.map(([server = 0, ...row]) => [server, row] as const));
  }
  return servers.map((server, index) => ({
    title: titleOf(SERVER_CHOICES, server),
    server: directivesOf(SERVER_CHOICES, server),
    configurations: rows.filter(([which]) => which === index).map(([, row]) =>
      configurationOf(row, placeOf(numbers.network++, folder), packetsOf(asked, numbers, random))
    ),
  }));
}

function placeOf(number: number, folder: string): Place {
  const rest = `${1 + (number >> 7)}.${number & 127}`;
  return { number, network: `10.${rest}`, inside: `172.${rest}`, folder };
}

function sizes(choices: readonly Choice[]): number[] {
  return choices.map(({ values }) => values.length);
}

const HERE: Place = { number: 0, network: "", inside: "", folder: "" };

function directivesOf(choices: readonly Choice[], row: readonly number[]): Directives {
  return Object.assign({}, ...row.map((value, index) => choices[index]!.values[value]![1](HERE).own));
}

function titleOf(choices: readonly Choice[], row: readonly number[]): string {
  const said = row.flatMap((value, index) =>
    value === 0 ? [] : [`${choices[index]!.name} ${choices[index]!.values[value]![0]}`]
  );
  return said.join("; ") || "nothing";
}

interface PacketRows {
  readonly sound: readonly Asked[];
  readonly damaged: readonly Asked[];
}

function packetRows(random: Random): PacketRows {
  const fields = Object.keys(ASKED) as (keyof Asked)[];
  const rows = (damages: readonly Asked["damage"][]) => {
    const values = fields.map((field): readonly unknown[] => field === "damage" ? damages : ASKED[field]);
    return coveringRows({ sizes: values.map(({ length }) => length), random }).map((row) =>
      Object.fromEntries(row.map((value, index) => [fields[index]!, values[index]![value]])) as unknown as Asked
    );
  };
  return { sound: rows(["none"]), damaged: rows(ASKED.damage.filter((damage) => damage !== "none")) };
}

/** In turn, so that each is sent to many configurations; in any order, because not every address is let in. */
function packetsOf({ sound, damaged }: PacketRows, numbers: { packet: number }, random: Random): Asked[] {
  const fits = Object.fromEntries(Object.entries(ASKED).map(([field, [first]]) => [field, first])) as unknown as Asked;
  const next = (rows: readonly Asked[]) => rows[numbers.packet++ % rows.length]!;
  const others = [
    ...Array.from({ length: OTHERWISE }, () => next(sound)),
    ...Array.from({ length: DAMAGED }, () => next(damaged)),
  ];
  others.splice(random(2), 0, fits);
  // A replay asks for what the first packet asks for.
  return others.map((asked) =>
    asked.damage === "a replay" ? { ...others[0]!, to: asked.to, damage: "a replay" } : asked
  );
}
