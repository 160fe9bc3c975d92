import { firewallContract } from "../../contract/firewall_contract.ts";
import { recordingRig } from "../../contract/recording_rig.ts";

for (const kernelTimed of [false, true]) {
  firewallContract(`recordingFirewall(kernelTimed: ${kernelTimed})`, {
    makeRig: () => Promise.resolve(recordingRig(kernelTimed)),
    test: (name, body) => Deno.test(name, body),
    publishes: true,
    skip: [{ case: "hears of changes that others make, and not of its own", reason: "nobody else changes it" }],
  });
}
