/** What tests of single packet filters ask of a rig beside the contract: one client, one TCP port. */
import type { Grant } from "../../daemon/firewall/firewall.ts";
import type { FirewallRig } from "./firewall_contract.ts";

/** A grant of that port to the knocker, by IPv4. */
export function grantOf(rig: FirewallRig, port: number, seconds = 60): Grant {
  const service = { proto: "tcp", port } as const;
  const source = rig.addresses.knocker[4];
  return { access: { slot: "input", source, destination: null, service }, expiresAt: rig.now() + seconds };
}

/** Whether the knocker gets to it. */
export function admits(rig: FirewallRig, port: number): Promise<boolean> {
  return rig.admits({ from: "knocker", family: 4, service: { proto: "tcp", port } });
}
