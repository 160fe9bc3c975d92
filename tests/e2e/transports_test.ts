/** Packets that do not come over UDP: what the clients can send, through a daemon that captures. */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  keyArgs,
  knock,
  labTest,
  makeLab,
  newKeys,
  OUR_CLIENT,
  OUR_DAEMON,
  writeAccess,
  writeServerConfig,
} from "../lab/mod.ts";
import { knockArgs, setScene } from "./scene.ts";

const PORT = 62201;

labTest("packets over TCP open where a TCP server takes their connections, from both clients", async () => {
  await using lab = await makeLab();
  await lab.must("server", ["nft", `insert rule inet guard input tcp dport ${PORT} accept`]);
  const scene = await setScene(lab, {
    server: { ENABLE_TCP_SERVER: "Y", PCAP_FILTER: `port ${PORT}` },
    args: ["-v"],
  });
  const { program } = scene.daemon;
  assert.equal(program.count(/Kicking off TCP server to listen on port 62201\./), 1);
  assert.equal(program.count(/ENABLE_TCP_SERVER: PCAP_FILTER/), 0);
  const connection = /tcp_server: Got TCP connection from/;
  let port = 30_000;
  for (const [client, family] of [[OUR_CLIENT, 4], [C_CLIENT, 4], [OUR_CLIENT, 6]] as const) {
    const since = program.mark();
    await knock(lab, [...knockArgs(lab, ++port, family), ...keyArgs(scene.keys), "-P", "tcp"], { program: client });
    assert.ok(await lab.opens("knocker", lab.address("server", family), port), `${client.name}\n${program.output}`);
    // The capture and the server are two sources: the door may be open before the connection is told of.
    await program.waitFor(connection, { since });
  }
  assert.equal(program.count(connection), 3);
});

labTest("ICMP, raw TCP and raw UDP payloads open where the filter lets them in, from both clients", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { server: { PCAP_FILTER: `icmp or icmp6 or port ${PORT}` } });
  let port = 31_000;
  for (const client of [OUR_CLIENT, C_CLIENT]) {
    for (const kind of ["icmp", "tcpraw", "udpraw"]) {
      const spoof = client === C_CLIENT ? ["-Q", lab.address("knocker")] : [];
      await knock(lab, [...knockArgs(lab, ++port), ...keyArgs(scene.keys), "-P", kind, ...spoof], { program: client });
      assert.ok(
        await lab.opens("knocker", scene.server, port),
        `${client.name} ${kind}\n${scene.daemon.program.output}`,
      );
    }
  }
  for (const kind of ["icmp", "tcpraw", "udpraw"]) {
    await knock(lab, [...knockArgs(lab, ++port, 6), ...keyArgs(scene.keys), "-P", kind]);
    assert.ok(
      await lab.opens("knocker", lab.address("server", 6), port),
      `${kind} over IPv6\n${scene.daemon.program.output}`,
    );
  }
});

labTest("a filter that shuts the TCP server out is named at start, and a port that is taken ends it", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { server: { ENABLE_TCP_SERVER: "Y" } });
  assert.equal(scene.daemon.program.count(/PCAP_FILTER 'udp port 62201' lets no packet to TCP port 62201 in/), 1);
  lab.listen("server", 62202, { family: 6 });
  const files = `${lab.dir}/second`;
  await Deno.mkdir(files);
  const config = await writeServerConfig(files, { PCAP_INTF: "eth0", ENABLE_TCP_SERVER: "Y", TCPSERV_PORT: 62202 });
  const access = await writeAccess(files, [{ ...newKeys() }]);
  const { code, stderr } = await lab.run("server", [...OUR_DAEMON.argv, "-f", "-c", config, "-a", access]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot listen on TCP port 62202: .* \(run_tcp_server: bind\(\) failed\)/);
});

labTest("a capture file that another program writes is read as it grows, and so is the next one", async () => {
  await using lab = await makeLab();
  const file = `${lab.dir}/packets.pcap`;
  const logger = () => {
    const argv = ["tcpdump", "-i", "eth0", "-U", "-Z", "root", "-w", file, `udp port ${PORT}`];
    const program = lab.spawn("server", argv);
    return program.waitFor(/listening on eth0/).then(() => program);
  };
  const first = await logger();
  const scene = await setScene(lab, { server: { PCAP_FILE: file, ENABLE_SPA_PACKET_AGING: "Y" } });
  const { program } = scene.daemon;
  await scene.knock(32_001);
  assert.ok(await lab.opens("knocker", scene.server, 32_001), program.output);
  await first.stop();
  await Deno.rename(file, `${file}.1`);
  await logger();
  await scene.knock(32_002);
  assert.ok(await lab.opens("knocker", scene.server, 32_002), program.output);
});
