/**
 * Opens shared libraries lazily from a fixed list of absolute folders: a bare soname cannot be scoped by `--allow-ffi`,
 * and the environment must not decide what code runs.
 */
import { FfiError } from "./errors.ts";

/** Folders that `--allow-ffi` names, in the order tried. Keep in step with `packaging/permissions.json`. */
export const LIBRARY_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
] as const;

/** What to look for and what to tell the operator when it is not there. */
export interface LibraryName {
  /** sonames, the preferred one first: `["libpcap.so.0.8", "libpcap.so.1"]`. */
  readonly sonames: readonly string[];
  /** Debian package to install. */
  readonly debianPackage: string;
}

/**
 * Loads the library at first use and keeps it for the life of the process. The returned function throws {@link FfiError}
 * naming every path tried and the package to install.
 *
 * @tags allow-ffi
 */
export function lazyLibrary<Symbols extends Deno.ForeignLibraryInterface>(
  name: LibraryName,
  symbols: Symbols,
): () => Deno.DynamicLibrary<Symbols>["symbols"] {
  let loaded: Deno.DynamicLibrary<Symbols>["symbols"] | undefined;
  const load = () => {
    if (loaded === undefined) {
      loaded = openLibrary(name, symbols);
      inUse.add(name.sonames[0]);
    }
    return loaded;
  };
  tables.push({ soname: name.sonames[0], load });
  return load;
}

/** First sonames of libraries that the process has opened. */
const inUse = new Set<string | undefined>();
const tables: { readonly soname: string | undefined; readonly load: () => unknown }[] = [];

/**
 * Opens all symbol tables of the libraries already in use. For a program that is about to give up its right to open
 * libraries: what it has opened goes on working.
 *
 * @tags allow-ffi
 */
export function loadRemainingTables(): void {
  for (const { soname, load } of tables) if (inUse.has(soname)) load();
}

function openLibrary<Symbols extends Deno.ForeignLibraryInterface>(name: LibraryName, symbols: Symbols) {
  const tried: string[] = [];
  let cause: unknown;
  for (const folder of LIBRARY_FOLDERS) {
    for (const soname of name.sonames) {
      const path = `${folder}/${soname}`;
      try {
        return Deno.dlopen(path, symbols).symbols;
      } catch (error) {
        tried.push(path);
        // The reason worth telling is that of a library which is there and does not load.
        if (cause === undefined || !/No such file/.test(String(error))) cause = error;
      }
    }
  }
  const library = name.sonames[0] ?? "?";
  const refused = cause instanceof Deno.errors.NotCapable;
  throw new FfiError(`Cannot load ${library}: tried ${tried.join(", ")}`, {
    library,
    hint: refused
      ? "start the program with the permissions of packaging/permissions.json"
      : `install the Debian package ${name.debianPackage} (apt-get install ${name.debianPackage})`,
  }, { cause });
}
