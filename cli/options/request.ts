/** Options and directives that say what is asked for and for whom. */
import { integer, text } from "../../lib/settings/kinds.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import { serviceUrl } from "./host_kinds.ts";
import { allow, bounded, timeOffset, yesNo } from "./kinds.ts";
import { access } from "./access_kind.ts";
import { natDestination } from "./nat_kind.ts";

/** Heading in help and docs. */
const WHAT = "What to open";
const WHO = "Who is let in";

/** Rows of facts/client 2 and facts/client 3: request, allowed address, NAT. */
export const REQUEST_OPTIONS = {
  access: {
    kind: access,
    option: { short: "A", long: ["access"], argument: "required" },
    directive: ["ACCESS"],
    group: WHAT,
    doc: "ports to open, such as tcp/22 or tcp/80,udp/53",
  },
  serverCmd: {
    kind: text({ valueName: "COMMAND" }),
    option: { short: "C", long: ["server-cmd"], argument: "required" },
    group: WHAT,
    doc: "command that the server runs, instead of opening ports",
    detail: "The server must allow it. The command replaces --access and takes the address of -a, -s or -R.",
  },
  fwTimeout: {
    kind: bounded([0, 65_536], "--fw-timeout must be within", "SECONDS"),
    option: { short: "f", long: ["fw-timeout"], argument: "required" },
    directive: ["FW_TIMEOUT"],
    group: WHAT,
    doc: "how long the door is asked to stay open",
    detail: "0 leaves the time to the server. Servers refuse more than 65536 seconds.",
  },
  natAccess: {
    kind: natDestination,
    option: { short: "N", long: ["nat-access"], argument: "required" },
    directive: ["NAT_ACCESS"],
    group: WHAT,
    doc: "reach this internal host through the server",
    detail: "The port defaults to that of --access. HOST,PORT is the same; IPv6 addresses stand in brackets.",
  },
  natLocal: {
    kind: yesNo,
    option: { long: ["nat-local"], argument: "none" },
    directive: ["NAT_LOCAL"],
    fallback: false,
    group: WHAT,
    doc: "reach a service of the server itself through another port",
  },
  natPort: {
    kind: integer(0, 65_535, "PORT"),
    option: { long: ["nat-port"], argument: "required" },
    directive: ["NAT_PORT"],
    fallback: 0,
    group: WHAT,
    doc: "port of the server that is forwarded, instead of the one of --access",
  },
  natRandPort: {
    kind: yesNo,
    option: { long: ["nat-rand-port"], argument: "none" },
    directive: ["NAT_RAND_PORT"],
    fallback: false,
    group: WHAT,
    doc: "the same with a random port, which is printed",
  },
  spoofUser: {
    kind: text({ maxLength: 48, valueName: "NAME" }),
    option: { short: "U", long: ["spoof-user"], argument: "required" },
    directive: ["SPOOF_USER"],
    group: WHAT,
    doc: "user name in the packet, instead of the one logged in",
  },
  timeOffset: {
    kind: timeOffset({ signed: true }),
    directive: ["TIME_OFFSET"],
    group: WHAT,
    doc: "seconds added to the time stamp; a leading minus subtracts",
  },
  timeOffsetPlus: {
    kind: timeOffset({ signed: false }),
    option: { long: ["time-offset-plus"], argument: "required" },
    group: WHAT,
    doc: "add to the time stamp: seconds, or 2m, 3h, 1h30m, 1d",
  },
  timeOffsetMinus: {
    kind: timeOffset({ signed: false }),
    option: { long: ["time-offset-minus"], argument: "required" },
    group: WHAT,
    doc: "subtract from the time stamp",
  },
  allowIp: {
    kind: allow,
    option: { short: "a", long: ["allow-ip"], argument: "required" },
    directive: ["ALLOW_IP"],
    group: WHO,
    doc: "address or host name that is let in",
    detail: "In a stanza also source (as -s) and resolve (as -R).",
  },
  sourceIp: {
    kind: yesNo,
    option: { short: "s", long: ["source-ip"], argument: "none" },
    fallback: false,
    group: WHO,
    doc: "whatever address the packet arrives from",
    detail: "Anybody who can change packets on the way chooses who is let in; the server may refuse it. Use -a or -R.",
  },
  resolveIp: {
    kind: yesNo,
    option: { short: "R", long: ["resolve-ip-https", "resolve-ip-http"], argument: "none" },
    directive: ["RESOLVE_IP_HTTPS", "RESOLVE_IP_HTTP"],
    fallback: false,
    group: WHO,
    doc: "the address under which the Internet sees this machine, asked over HTTPS",
  },
  resolveHttpOnly: {
    kind: yesNo,
    option: { long: ["resolve-http-only"], argument: "none" },
    directive: ["RESOLVE_HTTP_ONLY"],
    fallback: false,
    group: WHO,
    doc: "the same over plain HTTP, which others can falsify",
  },
  resolveUrl: {
    kind: serviceUrl,
    option: { long: ["resolve-url"], argument: "required" },
    directive: ["RESOLVE_URL"],
    group: WHO,
    doc: "service to ask for the own address",
  },
  wgetCmd: {
    kind: text({ valueName: "COMMAND" }),
    option: { short: "w", long: ["wget-cmd"], argument: "required" },
    directive: ["WGET_CMD"],
    group: WHO,
    doc: "ask with this wget instead of the built-in HTTPS",
  },
  useWgetUserAgent: {
    kind: yesNo,
    option: { long: ["use-wget-user-agent"], argument: "none" },
    directive: ["USE_WGET_USER_AGENT"],
    fallback: false,
    group: WHO,
    doc: "let wget name itself",
  },
} as const satisfies SettingTable;
