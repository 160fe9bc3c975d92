/** The network of a lab: its hosts, their addresses, and how it is built. */
import { runToEnd } from "./program.ts";

/** Hosts of a lab. */
export type HostName = "server" | "knocker" | "stranger" | "inside";

/** A host's place in the lab. */
export interface Host {
  readonly namespace: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Addresses of the hosts; the server's leg to `inside` is 10.78.0.1 and fd78::1. */
export const ADDRESSES: Readonly<Record<HostName, { readonly ipv4: string; readonly ipv6: string }>> = {
  server: { ipv4: "10.77.0.1", ipv6: "fd77::1" },
  knocker: { ipv4: "10.77.0.2", ipv6: "fd77::2" },
  stranger: { ipv4: "10.77.0.3", ipv6: "fd77::3" },
  inside: { ipv4: "10.78.0.2", ipv6: "fd78::2" },
};

/** The server's interface towards knocker and stranger, and the one towards the inside host. */
export const OUTER = "eth0", INNER = "eth1";

/** The namespace of the switch that all hosts but the inside one hang on. */
export function switchOf(prefix: string): string {
  return `${prefix}-switch`;
}

/** What has to be known of a lab to build its network. */
interface Wanted {
  readonly prefix: string;
  host(name: HostName): Host;
}

/** Makes the namespaces, the switch between them and their addresses, the server's way to the inside included. */
export async function buildNetwork(lab: Wanted, names: readonly HostName[]): Promise<void> {
  const wire = switchOf(lab.prefix);
  const commands = [...names.map((name) => `netns add ${lab.host(name).namespace}`), `netns add ${wire}`];
  const outside = names.filter((name) => name !== "inside");
  for (const name of outside) {
    commands.push(`link add to-${name} netns ${wire} type veth peer name ${OUTER} netns ${lab.host(name).namespace}`);
  }
  if (names.includes("inside")) {
    const [server, inside] = [lab.host("server").namespace, lab.host("inside").namespace];
    commands.push(`link add ${INNER} netns ${server} type veth peer name ${OUTER} netns ${inside}`);
  }
  await mustRun(["ip", "-batch", "-"], commands.join("\n"));
  await Promise.all([
    mustRun(
      ["ip", "-n", wire, "-batch", "-"],
      [
        "link add name wire type bridge stp_state 0 mcast_snooping 0",
        ...outside.map((name) => `link set to-${name} master wire up`),
        "link set wire up",
      ].join("\n"),
    ),
    ...names.map((name) =>
      mustRun(["ip", "netns", "exec", lab.host(name).namespace, "sh", "-e"], hostScript(name, names))
    ),
  ]);
}

/** Static addresses, no duplicate address detection, no rate limit on the refusals that probes look at. */
function hostScript(name: HostName, names: readonly HostName[]): string {
  const { ipv4, ipv6 } = ADDRESSES[name];
  const lines = [
    "set_to() { if [ -e /proc/sys/net/$1 ]; then echo $2 > /proc/sys/net/$1; fi; }",
    "set_to ipv4/icmp_ratelimit 0",
    "set_to ipv6/icmp/ratelimit 0",
    "set_to ipv6/conf/all/accept_ra 0",
    `set_to ipv6/conf/${OUTER}/accept_dad 0`,
    `set_to ipv6/conf/${OUTER}/addr_gen_mode 1`,
    // A veth pair comes up piecemeal: ask for neighbours often, not once a second.
    ...["ipv4", "ipv6"].flatMap((family) => [
      `set_to ${family}/neigh/${OUTER}/retrans_time_ms 20`,
      `set_to ${family}/neigh/${OUTER}/mcast_solicit 100`,
      // Asking again is no part of any test, and must not fall into one.
      `set_to ${family}/neigh/${OUTER}/base_reachable_time_ms 3600000`,
    ]),
    "ip link set lo up",
    `ip address add ${ipv4}/24 dev ${OUTER}`,
    `ip -6 address add ${ipv6}/64 dev ${OUTER} nodad`,
    `ip link set ${OUTER} up`,
  ];
  if (name === "server" && names.includes("inside")) {
    lines.push(
      `ip address add 10.78.0.1/24 dev ${INNER}`,
      `ip -6 address add fd78::1/64 dev ${INNER} nodad`,
      // By this a router asks for neighbours when it forwards what others sent.
      `ip -6 address add fe80::1/64 dev ${OUTER} nodad`,
      `ip link set ${INNER} up`,
      "set_to ipv4/ip_forward 1",
      "set_to ipv6/conf/all/forwarding 1",
    );
  }
  if (name === "inside") lines.push("ip route add default via 10.78.0.1", "ip -6 route add default via fd78::1");
  return lines.join("\n");
}

async function mustRun(argv: readonly string[], stdin: string): Promise<void> {
  const result = await runToEnd(argv, { stdin });
  if (result.code !== 0) throw new Error(`${argv.join(" ")} ended with ${result.code}: ${result.stderr}\n${stdin}`);
}
