import assert from "node:assert/strict";
import { FirewallError } from "../../../daemon/firewall/firewall.ts";
import { inputChain, iptablesChain } from "../../fakes/packet_filter.ts";
import { access, grant, NOW, scene } from "./standing_scene.ts";

Deno.test("the decision stands on the way of packets: firewalls that are loaded, exchanged and flushed", async () => {
  const { firewall, backends, survey, live, lines, time, opened } = await scene();
  live.push(grant(22, 100), grant(23, 5));
  await firewall.grant(live, [], NOW);
  await survey(inputChain({ table: "other" }));
  assert.deepEqual(
    backends.nftables.calls.slice(1),
    [`adapt 22@${NOW + 100},23@${NOW + 5}`],
    "the same goes on elsewhere",
  );
  time.now += 10;
  live.pop();
  await survey(inputChain({ drops: "some" }), iptablesChain());
  assert.equal(firewall.name, "iptables");
  assert.equal(firewall.kernelTimed, false);
  assert.deepEqual(backends["iptables-nft"].calls, ["prepare", `grant 22@${NOW + 100}`, `adapt 22@${NOW + 100}`]);
  assert.deepEqual(backends.nftables.calls.slice(2), ["cleanup", "dispose"]);
  await survey();
  assert.equal(firewall.name, "iptables", "a flush decides nothing: what comes next does");
  await survey(iptablesChain("iptables-legacy"));
  assert.deepEqual(backends["iptables-legacy"].calls.slice(0, 2), ["prepare", `grant 22@${NOW + 100}`]);
  await survey(inputChain());
  assert.equal(firewall.name, "nftables");
  assert.equal(backends.nftables.recording.admits(access(22)), true);
  assert.deepEqual(opened, ["iptables iptables-nft", "iptables iptables-legacy", "nftables nftables"]);
  assert.deepEqual(lines.map((line) => line.replace(/because.*instead/, "…")), [
    "warning: firewall: iptables, … of nftables: 1 open doors were carried over",
    "warning: firewall: iptables, … of iptables: 1 open doors were carried over",
    "warning: firewall: nftables, … of iptables: 1 open doors were carried over",
  ]);
});

Deno.test("a packet filter that cannot take over is said once, and the old one goes on; when it can, it does", async () => {
  let missing = true;
  const { firewall, backends, survey, lines, time } = await scene({
    "iptables-nft": {
      prepare: () =>
        missing ? Promise.reject(new FirewallError("Cannot run iptables", "install it")) : Promise.resolve([]),
    },
  });
  for (let i = 0; i < 2; i++) {
    await survey(iptablesChain());
    assert.equal(firewall.name, "nftables");
    assert.equal(firewall.surveyDueAt, time.steady + 10_000, "tried again");
    time.steady += 10_000;
  }
  assert.deepEqual(backends.nftables.calls, ["adapt ", "adapt "]);
  const because = "iptables-nft filter INPUT is managed by iptables";
  assert.deepEqual(lines.filter((line) => line.startsWith("error")), [
    `error: Cannot change from nftables to iptables, as ${because}: Cannot run iptables (install it)`,
  ]);
  missing = false;
  await survey(iptablesChain());
  assert.equal(firewall.name, "iptables");
});

Deno.test("a door that is shut elsewhere is said once, and again only after it was open", async () => {
  const { survey, lines, firewall } = await scene();
  const both = [inputChain(), iptablesChain()];
  await survey(...both);
  await survey(...both);
  const line =
    "warning: iptables-nft filter INPUT belongs to iptables-nft and can drop too: what it drops stays shut, " +
    "whatever nftables lets in";
  assert.deepEqual(lines, [line]);
  await survey(inputChain());
  await survey(...both);
  assert.deepEqual(lines, [line, line]);
  assert.ok((await firewall.examine(null)).includes(line.replace("warning: ", "")));
});
