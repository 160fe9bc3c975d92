/** A server that others' rules send packets on from, to another port of its own and to a host inside. */
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import { address } from "../../../contract/addresses.ts";
import { type Lab, makeLab } from "../../../lab/mod.ts";

let shared: Promise<Lab> | undefined;

/** The inside host serves ports 22 and 80, the server 22, 8080 and no other. */
async function makeHosts(): Promise<Lab> {
  const lab = await makeLab({ guard: "none", extra: ["inside"] });
  const script = "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding";
  await lab.must("server", ["sh", "-ec", `${script}; ip link add docker0 type bridge; ip link set docker0 up`]);
  for (const port of [22, 80]) lab.listen("inside", port, { family: 6 });
  for (const port of [22, 8080]) lab.listen("server", port, { family: 6 });
  return lab;
}

/** What is loaded, and for what a grant is open. */
export interface Scene {
  readonly script?: string;
  readonly commands?: readonly string[];
  readonly family?: 4 | 6;
  /** The grant is for the server's address. */
  readonly addressed?: true;
}

/** A table that translates. */
export const nat = (rules: string, { table = "ip n", priority = "-100", others = "" } = {}) =>
  `table ${table} {\n${others}\nchain p {\ntype nat hook prerouting priority ${priority};\n${rules}\n}\n}\n`;
/** A table that drops, with a chain of ours in which tcp/22 is open. */
export const guard = (hook: string, rules: string, policy = "drop") =>
  `table inet t {\nchain fwknop_input {\ntcp dport 22 accept\n}\nchain base {\n` +
  `type filter hook ${hook} priority 0; policy ${policy};\nct state established accept\n` +
  `meta l4proto ipv6-icmp accept\n${rules}\n}\n}\n`;
/** Sends tcp/22 on to the host inside. */
export const INSIDE = "tcp dport 22 dnat to 10.78.0.2:80";

/** Loads it on the server. */
export async function load({ script = "", commands = [] }: Scene): Promise<Lab> {
  const lab = await (shared ??= makeHosts());
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${script}` });
  for (const command of commands) await lab.must("server", command.split(" "));
  return lab;
}

/** A grant of tcp/22. */
export function accessOf({ family = 4, addressed }: Scene, lab: Lab): Extract<Access, { readonly slot: "input" }> {
  return {
    slot: "input",
    source: address(lab.address("knocker", family)),
    destination: addressed ? address(lab.address("server", family)) : null,
    service: { proto: "tcp", port: 22 },
  };
}
