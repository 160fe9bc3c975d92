/**
 * What it depends on what was said of the grants that were judged. A told change that touches none of it cannot have shut a
 * door or opened one again, so nobody is judged anew for it, however many grants are open.
 */
import type { SetElement, SetName } from "../../../ffi/nfnetlink/ruleset.ts";
import { byteString } from "./operand.ts";
import { type Knowledge, type Packet, partialPacket } from "./packet.ts";
import { matches, type Rule, type Sets } from "./rule.ts";

/** What one round of judging looked at. */
interface Round {
  /** The packets of the grants, as little as is known of them wherever they come: for many grants of one source it is one. */
  readonly packets: Map<string, Packet>;
  /** By set the keys that the kernel was asked about. */
  readonly keys: Map<string, Set<string>>;
}

/** What the grants depend on. */
export class Judged {
  #round: Round = { packets: new Map(), keys: new Map() };
  /** The round before: a grant that was judged as it was opened is not among those that are judged together yet. */
  #before: Round = this.#round;

  /** All that are open are judged anew from now on. */
  begin(): void {
    this.#before = this.#round;
    this.#round = { packets: new Map(), keys: new Map() };
  }

  /** A grant is judged of whose packets this is known, at every chain that they may meet. */
  note(knowledge: Knowledge): void {
    const { family, protocol, source, destination } = knowledge;
    const name = `${family} ${protocol} ${source?.text} ${destination?.text} ${JSON.stringify(knowledge.interface)}`;
    const { packets } = this.#round;
    if (!packets.has(name)) packets.set(name, this.#before.packets.get(name) ?? partialPacket(knowledge));
  }

  /** The kernel was asked whether the set holds the key. */
  noteLookUp(set: SetName, key: string): void {
    const { keys } = this.#round;
    const name = nameOf(set);
    const known = keys.get(name);
    if (known === undefined) keys.set(name, new Set([key]));
    else known.add(key);
  }

  /** Whether the rule may be for packets of one of them. */
  mayMeet(rule: Rule, sets: Sets): boolean {
    const may = (packet: Packet) => matches(rule, packet, sets) !== false;
    return this.#rounds().some(({ packets }) => packets.values().some(may));
  }

  /** Whether these elements, come or gone, may change what the kernel answered. `exact`: each is for its own key only. */
  dependsOn(set: SetName, elements: readonly SetElement[], exact: boolean): boolean {
    return this.#rounds().some(({ keys }) => {
      const asked = keys.get(nameOf(set));
      if (asked === undefined || !exact || elements.length === 0) return asked !== undefined;
      return elements.some(({ kind, key, keyEnd }) =>
        kind !== "element" || keyEnd !== null || asked.has(byteString(key))
      );
    });
  }

  #rounds(): readonly Round[] {
    return this.#round === this.#before ? [this.#round] : [this.#round, this.#before];
  }
}

function nameOf({ family, table, set }: SetName): string {
  return JSON.stringify([family, table, set]);
}
