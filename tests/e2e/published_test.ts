/** GUARD forward: what somebody else's rules send on to another host is opened by the port that the client asked for, and by nothing else. */
import assert from "node:assert/strict";
import { type Guard, keyArgs, knock, type Lab, labTest, makeLab, newKeys, startDaemon } from "../lab/mod.ts";

/** Who publishes: ports 8080 and 8081 of the server are those of port 80 of the host inside, as Docker does it. */
const DNAT = `table inet publisher {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    fib daddr type local meta nfproto ipv4 tcp dport { 8080, 8081 } dnat ip to 10.78.0.2:80
    fib daddr type local meta nfproto ipv6 tcp dport { 8080, 8081 } dnat ip6 to [fd78::2]:80
  }
}
`;

async function publish(lab: Lab): Promise<void> {
  const shell = (text: string) => lab.must("server", ["sh", "-ec", text]);
  await shell("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
  await lab.must("server", ["nft", "-f", "-"], { stdin: DNAT });
  // Of both families.
  lab.listen("inside", 80, { family: 6 });
}

for (const guard of ["nftables", "iptables"] as const satisfies readonly Guard[]) {
  labTest(`GUARD forward opens a published port for who knocked, and no other: ${guard}`, async () => {
    await using lab = await makeLab({ guard, extra: ["stranger", "inside"] });
    await publish(lab);
    const keys = newKeys();
    const access = [{ ...keys, GUARD: "forward", FW_ACCESS_TIMEOUT: 2 }];
    await using daemon = await startDaemon(lab, { server: { ENABLE_DESTINATION_RULE: "Y" }, access });
    const { program } = daemon;
    assert.match(program.output, new RegExp(`firewall: ${guard}, because`));
    const probe = (from: "knocker" | "stranger", port: number, family: 4 | 6) =>
      lab.probe(from, lab.address("server", family), port, { timeoutMs: 300 });
    const ask = async (port: number, family: 4 | 6, seconds = 120) => {
      const mark = program.mark();
      const who = ["-a", lab.address("knocker", family), "-D", lab.address("server", family), "-f", `${seconds}`];
      await knock(lab, ["-A", `tcp/${port}`, ...who, ...keyArgs(keys)]);
      return await program.waitFor(/^(Added|Opened|Cannot open) .*tcp/, { since: mark });
    };
    for (const family of [4, 6] as const) {
      assert.equal(await probe("knocker", 8080, family), "filtered");
      assert.match(await ask(8080, family), /Added published rule to .*tcp\/8080/, program.output);
      assert.equal(await probe("knocker", 8080, family), "open", program.output);
      assert.equal(await probe("knocker", 8081, family), "filtered");
      assert.equal(await probe("stranger", 8080, family), "filtered");
      // Its own port leads nowhere, although the packets look the same behind the translation.
      assert.equal(await probe("knocker", 80, family), "filtered");
    }
    assert.match(await ask(8081, 4, 2), /Added published rule/);
    assert.ok(await lab.closes("knocker", lab.address("server"), 8081), "it closes when its time is over");
    const { stdout } = await lab.run("server", [...daemon.argv, "--fw-list"]);
    assert.match(stdout, guard === "nftables" ? /fwknop_forward4_published_to .*8080/ : /ctorigdstport 8080/);
    // Where nobody sends it on, it is no door.
    assert.match(await ask(8082, 4), /Opened .*tcp\/8082.*nothing .* sends it on/, program.output);
    await lab.must("server", ["nft", "delete", "table", "inet", "publisher"]);
    await program.waitFor(/tcp\/8080 is open in .*nothing .* sends it on/);
  });
}

for (const guard of ["nftables", "iptables"] as const satisfies readonly Guard[]) {
  labTest(
    `a door to this host is not called open where its packets are sent on, unless that is open too: ${guard}`,
    async () => {
      await using lab = await makeLab({ guard, extra: ["inside"] });
      await publish(lab);
      const ask = async (GUARD: "input" | "both", family: 4 | 6) => {
        const keys = newKeys();
        const access = [{ ...keys, GUARD, OPEN_PORTS: "tcp/8080", FW_ACCESS_TIMEOUT: 120 }];
        await using daemon = await startDaemon(lab, { access });
        const { program } = daemon;
        const atStart = program.output;
        const mark = program.mark();
        const who = ["-a", lab.address("knocker", family), "-D", lab.address("server", family)];
        await knock(lab, ["-A", "tcp/8080", ...who, ...keyArgs(keys)]);
        const line = await program.waitFor(/^(Added access|Opened|Cannot open) .*tcp/, { since: mark });
        const doctor = await lab.run("server", [...daemon.argv, "--doctor"]);
        const probe = await lab.probe("knocker", lab.address("server", family), 8080, { timeoutMs: 300 });
        return { line, probe, told: [atStart, doctor.stdout] };
      };
      for (const family of [4, 6] as const) {
        const to = family === 4 ? "10\\.78\\.0\\.2:80" : "\\[fd78::2\\]:80";
        const remedy = new RegExp(
          `write GUARD forward in the stanza, because inet publisher prerouting sends it on to ${to}`,
        );
        const shut = await ask("input", family);
        assert.equal(shut.probe, "filtered");
        assert.match(shut.line, /^Opened /);
        for (const text of [shut.line, ...shut.told]) assert.match(text, remedy);
        const open = await ask("both", family);
        assert.equal(open.probe, "open");
        assert.match(open.line, /^Added access rule/);
        for (const text of open.told) assert.doesNotMatch(text, remedy);
      }
    },
  );
}
