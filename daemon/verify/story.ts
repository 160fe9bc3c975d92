/** Writes down what is found out about a packet. Stanzas that were passed over cost nothing until somebody reads of them. Pure. */
import type { Finding, Story } from "./findings.ts";

/** Stanzas that were passed over, by their places: from the first to the one before `to`. */
interface PassedOver {
  readonly from: number;
  readonly to: number;
  /** When, in Unix seconds. */
  readonly now: number;
  /** A hint named others: none of their keys was tried, and only a verbose log tells of them. */
  readonly isSpared: boolean;
}

/** Its findings are made when they are read. A class, because an object with a getter of its own takes as long as an HMAC. */
class ToldStory implements Story {
  readonly #make: (isBrief: boolean) => readonly Finding[];
  #whole: readonly Finding[] | null = null;

  constructor(readonly notable: readonly Finding[], make: (isBrief: boolean) => readonly Finding[]) {
    this.#make = make;
  }

  get findings(): readonly Finding[] {
    return this.#whole ??= this.#make(false);
  }

  get brief(): readonly Finding[] {
    return this.#whole ?? this.#make(true);
  }
}

/** What has a story, which is made when it is read. */
export abstract class WithStory implements Story {
  readonly notable: readonly Finding[];
  readonly #story: Story;

  constructor(story: Story) {
    this.notable = story.notable;
    this.#story = story;
  }

  get findings(): readonly Finding[] {
    return this.#story.findings;
  }

  get brief(): readonly Finding[] {
    return this.#story.brief;
  }
}

export interface StoryWriter {
  push(...findings: readonly Finding[]): void;
  passOver(stanzas: PassedOver): void;
  /** The story so far, with what comes before and after all of it. */
  tell(before: readonly Finding[], after?: readonly Finding[]): Story;
}

/** A stanza that was passed over. */
export interface PassedStanza {
  /** Its place in the index. */
  readonly place: number;
  /** When, in Unix seconds. */
  readonly now: number;
  /** Whether it may be left out where only a verbose log tells of it. */
  readonly isBrief: boolean;
}

/** `explain`: why it is passed over. It is asked when the story is read. */
export function createStory(explain: (stanza: PassedStanza) => readonly Finding[]): StoryWriter {
  const parts: (Finding | PassedOver)[] = [];
  return {
    push: (...findings) => void parts.push(...findings),
    passOver: (stanzas) => void (stanzas.from < stanzas.to && parts.push(stanzas)),
    tell(before, after = []) {
      const told = [...parts];
      return new ToldStory(
        [...before, ...told.filter(isFinding), ...after],
        (isBrief) => [...before, ...told.flatMap((part) => isFinding(part) ? [part] : each(part, isBrief)), ...after],
      );
    },
  };

  function each({ from, to, now, isSpared }: PassedOver, isBrief: boolean): readonly Finding[] {
    const findings: Finding[] = [];
    if (isBrief && isSpared) return findings;
    for (let place = from; place < to; place++) findings.push(...explain({ place, now, isBrief }));
    return findings;
  }
}

function isFinding(part: Finding | PassedOver): part is Finding {
  return "code" in part;
}
