/** The server of a lab behind a real firewalld, for the contract and for what only firewalld has. */
import { firewalldBackend, type FirewalldOptions } from "../../../../daemon/firewall/firewalld/backend.ts";
import { parseRule } from "../../../../daemon/firewall/firewalld/rich_rule.ts";
import { createService } from "../../../../daemon/firewall/firewalld/service.ts";
import type { OpenedBackend } from "../../../../daemon/firewall/backend.ts";
import type { Firewall } from "../../../../daemon/firewall/firewall.ts";
import { openBus } from "../../../../ffi/dbus/bus.ts";
import { openRulesetListener } from "../../../../ffi/nfnetlink/events.ts";
import { addressPair } from "../../../contract/addresses.ts";
import type { FirewallRig } from "../../../contract/firewall_contract.ts";
import { within } from "../../../contract/namespace.ts";
import { standing } from "../../../contract/standing.ts";
import { inputChain } from "../../../fakes/packet_filter.ts";
import { type FirewalldHost, startFirewalld } from "../../../lab/firewalld.ts";
import { type Lab, makeLab, OUTER } from "../../../lab/mod.ts";

/** A rig, its lab, and a way to start backends with other settings. */
export interface FirewalldRig extends FirewallRig {
  readonly lab: Lab;
  readonly host: FirewalldHost;
  start(options?: Partial<FirewalldOptions>): Firewall & Disposable & { readonly backend: OpenedBackend };
  /** Our rules in the zone public, as firewalld lists them. */
  rules(): Promise<readonly string[]>;
}

interface Shared {
  readonly lab: Lab;
  readonly host: FirewalldHost;
}
let shared: Promise<Shared> | undefined;

/** One firewalld serves all rigs of a test file, one after the other; it ends with the process. */
async function prepare(): Promise<Shared> {
  const lab = await makeLab({ guard: "none" });
  await lab.must("server", ["ip", "address", "add", "10.77.0.9/24", "dev", OUTER]);
  await lab.must("server", ["ip", "-6", "address", "add", "fd77::9/64", "dev", OUTER, "nodad"]);
  return { lab, host: await startFirewalld(lab) };
}

/** Makes a rig with nothing open. */
export async function firewalldRig(): Promise<FirewalldRig> {
  const { lab, host } = await (shared ??= prepare());
  const { namespace } = lab.host("server");
  const open: Disposable[] = [];
  const now = () => Math.floor(Date.now() / 1000);
  const service = createService(() => openBus(host.socket));
  open.push(service);
  const rules = async () => (await service.richRules("public")).filter((text) => parseRule(text, now()) !== null);
  const loseGrants = async () => {
    for (const rule of await rules()) await service.removeRule("public", rule);
  };
  const start: FirewalldRig["start"] = (options = {}) => {
    // As on a host: what others take away is heard of, and nothing is listed for a grant.
    const listener = within(namespace, openRulesetListener);
    const path = {
      chains: [inputChain({ owner: "firewalld", table: "firewalld" })],
      survey: () => Promise.resolve([]),
    };
    const backend = firewalldBackend(createService(() => openBus(host.socket)), {
      ...{ slots: ["input"], zones: [], output: false, snat: false, flushAtInit: true, flushAtExit: true },
      ...{ log: () => {}, path, hears: true },
      ...options,
    });
    const firewall = standing(backend, { listener, log: () => {} });
    open.push(backend, listener);
    return Object.assign(firewall, { backend });
  };
  return {
    ...{ lab, host, start, rules, now, loseGrants },
    open: (options) => Promise.resolve(start(options)),
    addresses: {
      knocker: addressPair(lab.address("knocker"), lab.address("knocker", 6)),
      stranger: addressPair(lab.address("stranger"), lab.address("stranger", 6)),
      first: addressPair(lab.address("server"), lab.address("server", 6)),
      second: addressPair("10.77.0.9", "fd77::9"),
    },
    admits: async ({ from, family, service, to }) => {
      const target = to === "second" ? (family === 4 ? "10.77.0.9" : "fd77::9") : lab.address("server", family);
      return await lab.probe(from, target, service.port, { transport: service.proto }) !== "filtered";
    },
    ruleset: () => lab.must("server", ["nft", "list", "ruleset"]),
    reload: async () => void await host.cmd("--reload"),
    // There is no jump to our rules that anybody could take away.
    loseJump: loseGrants,
    async [Symbol.asyncDispose]() {
      await loseGrants();
      for (const one of open) one[Symbol.dispose]();
    },
  };
}
