/** `--completion`: options, the words of enumerations, files, and the names of stanzas. */
import { formatCompletion, type Shell } from "../lib/spec/complete.ts";
import { CLIENT_SETTINGS } from "./options.ts";

/** Faster than `fwknop --stanza-list`, and quiet where there is no file. */
const STANZA_NAMES = "sed -n 's/^[[:blank:]]*[[]\\([^]]*\\)[]].*/\\1/p' ~/.fwknoprc 2>/dev/null";

/** The script for one shell, ending with a line end. */
export function clientCompletion(shell: Shell): string {
  return formatCompletion(shell, "fwknop", CLIENT_SETTINGS, { namedConfig: STANZA_NAMES, sshConfig: STANZA_NAMES });
}
