/** docs/BSD.md: its pf.conf and its rules are those of the programs. */
import assert from "node:assert/strict";
import type { Access } from "../../../daemon/firewall/firewall.ts";
import { parseIp } from "../../../lib/net/address.ts";
import { ipfwRig } from "../../contract/ipfw_rig.ts";
import { pfRig } from "../../contract/pf_rig.ts";
import { pfctl, pfState } from "../../fakes/pfctl.ts";

const PAGE = await Deno.readTextFile(new URL("../../../docs/BSD.md", import.meta.url));
const [PF_CONF = "", PF_RULE = "", PF_END = "", IPFW_LINES = ""] = [...PAGE.matchAll(/```(?:pf|text)\n([^]*?)```/g)]
  .map((m) => m[1]);

function access(): Access {
  const source = parseIp("192.0.2.7");
  assert.ok(source.ok);
  return { slot: "input", source: source.value, destination: null, service: { proto: "tcp", port: 22 } };
}

const GRANT = { access: access(), expiresAt: 1_700_000_000 };

Deno.test("the pf.conf of docs/BSD.md lets the grants of the anchor in and nobody else, and its rules are ours", async () => {
  const rig = pfRig();
  rig.state.main = pfState(PF_CONF).main;
  const firewall = rig.start();
  await firewall.prepare();
  const [outcome] = await firewall.grant([GRANT], [], 1);
  assert.equal(outcome?.ok, true);
  const printed = (rule: string) => pfctl(pfState(rule), ["-s", "rules"]).stdout;
  assert.equal(pfctl(rig.state, ["-a", "fwknop", "-s", "rules"]).stdout, printed(PF_RULE));
  assert.equal(pfctl(rig.state, ["-a", "fwknop/ends", "-s", "rules"]).stdout, printed(PF_END));
  assert.equal(await rig.admits({ from: "stranger", family: 4, service: { proto: "tcp", port: 22 } }), false);
});

Deno.test("the lines of docs/BSD.md are what ipfw is told", async () => {
  const rig = ipfwRig();
  const firewall = rig.start();
  await firewall.prepare();
  rig.state.calls.length = 0;
  await firewall.grant([GRANT], [], 1);
  const at = rig.state.calls.indexOf("-q /dev/stdin");
  assert.deepEqual(rig.state.calls.slice(at + 1, at + 4), IPFW_LINES.trim().split("\n"));
});
