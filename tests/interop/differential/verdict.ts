/** What a daemon says about each packet, told from the log of `-v`: the same words for the C daemon and for ours. Pure. */

/** What was found out about a packet: in the order of the stanzas, up to the one that finished. */
export type Verdict = readonly string[];

/** A line about a packet. `$S` stands for its source, `$N` for the number of the stanza. */
interface Row {
  readonly line: RegExp;
  /** Whether nothing that follows counts: the C daemon goes on with the next stanza in test mode, and finds more. */
  readonly last?: true;
}

const S = String.raw`(?<source>[\d.]+)`;
const TAG = String.raw`^\[${S}\] \(stanza #(?<stanza>\d+)\) `;

/** By what the verdict says. */
const ROWS: Readonly<Record<string, Row>> = {
  "no message": { line: new RegExp(String.raw`^\[${S}\] preprocess_spa_data\(\) returned error (?:4096|4098)`) },
  "no access data": { line: new RegExp(`^No access data found for source IP: ${S}`) },
  "replay": { line: new RegExp(`^Replay detected from source IP: ${S}`) },
  "other addresses": {
    line: new RegExp(String.raw`^\(stanza #(?<stanza>\d+)\) SPA packet \(${S} -> [\d.]+\) filtered`),
  },
  // Version 2.6.11, like ours, has another line for it besides.
  "another HMAC": { line: new RegExp(`${TAG}Error creating fko context: .*HMAC_COMPAREFAIL`) },
  "not opened": { line: new RegExp(`${TAG}Error creating fko context: (?!.*HMAC_COMPAREFAIL)`) },
  "no such encryption": { line: new RegExp(`${TAG}No stanza encryption mode match`) },
  "another time": { line: new RegExp(`${TAG}SPA data time difference`) },
  "no source address": { line: new RegExp(`${TAG}Got 0\\.0\\.0\\.0 when valid source`) },
  "another user": { line: new RegExp(`${TAG}Username in SPA data`) },
  "no NAT": {
    line: new RegExp(String.raw`^\(stanza #(?<stanza>\d+)\) SPA packet from ${S} requested NAT access.* not enabled`),
  },
  "no commands": { line: new RegExp(`${TAG}SPA Command messages are not allowed`) },
  "denied": { line: new RegExp(`${TAG}One or more requested protocol/ports was denied`) },
  "opens": { line: new RegExp(`${TAG}--test mode enabled, skipping firewall`), last: true },
  "runs": {
    line: new RegExp(
      `${TAG}(?:--test mode enabled, skipping command|Running CMD_CYCLE_OPEN command|Processing SPA Command)`,
    ),
    last: true,
  },
  "cannot run its own": { line: new RegExp(`${TAG}Could not build CMD_CYCLE_OPEN`) },
};

/** The verdicts in a log, by source. */
export function readVerdicts(lines: readonly string[]): ReadonlyMap<string, Verdict> {
  const found = new Map<string, string[]>();
  const finished = new Set<string>();
  for (const line of lines) {
    const said = readLine(line);
    if (said === null || finished.has(said.source)) continue;
    found.set(said.source, [...found.get(said.source) ?? [], said.text]);
    if (said.last) finished.add(said.source);
  }
  return found;
}

function readLine(line: string): { readonly source: string; readonly text: string; readonly last: boolean } | null {
  for (const [name, row] of Object.entries(ROWS)) {
    const { source, stanza } = row.line.exec(line)?.groups ?? {};
    if (source === undefined) continue;
    return { source, text: stanza === undefined ? name : `#${stanza} ${name}`, last: row.last === true };
  }
  return null;
}
