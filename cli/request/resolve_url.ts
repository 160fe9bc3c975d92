/** Services that tell a caller its address: which are asked, and how their answers are read. Pure. */
import { type Ip, parseIp } from "../../lib/net/address.ts";
import { fail, ok, type Result } from "../../lib/result.ts";

/** Asked in this order over HTTPS. Each answers with nothing but the address. */
export const HTTPS_SERVICES: readonly string[] = [
  "https://www.cipherdyne.org/cgi-bin/myip",
  "https://api64.ipify.org/",
  "https://icanhazip.com/",
  "https://ifconfig.co/ip",
];

/** Asked over plain HTTP, where that was asked for. */
export const HTTP_SERVICES: readonly string[] = [
  "http://www.cipherdyne.org/cgi-bin/myip",
  "http://www.cipherdyne.com/cgi-bin/myip",
  "http://icanhazip.com/",
];

/** The whole body must be one address: anything else is the page of somebody who wants to be read by people. */
export function parseAddressBody(body: string): Result<Ip, string> {
  const ip = parseIp(body.trim());
  if (!ip.ok) return fail("the answer is no IP address (Warning: IP resolution URL)");
  return ip.value.bytes.every((byte) => byte === 0) ? fail("the answer names no host") : ok(ip.value);
}
