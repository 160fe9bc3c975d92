import { firewallContract } from "../../../contract/firewall_contract.ts";
import { labTest } from "../../../lab/mod.ts";
import { nftablesRig } from "./rig.ts";

firewallContract("nftablesFirewall() by nfnetlink", { makeRig: () => nftablesRig("netlink"), test: labTest });

firewallContract("nftablesFirewall() by nfnetlink without libnftables", {
  makeRig: () => nftablesRig("mixed"),
  test: labTest,
});

firewallContract("nftablesFirewall() by the nft program", {
  makeRig: () => nftablesRig("nft"),
  test: labTest,
  skip: [{
    case: "hears of changes that others make, and not of its own",
    reason: "without netlink nobody tells; every grant looks for itself",
  }],
});
