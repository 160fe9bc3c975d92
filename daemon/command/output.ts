/** What a command prints, for the log: line by line, and not without end. Pure. */
import type { Log } from "../../lib/log.ts";

/** Lines of one command. */
export const MAX_LINES = 50;
/** Characters of one line. */
export const MAX_LINE = 500;

/** Takes the output of one command. */
export interface OutputLog {
  take(bytes: Uint8Array, log: Log): void;
  /** The command has ended: a last line without a line end counts. */
  end(log: Log): void;
}

/** Writes each line behind `tag`; what is over the limits is dropped, which is said once. */
export function logOutput(tag: string): OutputLog {
  const decoder = new TextDecoder();
  let line = "";
  let cut = false;
  let written = 0;

  function write(log: Log): void {
    if (written === MAX_LINES) log("info", `${tag} CMD_EXEC: what else it prints is not logged`);
    if (written++ < MAX_LINES) log("info", `${tag} CMD_EXEC: output: ${line}${cut ? "…" : ""}`);
    line = "";
    cut = false;
  }

  function add(text: string): void {
    const room = MAX_LINE - line.length;
    if (text.length > room) cut = true;
    line += text.slice(0, room);
  }

  return {
    take(bytes, log) {
      // What nobody will read need not be taken apart.
      if (written > MAX_LINES) return;
      const [first = "", ...others] = decoder.decode(bytes, { stream: true }).split("\n");
      add(first);
      for (const next of others) {
        write(log);
        if (written > MAX_LINES) return;
        add(next);
      }
    },
    end(log) {
      if (line !== "" || cut) write(log);
    },
  };
}
