/**
 * Lint plugin: which folder may import which (docs/ARCHITECTURE.md), and where the outside world may be touched.
 * Registered in `deno.json`, so `deno lint` and every editor apply it.
 *
 *     cli/  daemon/        never import each other
 *     lib/host             the only part of lib that touches Deno
 *     lib/ (the rest)      pure: no Deno, no clock, no randomness, no environment
 *     daemon/verify        pure too, and grants/grants.ts: what is decided, and what that means in grants
 *     daemon/packet        does not import daemon/verify: who captures does not decide
 *     ffi/                 leaf: imports nothing outside itself
 *     tests/ bench/ .ci/   may import anything; nothing imports them
 *     firewall/NAME/       a packet filter: only firewall/backends.ts looks into it (firewall/path/ is none)
 */

/** A room of the house. */
export type Room = "lib" | "lib/host" | "ffi" | "cli" | "daemon" | "outside";

const MAY_IMPORT: Readonly<Record<Exclude<Room, "outside">, readonly Room[]>> = {
  lib: ["lib"],
  "lib/host": ["lib", "lib/host"],
  ffi: ["ffi"],
  cli: ["cli", "lib", "lib/host", "ffi"],
  daemon: ["daemon", "lib", "lib/host", "ffi"],
};

/** Ambient state that pure code takes as a parameter instead. */
export const AMBIENT: readonly (readonly [object: string, property: string])[] = [
  ["Date", "now"],
  ["Math", "random"],
  ["performance", "now"],
  ["crypto", "getRandomValues"],
  ["crypto", "randomUUID"],
];

/** The only files that may end the process. */
export const MAINS: readonly string[] = ["cli/main.ts", "daemon/main.ts"];

const ROOT = new URL("../", import.meta.url).pathname;

/** Path of a file below the project's root, or null for a file elsewhere. */
export function projectPath(file: string): string | null {
  return file.startsWith(ROOT) ? file.slice(ROOT.length) : null;
}

/** The room that a project path lies in. */
export function roomOf(path: string | null): Room {
  if (path === null) return "outside";
  if (path.startsWith("lib/host/")) return "lib/host";
  const [top] = path.split("/");
  return top === "lib" || top === "ffi" || top === "cli" || top === "daemon" ? top : "outside";
}

/** The project path that a relative import of `path` names. */
export function resolveImport(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

/** Code that gets clock and randomness as parameters, and touches nothing outside: lib, and the decisions of the daemon. */
function isPure(path: string): boolean {
  return roomOf(path) === "lib" || path.startsWith("daemon/verify/") || path === "daemon/grants/grants.ts";
}

/** Why a file at `path` must not import `specifier`, or null when it may. */
export function importFault(path: string, specifier: string): string | null {
  const from = roomOf(path);
  if (from === "outside") return null;
  if (!specifier.startsWith(".")) return packageFault(path, specifier);
  const target = resolveImport(path, specifier);
  const to = roomOf(target);
  if (!MAY_IMPORT[from].includes(to)) return `${from} does not import ${to === "outside" ? target : to}`;
  if (isPure(path) && (to === "ffi" || to === "lib/host")) return `${path} is pure, it does not import ${to}`;
  if (path.startsWith("daemon/packet/") && target.startsWith("daemon/verify/")) {
    return "daemon/packet does not import daemon/verify: who captures does not decide";
  }
  return backendFault(path, target);
}

/** The one file that knows which packet filters there are. */
const BACKENDS = "daemon/firewall/backends.ts";

/** No packet filter, but the way of a packet through all of them. */
const PATH = "daemon/firewall/path/";

/** Whoever names a packet filter has to be changed for the next one. */
function backendFault(path: string, target: string): string | null {
  const [folder] = /^daemon\/firewall\/[^/]+\//.exec(target) ?? [];
  if (folder === undefined || folder === PATH || path === BACKENDS || path.startsWith(folder)) return null;
  return `${folder} is a packet filter: only ${BACKENDS} imports it`;
}

function packageFault(path: string, specifier: string): string | null {
  if (/^(https?|jsr|npm):/.test(specifier)) return `"${specifier}": packages are named in the import map of deno.json`;
  if (roomOf(path) === "ffi") return `ffi is a leaf, it does not import "${specifier}"`;
  if (isPure(path) && specifier.startsWith("node:")) return `${path} is pure, it does not import "${specifier}"`;
  return null;
}

/** Why code at `path` must not say `object.property`, or null when it may. */
export function memberFault(path: string, object: string, property: string): string | null {
  if (object === "Deno") {
    if (isPure(path)) return `${path} is pure: it does not touch Deno`;
    if (property === "exit" && roomOf(path) !== "outside" && !MAINS.includes(path)) {
      return "only main.ts ends the process";
    }
    return null;
  }
  const ambient = AMBIENT.some(([name, member]) => name === object && member === property);
  return ambient && isPure(path) ? `${path} is pure: take ${object}.${property} as a parameter` : null;
}

interface Source {
  readonly source?: { readonly value?: unknown } | null;
}

const plugin: Deno.lint.Plugin = {
  name: "layers",
  rules: {
    imports: {
      create(context) {
        const path = projectPath(context.filename);
        if (path === null) return {};
        const visit = (node: Deno.lint.Node & Source) => {
          const specifier = node.source?.value;
          const fault = typeof specifier === "string" ? importFault(path, specifier) : null;
          if (fault !== null) context.report({ node, message: fault });
        };
        return {
          ImportDeclaration: visit,
          ExportNamedDeclaration: visit,
          ExportAllDeclaration: visit,
          ImportExpression: (node) => visit(node as Deno.lint.Node & Source),
        };
      },
    },
    ambient: {
      create(context) {
        const path = projectPath(context.filename);
        if (path === null) return {};
        return {
          MemberExpression(node) {
            if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
            const fault = memberFault(path, node.object.name, node.property.name);
            if (fault !== null) context.report({ node, message: fault });
          },
          NewExpression(node) {
            const isNow = node.callee.type === "Identifier" && node.callee.name === "Date" &&
              node.arguments.length === 0;
            if (isNow && isPure(path)) {
              context.report({ node, message: `${path} is pure: take the time as a parameter` });
            }
          },
        };
      },
    },
  },
};

export default plugin;
