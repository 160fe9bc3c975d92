/** What whoever started a daemon in the background is told of its start, on a pipe. */
import { type Log, throughLog } from "../../lib/log.ts";

/** The end of a start, one way or the other. */
export interface StartReport {
  /** The log of the start: its warnings are told, too. */
  readonly log: Log;
  /** Says that it listens. What is logged from now on is told to nobody else. */
  ready(): Promise<void>;
  /** Says why it does not; nothing when it did. */
  failed(message: string, hint: string | null): Promise<void>;
}

/**
 * @param tell writes the one text that somebody waits for; null in the foreground, where the log is in front of them
 * @param readyWord the last line of a good start
 */
export function reportStart(log: Log, tell: ((text: string) => Promise<void>) | null, readyWord: string): StartReport {
  const told: string[] = [];
  let ready = false;
  return {
    // Who starts a daemon in the background looks at the terminal, not at the system log.
    log: tell === null ? log : throughLog(log, (level, text) => {
      if (!ready && level === "warning") told.push(`fwknopd: warning: ${text.replace(/^warning: /i, "")}`);
      log(level, text);
    }),
    async ready() {
      ready = true;
      await tell?.([...told, readyWord].join("\n"));
    },
    async failed(message, hint) {
      if (ready) return;
      const end = hint === null ? "" : `\nfwknopd: hint: ${hint}`;
      await tell?.([...told, `fwknopd: error: ${message}${end}`].join("\n"));
    },
  };
}
