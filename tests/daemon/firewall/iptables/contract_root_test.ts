import { firewallContract } from "../../../contract/firewall_contract.ts";
import { DEFAULT_OPTIONS, type IptablesRig, iptablesRig, type Variant } from "../../../contract/iptables_rig.ts";
import { labTest } from "../../../lab/mod.ts";

/** A rig whose stanzas ask for what others publish as well. */
async function publishing(variant: Variant): Promise<IptablesRig> {
  const rig = await iptablesRig(variant);
  const active = [...DEFAULT_OPTIONS.active, "published"] as const;
  return { ...rig, open: (options) => Promise.resolve(rig.start({ ...options, active })) };
}

firewallContract("iptablesFirewall()", { makeRig: () => publishing("iptables"), test: labTest, publishes: true });

firewallContract("iptablesFirewall() on legacy iptables", {
  makeRig: () => publishing("iptables-legacy"),
  publishes: true,
  test: (name, body) => labTest(name, body, { needs: { "iptables-legacy-restore": "iptables" } }),
  skip: [{
    case: "hears of changes that others make, and not of its own",
    reason: "legacy iptables tells nobody; every grant looks for itself",
  }],
});
