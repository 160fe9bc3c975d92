/**
 * Every transport of both clients against both daemons, over both families: the grant opens for the one who asked and for
 * nobody else, or the place in this file says why it cannot.
 */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  C_DAEMON,
  C_PROGRAMS,
  cPcapBlocker,
  type Daemon,
  type DaemonOptions,
  type Guard,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_CLIENT,
  OUR_DAEMON,
  type ProgramUnderTest,
  startDaemon,
} from "../lab/mod.ts";

const PROXIES = new URL("./proxies.ts", import.meta.url).pathname;

const TRANSPORTS = ["udp", "tcp", "http", "udpraw", "tcpraw", "icmp"] as const;
const RAW = TRANSPORTS.filter((transport) => !["udp", "tcp", "http"].includes(transport));
const EVERY = TRANSPORTS.map((transport) => ["-P", transport]);

/** What a test needs in which the C daemon watches the wire. */
const C_WATCHES = { needs: C_PROGRAMS, blocker: cPcapBlocker };
/** The daemon watches the wire. */
const WATCHING = { PCAP_FILTER: "port 62201 or port 80 or icmp or icmp6", ENABLE_SPA_OVER_HTTP: "Y" };

/** A daemon, the keys for it, and the TCP ports of services that tcp and http need somebody to listen on. */
interface Place {
  readonly lab: Lab;
  readonly daemon: Daemon;
  readonly keys: readonly string[];
}

async function place(
  lab: Lab,
  guard: Guard,
  options: Omit<DaemonOptions, "access">,
): Promise<Place> {
  for (const port of [62201, 80]) {
    // A socket of IPv6 takes both families.
    lab.listen("server", port, { family: 6 });
    if (guard === "nftables") await lab.must("server", ["nft", `add rule inet guard input tcp dport ${port} accept`]);
    else await lab.must("server", ["iptables", "-A", "INPUT", "-p", "tcp", "--dport", `${port}`, "-j", "ACCEPT"]);
  }
  const keys = newKeys();
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 60 }];
  return { lab, daemon: await startDaemon(lab, { ...options, access }), keys: keyArgs(keys) };
}

/** Which client knocks over which family, and what one knock adds to the options. */
interface Knocks {
  readonly client?: ProgramUnderTest;
  readonly family?: 4 | 6;
  readonly firstPort: number;
}

/** Knocks once with each set of options, for a port of its own that must open for the knocker and not for a stranger. */
async function eachOpens(
  { lab, daemon, keys }: Place,
  sets: readonly (readonly string[])[],
  { client = OUR_CLIENT, family = 4, firstPort }: Knocks,
): Promise<void> {
  const server = lab.address("server", family);
  for (const [index, options] of sets.entries()) {
    const port = firstPort + index;
    const target = ["-a", lab.address("knocker", family), "-A", `tcp/${port}`, "-D", server];
    await knock(lab, [...target, ...keys, ...options], { program: client });
    const label = `${client.name} client: ${options.join(" ")} over IPv${family}\n${daemon.program.output}`;
    assert.ok(await lab.opens("knocker", server, port), label);
  }
  const ports = sets.map((_, index) => firstPort + index);
  const stranger = await Promise.all(ports.map((port) => lab.probe("stranger", server, port)));
  assert.deepEqual(stranger, ports.map(() => "filtered"));
}

const OWN_SETS = [
  ...EVERY,
  ...TRANSPORTS.map((transport) => ["-P", transport, "-S", "53000"]),
  ...RAW.map((transport) => ["-P", transport, "-Q", "192.0.2.99"]),
];

labTest("the C daemon opens for every transport of our client; it knows no IPv6", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const there = await place(lab, "iptables", { program: C_DAEMON, server: WATCHING });
  // Over IPv6 the C daemon sees nothing, whatever stands in the packet; what opens afterwards came over IPv4.
  const six = ["-D", lab.address("server", 6), "-a", lab.address("knocker"), "-A", "tcp/40999", ...there.keys];
  for (const options of EVERY.filter(([, transport]) => transport !== "tcp" && transport !== "http")) {
    await knock(lab, [...six, ...options]);
  }
  await eachOpens(there, OWN_SETS, { firstPort: 41_000 });
  assert.equal(await lab.probe("knocker", lab.address("server"), 40_999), "filtered");
}, C_WATCHES);

