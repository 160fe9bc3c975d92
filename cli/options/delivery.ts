/** Options and directives that say where the packet goes and how it travels. */
import { integer } from "../../lib/settings/kinds.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import { httpProxy, server, userAgent } from "./host_kinds.ts";
import { address, bounded, hostPort, protocol, yesNo } from "./kinds.ts";

const WHERE = "Where the packet goes";

/** Rows of facts/client 2 and facts/client 3: server, transport, HTTP. */
export const DELIVERY_OPTIONS = {
  server: {
    kind: server,
    option: { short: "D", long: ["destination"], argument: "required" },
    directive: ["SPA_SERVER"],
    group: WHERE,
    doc: "the server: a host name or an address",
    detail:
      "Several, separated by commas after -D, are each sent a packet of their own, with the stanza of their name or with their SPA_SERVER, unless -n names one for all. When one fails the others are still sent, and the exit status is 1. SPA_SERVER names one. A name with other letters than a to z is written in its ASCII form (xn--…), an address of one link with its interface: fe80::1%eth0.",
  },
  serverPort: {
    kind: integer(0, 65_535, "PORT"),
    option: { short: "p", long: ["server-port"], argument: "required" },
    directive: ["SPA_SERVER_PORT"],
    fallback: 62_201,
    group: WHERE,
    doc: "port of the server",
  },
  serverProto: {
    kind: protocol,
    option: { short: "P", long: ["server-proto"], argument: "required" },
    directive: ["SPA_SERVER_PROTO"],
    fallback: "udp",
    group: WHERE,
    doc: "udp, tcp, http, udpraw, tcpraw or icmp",
  },
  ipv4: {
    kind: yesNo,
    option: { short: "4", argument: "none" },
    fallback: false,
    group: WHERE,
    doc: "use IPv4 where a name has both (the default)",
  },
  ipv6: {
    kind: yesNo,
    option: { short: "6", argument: "none" },
    fallback: false,
    group: WHERE,
    doc: "use IPv6 where a name has both",
  },
  both: {
    kind: yesNo,
    option: { exact: ["both"], argument: "none" },
    fallback: false,
    group: WHERE,
    doc: "with -s: knock over IPv4 and over IPv6",
  },
  serverResolveIpv4: {
    kind: yesNo,
    option: { long: ["server-resolve-ipv4"], argument: "none" },
    directive: ["SERVER_RESOLVE_IPV4"],
    fallback: false,
    group: WHERE,
    doc: "use IPv4 addresses of the server only",
  },
  sourcePort: {
    kind: integer(0, 65_535, "PORT"),
    option: { short: "S", long: ["source-port"], argument: "required" },
    directive: ["SPA_SOURCE_PORT"],
    fallback: 0,
    group: WHERE,
    doc: "port the packet leaves from",
  },
  spoofSource: {
    kind: address("Invalid spoof IP"),
    option: { short: "Q", long: ["spoof-source", "spoof-src"], argument: "required" },
    directive: ["SPOOF_SOURCE_IP"],
    group: WHERE,
    doc: "source address of the packet (udpraw, tcpraw, icmp)",
  },
  randPort: {
    kind: yesNo,
    option: { short: "r", long: ["rand-port"], argument: "none" },
    directive: ["RAND_PORT"],
    fallback: false,
    group: WHERE,
    doc: "send to a random port",
    detail: "The server's capture filter must let every port through.",
  },
  httpProxy: {
    kind: httpProxy,
    option: { short: "H", long: ["http-proxy"], argument: "required" },
    group: WHERE,
    doc: "send over HTTP through this proxy",
  },
  socks5: {
    kind: hostPort,
    option: { exact: ["socks5"], argument: "required" },
    group: WHERE,
    doc: "send over TCP through this SOCKS5 proxy, such as Tor at 127.0.0.1:9050",
    detail: "Implies -P tcp. The proxy resolves the name of the server.",
  },
  userAgent: {
    kind: userAgent,
    option: { short: "u", long: ["user-agent"], argument: "required" },
    directive: ["HTTP_USER_AGENT"],
    group: WHERE,
    doc: "User-Agent of HTTP requests",
    detail: "Servers take HTTP packets only from agents that begin with Fwknop, unless told otherwise.",
  },
  icmpType: {
    kind: bounded([0, 40], "Invalid icmp type: must be in", "N"),
    option: { long: ["icmp-type"], argument: "required" },
    fallback: 0,
    group: WHERE,
    doc: "ICMP type (icmp)",
  },
  icmpCode: {
    kind: bounded([0, 15], "Invalid icmp code: must be in", "N"),
    option: { long: ["icmp-code"], argument: "required" },
    fallback: 0,
    group: WHERE,
    doc: "ICMP code (icmp)",
  },
} as const satisfies SettingTable;
