/** What others do to the ruleset, as far as it is heard of: told to the way of packets and to the backend of the moment. */
import { FfiError } from "../../ffi/errors.ts";
import type { RulesetListener } from "../../ffi/nfnetlink/events.ts";
import type { OpenedBackend } from "./backend.ts";
import type { Holder } from "./handover.ts";
import type { PathWatch } from "./path/watch.ts";
import type { Rate } from "./rate.ts";

/** Whom it is told, and what it makes due. */
export interface NewsParts {
  /** Null where changes cannot be heard of. */
  readonly listener: Pick<RulesetListener, "drain"> | null;
  readonly path: Pick<PathWatch, "hear">;
  readonly holder: Pick<Holder, "isOwn"> & { readonly held: { readonly backend: Pick<OpenedBackend, "concerns"> } };
  readonly surveys: Pick<Rate, "ask">;
  readonly judging: Pick<Rate, "ask">;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

/** The news. */
export interface News {
  /** Takes note of what waits. Throws `FfiError` where it cannot be read; what was missed is made good by `lose`. */
  hear(): void;
  /** The same, and whether anything since the last time may have taken something of ours away. */
  takeConcern(): boolean;
  /** The same before grants that were just opened count: news that cannot be read are lost ones, and they are looked at. */
  takeDoubt(): boolean;
  /** Something of ours may be gone, whatever is heard. */
  doubt(): void;
  /** News were missed: everything is looked at again. */
  lose(): void;
}

/** Listens. */
export function createNews({ listener, path, holder, surveys, judging, steady }: NewsParts): News {
  /** Something was heard by which something of ours may be gone, and nobody has looked yet. */
  let isConcerned = false;
  const news: News = {
    hear() {
      if (listener === null) return;
      const { changes, lost } = listener.drain();
      if (lost) news.lose();
      for (const change of changes) {
        const due = path.hear(change);
        if (holder.isOwn(change.portId)) continue;
        if (due === "survey") surveys.ask(steady());
        // Each of them is told to the backend.
        if (holder.held.backend.concerns(change)) isConcerned = true;
        if (due !== "nothing") judging.ask(steady());
      }
    },
    takeConcern() {
      news.hear();
      const was = isConcerned;
      isConcerned = false;
      return was;
    },
    takeDoubt() {
      try {
        return news.takeConcern();
      } catch (error) {
        if (!(error instanceof FfiError)) throw error;
        news.lose();
        return true;
      }
    },
    doubt: () => void (isConcerned = true),
    lose() {
      isConcerned = true;
      if (path.hear("lost") === "survey") surveys.ask(steady());
      judging.ask(steady());
    },
  };
  return news;
}
