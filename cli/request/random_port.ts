/** Ports drawn by the client for `--rand-port` and `--nat-rand-port`. Pure: the digits are a parameter. */

/** Five digits of its own are drawn, never those of the packet's random value (facts/client 8). */
export const RANDOM_PORT_DIGITS = 5;

const FIRST_PORT = 10_000;
const PORTS = 55_535;

/** 10000 to 65534, as the C client draws them. */
export function randomPort(digits: string): number {
  return FIRST_PORT + Number(digits.slice(0, RANDOM_PORT_DIGITS)) % PORTS;
}
