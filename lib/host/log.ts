/**
 * Where log lines go. A sink takes a level and one line; `makeLog` puts threshold, line splitting and an account of what was
 * lost in front of sinks.
 */
import { type Log, type LogLevel, SYSLOG_SEVERITY } from "../log.ts";
import { showable } from "../showable.ts";

/**
 * Writes one line somewhere, now or not at all: a slow reader or a full disk must not hold the program up. False when
 * the line was not taken. Must not throw.
 */
export type LogSink = (level: LogLevel, line: string) => boolean;

/**
 * A {@link Log} that passes what is at least as grave as `info` plus one level for each step of `verbosity`
 * (facts/process 8), line by line, to every sink. Names and messages of others are in the text: what cannot be seen
 * becomes escapes.
 */
export function makeLog(verbosity: number, sinks: readonly LogSink[]): Log {
  const threshold = SYSLOG_SEVERITY.info + verbosity;
  const counting = sinks.map(countLosses);
  return (level, text) => {
    if (SYSLOG_SEVERITY[level] > threshold) return;
    for (const line of text.split("\n").map(showable)) for (const sink of counting) sink(level, line);
  };
}

/** Says how many lines a sink did not take, before the next one that it takes. */
function countLosses(sink: LogSink): LogSink {
  let lost = 0;
  return (level, line) => {
    if (lost > 0 && sink("warning", `(${lost} lines of the log are missing here: nobody took them)`)) lost = 0;
    const taken = lost === 0 && sink(level, line);
    if (!taken) lost++;
    return taken;
  };
}

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
  const encoder = new TextEncoder();
  /** The end of a line of which only the beginning was taken. */
  let rest = new Uint8Array();
  return (level, line) => {
    if (rest.length > 0) rest = rest.subarray(write(rest));
    if (rest.length > 0) return false;
    const bytes = encoder.encode(`${before(level)}${line}\n`);
    const count = write(bytes);
    if (count > 0) rest = bytes.subarray(count);
    return count > 0;
  };
}
