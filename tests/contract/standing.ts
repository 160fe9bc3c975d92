/** A backend as the run loop has it, for rigs that look at one backend at a time: nothing else is on the way of packets. */
import type { OpenedBackend } from "../../daemon/firewall/backend.ts";
import type { Grant } from "../../daemon/firewall/firewall.ts";
import type { PathWatch } from "../../daemon/firewall/path/watch.ts";
import { StandingFirewall } from "../../daemon/firewall/standing.ts";
import type { RulesetListener } from "../../ffi/nfnetlink/events.ts";
import type { Log } from "../../lib/log.ts";

/** What it works with besides. */
export interface Surroundings {
  readonly listener: RulesetListener | null;
  readonly log: Log;
  /** Where the backend finds its chains. Default: there are none. */
  readonly path?: Pick<PathWatch, "chains" | "survey">;
}

/** What is prepared has been surveyed. */
class Surveyed extends StandingFirewall {
  readonly #path: PathWatch;
  constructor(...made: ConstructorParameters<typeof StandingFirewall>) {
    super(...made);
    this.#path = made[0].path;
  }
  override async prepare(): Promise<readonly Grant[]> {
    await this.#path.survey();
    return await super.prepare();
  }
}

/** The standing decision for this backend and no other. */
export function standing(backend: OpenedBackend, { listener, log, path }: Surroundings): StandingFirewall {
  const choice = { backend: backend.name, owner: null, because: "of the test" };
  const way: PathWatch = {
    get chains() {
      return path?.chains ?? [];
    },
    survey: () => path?.survey() ?? Promise.resolve([]),
    hear: () => "nothing",
    judgeAnew: () => {},
    judge: () => [],
    ours: () => [],
    walk: () => [],
    [Symbol.dispose]() {},
  };
  return new Surveyed({
    ...{ path: way, listener, log, slots: ["input"], needs: [], steady: () => performance.now() },
    decide: () => choice,
    open: () => Promise.resolve(backend),
  }, { choice, backend });
}
