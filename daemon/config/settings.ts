/**
 * Every variable of fwknopd.conf, one row each, in the order of the `-D` dump (facts/configuration 3,
 * facts/configuration 4), with the option of the command line that says the same. What only one packet filter
 * has is in its own folder and put in at its place. Variables that only other builds of the C daemon know stand at the end.
 */
import { addressList, chainName, ignored, interfaceList, plainYesNo, serverPort } from "./kinds.ts";
import { choice, integer, path, refusing, seconds, text, yesNo, yesUnlessNo } from "../../lib/settings/kinds.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import { AUTO_DETAIL, BACKENDS, keysOutsideC, withBackendRows } from "../firewall/backends.ts";
import { chainSpec } from "../firewall/chain_text.ts";
import { SYSLOG_FACILITIES } from "./facilities.ts";
import { MAIL_SETTINGS } from "./mail_settings.ts";

const FACILITY_NAMES = Object.keys(SYSLOG_FACILITIES) as (keyof typeof SYSLOG_FACILITIES)[];

const GENERAL = {
  configFile: {
    kind: path(),
    option: { short: "c", long: ["config-file"], argument: "required" },
    directive: ["CONFIG_FILE"],
    fallback: "/etc/fwknop/fwknopd.conf",
    group: "files",
    doc: "main configuration file",
    detail: "In the file itself the variable has no effect.",
  },
  overrideConfig: {
    kind: text({ valueName: "FILE[,FILE...]", mayHoldHash: true, bare: true }),
    option: { short: "O", long: ["override-config"], argument: "required" },
    directive: ["OVERRIDE_CONFIG"],
    group: "files",
    doc: "further configuration files; what they say wins",
  },
  strict: {
    kind: plainYesNo,
    directive: ["STRICT"],
    fallback: true,
    group: "files",
    doc: "refuse unknown names, words behind a value and numbers that are out of range, in access.conf too",
    detail:
      "With N they are read as the C daemon reads them, with a warning each: a line of an unknown name does not count, of " +
      "60abc the number 60 does, and a word that is neither yes nor no means N. So what limits somebody can be lost. What " +
      "the C daemon refuses is refused either way.",
  },
  captureInterface: {
    kind: interfaceList,
    option: { short: "i", long: ["interface"], argument: "required" },
    directive: ["PCAP_INTF"],
    fallback: ["eth0"],
    group: "capture",
    doc: "network interfaces on which to look for SPA packets",
    detail: "any looks at all of them. Each stands for itself: what happens to one stops no packet of another.",
  },
  captureFile: {
    kind: path(),
    option: { long: ["pcap-file"], argument: "required" },
    directive: ["PCAP_FILE"],
    group: "capture",
    doc: "read packets from a capture file instead of an interface",
    detail:
      "The file may grow: what another program appends is read, and so is a file that takes its place. The age of packets " +
      "is not checked unless ENABLE_SPA_PACKET_AGING says so.",
  },
  captureFileFrom: {
    kind: choice(["begin", "end"], "PLACE"),
    directive: ["PCAP_FILE_FROM"],
    fallback: "begin",
    group: "capture",
    doc: "read PCAP_FILE from its begin, or only what is written from the start of the daemon on: begin or end",
  },
  promiscuous: {
    kind: yesNo,
    directive: ["ENABLE_PCAP_PROMISC"],
    fallback: false,
    group: "capture",
    doc: "also see packets that are addressed to other hosts",
  },
  captureFilter: {
    // libpcap needs minutes and gigabytes to compile one of a hundred thousand characters.
    kind: text({ empty: true, maxLength: 4096, valueName: "EXPRESSION", bare: true }),
    option: { short: "P", long: ["pcap-filter"], argument: "required" },
    directive: ["PCAP_FILTER"],
    fallback: "udp port 62201",
    group: "capture",
    doc: "pcap-filter(7) expression that candidate packets must match",
    detail:
      "It is also the only check of the destination port. An empty expression (command line only) lets everything through.",
  },
  dispatchCount: {
    kind: integer(1, 8_388_608, "COUNT"),
    directive: ["PCAP_DISPATCH_COUNT"],
    fallback: 100,
    group: "capture",
    doc: "packets that are taken from the capture at one go, and up to four times as many while more wait",
  },
  loopSleep: {
    kind: integer(1, 8_388_608, "MICROSECONDS"),
    directive: ["PCAP_LOOP_SLEEP"],
    hidden: true,
    fallback: 100_000,
    group: "capture",
    doc: "accepted and without effect: this daemon waits for packets instead of sleeping between looks",
  },
  anyDirection: {
    kind: yesNo,
    option: { long: ["pcap-any-direction"], argument: "none" },
    directive: ["ENABLE_PCAP_ANY_DIRECTION"],
    group: "capture",
    doc: "also process packets that leave through the interface",
    detail: "For gateways that forward SPA packets. The C daemon reads the variable but obeys only the option.",
  },
  exitAtInterfaceDown: {
    kind: yesNo,
    directive: ["EXIT_AT_INTF_DOWN"],
    fallback: true,
    group: "capture",
    doc: "stop when the interface goes down, so that a supervisor can start the daemon again",
    detail:
      "Only where Y is written, and then it ends with any of its interfaces: without the line the daemon needs all of them " +
      "to start, and waits for one that goes later. With N it waits at the start too. An interface counts by its name: " +
      "one that is renamed is gone, and one that gets the name is the one. Other sources are opened again in any case.",
  },
  waitForInterface: {
    kind: yesNo,
    option: { exact: ["wait-for-interface"], argument: "none" },
    group: "capture",
    doc: "wait at the start for an interface that is not there yet",
    detail: "For a service that may start before its network. Where EXIT_AT_INTF_DOWN is written, that decides.",
  },
  snapLength: {
    kind: integer(1, 32_768, "BYTES"),
    directive: ["MAX_SNIFF_BYTES"],
    fallback: 1500,
    group: "capture",
    doc: "bytes that are captured of each frame; a frame that is cut is dropped",
  },
  checkAge: {
    kind: yesNo,
    directive: ["ENABLE_SPA_PACKET_AGING"],
    absenceOpens: true,
    group: "packets",
    doc: "refuse packets whose time stamp is too far from the clock of the server",
    detail: "Default Y, with PCAP_FILE N.",
  },
  maxAge: {
    kind: seconds(1, 100_000),
    directive: ["MAX_SPA_PACKET_AGE"],
    absenceOpens: true,
    fallback: 120,
    group: "packets",
    doc: "seconds that a time stamp may differ from the clock, in either direction",
  },
  strangerCpu: {
    kind: integer(1, 100, "PERCENT"),
    directive: ["MAX_STRANGER_CPU"],
    fallback: 20,
    group: "packets",
    doc: "share of one processor for packets that name no key of ours, in percent",
    detail:
      "For such a packet the HMAC keys of all stanzas are tried, which takes half a millisecond with a thousand of them. " +
      "Where more come than there is time for, half of it is for sources that opened something lately, and each source has " +
      "its turn: a second try comes soon, and so does a first one amid a crowd that comes again and again. The others are " +
      "dropped, and counted in the log. Packets whose salt names their stanza, as our client's do, are always looked at, and packets of PCAP_FILE too.",
  },
  digestPersistence: {
    kind: yesNo,
    directive: ["ENABLE_DIGEST_PERSISTENCE"],
    fallback: true,
    group: "packets",
    doc: "keep the digests of accepted packets in DIGEST_FILE, so that replays are seen after a restart",
    detail: "Replays within one run are refused in any case; in the C daemon N switches that off too.",
  },
  rulesCheckThreshold: {
    kind: integer(0, 131_071, "COUNT"),
    directive: ["RULES_CHECK_THRESHOLD"],
    hidden: true,
    fallback: 20,
    group: "firewall",
    doc: "accepted and without effect: doors are closed by the kernel or when they are due, not by counted scans",
  },
  commandTimeout: {
    kind: seconds(0, 8_388_608),
    directive: ["CMD_EXEC_TIMEOUT"],
    group: "commands",
    doc: "seconds after which a command is ended, with all that it started; default 600, and 0 is never",
    detail:
      "Its process group gets SIGTERM, and two seconds later SIGKILL. It holds for the commands of packets and for those " +
      "of CMD_CYCLE. The C daemon knows the variable, and waits for ever.",
  },
  maxRunningCommands: {
    kind: integer(1, 1000, "COUNT"),
    directive: ["MAX_RUNNING_COMMANDS"],
    fallback: 16,
    group: "commands",
    doc: "most commands that may run at the same time; a packet that asks for one more is refused",
    detail:
      "Commands that close doors are not refused: as many of them may run besides, and the others wait for their turn.",
  },
  spaOverHttp: {
    kind: yesNo,
    directive: ["ENABLE_SPA_OVER_HTTP"],
    fallback: false,
    group: "packets",
    doc: "accept SPA packets that come as the path of an HTTP request",
  },
  anyUserAgent: {
    kind: yesUnlessNo,
    directive: ["ALLOW_ANY_USER_AGENT"],
    fallback: false,
    group: "packets",
    doc: "accept SPA over HTTP from any user agent, not only from one that begins with Fwknop",
  },
  tcpServer: {
    kind: yesNo,
    directive: ["ENABLE_TCP_SERVER"],
    fallback: false,
    group: "capture",
    doc: "answer TCP connections on TCPSERV_PORT, so that packets sent over TCP can be captured",
    detail:
      "PCAP_FILTER must let them in, and the packet filter the connections. Nothing is read of a connection, and it ends " +
      "after a second; of more than 64 the oldest ends at once. Only with capture on an interface.",
  },
  tcpServerPort: {
    kind: serverPort,
    directive: ["TCPSERV_PORT"],
    fallback: 62_201,
    group: "capture",
    doc: "port of the TCP server",
  },
  udpServer: {
    kind: refusing(plainYesNo, "No available capture mode"),
    option: { short: "U", long: ["udp-server"], argument: "none" },
    directive: ["ENABLE_UDP_SERVER"],
    fallback: false,
    group: "capture",
    doc: "receive packets on a UDP socket instead of capturing them",
    detail: "PCAP_INTF and PCAP_FILTER then have no effect, and libpcap is not needed.",
  },
  udpServerPort: {
    kind: serverPort,
    directive: ["UDPSERV_PORT"],
    fallback: 62_201,
    group: "capture",
    doc: "port of the UDP server",
  },
  udpServerSelectTimeout: {
    kind: integer(1, 8_388_608, "MICROSECONDS"),
    directive: ["UDPSERV_SELECT_TIMEOUT"],
    hidden: true,
    fallback: 500_000,
    group: "capture",
    doc: "accepted and without effect: this daemon waits for packets instead of polling",
  },
  locale: {
    kind: text({ valueName: "LOCALE" }),
    option: { short: "l", long: ["locale"], argument: "required" },
    directive: ["LOCALE"],
    group: "logging",
    doc: "without effect on the messages of this daemon; a locale that the system does not know is warned of",
  },
  syslogIdentity: {
    kind: text({ valueName: "NAME", maxLength: 63 }),
    directive: ["SYSLOG_IDENTITY"],
    fallback: "fwknopd",
    group: "logging",
    doc: "name of the program in syslog",
  },
  syslogFacility: {
    kind: refusing(choice(FACILITY_NAMES, "FACILITY"), "Invalid SYSLOG_FACILITY"),
    directive: ["SYSLOG_FACILITY"],
    fallback: "LOG_DAEMON",
    group: "logging",
    doc: "facility of syslog messages",
  },
  trustForwardedFor: {
    kind: yesNo,
    directive: ["ENABLE_X_FORWARDED_FOR"],
    fallback: false,
    group: "packets",
    doc: "believe the X-Forwarded-For header of SPA over HTTP, of HTTP_PROXIES or of whoever sends it",
    detail:
      "What the nearest proxy wrote counts: the last entry of the last such line. A request whose header is cut, or " +
      "whose entry is no address, opens nothing; one without such a line is from the source of the packet.",
  },
  httpProxies: {
    kind: addressList,
    directive: ["HTTP_PROXIES"],
    absenceOpens: true,
    group: "packets",
    doc: "the proxies whose X-Forwarded-For header is believed; without this line everybody's is",
    detail:
      "The last entry that is none of them counts. Such a header from anybody else opens nothing, because it may come " +
      "from a proxy that is missing here; nor does a request of one of them without it.",
  },
  destinationRule: {
    kind: yesNo,
    directive: ["ENABLE_DESTINATION_RULE"],
    absenceOpens: true,
    fallback: false,
    group: "firewall",
    doc: "open the door only to the address that the SPA packet was sent to",
  },
  natDns: {
    kind: yesNo,
    directive: ["ENABLE_NAT_DNS"],
    fallback: true,
    group: "firewall",
    doc: "accept host names in NAT requests",
    detail:
      "They are looked up while other packets are handled, and refused after three seconds. The address that counts is of " +
      "the same IP version as the client's, and never one of this host's loopback network.",
  },
} as const satisfies SettingTable;

