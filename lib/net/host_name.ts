/** Names of hosts as text: what may stand where one is named. See facts/client 7. Pure: nothing is looked up. */
import { parseIp, parseIpv6 } from "./address.ts";

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** With the trailing dot, if there is one. */
const MAX_HOST_NAME = 254;

/**
 * Whether the text is a host name: labels of letters, digits, hyphens and underscores (which private zones do use), each 1
 * to 63 characters, not starting with a hyphen or underscore nor ending with a hyphen; one trailing dot is allowed. A name
 * whose last label is all digits is refused: it is meant as an address, and `999.1.2.3` is none.
 */
export function isHostName(text: string): boolean {
  if (text.length === 0 || text.length > MAX_HOST_NAME) return false;
  const labels = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  return labels.every((label) => LABEL.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? "");
}

/** An interface behind the address of a link, or its number: nothing that a shell or ssh_config could read otherwise. */
const ZONE = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/;

/**
 * Whether the text names a host to connect to, and can mean nothing else to whoever reads it next (a shell, ssh_config, a
 * line of HTTP): a name as above, also one like `_gateway` of systemd; an address, IPv6 without brackets and with its zone
 * where it needs one; IPv4 also with fewer numbers, as getaddrinfo(3) reads `127.1`. Names with other letters than those of
 * ASCII have an ASCII form (`xn--…`), which is the one that resolvers know.
 */
export function isHost(text: string): boolean {
  const percent = text.indexOf("%");
  if (percent >= 0) return ZONE.test(text.slice(percent + 1)) && isLinkAddress(text.slice(0, percent));
  return parseIp(text).ok || isHostName(text.replace(/(^|\.)_+/g, "$1a")) || isShortIpv4(text);
}

/** A host without the brackets that people write around an IPv6 address in URLs. */
export function stripBrackets(host: string): string {
  return /^\[.*\]$/.test(host) ? host.slice(1, -1) : host;
}

/** An IPv6 address that is not one of IPv4 in disguise: only those have zones. */
function isLinkAddress(text: string): boolean {
  const ip = parseIpv6(text);
  return ip.ok && ip.value.family === 6;
}

/** One to three numbers, of which the last fills the bytes that are left (inet_aton), without leading zeros. */
function isShortIpv4(text: string): boolean {
  const numbers = text.split(".");
  if (numbers.length > 3 || !numbers.every((number) => /^(?:0|[1-9][0-9]{0,9})$/.test(number))) return false;
  const last = Number(numbers.pop());
  return numbers.every((number) => Number(number) <= 255) && last < 256 ** (4 - numbers.length);
}
