/** Whether firewalld can be used from here: asked before each decision for a packet filter, so at most once a few seconds. */
import { FirewallError } from "../firewall.ts";
import { impossible } from "./objections.ts";
import type { FirewalldService } from "./service.ts";
import type { FirewalldConfig } from "./settings.ts";
import { mayChange } from "./zone_rules.ts";

/** What is asked with. */
export interface ReachParts {
  /** The socket of the bus: where there is none, nothing is loaded. */
  readonly socket: string;
  connect(): FirewalldService;
}

/** Asks. */
export interface Reach {
  /** Why not, as a sentence that begins with the name firewalld; null where it can. */
  blocker(config: FirewalldConfig): Promise<string | null>;
}

/** Remembers for which process of firewalld it was found out that its rules may be changed. */
export function createReach({ socket, connect }: ReachParts): Reach {
  let allowedBy: string | null = null;
  return {
    async blocker(config) {
      const why = impossible(config);
      if (why !== null) return `firewalld ${why}`;
      if (!isThere(socket)) return `firewalld cannot be reached (there is no ${socket})`;
      try {
        using service = connect();
        const owner = await service.owner();
        if (owner === null) return "firewalld is not running";
        // firewalld writes each refusal into its log.
        if (owner !== allowedBy) await mayChange(service, config.zones[0] ?? await service.defaultZone());
        allowedBy = owner;
        return null;
      } catch (error) {
        if (!(error instanceof FirewallError)) throw error;
        return `firewalld cannot be used (${error.message.replace(/^firewalld: /, "")})`;
      }
    },
  };
}

function isThere(socket: string): boolean {
  try {
    return Deno.statSync(socket).isSocket === true;
  } catch {
    return false;
  }
}