/** What every packet filter has in common. The NAT switches have the names that they have for iptables in the C daemon. */
const FIREWALL = {
  firewall: {
    kind: choice(["auto", ...BACKENDS.map(({ name }) => name)], "NAME"),
    directive: ["FIREWALL"],
    fallback: "auto",
    group: "firewall",
    doc: "which firewall to open doors in",
    detail: AUTO_DETAIL,
  },
  natForwarding: {
    kind: yesNo,
    directive: ["ENABLE_IPT_FORWARDING", "ENABLE_FIREWD_FORWARDING"],
    fallback: false,
    group: "iptables",
    doc: "permit NAT requests (-N) and FORCE_NAT, with every packet filter",
    detail:
      "The host must forward packets (sysctl net.ipv4.ip_forward, net.ipv6.conf.all.forwarding), and its forward chain must " +
      "accept established connections.",
  },
  localNat: {
    kind: yesNo,
    directive: ["ENABLE_IPT_LOCAL_NAT", "ENABLE_FIREWD_LOCAL_NAT"],
    fallback: false,
    group: "iptables",
    doc: "permit local NAT requests (--nat-local) and FORCE_NAT, with every packet filter",
  },
  snat: {
    kind: yesNo,
    directive: ["ENABLE_IPT_SNAT", "ENABLE_FIREWD_SNAT"],
    fallback: false,
    group: "iptables",
    doc: "rewrite the source address of what NAT lets through, with every packet filter",
    detail: "To SNAT_TRANSLATE_IP; without that it is masqueraded (see ENABLE_MASQUERADE_ANY_PORT). FORCE_SNAT and " +
      "FORCE_MASQUERADE of a stanza need no Y here.",
  },
  snatAddress: {
    kind: text({ valueName: "ADDRESS[,ADDRESS]" }),
    directive: ["SNAT_TRANSLATE_IP"],
    group: "iptables",
    doc: "the address that ENABLE_IPT_SNAT puts in, or one of each IP version; without that it has no effect",
  },
  forwardAnyHost: {
    kind: yesNo,
    directive: ["ENABLE_FORWARD_ANY_HOST"],
    fallback: false,
    group: "firewall",
    doc: "FORWARD rules do not name the inside host, as those of the C daemon do not",
    detail:
      "Then who is let in reaches every inside host on the port of the NAT request, as far as routes lead there. Only for " +
      "rules of other programs that rewrite destinations, and never for a stanza with NAT_ALLOW.",
  },
  masqueradeAnyPort: {
    kind: yesNo,
    directive: ["ENABLE_MASQUERADE_ANY_PORT"],
    fallback: false,
    group: "firewall",
    doc: "masqueraded connections keep source ports of their own",
    detail:
      "With N they all get the requested port as their source port, as in the C daemon: then only one of them at a time gets " +
      "through to an inside port, and the next one when the kernel has forgotten it, two minutes later.",
  },
  outputRules: {
    kind: yesNo,
    directive: ["ENABLE_IPT_OUTPUT", "ENABLE_FIREWD_OUTPUT"],
    fallback: false,
    group: "iptables",
    doc: "also let the answers out, for hosts that filter their output",
  },
} as const satisfies SettingTable;

