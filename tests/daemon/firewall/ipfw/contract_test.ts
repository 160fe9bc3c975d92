import { firewallContract } from "../../../contract/firewall_contract.ts";
import { ipfwRig } from "../../../contract/ipfw_rig.ts";

firewallContract("ipfw", {
  makeRig: () => Promise.resolve(ipfwRig()),
  test: (name, body) => Deno.test(name, body),
  skip: [
    { case: "hears of changes that others make, and not of its own", reason: "ipfw tells nobody of changes" },
  ],
});
