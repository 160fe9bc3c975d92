import type { Target } from "../../../cli/send/sender.ts";

/** A target on loopback with the client's defaults, changed as the test needs. */
export function targetOf(changes: Partial<Target>): Target {
  return {
    host: "127.0.0.1",
    port: 62201,
    sourcePort: null,
    family: null,
    spoofSource: null,
    icmpType: 0,
    icmpCode: 0,
    httpProxy: null,
    userAgent: "Fwknop/2.6.11",
    socks5: null,
    ...changes,
  };
}
