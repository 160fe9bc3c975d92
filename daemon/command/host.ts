/** The real {@link CommandHost}: accounts, rights and programs of this machine. */
import { findGroup, findUser, groupsOf, ownIds } from "../../ffi/libc/accounts.ts";
import { ownEnvironment } from "../../ffi/libc/proc_self.ts";
import { CAP_SETGID, CAP_SETUID, hasCapability, hasNoNewPrivileges, mayRun } from "../../ffi/libc/rights.ts";
import type { CommandHost } from "../config/files.ts";

/** Where programs are looked for when the environment does not say. */
const DEFAULT_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** PATH of every command, and all of its environment: that of the daemon. */
export function commandPath(): string {
  return ownEnvironment()["PATH"] || DEFAULT_PATH;
}

/** What this machine says. Asked when it is needed, and not before. */
export const COMMAND_HOST: CommandHost = {
  user: findUser,
  group: findGroup,
  groupsOf,
  get own() {
    return ownIds();
  },
  get mayBecomeOthers() {
    return hasCapability(CAP_SETUID) && hasCapability(CAP_SETGID);
  },
  get noNewPrivileges() {
    return hasNoNewPrivileges();
  },
  isProgram(word) {
    // Commands run from `/`.
    if (word.includes("/")) return mayRun(word.startsWith("/") ? word : `/${word}`);
    return commandPath().split(":").some((folder) =>
      mayRun(`${folder.startsWith("/") ? folder : `/${folder}`}/${word}`)
    );
  },
};
