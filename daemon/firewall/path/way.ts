/** What the chains on a packet's way do with it, one after the other. Pure, apart from looking up in sets. */
import type { Enters, PathChain, Step } from "./model.ts";
import { type Knowledge, partialPacket } from "./packet.ts";
import { obstructionBy } from "./remedy.ts";
import { isTracked, onlyTranslates, seesFamily, seesInterface, type Station, TRANSLATION } from "./stations.ts";
import type { Traveller } from "./traveller.ts";
import { DROPPED, type Ending, OPENED, THROUGH, type Walkable, walkChain } from "./walk.ts";

/** The host that it travels through. */
export interface Landscape {
  readonly stations: readonly Station[];
  /** By which packets from outside come in, where that is known. */
  readonly interface: string | null;
  walkable(station: Station, granted: boolean): Walkable;
  describe(station: Station): PathChain;
  /** Whether a chain is one of ours. */
  isOurs(chain: string): boolean;
}

/** Whether a rule, somebody else's, may send it to another address or port than it was sent to. */
export function maySendOn(traveller: Traveller, landscape: Landscape): boolean {
  return landscape.stations.some((station) => {
    if (station.hook !== "prerouting" || !seesFamily(station, traveller.family)) return false;
    const packet = knowledgeAt(station, traveller, { landscape, untracked: false, elsewhere: false });
    if (packet === null) return false;
    const { effects } = walkChain(landscape.walkable(station, true), station.chain.name, partialPacket(packet));
    return effects.has("translate");
  });
}

/** Follows it. */
export function travel(traveller: Traveller, landscape: Landscape, enters: Enters): readonly Step[] {
  const steps: Step[] = [];
  const so = { untracked: false, elsewhere: false };
  for (const station of landscape.stations) {
    if (!traveller.hooks.includes(station.hook) || !seesFamily(station, traveller.family)) continue;
    const met = station.hook === "ingress" ? meets(station, traveller, landscape) : true;
    const packet = met === false ? null : knowledgeAt(station, traveller, { landscape, ...so });
    if (packet === null) continue;
    const table = landscape.walkable(station, traveller.granted);
    const ending = walkChain(table, station.chain.name, partialPacket(packet));
    if (ending.effects.has("untrack")) so.untracked = true;
    if (ending.effects.has("translate") && station.hook === "prerouting" && !traveller.translated) so.elsewhere = true;
    if (onlyTranslates(station)) continue;
    const certain = met === true && !(so.elsewhere && station.hook !== "prerouting");
    steps.push(stepOf({ station, landscape, ending, certain, traveller }, enters));
  }
  return steps;
}

function meets(station: Station, { before }: Traveller, landscape: Landscape): boolean | null {
  return seesInterface(station, isLoopback(before) ? "lo" : landscape.interface);
}

/** What is known of the packet at that place; null: it is not followed so far. */
function knowledgeAt(
  station: Station,
  { before, after, hooks, translated }: Traveller,
  { landscape, untracked, elsewhere }: { landscape: Landscape; untracked: boolean; elsewhere: boolean },
): Knowledge | null {
  const early = station.hook === "ingress" || (station.hook === "prerouting" && station.base.priority <= TRANSLATION);
  const knowledge = early ? before : after;
  if (knowledge === null) return null;
  const { state, destination, destinationPort, ...rest } = knowledge;
  const incoming = !hooks.includes("output");
  return {
    ...rest,
    ...(state === undefined || untracked || !isTracked(station)
      ? {}
      : { state, untranslated: !translated && !elsewhere }),
    ...(destination === undefined || elsewhere ? {} : { destination }),
    ...(destinationPort === undefined || elsewhere ? {} : { destinationPort }),
    ...(incoming ? { interface: interfaceOf(knowledge, landscape.interface) } : {}),
  };
}

/** What is known of its packets wherever they are met. */
export function knownEverywhere({ family, before, hooks }: Traveller, name: string | null): Knowledge {
  const { source, destination, protocol } = before;
  const common = { family, ...(protocol === undefined ? {} : { protocol }) };
  if (hooks.includes("output")) return { ...common, ...(destination === undefined ? {} : { destination }) };
  // What it was sent to is not what the later chains see of it.
  return { ...common, ...(source === undefined ? {} : { source }), interface: interfaceOf(before, name) };
}

function interfaceOf(knowledge: Knowledge, name: string | null): NonNullable<Knowledge["interface"]> {
  if (isLoopback(knowledge)) return "loopback";
  return name === null ? "other" : { name };
}

function isLoopback({ source }: Knowledge): boolean {
  return source !== undefined && (source.family === 4 ? source.bytes[0] === 127 : source.text === "::1");
}

/** A chain that was walked through. */
interface Walked {
  readonly station: Station;
  readonly landscape: Landscape;
  readonly ending: Ending;
  /** Whether the packet comes there, as it is believed to be. */
  readonly certain: boolean;
  readonly traveller: Traveller;
}

function stepOf({ station, landscape, ending, certain, traveller }: Walked, enters: Enters): Step {
  const chain = landscape.describe(station);
  const byPolicy = (ending.may & THROUGH) !== 0 && station.base.policy === "drop";
  const may = ending.may & ~THROUGH | (byPolicy ? DROPPED : 0);
  if ((may & OPENED) !== 0 || (traveller.granted && enters(chain))) return { chain, does: "opens", obstruction: null };
  if ((may & DROPPED) === 0) return { chain, does: "passes", obstruction: null };
  const accepts = may !== DROPPED || (!byPolicy && (ending.may & THROUGH) !== 0);
  if (accepts || !certain) return { chain, does: "picks", obstruction: null };
  return {
    chain,
    does: "shuts",
    obstruction: obstructionBy({ station, chain, ending, byPolicy, traveller, landscape }),
  };
}
