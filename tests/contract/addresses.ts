/** Addresses for tests: a literal that is none is a mistake of the test. */
import { type Ip, parseIp } from "../../lib/net/address.ts";

/** One address of either family. */
export function address(text: string): Ip {
  const ip = parseIp(text);
  if (!ip.ok) throw new Error(`"${text}" is no address`);
  return ip.value;
}

/** An address of each family. */
export function addressPair(ipv4: string, ipv6: string): { readonly 4: Ip; readonly 6: Ip } {
  return { 4: address(ipv4), 6: address(ipv6) };
}
