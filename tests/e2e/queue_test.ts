/** ENABLE_NFQ_CAPTURE: packets come from a netfilter queue, and go no further. */
import assert from "node:assert/strict";
import { keyArgs, knock, labTest, makeLab } from "../lab/mod.ts";
import { knockArgs, setScene } from "./scene.ts";

const QUEUE = { ENABLE_NFQ_CAPTURE: "Y", PCAP_INTF: "absent0" };
const KERNEL = {
  needs: { "/usr/sbin/iptables": "iptables" },
};

for (const guard of ["nftables", "iptables"] as const) {
  labTest(
    `${guard}: knocks open by a netfilter queue, over both IP versions, and nothing is left of its rules`,
    async () => {
      await using lab = await makeLab({ guard });
      const before = await lab.must("server", ["iptables-save", "-t", "mangle"]);
      const scene = await setScene(lab, { server: QUEUE, stanza: { FW_ACCESS_TIMEOUT: 30 } });
      const { program } = scene.daemon;
      assert.equal(program.count(/UDP port 62201 are taken from netfilter queue 1\./), 1);
      assert.equal(program.count(/Sniffing interface/), 0);
      const rules = await lab.must("server", ["iptables", "-t", "mangle", "-S"]);
      assert.match(rules, /-A FWKNOP_NFQ -p udp -m udp --dport 62201 -j NFQUEUE --queue-num 1/);
      await scene.knock(22);
      assert.ok(await lab.opens("knocker", scene.server, 22), program.output);
      await knock(lab, [...knockArgs(lab, 23, 6), ...keyArgs(scene.keys)]);
      assert.ok(await lab.opens("knocker", lab.address("server", 6), 23), program.output);
      const packet = await scene.seal(24);
      for (const _time of [1, 2]) scene.send(packet);
      await program.waitFor(/Replay detected/);
      assert.equal((await scene.daemon.stop()).code, 0, program.output);
      const chains = (text: string) => text.split("\n").filter((line) => line.startsWith("-A"));
      assert.deepEqual(chains(await lab.must("server", ["iptables-save", "-t", "mangle"])), chains(before));
      assert.doesNotMatch(await lab.must("server", ["ip6tables-save", "-t", "mangle"]), /NFQ/);
    },
    KERNEL,
  );
}

labTest(
  "a flood for the queue stops no knock, and a daemon that was killed leaves rules that the next one takes",
  async () => {
    await using lab = await makeLab();
    const scene = await setScene(lab, { server: { ...QUEUE, NFQ_CHAIN: "OUR_QUEUE", NFQ_QUEUE_NUMBER: 7 } });
    const junk = "A".repeat(200);
    for (let i = 0; i < 3000; i++) scene.send(`${i}${junk}`);
    await scene.knock(22);
    assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
    await scene.daemon.stop("SIGKILL");
    const again = await scene.daemon.again();
    const rules = await lab.must("server", ["iptables", "-t", "mangle", "-S"]);
    assert.equal(rules.split("\n").filter((line) => line === "-A INPUT -j OUR_QUEUE").length, 1, rules);
    assert.equal((await again.stop()).code, 0);
    assert.doesNotMatch(await lab.must("server", ["iptables", "-t", "mangle", "-S"]), /OUR_QUEUE/);
  },
  KERNEL,
);
