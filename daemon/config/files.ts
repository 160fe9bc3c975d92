/** What reading the configuration takes from the host, and what it finds wrong on the way. */
import type { FileFault, SecureText } from "../../lib/host/secure_file.ts";
import type { Result } from "../../lib/result.ts";
import type { Problem } from "../../lib/settings/setting.ts";

/** The file system as the loader sees it. Paths are absolute. */
export interface ConfigFiles {
  read(path: string): Result<Pick<SecureText, "text" | "warnings">, FileFault>;
  /** Names in a folder, sorted. */
  list(folder: string): Result<readonly string[], FileFault>;
  /** Whether the system knows a locale; absent where that cannot be asked. */
  readonly hasLocale?: (name: string) => boolean;
  /** Relative paths mean this directory, also after the daemon has gone to `/`. */
  readonly startDirectory: string;
}

/** What was found wrong on the way. */
export interface Report {
  readonly problems: Problem[];
  /** Lines for the log. */
  readonly warnings: string[];
}
