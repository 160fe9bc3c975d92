import { firewallContract } from "../../../contract/firewall_contract.ts";
import { pfRig } from "../../../contract/pf_rig.ts";

const OF_PF_CONF =
  "the line that names the anchor is the administrator's: backend_test.ts shows that grants are refused";

for (const style of ["freebsd", "openbsd"] as const) {
  firewallContract(`pf with a pfctl as of ${style}`, {
    makeRig: () => Promise.resolve(pfRig(style)),
    test: (name, body) => Deno.test(name, body),
    skip: [
      { case: "puts back a lost jump", reason: OF_PF_CONF },
      { case: "grants where the jump was lost, with all live doors", reason: OF_PF_CONF },
      { case: "hears of changes that others make, and not of its own", reason: "pf tells nobody of changes" },
    ],
  });
}
