/**
 * Users and groups of a configuration that is read again while packets come. They may be in a directory of the network that
 * does not answer, so nobody is asked while the run loop waits: what is not known yet is asked for beside it, and the
 * configuration is read again when it is.
 */
import { lookUpGroup, lookUpGroups, lookUpUser } from "../../ffi/libc/account_service.ts";
import { waitAtMost } from "../../lib/host/wait_at_most.ts";
import type { CommandHost } from "../config/files.ts";

/** How long the loop waits for answers: those out of a file are there by then. */
const WAIT_MS = 20;
/** How long answers are waited for altogether. */
const PATIENCE_MS = 3000;

/** Who can be asked. Each answer may take for ever. */
export interface AccountService {
  user(name: string): Promise<ReturnType<CommandHost["user"]>>;
  group(name: string): Promise<ReturnType<CommandHost["group"]>>;
  groupsOf(user: string, gid: number): Promise<ReturnType<CommandHost["groupsOf"]>>;
}

/** The name service of this machine. */
export const HOST_ACCOUNTS: AccountService = { user: lookUpUser, group: lookUpGroup, groupsOf: lookUpGroups };

/** `known`: all that was asked for was answered. `news`: there is more to go on with than at that reading. */
export type Answered = "known" | "news" | "later" | { readonly silent: readonly string[] };

/** What is known of accounts, for one reload after the other. */
export interface Accounts {
  /** Reads with this answer what is known, and note what is not: they are given nothing for it. */
  with(host: CommandHost): CommandHost;
  /** Forgets all: accounts may have changed. */
  begin(): void;
  /** How far the answers are for what was read since the last call, after a moment. `silent`: who they did not come for in time. */
  answered(): Promise<Answered>;
}

/** @param steady milliseconds of a clock that nobody sets */
export function createAccounts(service: AccountService, steady: () => number): Accounts {
  const answers = new Map<string, unknown>();
  /** One that hangs is not asked again. */
  const running = new Map<string, Promise<void>>();
  /** One at a time: what hangs holds a thread of the runtime, of which there are 32 for everything. */
  let last: Promise<void> = Promise.resolve();
  const gaps = new Map<string, string>();
  let askedAt: number | null = null;

  function get<Value>(name: string, [kind, ask, none]: readonly [string, () => Promise<Value>, Value]): Value {
    const key = `${kind} ${name}`;
    // Only what was asked for under this key is kept under it.
    if (answers.has(key)) return answers.get(key) as Value;
    gaps.set(key, name);
    askedAt ??= steady();
    if (!running.has(key)) {
      last = last.then(ask).catch(() => none).then((answer) => {
        running.delete(key);
        answers.set(key, answer);
      });
      running.set(key, last);
    }
    return none;
  }

  return {
    with: (host) => ({
      ...host,
      user: (name) => get(name, ["user", () => service.user(name), null]),
      group: (name) => get(name, ["group", () => service.group(name), null]),
      groupsOf: (user, gid) => get(user, [`groups ${gid}`, () => service.groupsOf(user, gid), [gid]]),
    }),
    begin() {
      answers.clear();
      gaps.clear();
      askedAt = null;
    },
    async answered() {
      if (gaps.size === 0) return "known";
      await waitAtMost(last, WAIT_MS);
      const silent = [...gaps].filter(([key]) => !answers.has(key)).map(([, name]) => name);
      if (silent.length > 0) {
        return steady() - (askedAt ?? 0) < PATIENCE_MS ? "later" : { silent: [...new Set(silent)] };
      }
      gaps.clear();
      return "news";
    },
  };
}