const PATHS = {
  runDirectory: {
    kind: path("DIRECTORY"),
    option: { short: "r", long: ["run-dir"], argument: "required" },
    directive: ["FWKNOP_RUN_DIR"],
    fallback: "/run/fwknop",
    group: "files",
    doc: "directory of the PID file and the replay file; made when absent",
    detail: "Must be absolute.",
  },
  confDirectory: {
    kind: path("DIRECTORY"),
    directive: ["FWKNOP_CONF_DIR"],
    hidden: true,
    fallback: "/etc/fwknop",
    group: "files",
    doc: "accepted and without effect, as in the C daemon",
  },
  accessFile: {
    kind: path(),
    option: { short: "a", long: ["access-file"], argument: "required" },
    directive: ["ACCESS_FILE"],
    fallback: "/etc/fwknop/access.conf",
    group: "files",
    doc: "the file that says who may open what",
  },
  accessFolder: {
    kind: path("DIRECTORY"),
    option: { long: ["access-folder"], argument: "required" },
    directive: ["ACCESS_FOLDER"],
    group: "files",
    doc: "read every .conf file of this directory, in the order of their names, instead of ACCESS_FILE",
  },
  fingerprintFile: {
    kind: path(),
    directive: ["FINGERPRINT_FILE"],
    fallback: "/etc/fwknop/fingerprints.conf",
    group: "files",
    doc: "what the systems of REQUIRE_OS send in a TCP SYN; read only where a stanza has that variable",
  },
  pidFile: {
    kind: path(),
    option: { short: "p", long: ["pid-file"], argument: "required" },
    directive: ["FWKNOP_PID_FILE"],
    group: "files",
    doc: "PID and lock file; default fwknopd.pid in FWKNOP_RUN_DIR",
  },
  digestFile: {
    kind: path(),
    option: { short: "d", long: ["digest-file"], argument: "required" },
    directive: ["DIGEST_FILE"],
    group: "files",
    doc: "replay file; default digest.cache in FWKNOP_RUN_DIR",
  },
  gpgHome: {
    kind: path("DIRECTORY"),
    option: { long: ["gpg-home-dir"], argument: "required" },
    directive: ["GPG_HOME_DIR"],
    fallback: "/root/.gnupg",
    group: "files",
    doc: "default GnuPG home of stanzas",
  },
  gpgExe: {
    kind: path(),
    option: { long: ["gpg-exe"], argument: "required" },
    directive: ["GPG_EXE"],
    fallback: "/usr/bin/gpg",
    group: "files",
    doc: "default gpg of stanzas",
    detail: "In the C daemon it has no effect: only a stanza can name one there.",
  },
  sudoExe: {
    kind: path(),
    option: { long: ["sudo-exe"], argument: "required" },
    directive: ["SUDO_EXE"],
    fallback: "/usr/bin/sudo",
    group: "commands",
    doc: "the sudo that ENABLE_CMD_SUDO_EXEC uses",
  },
  verbose: {
    kind: verbosity(),
    option: { short: "v", long: ["verbose"], argument: "none" },
    directive: ["VERBOSE"],
    repeat: "count",
    group: "logging",
    doc: "say more; each -v adds one to VERBOSE",
  },
  faultInjectionTag: otherBuild(
    "FAULT_INJECTION_TAG",
    text({ valueName: "TAG" }),
    "for test builds of the C daemon only",
  ),
} as const satisfies SettingTable;