labTest("our daemon opens for every transport of our client over IPv4 and IPv6, from a zone too", async () => {
  await using lab = await makeLab();
  const there = await place(lab, "nftables", { program: OUR_DAEMON, server: WATCHING });
  await eachOpens(there, OWN_SETS, { firstPort: 41_000 });
  const spoofed = RAW.map((transport) => ["-P", transport, "-Q", "2001:db8::99"]);
  await eachOpens(there, [...EVERY, ...spoofed], { firstPort: 42_000, family: 6 });
  for (const [host, address] of [["server", "fe80::1"], ["knocker", "fe80::2"]] as const) {
    await lab.must(host, ["ip", "-6", "address", "add", `${address}/64`, "dev", "eth0", "nodad"]);
  }
  const zone = ["-D", "fe80::1%eth0"];
  await eachOpens(there, EVERY.map((options) => [...options, ...zone]), { firstPort: 43_000, family: 6 });
});

labTest("our daemon opens for every transport of the C client, which knows IPv4", async () => {
  await using lab = await makeLab();
  const there = await place(lab, "nftables", { program: OUR_DAEMON, server: WATCHING });
  await eachOpens(there, OWN_SETS, { firstPort: 41_000, client: C_CLIENT });
}, { needs: C_PROGRAMS });

labTest("our daemon opens both families for -s --both", async () => {
  await using lab = await makeLab();
  const { keys, daemon } = await place(lab, "nftables", { program: OUR_DAEMON, server: WATCHING });
  const hosts = `${lab.dir}/hosts`;
  Deno.writeTextFileSync(hosts, `${lab.address("server")} gw.test\n${lab.address("server", 6)} gw.test\n`);
  const mounted = ["unshare", "-m", "sh", "-c", `mount --bind ${hosts} /etc/hosts && exec "$@"`, "sh"];
  const program: ProgramUnderTest = { name: "ours", argv: [...mounted, ...OUR_CLIENT.argv] };
  await knock(lab, ["-s", "--both", "-A", "tcp/41000", "-D", "gw.test", ...keys], { program });
  for (const family of [4, 6] as const) {
    const server = lab.address("server", family);
    assert.ok(await lab.opens("knocker", server, 41_000), `IPv${family}\n${daemon.program.output}`);
    assert.equal(await lab.probe("stranger", server, 41_000), "filtered");
  }
});

for (const [program, guard] of [[C_DAEMON, "iptables"], [OUR_DAEMON, "nftables"]] as const) {
  const name = program.name === "c" ? "the C daemon" : "our daemon";
  const needs = program.name === "c" ? { needs: C_PROGRAMS } : {};
  const watches = program.name === "c" ? C_WATCHES : needs;

  labTest(`${name} opens for what comes through an HTTP proxy and through a SOCKS5 proxy`, async () => {
    await using lab = await makeLab({ guard });
    const there = await place(lab, guard, { program, server: WATCHING });
    const proxies = lab.spawn("stranger", [Deno.execPath(), "run", "--allow-net", PROXIES]);
    await proxies.waitFor(/ready/);
    const through = lab.address("stranger");
    const sets = [["-H", `http://${through}:3128`], ["-H", through, "-p", "3128"], ["--socks5", `${through}:1080`]];
    await eachOpens(there, sets, { firstPort: 41_000 });
    const ofBoth = sets.filter(([option]) => option === "-H");
    if (program.name === "ours") await eachOpens(there, ofBoth, { firstPort: 42_000, client: C_CLIENT });
  }, { ...watches, needs: C_PROGRAMS });

  labTest(`${name} as a UDP server opens for udp and udpraw; the others come over no UDP socket`, async () => {
    await using lab = await makeLab({ guard, udpPorts: [62201] });
    const there = await place(lab, guard, { program, server: { ENABLE_UDP_SERVER: "Y" } });
    const sets = [["-P", "udp"], ["-P", "udpraw"], ["-P", "udpraw", "-Q", "0.0.0.0"]];
    await eachOpens(there, sets, { firstPort: 41_000 });
    if (program.name === "ours") await eachOpens(there, sets.slice(0, 2), { firstPort: 42_000, family: 6 });
  }, needs);

  labTest(`${name} opens for -r where its filter lets every port through`, async () => {
    await using lab = await makeLab({ guard });
    const there = await place(lab, guard, { program, server: { PCAP_FILTER: "udp or tcp" } });
    const sets = ["udp", "udpraw", "tcpraw"].map((transport) => ["-P", transport, "-r"]);
    await eachOpens(there, sets, { firstPort: 41_000 });
    if (program.name === "ours") await eachOpens(there, sets, { firstPort: 42_000, client: C_CLIENT });
  }, { ...watches, needs: C_PROGRAMS });

  labTest(`${name} opens for http only where that was switched on`, async () => {
    await using lab = await makeLab({ guard });
    const server = { ...WATCHING, ENABLE_SPA_OVER_HTTP: "N" };
    const there = await place(lab, guard, { program, server });
    const target = ["-a", lab.address("knocker"), "-D", lab.address("server"), ...there.keys];
    await knock(lab, [...target, "-A", "tcp/41000", "-P", "http"]);
    // Packets of one sender keep their order.
    await eachOpens(there, [["-P", "tcp"]], { firstPort: 41_001 });
    assert.equal(await lab.probe("knocker", lab.address("server"), 41_000), "filtered");
  }, watches);
}

