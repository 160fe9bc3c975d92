/** Where log lines go. A sink takes a level and one line; `makeLog` puts threshold and line splitting in front of sinks. */
import { type Log, type LogLevel, SYSLOG_SEVERITY } from "../log.ts";
import { showable } from "../showable.ts";

/** Writes one line somewhere. Must not throw: a full disk is no reason to stop guarding the door. */
export type LogSink = (level: LogLevel, line: string) => void;

/**
 * A {@link Log} that passes what is at least as grave as `info` plus one level for each step of `verbosity`
 * (server G.2), line by line, to every sink. Names and messages of others are in the text: what cannot be seen becomes escapes.
 */
export function makeLog(verbosity: number, sinks: readonly LogSink[]): Log {
  const threshold = SYSLOG_SEVERITY.info + verbosity;
  return (level, text) => {
    if (SYSLOG_SEVERITY[level] > threshold) return;
    for (const line of text.split("\n").map(showable)) for (const sink of sinks) sink(level, line);
  };
}

/** Bare lines on standard error, as fwknopd prints them in the foreground. */
export function stderrSink(): LogSink {
  const encoder = new TextEncoder();
  return (_level, line) => {
    const bytes = encoder.encode(`${line}\n`);
    try {
      for (let done = 0; done < bytes.length;) done += Deno.stderr.writeSync(bytes.subarray(done));
    } catch {
      // Nobody reads standard error any more; there is no better place to say so.
    }
  };
}