/** What only other builds of the C daemon know: accepted where that part is not in use (facts/decisions 2). */
const OTHER_BUILDS = {
  aflPacketFile: otherBuild("AFL_PKT_FILE", path(), "for test builds of the C daemon only"),
  digestDatabase: otherBuild("DIGEST_DB_FILE", path(), "replay database of C daemons without the replay file"),
  nfqCapture: {
    kind: yesNo,
    option: { short: "n", long: ["nfq-capture"], argument: "none" },
    directive: ["ENABLE_NFQ_CAPTURE"],
    fallback: false,
    group: "other builds",
    hidden: true,
    doc: "take UDP packets to NFQ_PORT from a netfilter queue, of all interfaces or of NFQ_INTERFACE",
    detail:
      "iptables and ip6tables make the rules that fill it, and the packets go no further. Where there is no iptables, " +
      "libpcap captures them instead. -i, -P and -U on the command line are stronger.",
  },
  nfqInterface: otherBuild("NFQ_INTERFACE", text({ valueName: "NAME" }), "interface of ENABLE_NFQ_CAPTURE"),
  nfqPort: otherBuild("NFQ_PORT", integer(0, 65_535, "PORT"), "port of ENABLE_NFQ_CAPTURE"),
  nfqTable: otherBuild("NFQ_TABLE", choice(["mangle", "filter", "security"], "TABLE"), "table of its rules"),
  nfqChain: otherBuild("NFQ_CHAIN", chainName, "chain of its rules"),
  nfqQueue: otherBuild("NFQ_QUEUE_NUMBER", integer(0, 65_535), "number of the netfilter queue"),
  nfqLoopSleep: otherBuild("NFQ_LOOP_SLEEP", integer(0, 8_388_608), "sleep between looks at the netfilter queue"),
  firewdInput: otherBuild(
    "FIREWD_INPUT_ACCESS",
    ignored(chainSpec),
    "firewalld: chain of the rules that let a client in",
  ),
  firewdOutputChain: otherBuild(
    "FIREWD_OUTPUT_ACCESS",
    ignored(chainSpec),
    "firewalld: chain of the rules that let answers out",
  ),
  firewdForward: otherBuild("FIREWD_FORWARD_ACCESS", ignored(chainSpec), "firewalld: chain of forwarding rules"),
  firewdDnat: otherBuild("FIREWD_DNAT_ACCESS", ignored(chainSpec), "firewalld: chain of DNAT rules"),
  firewdSnatChain: otherBuild("FIREWD_SNAT_ACCESS", ignored(chainSpec), "firewalld: chain of SNAT rules"),
  firewdMasquerade: otherBuild(
    "FIREWD_MASQUERADE_ACCESS",
    ignored(chainSpec),
    "firewalld: chain of masquerading rules",
  ),
  firewdCommentCheck: otherBuild(
    "ENABLE_FIREWD_COMMENT_CHECK",
    ignored(yesNo),
    "firewalld: look for the comment match",
  ),
} as const satisfies SettingTable;

