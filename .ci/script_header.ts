/** How a bundled script starts the runtime: what its first lines say to /bin/sh. */
import { permissionFlags, type ProgramName } from "./permissions.ts";
import { scriptFlags } from "./runtime_flags.ts";

/** Variables of the environment that say which certificates count: they do for the client's -R. */
const KEPT = ["DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS"] as const;

/**
 * Variables by which the runtime loads code (NODE_OPTIONS, DENO_V8_FLAGS), asks others for permissions, writes files, sends
 * what happens elsewhere, and a hundred more with every version: they go by the beginning of their names.
 */
const DROPPED = ["DENO_", "NODE_", "NPM_CONFIG_", "OTEL_", "RUST_"] as const;

/**
 * Drops them in the shell itself, which costs no program. Words of `export -p` that only look like a variable come from the
 * values of others: nothing but names of that kind is ever unset. What the runtime keeps compiled, and believes, lies in the
 * home directory, whatever the environment says.
 */
const CLEAN = "set -f; for fwknop_word in $(export -p); do case $fwknop_word in " +
  `${KEPT.map((name) => `${name}=*`).join("|")}) ;; ${DROPPED.map((start) => `${start}*=*`).join("|")}) ` +
  "fwknop_word=${fwknop_word%%=*}; " +
  'case $fwknop_word in *[!A-Za-z0-9_]*) ;; *) unset "$fwknop_word" ;; esac ;; esac; done; ' +
  'if [ -n "$HOME" ]; then DENO_DIR=$HOME/.cache/deno; export DENO_DIR; else unset XDG_CACHE_HOME; fi';

/**
 * `/bin/sh` reads the second line, JavaScript takes it for a string and a comment. A shebang could not hold the flags.
 */
export function scriptHeader(program: ProgramName): string {
  const flags = [...scriptFlags(program), ...permissionFlags(program)].join(" ");
  const absent = `{ echo '${program}: this script needs deno on PATH (npm package "deno")' >&2; exit 1; }`;
  return `#!/bin/sh\n":" //; command -v deno >/dev/null 2>&1 || ${absent}; ${CLEAN}; exec deno run ${flags} "$0" "$@"\n`;
}
