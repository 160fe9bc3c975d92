/** The base chains on the way of packets, in the order in which they are met. Pure. */
import type { BaseChainInfo } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Hook, Owner } from "./model.ts";
import { type Chain, hookOf, isOnTheWay, ownerOf, type Table, type Tables } from "./ruleset.ts";

/** A base chain at its place. */
export interface Station {
  readonly owner: Owner;
  readonly table: Table;
  readonly chain: Chain;
  readonly base: BaseChainInfo;
  readonly hook: Hook;
}

/** The order of hooks on the way in and on the way out. */
const HOOKS: readonly Hook[] = ["ingress", "prerouting", "input", "forward", "output", "postrouting"];
/** The kernel follows connections from here on (NF_IP_PRI_CONNTRACK), in prerouting and output. */
const TRACKING = -200;
/** It sends packets to other addresses here (NF_IP_PRI_NAT_DST). */
export const TRANSLATION = -100;

/** All of them, those that only translate addresses included. `legacy`: tables of iptables-legacy. */
export function stationsOf(tables: Tables, legacy: Tables): readonly Station[] {
  const native = [...tables.values()].flatMap((table) => stationsIn(table, ownerOf(table)));
  const old = [...legacy.values()].flatMap((table) => stationsIn(table, "iptables-legacy"));
  return [...native, ...old].sort((a, b) =>
    HOOKS.indexOf(a.hook) - HOOKS.indexOf(b.hook) || placeOf(a) - placeOf(b) || a.base.priority - b.base.priority
  );
}

/** Whatever their priorities, the kernel asks those that translate one after the other, at one place. */
function placeOf(station: Station): number {
  if (!onlyTranslates(station)) return station.base.priority;
  return station.hook === "prerouting" || station.hook === "output" ? TRANSLATION : -TRANSLATION;
}

function stationsIn(table: Table, owner: Owner): readonly Station[] {
  if (table.dormant || !isOnTheWay(table)) return [];
  return [...table.chains.values()].flatMap((chain) => {
    const { base } = chain;
    const hook = base === null ? null : hookOf(table.family, base);
    return base === null || hook === null ? [] : [{ owner, table, chain, base, hook }];
  });
}

/** Whether it is there to translate addresses: it is not asked whether a packet may pass. */
export function onlyTranslates({ base }: Station): boolean {
  return base.type === "nat";
}

/** Whether packets of the family meet it. */
export function seesFamily({ table }: { readonly table: Pick<Table, "family"> }, family: 4 | 6): boolean {
  return table.family === "inet" || table.family === "netdev" || table.family === (family === 4 ? "ip" : "ip6");
}

/** Whether packets have the state of their connection there. */
export function isTracked({ hook, base }: Station): boolean {
  if (hook === "ingress") return false;
  return (hook !== "prerouting" && hook !== "output") || base.priority > TRACKING;
}

/** Whether packets from outside meet it; null: that is not known. */
export function seesInterface(
  { base }: Station,
  { only: name, never }: { readonly only: string | null; readonly never: readonly string[] },
): boolean | null {
  if (base.devices.length === 0) return true;
  if (name === null) return base.devices.every((device) => device === "lo" || never.includes(device)) ? false : null;
  return base.devices.some((device) => device.endsWith("*") ? name.startsWith(device.slice(0, -1)) : device === name);
}
