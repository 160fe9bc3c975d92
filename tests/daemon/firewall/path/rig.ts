/** The view of the way of packets on the server of a lab. */
import { openRulesetListener, type RulesetListener } from "../../../../ffi/nfnetlink/events.ts";
import { routeTo } from "../../../../ffi/libc/route.ts";
import { openNfnetlink } from "../../../../ffi/nfnetlink/nfnetlink.ts";
import { openPathWatch } from "../../../../daemon/firewall/path/open.ts";
import type { Due, PathWatch } from "../../../../daemon/firewall/path/watch.ts";
import { runWithin, within } from "../../../contract/namespace.ts";
import type { Lab } from "../../../lab/mod.ts";

/** A view, and the events that it should hear. */
export interface WatchRig extends Disposable {
  readonly watch: PathWatch;
  readonly listener: RulesetListener;
  /** Lets the view hear everything that has happened; true when a survey is due. */
  catchUp(): boolean;
  /** The same, and all that is due. */
  hearAll(): ReadonlySet<Due>;
}

/** Opens one. `interface` null: it is not known by which interface packets come in. */
export function openRig(lab: Lab, options: { readonly interface?: string | null } = {}): WatchRig {
  const { namespace } = lab.host("server");
  const listener = within(namespace, openRulesetListener);
  const watch = openPathWatch({
    log: () => {},
    run: runWithin(namespace),
    netlink: () => within(namespace, openNfnetlink),
    route: (address) => within(namespace, () => routeTo(address)),
    ...options,
    readNet: (name) => name === "dev" && options.interface === null ? null : readNet(namespace, name),
  });
  const hearAll = () => {
    const { changes, lost } = listener.drain();
    return new Set([...lost ? ["lost" as const] : [], ...changes].map((change) => watch.hear(change)));
  };
  return {
    watch,
    listener,
    catchUp: () => hearAll().has("survey"),
    hearAll,
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      listener[Symbol.dispose]();
    },
  };
}

function readNet(namespace: string, name: string): string | null {
  const { success, stdout } = new Deno.Command("ip", {
    args: ["netns", "exec", namespace, "cat", `/proc/net/${name}`],
    stderr: "null",
  }).outputSync();
  return success ? new TextDecoder().decode(stdout) : null;
}
