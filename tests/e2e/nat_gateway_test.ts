/** A gateway that cannot be one is told so: before a start, at the start, and by the doctor. */
import assert from "node:assert/strict";
import { type Guard, labTest, makeLab, newKeys, startDaemon } from "../lab/mod.ts";

const FORWARDING = [
  /This host does not forward IPv4 packets \(net\.ipv4\.ip_forward is 0\).*sysctl -w net\.ipv4\.ip_forward=1/,
  /This host does not forward IPv6 packets \(net\.ipv6\.conf\.all\.forwarding is 0\)/,
];
const ANSWERS =
  /(?:inet guard forward|filter FORWARD) has no rule that accepts established connections: no answer of a host inside will get through; add/;

/** Takes the rule for established connections out of the chain for forwarded packets. */
const WITHOUT_ESTABLISHED: Readonly<Record<Exclude<Guard, "none">, string>> = {
  nftables: "nft flush chain inet guard forward",
  iptables: "iptables -F FORWARD; ip6tables -F FORWARD",
};

for (const guard of ["nftables", "iptables"] as const) {
  labTest(`a gateway that forwards nothing, or lets no answer back, is told so: ${guard}`, async () => {
    await using lab = await makeLab({ guard, extra: [] });
    const access = [{ ...newKeys() }];
    const shell = (text: string) => lab.must("server", ["sh", "-ec", text]);
    const all = [...FORWARDING, ANSWERS];
    await shell(WITHOUT_ESTABLISHED[guard]);
    {
      await using daemon = await startDaemon(lab, { server: { ENABLE_IPT_FORWARDING: "Y" }, access });
      for (const line of all) assert.match(daemon.program.output, line);
      await daemon.stop();
      for (const word of ["--exit-parse-config", "--doctor"]) {
        const { stdout, stderr } = await lab.run("server", [...daemon.argv, word]);
        for (const line of all) assert.match(stdout + stderr, line, word);
      }
    }
    await shell("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
    await lab.guard(guard);
    await using daemon = await startDaemon(lab, { server: { ENABLE_IPT_FORWARDING: "Y" }, access });
    for (const line of all) assert.doesNotMatch(daemon.program.output, line);
  });
}

labTest("a host without NAT is not asked whether it forwards", async () => {
  await using lab = await makeLab({ extra: [] });
  await using daemon = await startDaemon(lab, { access: [{ ...newKeys() }] });
  assert.doesNotMatch(daemon.program.output, /forward/);
});
