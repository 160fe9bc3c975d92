import { firewallContract } from "../../../contract/firewall_contract.ts";
import { labTest } from "../../../lab/mod.ts";
import { nftablesRig } from "./rig.ts";

firewallContract("nftablesBackend()", { makeRig: nftablesRig, test: labTest, publishes: true });
