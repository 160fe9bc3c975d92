/**
 * Where log lines go. A sink takes a level and one line; `makeLog` puts threshold, line splitting and an account of what was
 * lost in front of sinks.
 */
import { type Log, type LogLevel, SYSLOG_SEVERITY } from "../log.ts";
import { showable } from "../showable.ts";

/** A line as a sink gets it. */
export interface SinkLine {
  readonly level: LogLevel;
  readonly text: string;
}

/**
 * Writes lines somewhere, now or not at all: a slow reader or a full disk must not hold the program up. Returns how many were
 * taken, from the front. Must not throw.
 */
export type LogSink = (lines: readonly SinkLine[]) => number;

/** Characters of the lines that go out together: what a pipe takes at once (PIPE_BUF), so that a reader can keep up. */
const AT_ONCE = 4096;

/**
 * A {@link Log} that passes what is at least as grave as `info` plus one level for each step of `verbosity`
 * (facts/process 8), line by line, to every sink. Names and messages of others are in the text: what cannot be seen
 * becomes escapes.
 */
export function makeLog(verbosity: number, sinks: readonly LogSink[]): Log {
  const threshold = SYSLOG_SEVERITY.info + verbosity;
  const counting = sinks.map(countLosses);
  const send = (lines: readonly SinkLine[]) => {
    for (const sink of counting) sink(lines);
  };
  /** What is said by work that is under way. */
  let gathered: SinkLine[] | null = null;
  let length = 0;
  const takes = (level: LogLevel) => SYSLOG_SEVERITY[level] <= threshold;
  function gather(line: SinkLine, lines: SinkLine[]): void {
    length += line.text.length + 1;
    if (length > AT_ONCE) {
      send(lines.splice(0));
      length = line.text.length + 1;
    }
    lines.push(line);
  }
  const log = (level: LogLevel, text: string) => {
    if (!takes(level)) return;
    for (const line of text.split("\n")) {
      const shown = { level, text: showable(line) };
      if (gathered === null) send([shown]);
      else gather(shown, gathered);
    }
  };
  const together = (work: () => void) => {
    // Within other work its lines go out with those of that.
    if (gathered !== null) return work();
    const lines: SinkLine[] = gathered = [];
    length = 0;
    try {
      work();
    } finally {
      gathered = null;
      send(lines);
    }
  };
  return Object.assign(log, { takes, together });
}

/** Says how many lines a sink did not take, before the next one that it takes. */
function countLosses(sink: LogSink): (lines: readonly SinkLine[]) => void {
  let lost = 0;
  /** How many were taken. */
  function pass(lines: readonly SinkLine[]): number {
    if (lost === 0) return sink(lines);
    const text = `(${lost} lines of the log are missing here: nobody took them)`;
    const taken = sink([{ level: "warning", text }, ...lines]);
    if (taken > 0) lost = 0;
    return Math.max(0, taken - 1);
  }
  return (lines) => {
    if (lines.length === 0) return;
    // There may be room again for any of those behind.
    for (let at = pass(lines); at < lines.length; at++) if (pass(lines.slice(at, at + 1)) === 0) lost++;
  };
}

const encoder = new TextEncoder();

/**
 * Bare lines to a stream, as fwknopd prints them in the foreground.
 *
 * @param write takes as many bytes as there is room for, from the front, and returns their number
 * @param before what stands in front of a line of that level
 */
export function lineSink(
  write: (bytes: Uint8Array<ArrayBuffer>) => number,
  before: (level: LogLevel) => string = () => "",
): LogSink {
  /** The end of a line of which only the beginning was taken. */
  let rest = new Uint8Array();
  return (lines) => {
    if (rest.length > 0) rest = rest.subarray(write(rest));
    if (rest.length > 0) return 0;
    const texts = lines.map(({ level, text }) => `${before(level)}${text}\n`);
    const bytes = encoder.encode(texts.join(""));
    const written = write(bytes);
    if (written === bytes.length) return lines.length;
    let begun = 0, end = 0;
    while (end < written) end += encoder.encode(texts[begun++]).length;
    rest = bytes.slice(written, end);
    return begun;
  };
}

/** A sink that takes one line at a time. `send`: whether it was taken. */
export function singleSink(send: (line: SinkLine) => boolean): LogSink {
  return (lines) => {
    const refused = lines.findIndex((line) => !send(line));
    return refused < 0 ? lines.length : refused;
  };
}
