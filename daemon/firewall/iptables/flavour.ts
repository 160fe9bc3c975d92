/** Which of the two packet filters of the kernel the programs of the iptables package work on. */
import { isNative, type Owner } from "../path/model.ts";
import type { IptablesConfig } from "./settings.ts";

/** Legacy iptables has rules of its own; the other one puts them into tables of nf_tables. */
export type Flavour = Extract<Owner, `iptables-${string}`>;

/** What an executable works on: told by its name, or by that of the program behind it, which the host has chosen. */
export function flavourOf(executable: string): Flavour {
  for (const path of [executable, realPathOf(executable)]) {
    const [, word] = /-(legacy|nft)(?:-multi)?$/.exec(path) ?? [];
    if (word !== undefined) return word === "legacy" ? "iptables-legacy" : "iptables-nft";
  }
  return "iptables-nft";
}

/** The iptables to run for chains of that owner. FIREWALL_EXE, where it is set, is taken as it is. */
export function executableFor({ firewallExe, isExeGiven }: IptablesConfig, owner: Owner | null): string {
  if (isExeGiven || owner === null || isNative(owner) || flavourOf(firewallExe) === owner) return firewallExe;
  return firewallExe.replace(/iptables[^/]*$/, owner);
}

function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
