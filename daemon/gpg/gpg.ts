/** GnuPG as long as the daemon runs. */
import { nobleEngine } from "../../lib/crypto/noble_engine.ts";
import type { SlowOpener } from "../verify/attempt.ts";
import { createEngines } from "./engines.ts";
import type { GpgRunner } from "./policy.ts";
import { createGpgOpener } from "./opener.ts";
import { gpgProgram } from "./program.ts";

/** What opens packets, until it is ended. */
export interface Gpg {
  readonly open: SlowOpener;
  /** What runs gpg to look for keys, at SIGHUP. */
  readonly run: GpgRunner;
  /** Ends what runs, within half a second; nothing is opened any more. */
  end(): Promise<void>;
}

/** What it needs of the host. */
export interface GpgHost {
  /** The time of day, in milliseconds. */
  readonly clock: () => number;
  /** The same of a clock that nobody sets. */
  readonly steady: () => number;
  /** The main module of the program. */
  readonly module: string;
}

/** Nothing runs yet, and nothing is loaded. */
export function createGpg({ clock, steady, module }: GpgHost): Gpg {
  const stop = new AbortController();
  const opener = createGpgOpener({
    crypto: nobleEngine,
    engines: createEngines({ stop: stop.signal, module, now: () => clock() / 1000 }),
    steady,
  });
  const running = new Set<Promise<unknown>>();
  return {
    run: (place) => gpgProgram(place, { stop: stop.signal }),
    open(body, match) {
      const work = opener(body, match).finally(() => running.delete(work));
      running.add(work);
      return work;
    },
    async end() {
      stop.abort();
      await Promise.allSettled(running);
    },
  };
}
