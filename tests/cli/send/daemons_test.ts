/** Every transport of our client, against the C daemon and ours: the door opens for what was sent. */
import assert from "node:assert/strict";
import {
  C_DAEMON,
  C_PROGRAMS,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  startDaemon,
} from "../../lab/mod.ts";

const TRANSPORTS = ["udp", "tcp", "http", "udpraw", "tcpraw", "icmp"] as const;
const RAW = TRANSPORTS.filter((transport) => !["udp", "tcp", "http"].includes(transport));

/** A web server or whatever: something must take TCP connections on the port for tcp and http. */
async function letTcpIn(lab: Lab, guard: "nftables" | "iptables"): Promise<void> {
  // A socket of IPv6 takes both families.
  lab.listen("server", 62201, { family: 6 });
  if (guard === "nftables") await lab.must("server", ["nft", "add rule inet guard input tcp dport 62201 accept"]);
  else await lab.must("server", ["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "62201", "-j", "ACCEPT"]);
}

async function startListening(lab: Lab, program: ProgramUnderTest, keys: ReturnType<typeof newKeys>) {
  return await startDaemon(lab, {
    program,
    server: { PCAP_FILTER: "port 62201 or icmp or icmp6", ENABLE_SPA_OVER_HTTP: "Y" },
    access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }],
  });
}

for (const [program, guard] of [[C_DAEMON, "iptables"], [OUR_DAEMON, "nftables"]] as const) {
  labTest(
    `every transport of our client opens on the ${program.name === "c" ? "C daemon" : "daemon of ours"}`,
    async () => {
      await using lab = await makeLab({ guard });
      await letTcpIn(lab, guard);
      const keys = newKeys();
      const daemon = await startListening(lab, program, keys);
      const server = lab.address("server");
      const target = ["-a", lab.address("knocker"), "-D", server, ...keyArgs(keys)];
      const wanted = [
        ...TRANSPORTS.map((transport) => ({ transport, more: [] })),
        ...TRANSPORTS.map((transport) => ({ transport, more: ["-S", "53000"] })),
        ...RAW.map((transport) => ({ transport, more: ["-Q", "192.0.2.99"] })),
      ];
      for (const [index, { transport, more }] of wanted.entries()) {
        const port = 41_000 + index;
        await knock(lab, ["-A", `tcp/${port}`, "-P", transport, ...more, ...target]);
        const label = `${transport} ${more.join(" ")}\n${daemon.program.output}`;
        assert.ok(await lab.opens("knocker", server, port), label);
        assert.equal(await lab.probe("stranger", server, port), "filtered", label);
      }
    },
    program.name === "c" ? { needs: C_PROGRAMS } : {},
  );
}

labTest("every transport of our client opens on the daemon of ours over IPv6", async () => {
  await using lab = await makeLab();
  await letTcpIn(lab, "nftables");
  const keys = newKeys();
  const daemon = await startListening(lab, OUR_DAEMON, keys);
  const server = lab.address("server", 6);
  const target = ["-a", lab.address("knocker", 6), "-D", server, ...keyArgs(keys)];
  for (const [index, transport] of TRANSPORTS.entries()) {
    const port = 42_000 + index;
    await knock(lab, ["-A", `tcp/${port}`, "-P", transport, ...target]);
    assert.ok(await lab.opens("knocker", server, port), `${transport}\n${daemon.program.output}`);
  }
});
