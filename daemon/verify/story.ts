/** Writes down what is found out about a packet. Stanzas that were passed over cost nothing until somebody reads of them. Pure. */
import type { Finding, Story } from "./findings.ts";

/** Stanzas that were passed over, by their places: from the first to the one before `to`. */
interface PassedOver {
  readonly from: number;
  readonly to: number;
  /** When, in Unix seconds. */
  readonly now: number;
}

/** Its findings are made when they are read. A class, because an object with a getter of its own takes as long as an HMAC. */
class ToldStory implements Story {
  readonly #make: () => readonly Finding[];
  #whole: readonly Finding[] | null = null;

  constructor(readonly notable: readonly Finding[], make: () => readonly Finding[]) {
    this.#make = make;
  }

  get findings(): readonly Finding[] {
    return this.#whole ??= this.#make();
  }
}

export interface StoryWriter {
  push(...findings: readonly Finding[]): void;
  passOver(stanzas: PassedOver): void;
  /** The story so far, with what comes before and after all of it. */
  tell(before: readonly Finding[], after?: readonly Finding[]): Story;
}

/** `explain`: why the stanza at that place is passed over at that time. It is asked when the story is read. */
export function createStory(explain: (place: number, now: number) => readonly Finding[]): StoryWriter {
  const parts: (Finding | PassedOver)[] = [];
  return {
    push: (...findings) => void parts.push(...findings),
    passOver: (stanzas) => void (stanzas.from < stanzas.to && parts.push(stanzas)),
    tell(before, after = []) {
      const told = [...parts];
      return new ToldStory(
        [...before, ...told.filter(isFinding), ...after],
        () => [...before, ...told.flatMap((part) => isFinding(part) ? [part] : each(part)), ...after],
      );
    },
  };

  function each({ from, to, now }: PassedOver): readonly Finding[] {
    return Array.from({ length: to - from }, (_, i) => explain(from + i, now)).flat();
  }
}

function isFinding(part: Finding | PassedOver): part is Finding {
  return "code" in part;
}
