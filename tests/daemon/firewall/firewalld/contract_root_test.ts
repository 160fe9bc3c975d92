import { firewallContract } from "../../../contract/firewall_contract.ts";
import { FIREWALLD_NEEDS } from "../../../lab/firewalld.ts";
import { labTest } from "../../../lab/mod.ts";
import { firewalldRig } from "./rig.ts";

firewallContract("firewalldBackend()", {
  makeRig: firewalldRig,
  test: (name, body) => labTest(name, body, { needs: FIREWALLD_NEEDS }),
});