const OURS_AND_C = withBackendRows({ ...GENERAL, ...FIREWALL, ...PATHS, ...MAIL_SETTINGS });

/** The whole file. Rows that belong to one packet filter are in it, but nobody here knows what they are. */
export const SERVER_SETTINGS:
  & typeof GENERAL
  & typeof FIREWALL
  & typeof PATHS
  & typeof MAIL_SETTINGS
  & typeof OTHER_BUILDS = {
    ...OURS_AND_C,
    ...OTHER_BUILDS,
  };

const OUTSIDE_C = new Set([
  "strict",
  "firewall",
  "forwardAnyHost",
  "masqueradeAnyPort",
  "maxRunningCommands",
  "strangerCpu",
  "httpProxies",
  "captureFileFrom",
  ...Object.keys(MAIL_SETTINGS),
  "fingerprintFile",
  ...keysOutsideC(),
]);

/** Keys of what can stand in the file. */
const VARIABLES = Object.entries<SettingTable[string]>(OURS_AND_C)
  .filter(([, row]) => row.directive !== undefined)
  .map(([key]) => key);

/** Keys of the variables of the `-D` dump of the C daemon built for iptables, in its order; ours follow them. */
export const DUMPED: readonly string[] = [
  ...VARIABLES.filter((key) => !OUTSIDE_C.has(key)),
  ...VARIABLES.filter((key) => OUTSIDE_C.has(key)),
];

function otherBuild<Kind>(name: string, kind: Kind, doc: string) {
  return { kind, directive: [name], group: "other builds", hidden: true, doc } as const;
}

/** The C daemon reads any number from 0 up; levels above 4 say nothing more. */
function verbosity() {
  return integer(0, Number.MAX_SAFE_INTEGER, "LEVEL");
}
