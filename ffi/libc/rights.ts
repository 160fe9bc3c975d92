/** What this process may do, asked without doing it. */
import { AT_FDCWD } from "../abi.ts";
import { cString } from "../memory.ts";
import { lazyLibc } from "./errno.ts";
import { fileFacts } from "./file_facts.ts";
import { ownStatus } from "./proc_self.ts";

const libc = lazyLibc({
  /** int faccessat(int dirfd, const char *pathname, int mode, int flags) */
  faccessat: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  /** unsigned int if_nametoindex(const char *ifname) */
  nameToIndex: { name: "if_nametoindex", parameters: ["buffer"], result: "u32" },
});

/** With the rights in force, not those of who started the program. */
const AT_EACCESS = 0x200;
const R_OK = 4, W_OK = 2, X_OK = 1;

/** Whether the file may be read and written; false also when it is not there. */
export function mayReadAndWrite(path: string): boolean {
  return libc().faccessat(AT_FDCWD, cString(path), R_OK | W_OK, AT_EACCESS) === 0;
}

/** Whether files may be made in the folder; false also when it is not there. */
export function mayMakeFilesIn(folder: string): boolean {
  return libc().faccessat(AT_FDCWD, cString(folder), W_OK | X_OK, AT_EACCESS) === 0;
}

/** Whether there is a network interface of that name. Capture devices that are none (`any`, `nflog`) are not known here. */
export function isInterface(name: string): boolean {
  return libc().nameToIndex(cString(name)) !== 0;
}

/** Whether there is a regular file of that path that may be run, with the rights in force. */
export function mayRun(path: string): boolean {
  if (libc().faccessat(AT_FDCWD, cString(path), X_OK, AT_EACCESS) !== 0) return false;
  return fileFacts(AT_FDCWD, path)?.kind === "file";
}

/** Numbers of capabilities(7). */
export const CAP_SETGID = 6, CAP_SETUID = 7, CAP_NET_ADMIN = 12, CAP_NET_RAW = 13;

/** Whether the process has the capability in force. */
export function hasCapability(capability: number): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(ownStatus())?.[1] ?? "0";
  return (BigInt(`0x${effective}`) >> BigInt(capability) & 1n) === 1n;
}

/** Whether no program that this process starts can gain rights, by sudo for instance: `NoNewPrivileges=` of a service. */
export function hasNoNewPrivileges(): boolean {
  return /^NoNewPrivs:\s*1$/m.test(ownStatus());
}
