/**
 * The process of a command, before it is the command. The daemon cannot fork and is not alone in its process, so it starts
 * its own program again with {@link BECOME} and an order in front; that becomes the user who was ordered and then the
 * command. Whoever types this on a command line gets nothing that they could not do without it.
 */
import { becomeCommand, clearEnvironment, keepDescriptorsBack } from "../../ffi/libc/become.ts";
import {
  becomeUser,
  hasMoreRightsThanItsStarter,
  type Identity,
  isSomebodyElse,
  refuseNewRights,
} from "../../ffi/libc/identity.ts";
import { changeFolder, setFileModeMask } from "../../ffi/libc/process.ts";
import { writeNow } from "../../ffi/libc/write_now.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { commandPath } from "./host.ts";
import type { Words } from "./words.ts";

/** The first argument of such a process. No option of the program: nobody is meant to write it. */
export const BECOME = "--become-command";

/** Exit status where the command cannot be run, as in the C daemon. */
const NOT_RUN = 255;

/** As whom a command runs. */
export interface Order {
  /** Null: as who started it. */
  readonly user: Identity | null;
  /** Whether no program that it runs may give it more rights. */
  readonly locked: boolean;
}

/** The arguments of the process, {@link BECOME} among them. */
export function becomeArguments({ user, locked }: Order, words: Words): readonly string[] {
  const who = user === null ? "-" : [user.uid, user.gid, ...user.groups].join(",");
  return [BECOME, who, locked ? "locked" : "-", ...words];
}

/** What the arguments behind {@link BECOME} say; null for any that {@link becomeArguments} does not make. */
export function readOrder(args: readonly string[]): { readonly order: Order; readonly words: Words } | null {
  const [who = "", lock = "", program, ...more] = args;
  if (program === undefined || !/^(?:-|locked)$/.test(lock) || !/^(?:-|[0-9]{1,10}(?:,[0-9]{1,10})+)$/.test(who)) {
    return null;
  }
  const [uid = 0, gid = 0, ...groups] = who.split(",").map(Number);
  if ([uid, gid, ...groups].some((id) => id >= NOBODY)) return null;
  const user = who === "-" ? null : { uid, gid, groups };
  return { order: { user, locked: lock === "locked" }, words: [program, ...more] };
}

/** (uid_t) -1, which stands for no change. */
const NOBODY = 0xffffffff;

/** Mode bits that files of a command do not get: what a login has. */
const USUAL_MASK = 0o022;
const STANDARD_ERROR = 2;

/** Becomes the command, or says on standard error why not and returns the exit status. */
export function becomeOrdered(args: readonly string[]): number {
  try {
    const read = readOrder(args);
    if (read === null) throw new Error(`Cannot run a command: ${BECOME} is for fwknopd itself`);
    const { order, words } = read;
    if (isSomebodyElse() || (order.user !== null && hasMoreRightsThanItsStarter())) {
      throw new Error("Cannot run a command: fwknopd is setuid, or has file capabilities");
    }
    setFileModeMask(USUAL_MASK);
    changeFolder("/");
    keepDescriptorsBack();
    clearEnvironment(commandPath());
    if (order.user !== null) becomeUser(order.user);
    if (order.locked) refuseNewRights();
    becomeCommand(words);
  } catch (error) {
    writeNow(STANDARD_ERROR, new TextEncoder().encode(`fwknopd: ${reasonOf(error)}\n`));
    return NOT_RUN;
  }
}
