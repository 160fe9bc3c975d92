/** Looking values up in sets and maps: in anonymous ones from memory, in named ones by asking the kernel about the one value. */
import { FfiError } from "../../../ffi/errors.ts";
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { SetElement, SetInfo, SetName, TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Judged } from "./judged.ts";
import { bytesOf } from "./operand.ts";
import { cut, type Partial } from "./packet.ts";
import { type Found, type Sets, WHATEVER } from "./rule.ts";
import { findInContent, readContent, type SetContent } from "./set_content.ts";

/** What is known of a set. */
interface Known extends Pick<SetInfo, "anonymous" | "interval" | "keyLength"> {
  /** Of an anonymous set, once it was asked for; null where it is gone. */
  content?: SetContent | null;
}

/** How everybody who makes anonymous sets names them: nobody can write such a name in the language of nft. */
const ANONYMOUS = "__";

const MAYBE: Found = { hit: null, verdicts: [WHATEVER] };

/** The sets of all tables. */
export class SetStore {
  readonly #sets = new Map<string, Map<string, Known | null>>();

  /** `judged` is told of each key that the kernel is asked about. */
  constructor(readonly netlink: () => Nfnetlink | null, readonly judged: Pick<Judged, "noteLookUp" | "dependsOn">) {}

  /** Forgets everything: changes may have been missed. */
  clear(): void {
    this.#sets.clear();
  }

  /** A set is new, has changed, or is gone. */
  forget({ family, table }: TableName, set: string): void {
    this.#sets.get(`${family} ${table}`)?.delete(set);
  }

  /** Whether these elements, come or gone, may change what was said of a grant. */
  mayChange(name: SetName, elements: readonly SetElement[]): boolean {
    const known = this.#sets.get(`${name.family} ${name.table}`)?.get(name.set);
    return this.judged.dependsOn(name, elements, known?.interval === false);
  }

  /** Looks into the sets of a table. `askKernel`: named sets too; else they may hold anything. */
  of(table: TableName, askKernel: boolean): Sets {
    return (set, value, verdicts) => {
      // Then no element could change the answer.
      if (!verdicts && value.elsewhere) return { hit: false, verdicts: [] };
      if (!verdicts && value.known.every((bits) => bits === 0)) return MAYBE;
      const known = this.#find(table, set);
      if (known === null) return value.elsewhere ? { hit: false, verdicts: [] } : MAYBE;
      if (known.anonymous) return this.#findIn(table, set, { known, value });
      if (value.elsewhere) return { hit: false, verdicts: [] };
      const key = cut(value, known.keyLength);
      const complete = key.low === key.high && key.low.length === known.keyLength;
      return askKernel && complete ? this.#ask(table, set, key.low) : MAYBE;
    };
  }

  #findIn(table: TableName, set: string, { known, value }: { known: Known; value: Partial }): Found {
    const { family, table: name } = table;
    if (known.content === undefined) {
      const elements = this.#try((netlink) => netlink.elements({ family, table: name, set })) ?? null;
      known.content = elements === null ? null : readContent(elements);
    }
    const { content } = known;
    if (content === null) return value.elsewhere ? { hit: false, verdicts: [] } : MAYBE;
    const key = cut(value, content.keyLength);
    const complete = key.low === key.high && !key.elsewhere && key.low.length === content.keyLength;
    return complete && content.concatenated ? this.#ask(table, set, key.low) : findInContent(content, key);
  }

  #ask({ family, table }: TableName, set: string, key: string): Found {
    this.judged.noteLookUp({ family, table, set }, key);
    const element = this.#try((netlink) => netlink.element({ family, table, set, key: bytesOf(key) }));
    if (element === undefined) return MAYBE;
    if (element === null) return { hit: false, verdicts: [] };
    return { hit: true, verdicts: element.verdict === null ? [] : [element.verdict] };
  }

  /** The set; null where there is none. Each is asked for when it is needed first. */
  #find({ family, table }: TableName, set: string): Known | null {
    const key = `${family} ${table}`;
    const sets = this.#sets.get(key) ?? new Map<string, Known | null>();
    this.#sets.set(key, sets);
    const known = sets.get(set);
    if (known !== undefined) return known;
    const found = set.startsWith(ANONYMOUS)
      ? { anonymous: true, interval: false, keyLength: 0 }
      : this.#try((netlink) => netlink.set({ family, table, set })) ?? null;
    sets.set(set, found);
    return found;
  }

  /** Undefined where the kernel cannot be asked: then it is not known. */
  #try<Value>(ask: (netlink: Nfnetlink) => Value): Value | undefined {
    const netlink = this.netlink();
    if (netlink === null) return undefined;
    try {
      return ask(netlink);
    } catch (error) {
      if (error instanceof FfiError) return undefined;
      throw error;
    }
  }
}
