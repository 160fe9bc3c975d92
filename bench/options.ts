/** Options of the benchmarks: `--name=value`. */

/** The value of an option, or null where it was not given. */
export function optionOf(name: string): string | null {
  return Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null;
}
