/** The run directory and what a daemon keeps in it: the PID file, and the file of packets that were seen. */
import { AT_FDCWD } from "../../ffi/abi.ts";
import { FfiError } from "../../ffi/errors.ts";
import { fileFacts } from "../../ffi/libc/file_facts.ts";
import { makeTrustedFolder } from "../../ffi/libc/trusted_file.ts";
import type { Log } from "../../lib/log.ts";
import type { ServerConfig } from "../config/mod.ts";
import { checkCache, openFileStore, rotateCache } from "../replay/file.ts";
import { memoryStore } from "../replay/memory.ts";
import type { ReplayStore } from "../replay/store.ts";
import { type HeldPidFile, holdPidFile } from "../service/pid_file.ts";
import { reasonOf, StartError } from "./start_error.ts";

/** Makes it where it is missing. It is looked at more closely with each file that is opened in it. Throws `StartError`. */
export function makeRunDirectory(path: string, log: Log): void {
  const facts = fileFacts(AT_FDCWD, path);
  if (facts?.kind === "folder") return;
  const hint = "set FWKNOP_RUN_DIR (option -r) to a folder of root";
  if (facts !== null) throw new StartError(`Cannot use the run directory ${path}: it is NOT a directory`, hint);
  log("warning", `Run directory: ${path} does not exist. Attempting to create it.`);
  try {
    makeTrustedFolder(path);
  } catch (cause) {
    throw new StartError(`Cannot use the run directory ${path}: ${reasonOf(cause)}`, hint, { cause });
  }
  log("info", `Successfully created Run directory: ${path}`);
}

/** Claims the PID file for this process. Throws `StartError` when another daemon holds it. */
export function takePidFile(path: string): HeldPidFile {
  const held = claimOrSay(path);
  if (!("runningPid" in held)) return held;
  throw new StartError(
    `[*] An instance of fwknopd is already running: (PID=${held.runningPid}).`,
    "stop it with fwknopd -K, or give this one a PID file of its own (option -p)",
  );
}

/** The C daemon has these words for it, and goes on without a lock. */
function claimOrSay(path: string): ReturnType<typeof holdPidFile> {
  try {
    return holdPidFile(path, Deno.pid);
  } catch (cause) {
    if (!(cause instanceof FfiError)) throw cause;
    const hint = cause.details.hint ?? "make its folder, or name another one with FWKNOP_PID_FILE (option -p)";
    throw new StartError(`Cannot use the PID file ${path}: ${reasonOf(cause)} (PID file error)`, hint, { cause });
  }
}

/**
 * `--exit-parse-digest-cache`: counts what is in the replay file. Only looks: a daemon that runs keeps its file. `rotate`: a
 * new one is begun first, as at a start, which is refused while a daemon keeps it.
 */
export function parseDigestCache(config: Pick<ServerConfig, "replay" | "maxAge">, rotate: boolean, log: Log): number {
  const { replay } = config;
  if (rotate) openStore(config, rotate, log)[Symbol.dispose]();
  else if (replay.persist) sayEntries(replay.file, checkCache(replay.file, log), log);
  log("info", "Digest cache parsed, exiting.");
  return 0;
}

/** The store that the configuration asks for. `rotate`: begins with an empty file. Throws `ReplayStoreError`. */
export function openStore(
  { replay, maxAge }: Pick<ServerConfig, "replay" | "maxAge">,
  rotate: boolean,
  log: Log,
): ReplayStore {
  if (!replay.persist) {
    log(
      "warning",
      "ENABLE_DIGEST_PERSISTENCE is N: a packet seen before a restart of the daemon can be replayed after it",
    );
    return memoryStore();
  }
  const { file } = replay;
  if (rotate) {
    log("info", "Rotating digest cache file.");
    if (rotateCache(file) === null) log("info", `Unable to rename digest file: there is no ${file} yet`);
  }
  const store = openFileStore(file, log, { maxAge, makeFolder: true });
  sayEntries(file, store.size, log);
  return store;
}

function sayEntries(path: string, count: number, log: Log): void {
  log("info", `Using Digest Cache: '${path}' (entry count = ${count})`);
}
