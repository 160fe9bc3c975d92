/** Host names as NAT targets and `-N` take them. Facts: wire-and-client B.7. Pure: nothing is looked up. */

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
