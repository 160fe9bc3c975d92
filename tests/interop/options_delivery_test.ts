/** Where the packet goes and how: every option of `cli/options/delivery.ts` beside the C client. */
import { DELIVERY_OPTIONS } from "../../cli/options/delivery.ts";
import { refused, type Row, strict, tryBesideC } from "./option_beside_c.ts";

const NUMBER = /expected a number from 0 to 65535/;
const RAW = ["udpraw", "tcpraw", "icmp"] as const;
const AGENT = "User-Agent: Fwknop\\/2\\.6\\.1[01]\\r\\nAccept: \\*\\/\\*\\r\\n";

tryBesideC(DELIVERY_OPTIONS, {
  server: {
    value: "gw.example",
    earlier: "other.example",
    shows: { "IP/host": "gw.example" },
    rows: [
      { on: "send", listens: "udp", args: "-v -D localhost", shows: { "IP/host": "localhost" } },
      { args: "-D 2001:db8::1", shows: { "IP/host": "2001:db8::1" } },
      { args: ["-D", `${"a".repeat(41)}.example`], shows: { "IP/host": `${"a".repeat(41)}.example` } },
      {
        args: ["-D", `${"a".repeat(43)}.example`],
        mended: "F6",
        c: { shows: { "IP/host": `${"a".repeat(43)}.exampl`.slice(0, 49) } },
        own: { shows: { "IP/host": `${"a".repeat(43)}.example` } },
      },
      {
        args: ["-D", "a".repeat(256)],
        mended: "F6",
        c: { shows: { "IP/host": "a".repeat(49) } },
        own: { code: 1, says: /-D: expected text of at most 255 bytes, got 256/ },
      },
      {
        args: "-D [2001:db8::1]",
        mended: "decision",
        c: { shows: { "IP/host": "[2001:db8::1]" } },
        own: { shows: { "IP/host": "2001:db8::1" } },
      },
      {
        args: "-D one,two",
        mended: "decision",
        c: { shows: { "IP/host": "one,two" } },
        own: { prints: /: one\n[^]*: two\n/ },
      },
      { on: "alone", args: "-A tcp/22 -s --key-rijndael k", code: 1, says: /Must use --?destination|destination/i },
      { on: "alone", args: "-T -A tcp/22 -s --key-rijndael k -U alice" },
      { on: "alone", args: "-k", wording: true, prints: /^KEY_BASE64: \S+\nHMAC_KEY_BASE64: \S+\n$/ },
      {
        on: "send",
        listens: "udp",
        args: "-D 127.0.0.1 -v",
        shows: { "IP/host": "127.0.0.1" },
        prints: /^send_spa_packet: bytes sent: [0-9]+$/m,
      },
    ],
  },
  serverPort: {
    value: "4711",
    earlier: "80",
    shows: { "destination port": "4711" },
    rows: [
      { args: "-P http -p 80", shows: { "destination port": "80" } },
      { args: "-P tcp -p 80", shows: { "destination port": "80" } },
      { args: "-p 0", shows: { "destination port": "0" } },
      { args: "-p 1", shows: { "destination port": "1" } },
      { args: "-p 65535", shows: { "destination port": "65535" } },
      ...refused(/out of range/, "-p 65536", "-p -1", "-p 2147483648"),
      ...strict("-p", { "80x": { "destination port": "80" }, "x": { "destination port": "0" } }, NUMBER),
      {
        args: "-p 4294967297",
        mended: "decision",
        c: { shows: { "destination port": "1" } },
        own: { code: 1, says: /out of range/ },
      },
    ],
  },
  serverProto: {
    value: "tcp",
    earlier: "http",
    empty: /Unrecognized protocol/,
    shows: { protocol: "tcp", "source port": "<OS assigned>" },
    rows: [
      { args: "", shows: { protocol: "udp" } },
      ...["udp", "tcp", "http"].map((proto): Row => ({ args: `-P ${proto}`, shows: { protocol: proto } })),
      ...RAW.map((proto): Row => ({ args: `-P ${proto}`, shows: { protocol: proto }, drawn: ["source port"] })),
      { args: "-P HTTP", shows: { protocol: "http" } },
      {
        args: "-P http",
        mended: "2.6.11",
        c: { prints: /^GET \/[A-Za-z0-9_-]+ HTTP\/1\.[01]\r\nUser-Agent: Fwknop\/2\.6\.1[01]\r\n/m },
        own: { prints: /^GET \/[A-Za-z0-9_-]+ HTTP\/1\.1\r\nUser-Agent: Fwknop\/2\.6\.11\r\n/m },
      },
      ...RAW.map((proto): Row => ({
        args: `-P ${proto} -D nosuch.invalid`,
        mended: "decision",
        c: { code: 1, says: /Unable to resolve nosuch\.invalid as an ip address/ },
        own: { shows: { "IP/host": "nosuch.invalid" } },
      })),
      { args: "-P UdpRaw", shows: { protocol: "udpraw" }, drawn: ["source port"] },
      ...refused(/Unrecognized protocol/, "-P sctp", "-P tcpx", "-P 6", ["-P", " udp"]),
      { on: "send", listens: "udp", args: "-v -P udp", receives: /^WIRE$/ },
      { on: "send", listens: "tcp", args: "-v -P tcp", receives: /^WIRE$/ },
      {
        on: "send",
        listens: "tcp",
        args: "-v -P http",
        receives: new RegExp(
          `^GET \\/WIRE HTTP\\/1\\.[01]\\r\\n${AGENT}Host: 127\\.0\\.0\\.1\\r\\nConnection: close\\r\\n\\r\\n$`,
        ),
      },
      { on: "send", sends: true, args: "-v -P udp", prints: /bytes sent: [1-9]/ },
      { on: "send", sends: true, args: "", prints: /^$/ },
      { on: "send", sends: true, args: "-P tcp", code: 1, says: /Could not create socket: Connection refused/ },
      { on: "send", sends: true, args: "-P http", code: 1, says: /packet not sent/ },
      ...["udp", "tcp", "http"].map((proto): Row => ({
        on: "send",
        sends: true,
        args: `-P ${proto} -D nosuch.invalid`,
        code: 1,
        says: /error in getaddrinfo:[^]*send_spa_packet: packet not sent\./,
      })),
    ],
  },
  serverResolveIpv4: {
    shows: { "IP/host": "127.0.0.1" },
    rows: [
      {
        on: "send",
        listens: "udp",
        args: "-v -D localhost --server-resolve-ipv4",
        receives: /^WIRE$/,
        shows: { "IP/host": "localhost" },
      },
    ],
  },
  sourcePort: {
    value: "1234",
    earlier: "80",
    shows: { "source port": "1234" },
    rows: [
      { args: "-S 0", shows: { "source port": "<OS assigned>" } },
      { args: "-S 1", shows: { "source port": "1" } },
      { args: "-S 65535", shows: { "source port": "65535" } },
      ...RAW.map((proto): Row => ({ args: `-P ${proto} -S 7`, shows: { "source port": "7" } })),
      ...refused(/out of range/, "-S 65536", "-S -1"),
      ...strict("-S", { "80x": { "source port": "80" }, "x": { "source port": "<OS assigned>" } }, NUMBER),
      ...["udp", "tcp", "http"].map((proto): Row => ({
        on: "send",
        listens: proto === "udp" ? "udp" : "tcp",
        args: `-v -P ${proto} -S {free}`,
        receives: /WIRE/,
        mended: "F12",
        c: { from: "system" },
        own: { from: "free" },
      })),
    ],
  },
  // What -Q and the ICMP options do to the packet itself is seen on the wire, in transports_test.ts.
  spoofSource: {
    beside: "-P udpraw -S 9",
    value: "192.0.2.77",
    earlier: "192.0.2.1",
    shows: { protocol: "udpraw" },
    rows: [
      ...RAW.map((proto): Row => ({ args: `-Q 192.0.2.77 -P ${proto} -S 9`, shows: { protocol: proto } })),
      ...["", "-P udp ", "-P tcp ", "-P http "].flatMap((proto) =>
        refused(/Must set -P <udpraw\|tcpraw\|icmp>/, `${proto}-Q 192.0.2.77`)
      ),
      ...refused(/Invalid spoof IP/, "-P udpraw -Q 256.1.1.1", "-P udpraw -Q 1.2.3", "-P icmp -Q host", "-Q 1.2.3.4.5"),
      {
        args: "-P udpraw -S 9 -Q 192.168.100.2000",
        mended: "F6",
        c: {},
        own: { code: 1, says: /Invalid spoof IP/ },
      },
    ],
  },
  randPort: {
    drawn: ["destination port"],
    shows: { "destination port": /^[1-6][0-9]{4}$/ },
    rows: [
      { args: "-r -p 80", drawn: ["destination port"] },
      { args: "-r -P tcp", drawn: ["destination port"] },
      { args: "-r -P http", drawn: ["destination port"] },
      { args: "-r -P udpraw -S 7", drawn: ["destination port"] },
      { args: "-r -P icmp", drawn: ["destination port", "source port"] },
    ],
  },
  httpProxy: {
    value: "proxy.example",
    earlier: "other.example",
    shows: { protocol: "http", "destination port": "62201", "IP/host": "127.0.0.1", Host: "proxy.example" },
    prints: /^GET http:\/\/127\.0\.0\.1\/\S+ HTTP\/1\.[01]\r\nUser-Agent: Fwknop/m,
    rows: [
      { args: "-H http://proxy.example", shows: { Host: "proxy.example" } },
      { args: "-H HTTP://proxy.example:8080", shows: { Host: "proxy.example" } },
      { args: "-H proxy.example:1", shows: { Host: "proxy.example" } },
      { args: "-H proxy.example:65535", shows: { Host: "proxy.example" } },
      { args: "-H http://proxy.example:8080/", shows: { Host: "proxy.example" } },
      { args: "-H proxy.example:80x", shows: { Host: "proxy.example" } },
      { args: "-H proxy.example -p 80", shows: { "destination port": "80" } },
      { args: "-P tcp -H proxy.example", shows: { protocol: "http" } },
      { args: "-H proxy.example -P http", shows: { protocol: "http" } },
      { args: "-H proxy.example -P udp -P http", shows: { protocol: "http" } },
      ...refused(
        /Cannot set --http-proxy/,
        "-H proxy.example -P udp",
        "-H proxy.example -P tcp",
        "-H proxy.example -P icmp",
        "-H proxy.example -P http -P tcp",
      ),
      ...refused(
        /proxy port value is invalid/,
        "-H proxy.example:0",
        "-H proxy.example:65536",
        "-H proxy.example:-1",
        "-H proxy.example:",
        "-H proxy.example:x",
      ),
      ...["http://", ":80"].map((value): Row => ({
        args: ["-H", value],
        mended: "decision",
        c: { shows: { Host: "" } },
        own: { code: 1, says: /--http-proxy names no host/ },
      })),
      {
        on: "send",
        listens: "tcp",
        args: "-v -D gw.example -H http://127.0.0.1:{closed}",
        receives: new RegExp(
          `^GET http:\\/\\/gw\\.example\\/WIRE HTTP\\/1\\.[01]\\r\\n${AGENT}Host: 127\\.0\\.0\\.1\\r\\nConnection: close\\r\\n\\r\\n$`,
        ),
      },
      {
        on: "send",
        listens: "tcp",
        args: "-v -D gw.example -H 127.0.0.1 -p {closed}",
        receives: /^GET http:\/\/gw\.example\/WIRE /,
      },
    ],
  },
  userAgent: {
    beside: "-P http",
    value: "Agent/1",
    earlier: "Agent/2",
    prints: /^User-Agent: Agent\/1\r$/m,
    rows: [
      { args: ["-P", "http", "-u", "An agent (of 2)"], prints: /^User-Agent: An agent \(of 2\)\r$/m },
      { args: "-P http", prints: /^User-Agent: Fwknop\/2\.6\.1[01]\r$/m },
      { args: ["-P", "http", "-u", "x".repeat(99)], prints: /^User-Agent: x{99}\r$/m },
      {
        args: ["-P", "http", "-u", "x".repeat(100)],
        mended: "F6",
        c: { prints: /^User-Agent: x{99}\r$/m },
        own: { prints: /^User-Agent: x{100}\r$/m },
      },
      { on: "send", listens: "tcp", args: "-v -P http -u Agent/1", receives: /\r\nUser-Agent: Agent\/1\r\n/ },
    ],
  },
  icmpType: {
    beside: "-P icmp -S 9",
    value: "8",
    earlier: "13",
    shows: { protocol: "icmp" },
    rows: [
      { args: "-P icmp -S 9 --icmp-type 0" },
      { args: "-P icmp -S 9 --icmp-type 40" },
      { args: "--icmp-type 8", shows: { protocol: "udp" } },
      ...refused(/Invalid icmp type/, "--icmp-type 41", "--icmp-type -1"),
      ...strict("--icmp-type", { "x": {}, "8x": {} }, /Invalid icmp type/),
    ],
  },
  icmpCode: {
    beside: "-P icmp -S 9",
    value: "3",
    earlier: "1",
    shows: { protocol: "icmp" },
    rows: [
      { args: "-P icmp -S 9 --icmp-code 0" },
      { args: "-P icmp -S 9 --icmp-code 15" },
      { args: "--icmp-code 3", shows: { protocol: "udp" } },
      ...refused(/Invalid icmp code/, "--icmp-code 16", "--icmp-code -1"),
      ...strict("--icmp-code", { "x": {}, "3x": {} }, /Invalid icmp code/),
    ],
  },
});