labTest("the TCP server of either daemon takes tcp", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  await lab.must("server", ["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "62201", "-j", "ACCEPT"]);
  const keys = newKeys();
  const server = { ENABLE_TCP_SERVER: "Y", PCAP_FILTER: "port 62201" };
  for (const program of [C_DAEMON, OUR_DAEMON]) {
    const daemon = await startDaemon(lab, { program, server, access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }] });
    await eachOpens({ lab, daemon, keys: keyArgs(keys) }, [["-P", "tcp"]], {
      firstPort: program === C_DAEMON ? 41_000 : 41_100,
    });
    await daemon.stop();
  }
}, C_WATCHES);

/** How often the kernel of a host threw something away because of its checksum. */
async function badChecksums(lab: Lab): Promise<Readonly<Record<string, number>>> {
  const four = (await lab.must("server", ["cat", "/proc/net/snmp"])).split("\n");
  const counts: Record<string, number> = {};
  for (const [index, names] of four.entries()) {
    const position = names.split(" ").indexOf("InCsumErrors");
    // The line of values follows the line of names.
    if (position > 0) counts[names.split(":")[0]!] = Number(four[index + 1]!.split(" ")[position]);
  }
  const six = await lab.must("server", ["cat", "/proc/net/snmp6"]);
  for (const [, name, value] of six.matchAll(/^(\w+)InCsumErrors\s+(\d+)/gm)) counts[name!] = Number(value);
  return counts;
}

labTest("the kernel of the server finds every checksum of our raw packets right", async () => {
  await using lab = await makeLab({ extra: [], guard: "none" });
  lab.listen("server", 62201, { family: 6, transport: "udp" });
  const before = await badChecksums(lab);
  assert.deepEqual(Object.keys(before).sort(), ["Icmp", "Icmp6", "Tcp", "Udp", "Udp6", "UdpLite", "UdpLite6"]);
  const common = ["-A", "tcp/22", "-a", "192.0.2.1", "--key-rijndael", "k"];
  for (const family of [4, 6] as const) {
    // An odd and an even number of bytes.
    for (const user of ["bob", "alice", "mallory"]) {
      for (const transport of [...RAW.map((name) => [name]), ["icmp", "--icmp-type", "8"]]) {
        const target = ["-D", lab.address("server", family), "-U", user];
        await knock(lab, [...common, ...target, "-P", ...transport]);
      }
    }
  }
  assert.deepEqual(await badChecksums(lab), before);
  // What the C client sends without a checksum is counted, so the count means something.
  await knock(lab, [...common, "-D", lab.address("server"), "-P", "tcpraw"], { program: C_CLIENT });
  assert.equal((await badChecksums(lab))["Tcp"], before["Tcp"]! + 1);
}, { needs: C_PROGRAMS });
