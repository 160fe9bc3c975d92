/** In which zones of firewalld a client's packets are judged. Pure. */
import type { DbusValue } from "../../../ffi/dbus/reading.ts";
import { matchesList, parseAddressList } from "../../../lib/net/cidr.ts";
import type { Ip } from "../../../lib/net/address.ts";

/** A zone that something is bound to. */
export interface ActiveZone {
  readonly name: string;
  readonly interfaces: readonly string[];
  /** Addresses, networks, `ipset:NAME`, addresses of network cards. */
  readonly sources: readonly string[];
}

/** The answer of getActiveZones, `a{sa{sas}}`; what has another shape is left out. */
export function readActiveZones(answer: DbusValue | undefined): readonly ActiveZone[] {
  return listOf(answer).flatMap((entry) => {
    const [name, bindings] = listOf(entry);
    if (typeof name !== "string") return [];
    const bound = (key: string) =>
      listOf(listOf(bindings).map(listOf).find(([word]) => word === key)?.[1]).filter((one) => typeof one === "string");
    return [{ name, interfaces: bound("interfaces"), sources: bound("sources") }];
  });
}

/**
 * The zones by which packets of that source may come in. Where zones name the source, no zone of an interface counts; else those
 * of all interfaces, and the default zone, which has the rest of them. What is bound by a set or a network card may be the
 * client in any case.
 */
export function zonesFor(source: Ip, active: readonly ActiveZone[], byDefault: string): readonly string[] {
  const named = active.filter(({ sources }) => sources.some((one) => holds(one, source)));
  const others = named.length > 0 ? [] : active.filter(({ interfaces }) => interfaces.length > 0);
  const unknown = active.filter(({ sources }) => sources.some((one) => !parseAddressList(one).ok));
  const names = [...named, ...others, ...unknown].map(({ name }) => name);
  return [...new Set(named.length > 0 ? names : [...names, byDefault])];
}

function holds(binding: string, source: Ip): boolean {
  const list = parseAddressList(binding);
  return list.ok && matchesList(list.value, source);
}

function listOf(value: DbusValue | undefined): readonly DbusValue[] {
  return Array.isArray(value) ? value : [];
}
