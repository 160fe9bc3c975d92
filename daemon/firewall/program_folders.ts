/** Where Debian and others put the programs of packet filters. `packaging/permissions.json` lets the daemon run no others. */
export const PROGRAM_FOLDERS: readonly string[] = ["/usr/sbin", "/sbin"];
