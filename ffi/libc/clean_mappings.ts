/**
 * Which memory of a process is nothing but the text of a file, as /proc/PID/smaps tells it (proc_pid_smaps(5)). Pure.
 */

/** Addresses from `start` to before `end`. */
export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** Begins a mapping: addresses, rights, offset, device, inode, and the path where it is of a file. */
const HEAD = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) (\S{4}) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ ([0-9]+)(?: +(.*))?$/;
const ANY_HEAD = /^[0-9a-f]+-[0-9a-f]+ /;
const AMOUNT = /^([A-Z][A-Za-z_]*): +([0-9]+) kB$/;
/** Private, and not to be written. */
const READ_ONLY = new Set(["r--p", "r-xp"]);

/**
 * What must be nothing, and must be said to be nothing. A page that was written is anonymous from then on, whatever the rights
 * are now, and may stand in swap; what is locked stays. Dirty is another matter: that is a page of a file which was installed a
 * moment ago and is not on the disk yet.
 */
const NOTHING_OF = ["Anonymous", "Swap", "Locked"] as const;

interface Mapping extends AddressRange {
  readonly amounts: Map<string, number>;
}

/**
 * The mappings of files that were never written and cannot be, of which something is in memory. What is given back of these
 * is read from the file again when it is needed. Whatever cannot be read with certainty is left out, as are files that are no
 * longer there and devices.
 */
export function neverWritten(smaps: string): readonly AddressRange[] {
  const found: Mapping[] = [];
  let amounts: Map<string, number> | null = null;
  for (const line of smaps.split("\n")) {
    if (ANY_HEAD.test(line)) {
      const mapping = fileMapping(line);
      amounts = mapping?.amounts ?? null;
      if (mapping !== null) found.push(mapping);
      continue;
    }
    const [, name, kilobytes] = AMOUNT.exec(line) ?? [];
    // Said twice: whichever is right, it is not certain.
    if (name !== undefined) amounts?.set(name, amounts.has(name) ? NaN : Number(kilobytes));
  }
  return found.filter(isClean).map(({ start, end }) => ({ start, end }));
}

function fileMapping(line: string): Mapping | null {
  const [, from, to, rights = "", inode, path = ""] = HEAD.exec(line) ?? [];
  if (from === undefined || !READ_ONLY.has(rights) || Number(inode) === 0) return null;
  if (!path.startsWith("/") || path.startsWith("/dev/") || path.endsWith(" (deleted)")) return null;
  const [start, end] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
  return start < end ? { start, end, amounts: new Map() } : null;
}

function isClean({ amounts }: Mapping): boolean {
  return (amounts.get("Rss") ?? 0) > 0 && NOTHING_OF.every((name) => amounts.get(name) === 0);
}
