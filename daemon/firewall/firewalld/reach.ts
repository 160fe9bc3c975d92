/** Whether firewalld can be used from here: asked before each decision for a packet filter, so at most once a few seconds. */
import { AT_FDCWD } from "../../../ffi/abi.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { fileFacts } from "../../../ffi/libc/file_facts.ts";
import { FirewallError } from "../firewall.ts";
import { impossible } from "./objections.ts";
import type { FirewalldService } from "./service.ts";
import type { FirewalldConfig } from "./settings.ts";
import { mayChange } from "./zone_rules.ts";

/** What is asked with. */
export interface ReachParts {
  /** The socket of the bus. */
  readonly socket: string;
  /** The program: where neither it nor the socket is there, nothing is loaded. */
  readonly program: string;
  /** Loads what `connect` needs: once it is there a bus that comes later can be used, without it none can. */
  prepare(): void;
  connect(): FirewalldService;
}

/** Asks. */
export interface Reach {
  /** Why not, as a sentence that begins with the name firewalld; null where it can. */
  blocker(config: FirewalldConfig): Promise<string | null>;
}

/** Remembers for which process of firewalld it was found out that its rules are those of this host, and may be changed. */
export function createReach({ socket, program, prepare, connect }: ReachParts): Reach {
  let allowedBy: string | null = null;
  return {
    async blocker(config) {
      const why = impossible(config);
      if (why !== null) return `firewalld ${why}`;
      try {
        if (fileFacts(AT_FDCWD, socket) === null) {
          if (fileFacts(AT_FDCWD, program) !== null) prepare();
          return `firewalld cannot be reached (there is no ${socket})`;
        }
        using service = connect();
        const owner = await service.owner();
        if (owner === null) return "firewalld is not running";
        if (owner === allowedBy) return null;
        if (isElsewhere(await service.processOf(owner))) return "firewalld runs in another network namespace";
        // firewalld writes each refusal into its log, so this is tried once.
        await mayChange(service, config.zones[0] ?? await service.defaultZone());
        allowedBy = owner;
        return null;
      } catch (error) {
        if (!(error instanceof FirewallError) && !(error instanceof FfiError)) throw error;
        const hint = error instanceof FirewallError ? error.hint : error.details.hint ?? "";
        const said = [error.message.replace(/^firewalld: /, ""), hint].filter((part) => part !== "").join("; ");
        return `firewalld cannot be used (${said})`;
      }
    },
  };
}

/** Whether the process has another network than this one, as far as that may be looked at: the bus may be another host's. */
function isElsewhere(pid: number): boolean {
  const own = networkOf("self"), other = networkOf(String(pid));
  return own !== null && other !== null && own !== other;
}

function networkOf(process: string): string | null {
  try {
    return fileFacts(AT_FDCWD, `/proc/${process}/ns/net`)?.key ?? null;
  } catch (error) {
    if (error instanceof FfiError) return null;
    throw error;
  }
}
