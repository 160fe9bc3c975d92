/** Where the two daemons differ. Pure. */
import type { Batch, Both, Granted } from "./batch.ts";
import { addressOf, type Asked, type Configuration } from "./configuration.ts";
import { readVerdicts, type Verdict } from "./verdict.ts";

/** A packet that the two daemons judge differently, or open different things for. */
export interface Difference {
  readonly batch: Batch;
  readonly configuration: Configuration;
  /** Null for what all packets of the configuration have in common. */
  readonly asked: Asked | null;
  readonly found: Found;
}

/** The lines of the verdict, and those of the rules. */
export type Found = Both<readonly string[]>;

/** What is different in what they say, and in the rules where there are any. */
export function differencesOf(batch: Batch, made: Both<Granted>): Difference[] {
  const [c, ours] = [made.c, made.ours].map(({ lines, rules }) => ({ verdicts: readVerdicts(lines), rules }));
  const result: Difference[] = [];
  let before = 0;
  for (const configuration of batch.configurations) {
    const stanzas = { first: before + 1, last: before += configuration.stanzas.length };
    const { place, packets } = configuration;
    const of = ({ verdicts, rules }: NonNullable<typeof c>, source: string) => [
      ...ofStanzas(verdicts.get(source) ?? [], stanzas),
      ...rules.get(source) ?? [],
    ];
    const compare = (asked: Asked | null, source: string) => {
      const found = { c: of(c!, source), ours: of(ours!, source) };
      if (!isSame(found)) result.push({ batch, configuration, asked, found });
    };
    packets.forEach((asked, index) => compare(asked, addressOf(place, index + 1)));
    // What is shared has the end of the last packet that asked for it: it says nothing where one of those differs.
    if (!result.some((one) => one.configuration === configuration)) compare(null, place.network);
  }
  return result;
}

/** Whether nothing is different. */
export function isSame({ c, ours }: Found): boolean {
  return c.join("\n") === ours.join("\n");
}

/** What is said of these stanzas, which are numbered from 1; what is said of none of them stays. */
function ofStanzas(verdict: Verdict, { first, last }: { readonly first: number; readonly last: number }): Verdict {
  return verdict.flatMap((text) => {
    const number = Number(/^#(\d+) /.exec(text)?.[1]);
    if (Number.isNaN(number)) return [text];
    return number < first || number > last ? [] : [text.replace(/^#\d+/, `#${number - first + 1}`)];
  });
}

/** A difference in words. */
export function formatDifference({ batch, configuration, asked, found }: Difference): string {
  return [
    `fwknopd.conf: ${batch.title}`,
    `access.conf: ${configuration.title} (${configuration.place.network}.0/24)`,
    JSON.stringify(configuration.stanzas),
    asked === null ? "what all packets have in common" : JSON.stringify(asked),
    `  C:    ${found.c.join("\n        ")}`,
    `  ours: ${found.ours.join("\n        ")}`,
  ].join("\n");
}
