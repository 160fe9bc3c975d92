/** What a running process has cost so far, as /proc tells it. */

/** Clock ticks a second in /proc/PID/stat, the same on every Linux that Deno runs on. */
const TICKS = 100;

/** Milliseconds of CPU: of its threads to the nanosecond, of children that have ended in ticks of 10 ms. */
export function cpuMilliseconds(pid: number): number {
  let nanoseconds = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    // A thread may end between the two.
    try {
      nanoseconds += Number(Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ")[0]);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  // Behind the name in parentheses: state, …, utime, stime, cutime, cstime are columns 14 to 17 of the whole line.
  const columns = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)!.split(" ");
  const ofChildren = Number(columns[13]) + Number(columns[14]);
  return nanoseconds / 1e6 + ofChildren * 1000 / TICKS;
}

/** Milliseconds that its first thread was ready to run and had to wait, because others had the processors. */
export function waitedMilliseconds(pid: number): number {
  return Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[1]) / 1e6;
}

/** Megabytes of memory, now and at most. */
export function megabytes(pid: number): { readonly now: number; readonly most: number } {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const of = (name: string) => Number(new RegExp(`${name}:\\s+([0-9]+)`).exec(status)?.[1]) / 1024;
  return { now: of("VmRSS"), most: of("VmHWM") };
}

/** Megabytes of memory by kind. */
export interface MemoryByKind {
  /** All that is in memory for it, which is what `ps` and `top` tell. */
  readonly rss: number;
  /** The same, what it shares with other processes divided among them. */
  readonly pss: number;
  /** Its own: heaps and stacks. */
  readonly own: number;
  /** Of files, its program above all, which the kernel can take away and read again. */
  readonly ofFiles: number;
}

/** What a process has in memory now. */
export function memoryByKind(pid: number): MemoryByKind {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const of = (text: string, name: string) => Number(new RegExp(`^${name}:\\s+([0-9]+)`, "m").exec(text)?.[1]) / 1024;
  return {
    rss: of(status, "VmRSS"),
    pss: of(rollup, "Pss"),
    own: of(status, "RssAnon"),
    ofFiles: of(status, "RssFile") + of(status, "RssShmem"),
  };
}
