/** FIREWALL_EXE for packet filters whose program has one name and stands in one place. Pure. */
import type { Objection } from "./late_rows.ts";

/** The row of FIREWALL_EXE. */
export interface ExeValues {
  readonly firewallExe: string;
}

/** FIREWALL_EXE where somebody wrote it, else `usual`: the built-in value is the path of iptables. */
export function executable(usual: string, { firewallExe }: ExeValues, given?: ReadonlySet<string>): string {
  return given?.has("firewallExe") === true ? firewallExe : usual;
}

/** What is wrong with a FIREWALL_EXE that is not the program of `usual`. */
export function exeObjections(usual: string, values: ExeValues, given: ReadonlySet<string>): readonly Objection[] {
  const path = executable(usual, values, given);
  const name = usual.slice(usual.lastIndexOf("/") + 1);
  if (path.startsWith("/") && path.endsWith(`/${name}`)) return [];
  return [{
    key: "firewallExe",
    message: `FIREWALL_EXE "${path}" is not the absolute path of ${name}`,
    hint: `set FIREWALL_EXE to ${usual}, or remove it`,
  }];
}
