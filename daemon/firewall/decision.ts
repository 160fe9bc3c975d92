/** Which packet filter it is, decided anew after each survey; and what is told of doors that are shut elsewhere. */
import type { Log } from "../../lib/log.ts";
import { createFacts } from "../report/facts.ts";
import { reasonOf } from "../start/start_error.ts";
import type { OpenedBackend } from "./backend.ts";
import { chainsOnTheWay, type Choice, formatChoice, formatElsewhere, shutElsewhere } from "./choose.ts";
import { FirewallError, type OpenGrants, type Slot } from "./firewall.ts";
import type { Holder } from "./handover.ts";
import type { PathWatch } from "./path/watch.ts";

/** What decides. */
export interface DecisionParts {
  /** Surveyed already. */
  readonly path: PathWatch;
  readonly log: Log;
  readonly slots: readonly Slot[];
  /** The decision by the way of packets as it is now; `current` is the one that counts. Throws `FirewallError`. */
  decide(current: Choice | null): Choice | Promise<Choice>;
  /** Opens what was decided for. Throws `FirewallError`. */
  open(choice: Choice): Promise<OpenedBackend>;
}

/** The decision that stands. */
export interface Decision {
  /** Draws the consequences of a survey. False: not all of them, because another packet filter cannot be used. */
  follow(open: OpenGrants): Promise<boolean>;
  /** Says once which chains keep shut whatever is opened here, and returns what is to be said of them. */
  tellElsewhere(log: Log): readonly string[];
}

/** Decides about what `holder` holds. */
export function createDecision(
  { path, log, slots, decide, open: openBackend }: DecisionParts,
  holder: Holder,
): Decision {
  const facts = createFacts();

  async function change(choice: Choice, open: OpenGrants): Promise<boolean> {
    const before = holder.held.backend.name;
    try {
      const count = await holder.handOver({ choice, backend: await openBackend(choice) }, open);
      facts("change", [], log);
      log("warning", `${formatChoice(choice)}, instead of ${before}: ${count} open doors were carried over`);
      return true;
    } catch (error) {
      if (!(error instanceof FirewallError)) throw error;
      const text = `Cannot change from ${before} to ${choice.backend}, as ${choice.because}: ${reasonOf(error)}`;
      facts("change", [{ level: "error", text }], log);
      return false;
    }
  }

  return {
    async follow(open) {
      const { choice: current, backend } = holder.held;
      const choice = await decide(current);
      const isSame = choice.backend === backend.name && (choice.owner ?? backend.owner) === backend.owner;
      const isDone = isSame || await change(choice, open);
      if (isSame) {
        facts("change", [], log);
        holder.keep(choice);
      }
      await holder.held.backend.adapt(open.live(), open.now());
      return isDone;
    },
    tellElsewhere(to) {
      const { backend } = holder.held;
      const shut = shutElsewhere(chainsOnTheWay(path.chains, slots), (chain) => backend.enters(chain));
      const texts = shut.map((chain) => formatElsewhere(chain, backend.name));
      facts("elsewhere", texts.map((text) => ({ level: "warning", text })), to);
      return texts;
    },
  };
}
