import { firewallContract } from "../../../contract/firewall_contract.ts";
import { iptablesRig } from "../../../contract/iptables_rig.ts";
import { labTest } from "../../../lab/mod.ts";

firewallContract("iptablesFirewall()", { makeRig: () => iptablesRig(), test: labTest });

firewallContract("iptablesFirewall() on legacy iptables", {
  makeRig: () => iptablesRig("iptables-legacy"),
  test: (name, body) => labTest(name, body, { needs: { "iptables-legacy-restore": "iptables" } }),
  skip: [{
    case: "hears of changes that others make, and not of its own",
    reason: "legacy iptables tells nobody; every grant looks for itself",
  }],
});
