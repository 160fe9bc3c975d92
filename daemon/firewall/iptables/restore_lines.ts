/** The text that iptables-restore is told. Pure. All lines of a table are one transaction: either all of them happen or none. */

/** Lines by table, in the order in which the tables are committed. */
export type Batch = ReadonlyMap<string, readonly string[]>;

/** The text for `iptables-restore --noflush`. A chain is never declared with `:`, because that would flush it. */
export function formatBatch(batch: Batch): string {
  return [...batch].map(([table, lines]) => [`*${table}`, ...lines, "COMMIT", ""].join("\n")).join("");
}

/** A line of a batch as the command that does the same. */
export function asCommand(iptables: string, table: string, line: string): string {
  return `Same as: ${iptables} -t ${table} ${line}`;
}

/** Lines in order. Two slots may share a chain, so a line that is there already is not said twice. */
export class Lines {
  readonly batch = new Map<string, string[]>();
  add(table: string, line: string): void {
    if (!this.batch.get(table)?.includes(line)) this.addAgain(table, line);
  }
  addAgain(table: string, line: string): void {
    const lines = this.batch.get(table);
    if (lines === undefined) this.batch.set(table, [line]);
    else lines.push(line);
  }
}
