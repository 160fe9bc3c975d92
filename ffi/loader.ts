/**
 * Opens shared libraries lazily from a fixed list of absolute folders: a bare soname cannot be scoped by `--allow-ffi`,
 * and the environment must not decide what code runs.
 */
import { FfiError } from "./errors.ts";

/**
 * Folders that `--allow-ffi` names, in the order tried. `packaging/permissions.json` is written from them. Those of /usr
 * come first: where /lib is a link to /usr/lib, nothing is found in the others that is not found before.
 */
export const LIBRARY_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  // Debian 11 keeps libc here where /usr was never merged.
  "/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/lib64",
  "/lib",
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
 * naming the folders searched and the package to install.
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
  const failures: LoadFailure[] = [];
  for (const folder of LIBRARY_FOLDERS) {
    for (const soname of name.sonames) {
      const path = `${folder}/${soname}`;
      try {
        return Deno.dlopen(path, symbols).symbols;
      } catch (cause) {
        failures.push({ path, cause });
      }
    }
  }
  throw loadError(name, failures);
}

/** A path that was tried, and what the runtime said. */
interface LoadFailure {
  readonly path: string;
  readonly cause: unknown;
}

/**
 * Which remedy fits: a library that is not there is installed, or was and stands in a folder that is not searched; one that
 * is there and does not load is another matter.
 */
export function loadError({ debianPackage, sonames }: LibraryName, failures: readonly LoadFailure[]): FfiError {
  const library = sonames[0] ?? "?";
  const isDenied = ({ cause }: LoadFailure) => cause instanceof Deno.errors.NotCapable;
  const denied = failures.find(isDenied);
  const broken = failures.find((one) => !isDenied(one) && !/No such file/.test(String(one.cause)));
  if (broken !== undefined) {
    const why = String(broken.cause).split(`${broken.path}: `).at(-1);
    return new FfiError(`Cannot load ${library}: ${broken.path}: ${why}`, {
      library,
      hint: `the file is there but is not what is needed: install the Debian package ${debianPackage} anew`,
    }, { cause: broken.cause });
  }
  if (denied !== undefined) {
    return new FfiError(`Cannot load ${library}: the program was started without the right to open ${denied.path}`, {
      library,
      hint: "start it with the permissions of packaging/permissions.json",
    }, { cause: denied.cause });
  }
  const folders = [...new Set(failures.map(({ path }) => path.slice(0, path.lastIndexOf("/"))))];
  return new FfiError(`Cannot load ${library}: it is in none of ${folders.join(", ")}`, {
    library,
    hint:
      `install the Debian package ${debianPackage}; where the library is elsewhere, link it into one of these folders`,
  }, { cause: failures[0]?.cause });
}
