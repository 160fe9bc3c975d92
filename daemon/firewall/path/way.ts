/** What the chains on a packet's way do with it, one after the other. Pure, apart from looking up in sets. */
import type { Ip } from "../../../lib/net/address.ts";
import { type Enters, formatPathChain, type PathChain, type Step } from "./model.ts";
import { onwardTraveller, type Passages, turnOf } from "./onward.ts";
import { type Knowledge, partialPacket } from "./packet.ts";
import { obstructionBy } from "./remedy.ts";
import { isTracked, onlyTranslates, seesFamily, seesInterface, type Station, TRANSLATION } from "./stations.ts";
import type { Traveller } from "./traveller.ts";
import { DROPPED, type Ending, OPENED, THROUGH, type Walkable, walkChain } from "./walk.ts";

/** By which interfaces packets from outside come in. */
export interface Arrival {
  /** The only one; null: there are several, or they are not known. */
  readonly only: string | null;
  /** Some by which they do not. */
  readonly never: readonly string[];
}

/** The host that it travels through. */
export interface Landscape {
  readonly stations: readonly Station[];
  readonly arrival: Arrival;
  walkable(station: Station, granted: boolean): Walkable;
  describe(station: Station): PathChain;
  /** Whether a chain is one of ours. */
  isOurs(chain: string): boolean;
  /** Whether an address is one of this host; null: it is not known. */
  isOwn(address: Ip): boolean | null;
}

/** What is taken to be there. */
export interface Assumed {
  readonly enters: Enters;
  readonly passages: Passages;
}

/** What became of the packet so far. */
interface Past {
  untracked: boolean;
  /** It may have been sent to another address or port. */
  elsewhere: boolean;
}

/** Whether a rule, somebody else's, may send it to another address or port than it was sent to. */
export function maySendOn(traveller: Traveller, landscape: Landscape): boolean {
  return landscape.stations.some((station) => {
    if (station.hook !== "prerouting" || !seesFamily(station, traveller.family)) return false;
    const packet = knowledgeAt(station, traveller, { landscape, untracked: false, elsewhere: false });
    return packet !== null && endingAt(station, { traveller, landscape, packet }).effects.has("translate");
  });
}

/** Follows it. */
export function travel(traveller: Traveller, landscape: Landscape, assumed: Assumed): readonly Step[] {
  const so: Past = { untracked: false, elsewhere: false };
  const steps: Step[] = [];
  for (const [at, station] of landscape.stations.entries()) {
    if (!traveller.hooks.includes(station.hook) || !seesFamily(station, traveller.family)) continue;
    const met = station.hook === "ingress" ? meets(station, traveller, landscape) : true;
    const packet = met === false ? null : knowledgeAt(station, traveller, { landscape, ...so });
    if (packet === null) continue;
    const ending = endingAt(station, { traveller, landscape, packet });
    const onward = so.untracked || so.elsewhere ? null : turnAt({ station, ending, traveller, landscape }, assumed);
    if (onward !== null) {
      const stations = landscape.stations.slice(at + 1);
      return [...steps, ...travel(onward, { ...landscape, stations }, assumed)];
    }
    if (ending.effects.has("untrack")) so.untracked = true;
    if (ending.effects.has("translate") && station.hook === "prerouting" && !traveller.translated) so.elsewhere = true;
    if (onlyTranslates(station)) continue;
    const certain = met === true && !(so.elsewhere && station.hook !== "prerouting");
    steps.push(stepOf({ station, landscape, ending, certain, traveller }, assumed.enters));
  }
  return steps;
}

/** What a chain makes of it. Of where addresses are translated our grants say nothing: what a chain of ours translates has its own. */
function endingAt(
  station: Station,
  { traveller, landscape, packet }: {
    readonly traveller: Traveller;
    readonly landscape: Landscape;
    readonly packet: Knowledge;
  },
): Ending {
  const table = landscape.walkable(station, traveller.granted && !onlyTranslates(station));
  return walkChain(table, station.chain.name, partialPacket(packet));
}

/** The packet on its way to where the chain sends it instead; null: it does not, or not for certain. */
function turnAt(
  { station, ending, traveller, landscape }: Omit<Walked, "certain">,
  { passages }: Assumed,
): Traveller | null {
  if (ending.sentTo === null || station.hook !== "prerouting") return null;
  if (traveller.translated || traveller.after === null) return null;
  const turn = turnOf(traveller, ending.sentTo, (address) => landscape.isOwn(address));
  const by = formatPathChain(landscape.describe(station));
  return turn === null ? null : onwardTraveller(traveller, turn, { by, passages });
}

function meets(station: Station, { before }: Traveller, landscape: Landscape): boolean | null {
  return seesInterface(station, isLoopback(before) ? { only: "lo", never: [] } : landscape.arrival);
}

/** What is known of the packet at that place; null: it is not followed so far. */
function knowledgeAt(
  station: Station,
  { before, after, hooks, translated }: Traveller,
  { landscape, untracked, elsewhere }: Past & { readonly landscape: Landscape },
): Knowledge | null {
  const early = station.hook === "ingress" || (station.hook === "prerouting" && station.base.priority <= TRANSLATION);
  const knowledge = early ? before : after;
  if (knowledge === null) return null;
  const { state, destination, destinationPort, local, ...rest } = knowledge;
  const incoming = !hooks.includes("output");
  return {
    ...rest,
    ...(state === undefined || untracked || !isTracked(station)
      ? {}
      : { state, untranslated: !translated && !elsewhere }),
    ...(destination === undefined || elsewhere ? {} : { destination }),
    ...(local === undefined || elsewhere ? {} : { local }),
    ...(destinationPort === undefined || elsewhere ? {} : { destinationPort }),
    ...(incoming ? { interface: interfaceOf(knowledge, landscape.arrival) } : {}),
  };
}

/** What is known of its packets wherever they are met. */
export function knownEverywhere({ family, before, hooks }: Traveller, arrival: Arrival): Knowledge {
  const { source, destination, protocol } = before;
  const common = { family, ...(protocol === undefined ? {} : { protocol }) };
  if (hooks.includes("output")) return { ...common, ...(destination === undefined ? {} : { destination }) };
  // What it was sent to is not what the later chains see of it.
  return { ...common, ...(source === undefined ? {} : { source }), interface: interfaceOf(before, arrival) };
}

function interfaceOf(knowledge: Knowledge, { only, never }: Arrival): NonNullable<Knowledge["interface"]> {
  if (isLoopback(knowledge)) return "loopback";
  return only === null ? { never } : { name: only };
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
