/** The server of a lab behind a native ruleset, for the contract and for what only nftables has. */
import { nftablesBackend, type NftablesOptions } from "../../../../daemon/firewall/nftables/backend.ts";
import type { OpenedBackend } from "../../../../daemon/firewall/backend.ts";
import type { Firewall } from "../../../../daemon/firewall/firewall.ts";
import type { PathChain } from "../../../../daemon/firewall/path/model.ts";
import { openPathWatch } from "../../../../daemon/firewall/path/open.ts";
import type { PathWatch } from "../../../../daemon/firewall/path/watch.ts";
import { openRulesetListener, type RulesetListener } from "../../../../ffi/nfnetlink/events.ts";
import { type Nfnetlink, openNfnetlink } from "../../../../ffi/nfnetlink/nfnetlink.ts";
import { addressPair } from "../../../contract/addresses.ts";
import type { FirewallRig } from "../../../contract/firewall_contract.ts";
import { runWithin, within } from "../../../contract/namespace.ts";
import { standing } from "../../../contract/standing.ts";
import { type Lab, makeLab, nftablesGuard, OUTER } from "../../../lab/mod.ts";

/** The backend as the loop has it, and by itself. */
export type RigFirewall = Firewall & Disposable & { readonly backend: OpenedBackend };

/** A rig, its lab, and a way to start backends with other settings. */
export interface NftablesRig extends FirewallRig {
  readonly lab: Lab;
  /** What was said, as `level text`. */
  readonly log: string[];
  start(options?: Partial<NftablesOptions>, change?: (netlink: Nfnetlink) => Nfnetlink): RigFirewall;
  /** Runs a script of nft on the server. */
  nft(script: string): Promise<string>;
  /** Hears of changes of the server's ruleset from now on. */
  listen(): RulesetListener;
  /** The base chains of the server. */
  chains(): Promise<readonly PathChain[]>;
}

/** A second table that drops on the same hook, as a packet blocker would have it. */
const SECOND_TABLE = `table ip extra {
  chain late {
    type filter hook input priority filter + 10; policy accept;
    meta l4proto { tcp, udp } th dport { 22, 53 } drop
  }
}
`;

let shared: Promise<Lab> | undefined;

/** One lab serves all rigs of a test file, one after the other; the lab removes itself when the process ends. */
async function prepareLab(): Promise<Lab> {
  const lab = await makeLab({ guard: "none", extra: ["stranger", "inside"] });
  await lab.must("server", ["ip", "address", "add", "10.77.0.9/24", "dev", OUTER]);
  await lab.must("server", ["ip", "-6", "address", "add", "fd77::9/64", "dev", OUTER, "nodad"]);
  return lab;
}

/** Makes a rig with a freshly loaded ruleset. */
export async function nftablesRig(): Promise<NftablesRig> {
  const lab = await (shared ??= prepareLab());
  const { namespace } = lab.host("server");
  const open: Disposable[] = [];
  const log: string[] = [];
  const nft = (script: string) => lab.must("server", ["nft", "-f", "-"], { stdin: script });
  const reload = async () => void await nft(`flush ruleset\n${nftablesGuard()}${SECOND_TABLE}`);
  const start: NftablesRig["start"] = (options = {}, change = (netlink) => netlink) => {
    const { netlink, listener } = within(namespace, () => ({
      netlink: change(openNfnetlink()),
      listener: openRulesetListener(),
    }));
    const fresh = freshPath(namespace);
    open.push(fresh);
    const path = options.path ?? fresh;
    const backend = nftablesBackend({ netlink, run: runWithin(namespace) }, {
      slots: ["input"],
      chains: {},
      flushAtInit: true,
      flushAtExit: true,
      log: (level, text) => log.push(`${level} ${text}`),
      path,
      ...options,
    });
    const firewall = standing(backend, { listener, log: () => {}, path });
    open.push(firewall);
    return Object.assign(firewall, { backend });
  };
  await reload();
  return {
    lab,
    log,
    start,
    nft,
    listen: () => {
      const listener = within(namespace, openRulesetListener);
      open.push(listener);
      return listener;
    },
    chains: async () => {
      using path = freshPath(namespace);
      return await path.survey();
    },
    open: (options) => Promise.resolve(start({ slots: ["input", "published"], ...options })),
    now: () => Math.floor(Date.now() / 1000),
    addresses: {
      knocker: addressPair(lab.address("knocker"), lab.address("knocker", 6)),
      stranger: addressPair(lab.address("stranger"), lab.address("stranger", 6)),
      first: addressPair(lab.address("server"), lab.address("server", 6)),
      second: addressPair("10.77.0.9", "fd77::9"),
    },
    admits: ({ from, family, service, to }) => admits(lab, { from, family, service, to: to ?? "first" }),
    ruleset: async () => (await lab.must("server", ["nft", "list", "ruleset"])).replace(/ expires [0-9dhms]+/g, ""),
    reload,
    loseJump: async () => void await nft(`flush chain inet guard input\n${inputRules()}`),
    loseGrants: async () => {
      const listing = await lab.must("server", ["nft", "list", "sets"]);
      await nft(flushOurSets(listing));
    },
    [Symbol.asyncDispose]: async () => {
      for (const firewall of open) firewall[Symbol.dispose]();
      await nft("flush ruleset");
    },
  };
}

/** Whether a SYN comes through to where nobody listens (a refusal by the host) or the port is filtered or rejected. */
async function admits(lab: Lab, attempt: Parameters<FirewallRig["admits"]>[0]): Promise<boolean> {
  const { from, family, service, to } = attempt;
  const target = to === "second" ? (family === 4 ? "10.77.0.9" : "fd77::9") : lab.address("server", family);
  return await lab.probe(from, target, service.port, { transport: service.proto }) !== "filtered";
}

/** The way of packets on the server, read anew at each survey: nobody tells it of changes. */
function freshPath(namespace: string): Pick<PathWatch, "chains" | "survey"> & Disposable {
  const watch = openPathWatch({
    log: () => {},
    run: runWithin(namespace),
    netlink: () => within(namespace, openNfnetlink),
    readNet: () => null,
  });
  return {
    get chains() {
      return watch.chains;
    },
    survey() {
      watch.hear("lost");
      return watch.survey();
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

/** The administrator's own rules of the input chain, to be added again after a flush. */
function inputRules(): string {
  const [, chain = ""] = /chain input \{\n([^}]*(?:\{[^}]*\}[^}]*)*)\n {2}\}/.exec(nftablesGuard()) ?? [];
  return chain.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("type filter"))
    .map((rule) => `add rule inet guard input ${rule}\n`).join("");
}

function flushOurSets(listing: string): string {
  let table = "";
  let script = "";
  for (const line of listing.split("\n")) {
    table = /^table (.*) \{$/.exec(line)?.[1] ?? table;
    const name = /^\tset (fwknop_\S+) \{$/.exec(line)?.[1];
    if (name !== undefined) script += `flush set ${table} ${name}\n`;
  }
  return script;
}
