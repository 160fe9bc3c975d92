/** Stanzas, files of the client and what it says: every option of `cli/options/program.ts` beside the C client. */
import assert from "node:assert/strict";
import { CLIENT_SETTINGS } from "../../cli/options/table.ts";
import { OWN_OPTIONS } from "../../cli/options/own.ts";
import { DELIVERY_OPTIONS } from "../../cli/options/delivery.ts";
import { PROGRAM_OPTIONS } from "../../cli/options/program.ts";
import { REQUEST_OPTIONS } from "../../cli/options/request.ts";
import { GPG_OPTIONS, KEY_OPTIONS } from "../../cli/options/secrets.ts";
import { refused, type Row, tryBesideC } from "./option_beside_c.ts";

const RC = {
  rc: "[default]\nSPOOF_USER alice\n[gw]\nSPA_SERVER gw.example\nACCESS tcp/22\nKEY abc\n[Other]\nKEY def\n",
};
const REQUEST = ["-v", "-U", "alice", "-A", "tcp/22", "-a", "192.0.2.10", "--key-rijndael", "shortkey"];
/** A rehearsal that needs a stanza to be complete. */
const NAMELESS = REQUEST.filter((word) => !["-U", "alice"].includes(word));
const WITH_RC = ["--rc-file", "{home}/rc", "--no-save-args", "-T", "-v", "-a", "192.0.2.10"];
const CREATED = /^\[\*\] Creating initial rc file: \{home\}\/\.fwknoprc\.\n/;
const MADE = [/^\[default\]$/m, 0o600] as const;
const LINE = /^\S*fwknop .*-T /;
const PACKET = /^[A-Za-z0-9+/]{100,}\n$/;

/** A saved run of the C client, which ours reads too. */
const LAST = { ".fwknop.run": "fwknop --no-rc-file -T -v -U alice -A tcp/22 -a 192.0.2.10 --key-rijndael shortkey \n" };

Deno.test("every option stands in a table that is tried beside the C client, or is one that C does not have", () => {
  const tables = { ...REQUEST_OPTIONS, ...DELIVERY_OPTIONS, ...KEY_OPTIONS, ...GPG_OPTIONS, ...PROGRAM_OPTIONS };
  assert.deepEqual(
    Object.keys({ ...tables, ...OWN_OPTIONS }).toSorted(),
    Object.keys(CLIENT_SETTINGS).toSorted(),
  );
});

/** What `--save-rc-stanza` writes for everything that it can write, in the order of the C client. */
const EVERYTHING: readonly (readonly [args: string, ...lines: readonly string[]])[] = [
  ["-m sha512", "DIGEST_TYPE                 SHA512"],
  ["-P icmp", "SPA_SERVER_PROTO            icmp"],
  ["-p 4711", "SPA_SERVER_PORT             4711"],
  ["-S 99", "SPA_SOURCE_PORT             99"],
  ["-f 60", "FW_TIMEOUT                  60"],
  ["-a 192.0.2.10", "ALLOW_IP                    192.0.2.10"],
  ["--time-offset-minus 1m", "TIME_OFFSET                 -60"],
  ["-M ctr", "ENCRYPTION_MODE             CTR"],
  ["-U alice", "SPOOF_USER                  alice"],
  ["-Q 192.0.2.1", "SPOOF_SOURCE_IP             192.0.2.1"],
  ["-A tcp/22", "ACCESS                      tcp/22"],
  ["-D 127.0.0.1", "SPA_SERVER                  127.0.0.1"],
  ["-r", "RAND_PORT                   Y"],
  ["--key-rijndael shortkey", "KEY                         shortkey"],
  ["--hmac-digest-type sha384", "HMAC_DIGEST_TYPE            SHA384"],
  ["--key-hmac hmackey", "HMAC_KEY                    hmackey"],
  ["--use-hmac", "USE_HMAC                    Y"],
  ["--use-wget-user-agent", "USE_WGET_USER_AGENT         Y"],
  ["-N 10.0.0.1,80", "NAT_ACCESS                  10.0.0.1,80"],
  ["-u Agent/1", "HTTP_USER_AGENT             Agent/1"],
  ["--nat-local", "NAT_LOCAL                   Y"],
  ["--nat-port 4000", "NAT_PORT                    4000"],
  ["-v", "VERBOSE                     Y"],
  ["--no-save-args", "NO_SAVE_ARGS                Y"],
];

/** A stanza with exactly these lines. */
function stanza(name: string, lines: readonly string[]): RegExp {
  return new RegExp(`^\\[${name}\\]\\n${lines.join("\\n")}\\n*(?:\\[|$(?!\\n))`, "m");
}

function saveRow(args: string, lines: readonly string[], more: Partial<Row> = {}): Row {
  return {
    on: "bare",
    files: { rc: "[default]\n" },
    args: `--rc-file {home}/rc -T --save-rc-stanza ${args}`,
    writes: { rc: [stanza("[^\\]]*", lines), 0o600] },
    ...more,
  };
}

const MINIMUM = "-A tcp/22 -a 192.0.2.10 --key-rijndael shortkey -D h -U alice";
const MINIMUM_LINES = [
  "ALLOW_IP {20}192\\.0\\.2\\.10",
  "SPOOF_USER {18}alice",
  "ACCESS {22}tcp\\/22",
  "SPA_SERVER {18}h",
  "KEY {25}shortkey",
];

tryBesideC(PROGRAM_OPTIONS, {
  namedConfig: {
    on: "bare",
    files: RC,
    beside: WITH_RC,
    value: "gw",
    earlier: "Other",
    shows: { "IP/host": "gw.example", Username: "alice", "Message String": "192.0.2.10,tcp/22" },
    rows: [
      { on: "bare", files: RC, args: [...WITH_RC, "-n", "GW"], shows: { "IP/host": "gw.example" } },
      { on: "bare", files: RC, args: [...WITH_RC, "-n", "gw", "-D", "h"], shows: { "IP/host": "h" } },
      { on: "bare", files: RC, args: [...WITH_RC, ...REQUEST.slice(1), "-n", "default"], shows: { Username: "alice" } },
      {
        on: "bare",
        files: RC,
        ...refused(/Named configuration stanza: \[none\] was not found/, [...WITH_RC, "-n", "none"])[0]!,
      },
      { on: "bare", args: "--no-rc-file -n gw", code: 1, says: /no-rc-file/ },
    ],
    empty: /Error 102/,
  },
  saveRcStanza: {
    on: "bare",
    files: { rc: "[default]\n" },
    beside: `--rc-file {home}/rc -T -n new ${MINIMUM}`,
    writes: {
      rc: [stanza("new", MINIMUM_LINES), 0o600],
      ".fwknop.run": [/ --save-rc-stanza /, 0o600],
    },
    rows: [
      saveRow(MINIMUM, MINIMUM_LINES, { writes: { rc: [stanza("h", MINIMUM_LINES), 0o600] } }),
      {
        on: "bare",
        files: { rc: "[default]\n" },
        args: `--rc-file {home}/rc -T --save-rc-stanza ${EVERYTHING.toReversed().map(([args]) => args).join(" ")}`,
        drawn: ["destination port"],
        writes: { rc: [new RegExp(`^${EVERYTHING.map(([, line]) => line).join("\\n")}$`, "m"), 0o600] },
      },
      ...([
        ["-s", [], ["ALLOW_IP {20}source"], "F15"],
        ["--time-offset-plus 2h", ["TIME_OFFSET {17}7200"], null],
        ["-P HTTP", ["SPA_SERVER_PROTO {12}http"], null],
        ["-M legacy", ["ENCRYPTION_MODE {13}legacy"], null],
        ["-v -v", ["VERBOSE {21}2"], null],
        ["--nat-rand-port -N 10.0.0.1", ["NAT_RAND_PORT {15}Y"], null],
        ["--key-base64-hmac aG1hYw==", ["HMAC_KEY_BASE64 {13}aG1hYw==", "USE_HMAC {20}Y"], null],
        ["--key-base64-rijndael a2V5", ["KEY_BASE64 {18}a2V5"], null],
        ["--key-hmac h", ["HMAC_KEY {20}h", "USE_HMAC {20}Y"], null],
        ["--hmac-digest-type md5 --key-hmac h", ["HMAC_DIGEST_TYPE {12}MD5"], null],
        ["-w /usr/bin/wget", ["WGET_CMD {20}\\/usr\\/bin\\/wget"], null],
        ["--resolve-url https://x/", ["RESOLVE_URL {17}https:\\/\\/x\\/"], null],
        ["--server-resolve-ipv4", [], ["SERVER_RESOLVE_IPV4 {9}Y"], "2.6.11"],
        ["-H proxy -P http", ["SPA_SERVER_PROTO {12}http"], null],
        ["-H proxy", [], null],
        ["-R -k", ["RESOLVE_IP_HTTPS {12}Y"], null],
        ["--resolve-http-only -k", ["RESOLVE_IP_HTTPS {12}Y", "RESOLVE_HTTP_ONLY {11}Y"], null],
        ["-G {home}/keys", ["KEY_FILE {20}.*\\/keys"], null],
        ["--get-hmac-key {home}/keys", ["HMAC_KEY_FILE {15}.*\\/keys"], [
          "USE_HMAC {20}Y",
          "HMAC_KEY_FILE {15}.*\\/keys",
        ], "F10"],
        ["-C id -B {home}/p -b -E {home}/e --icmp-type 8 --fd 0", [], null],
      ] as const).map(([args, lines, own, mended]): Row => {
        const written = (each: readonly string[]) => ({
          writes: {
            rc: [
              new RegExp(`^\\[new\\]\\n(?:.*\\n)*${each.map((line) => `${line}\\n(?:.*\\n)*`).join("")}`, "m"),
              0o600,
            ],
          },
        } as const);
        const row = {
          on: "bare",
          files: { rc: "[default]\n", keys: "h: filekey\n" },
          args: `--rc-file {home}/rc -T -n new --save-rc-stanza ${
            args.endsWith("-k") ? MINIMUM.replace("-a 192.0.2.10 ", "") : MINIMUM
          } ${args}`,
          wording: true,
        } as const;
        return mended === undefined
          ? { ...row, ...written(lines) }
          : { ...row, mended, c: written(lines), own: written(own) };
      }),
      { on: "bare", args: "--save-rc-stanza", code: 1, says: /Must use --destination/ },
      { on: "bare", args: "--no-rc-file --save-rc-stanza -D h", code: 1, says: /no-rc-file/ },
      // Without -k the run goes on, and the packet is sent.
      {
        on: "bare",
        listens: "udp",
        files: { rc: "[default]\n" },
        args: [..."--rc-file {home}/rc --save-rc-stanza -n gw -D 127.0.0.1 -p {closed}".split(" "), ...REQUEST],
        receives: /^WIRE$/,
        writes: { rc: [/^\[gw\]\nSPA_SERVER_PORT {13}[0-9]+\nALLOW_IP/m, 0o600] },
      },
      // While saving, [default] counts and the stanza that is replaced does not.
      {
        on: "bare",
        files: { rc: "[default]\nSPOOF_USER bob\n[gw]\nFW_TIMEOUT 9\nACCESS udp/1\n" },
        args: "--rc-file {home}/rc -T -v -n gw --save-rc-stanza -A tcp/22 -a 192.0.2.10 --key-rijndael k",
        shows: { Username: "bob", "Client Timeout": "0", "Message String": "192.0.2.10,tcp/22" },
        writes: { rc: [stanza("gw", ["ALLOW_IP.*", "ACCESS {22}tcp\\/22", "KEY {25}k", "VERBOSE {21}Y"]), 0o600] },
      },
    ],
  },
  forceStanza: {
    on: "bare",
    files: { rc: "[default]\n[gw]\nKEY old\nFW_TIMEOUT 9\n[last]\nKEY x\n" },
    beside: `--rc-file {home}/rc -T -n gw --save-rc-stanza ${MINIMUM}`,
    writes: { rc: [new RegExp(`^\\[gw\\]\\n${MINIMUM_LINES.join("\\n")}\\n+\\[last\\]\\nKEY x\\n`, "m"), 0o600] },
    rows: [{
      on: "bare",
      files: { rc: "[default]\n[gw]\nKEY old\n" },
      args: `--rc-file {home}/rc -T -n gw --force-stanza ${MINIMUM}`,
      writes: { rc: [/^\[default\]\n\[gw\]\nKEY old\n$/, 0o600] },
    }],
  },
  stanzaList: {
    on: "bare",
    files: RC,
    beside: "--rc-file {home}/rc",
    prints: /^The following stanzas are configured in \{home\}\/rc :\n( - default\n)? - gw\n - Other\n$/,
    writes: { ".fwknop.run": null },
    rows: [
      { on: "bare", files: RC, args: "--rc-file {home}/rc --stanza-list -A bogus -D h", prints: / - gw\n - Other\n$/ },
      {
        on: "bare",
        files: { rc: "[gw]\n[GW]\n[default]\n[gw]\n" },
        args: "--rc-file {home}/rc --stanza-list",
        prints: / :\n - gw\n - GW\n( - default\n)? - gw\n$/,
      },
      {
        on: "bare",
        args: "--stanza-list",
        code: 1,
        says: /Unable to open rc file/,
        writes: { ".fwknoprc": null },
      },
      { on: "bare", args: "--no-rc-file --stanza-list", code: 1, says: /no-rc-file/ },
    ],
  },
  rcFile: {
    on: "bare",
    files: { ...RC, ".fwknoprc": "[default]\nSPOOF_USER eve\n" },
    beside: ["--no-save-args", "-T", ...NAMELESS],
    value: "{home}/rc",
    earlier: "{home}/.fwknoprc",
    shows: { Username: "alice" },
    rows: [
      {
        on: "bare",
        args: ["--no-save-args", "-T", ...REQUEST, "--rc-file", "{home}/new"],
        prints: /^\[\*\] Creating initial rc file: \{home\}\/new\.\nSPA Field Values:/,
        writes: { new: MADE, ".fwknoprc": null },
      },
      {
        on: "bare",
        files: { rc: "[default]\nBOGUS x\n" },
        args: ["--no-save-args", "-T", ...REQUEST, "--rc-file", "{home}/rc"],
        code: 1,
        wording: true,
        says: /BOGUS|unknown directive/,
      },
    ],
  },
  noRcFile: {
    on: "bare",
    files: { ".fwknoprc": "[default]\nSPOOF_USER eve\nBOGUS\n" },
    beside: ["--no-save-args", "-T", ...REQUEST],
    shows: { Username: "alice" },
    rows: [{
      on: "bare",
      args: ["--no-rc-file", "--no-save-args", "-T", ...REQUEST],
      writes: { ".fwknoprc": null },
    }],
  },
  noHomeDir: {
    on: "bare",
    files: RC,
    beside: ["--rc-file", "{home}/rc", "-E", "{home}/args", "-T", ...REQUEST],
    shows: { Username: "alice" },
    writes: { ".fwknop.run": null, ".fwknoprc": null, args: [LINE, 0o600] },
    rows: [
      ...refused(/must set --rc-file path/, "--no-home-dir -T", "--no-home-dir -E {home}/args").map((row): Row => ({
        ...row,
        on: "bare",
      })),
      {
        on: "bare",
        files: RC,
        args: ["--no-home-dir", "--rc-file", "{home}/rc", "-T", ...REQUEST],
        code: 1,
        wording: true,
        says: /in --no-home-dir mode must set the args save file path with -E/i,
      },
      {
        on: "bare",
        args: ["--no-home-dir", "--no-rc-file", "--no-save-args", "-T", ...REQUEST],
        mended: "F16",
        c: { code: 1, says: /must set the args save file path with -E/i },
        own: { shows: { Username: "alice" } },
      },
    ],
  },
  lastCmd: {
    on: "bare",
    files: LAST,
    shows: { Username: "alice", "Message String": "192.0.2.10,tcp/22" },
    wording: true,
    prints: /SPA Field Values:/,
    writes: { ".fwknop.run": [new RegExp(`^${LAST[".fwknop.run"]}$`), 0o600] },
    rows: [
      { on: "bare", files: LAST, args: "-l -v", wording: true, prints: /Executing: fwknop --no-rc-file -T/ },
      {
        on: "bare",
        files: LAST,
        args: "-l -A tcp/1 -U eve",
        wording: true,
        shows: { Username: "alice", "Message String": "192.0.2.10,tcp/22" },
      },
      { on: "bare", args: "-l", code: 1, wording: true, says: /Could not open args file: \{home\}\/\.fwknop\.run/ },
      {
        on: "bare",
        args: "-l -E {home}/none",
        code: 1,
        wording: true,
        says: /Could not open args file: \{home\}\/none/,
      },
      {
        on: "bare",
        files: { ".fwknop.run": "" },
        args: "-l",
        mended: "2.6.11",
        c: { code: 1, says: /Must use --destination/ },
        own: { code: 1, says: /Could not read line from file/ },
      },
    ],
  },
  showLast: {
    on: "bare",
    files: LAST,
    wording: true,
    c: { prints: /Last fwknop client command line: .*--key-rijndael shortkey \n\n$/ },
    own: { prints: /Last fwknop client command line: .* --key-rijndael '?\*{8}'? ?\n\n$/ },
    rows: [
      {
        on: "bare",
        files: { ".fwknop.run": "fwknop -A tcp/22 -s -D h \n" },
        args: "--show-last --no-rc-file",
        prints: /^Last fwknop client command line: fwknop -A tcp\/22 -s -D h \n\n$/,
      },
      { on: "bare", args: "--show-last", code: 1, wording: true, says: /Could not open args file/ },
      {
        on: "bare",
        files: { ".fwknop.run": "" },
        args: "--show-last",
        mended: "2.6.11",
        c: { code: 1 },
        own: { code: 1, says: /Could not read line from file/ },
      },
    ],
  },
  noSaveArgs: {
    on: "bare",
    beside: ["--no-rc-file", "-T", ...REQUEST],
    shows: { Username: "alice" },
    writes: { ".fwknop.run": null },
    rows: [{
      on: "bare",
      args: ["--no-rc-file", "-T", ...REQUEST],
      writes: { ".fwknop.run": [LINE, 0o600] },
    }],
  },
  saveArgsFile: {
    on: "bare",
    beside: ["--no-rc-file", "-T", ...REQUEST],
    value: "{home}/args",
    earlier: "{home}/other",
    writes: { args: [LINE, 0o600], ".fwknop.run": null, other: null },
    rows: [
      {
        on: "bare",
        files: { args: "something long that is there\nand more\n" },
        args: ["--no-rc-file", "-T", ...REQUEST, "-E", "{home}/args"],
        writes: { args: [/^\S*fwknop --no-rc-file -T .*\n$/, 0o600] },
      },
      {
        on: "bare",
        args: ["--no-rc-file", "-T", ...REQUEST, "-E", "{home}/args", "-u", "x".repeat(1024)],
        mended: "F17",
        c: { code: 1, says: /argument string too long/ },
        own: { shows: { Username: "alice" }, writes: { args: [/ x{1024} \n$/, 0o600] } },
      },
      {
        on: "bare",
        args: ["--no-rc-file", "-T", ...REQUEST, "-E", "{home}/none/args"],
        mended: "decision",
        c: { code: 1, says: /Could not open args file/ },
        own: { says: /Unable to write the arguments of this run/, shows: { Username: "alice" } },
      },
    ],
  },
  test: {
    on: "alone",
    beside: ["-D", "127.0.0.1", ...REQUEST],
    prints: /\n\ntest mode enabled|test mode enabled, SPA packet not actually sent\.\nsend_spa_packet: bytes sent: 0\n/,
    rows: [
      { args: "", prints: /^SPA Field Values:[^]*\n\nGenerating SPA packet:\n +protocol: udp\n/ },
      {
        on: "alone",
        args: ["-T", "-D", "h", ...REQUEST.slice(1)],
        prints: /^SPA Field Values:\n={17}\n[^]*\n\ntest mode enabled, SPA packet not actually sent\.\n$/,
      },
      { args: "-P http", prints: /\nTest mode enabled, SPA packet not actually sent\.\n/ },
      { args: "", prints: /bytes sent: 0\n\nDump of the Decoded Data\nSPA Field Values:\n={17}\n/ },
      { on: "alone", args: ["-T", ...REQUEST], shows: { "Message String": "192.0.2.10,tcp/22" } },
    ],
  },
  savePacket: {
    value: "{home}/packet",
    earlier: "{home}/other",
    c: { writes: { packet: [PACKET, 0o644], other: null } },
    own: { writes: { packet: [PACKET, 0o600], other: null } },
    rows: [
      {
        files: { packet: "old\n" },
        args: "-B {home}/packet",
        c: { writes: { packet: [PACKET, 0o644] } },
        own: { writes: { packet: [PACKET, 0o600] } },
      },
      ...["{home}", "{home}/none/packet"].map((path): Row => ({
        args: ["-B", path],
        wording: true,
        shows: { Username: "alice" },
        c: { says: /write_spa_packet_data/ },
        own: { says: /Could not save the packet to / },
      })),
      {
        on: "send",
        listens: "udp",
        args: "-v -B {home}/packet",
        c: { writes: { packet: [PACKET, 0o644] } },
        own: { writes: { packet: [PACKET, 0o600] } },
      },
    ],
  },
  savePacketAppend: {
    files: { packet: "old\n" },
    beside: "-B {home}/packet",
    writes: { packet: [/^old\n[A-Za-z0-9+/]{100,}\n$/, 0o600] },
    rows: [
      {
        args: "-b -B {home}/packet",
        c: { writes: { packet: [PACKET, 0o644] } },
        own: { writes: { packet: [PACKET, 0o600] } },
      },
      { args: "-b", shows: { Username: "alice" } },
    ],
  },
  verbose: {
    on: "alone",
    once: true,
    beside: ["-T", ...REQUEST.slice(1)],
    prints: /Dump of the Decoded Data/,
    rows: [
      { args: "-v -v", prints: /Dump of the Decoded Data/ },
      { on: "alone", args: ["-Tvv", ...REQUEST.slice(1)], prints: /Dump of the Decoded Data/ },
      { on: "alone", args: ["-T", ...REQUEST.slice(1)], prints: /actually sent\.\n$/ },
      {
        on: "send",
        listens: "udp",
        args: "-v",
        prints: /^SPA Field Values:\n[^]*\n\nGenerating SPA packet:\n[^]*\nsend_spa_packet: bytes sent: [0-9]+\n$/,
        own: {
          says:
            /^\[\+\] Building encrypted Single Packet Authorization \(SPA\) message\.\.\.\n\[\+\] Sending [0-9]+ byte message to 127\.0\.0\.1 over udp\/[0-9]+\.\.\.\n$/,
        },
      },
      { on: "send", listens: "udp", args: "-vv", prints: /bytes sent: [0-9]+\n$/ },
    ],
  },
  version: {
    on: "bare",
    prints:
      /^\[\*\] Creating initial rc file: \{home\}\/\.fwknoprc\.\nfwknop client 2\.6\.1[01], FKO protocol version 3\.0\.0\n$/,
    writes: { ".fwknoprc": MADE, ".fwknop.run": [/^\S*fwknop .*\n$/, 0o600] },
    rows: [
      {
        on: "bare",
        args: "-V --no-rc-file --no-save-args",
        own: { prints: /^fwknop client 2\.6\.11, FKO protocol version 3\.0\.0\n$/ },
        writes: { ".fwknoprc": null, ".fwknop.run": null },
      },
      { on: "bare", args: "-V -A bogus -T", prints: CREATED },
      ...([
        ["-V -p 65536", /out of range/],
        ["-V -Q 192.0.2.1", /Must set -P </],
        ["-V -g", /Must specify --gpg-recipient-key/],
      ] as const).map(([args, says]): Row => ({ on: "bare", args, code: 1, says, writes: { ".fwknop.run": null } })),
      { on: "bare", args: "-V -g --gpg-recipient-key X", prints: /\nfwknop client / },
      {
        on: "bare",
        files: { ".fwknoprc": "[default]\nBOGUS x\n" },
        args: "-V",
        code: 1,
        says: /BOGUS|unknown directive/,
        writes: { ".fwknop.run": null },
      },
      {
        on: "bare",
        args: "--Version",
        mended: "decision",
        c: { code: 1, says: /unrecognized option '--Version'/ },
        own: { prints: /\nfwknop client / },
      },
    ],
  },
  help: {
    on: "bare",
    wording: true,
    prints: /^Usage: fwknop /m,
    writes: { ".fwknoprc": null, ".fwknop.run": null },
    rows: [
      { on: "bare", args: "-V -h", wording: true, prints: /^Usage: fwknop /m },
      { on: "bare", args: "-h --bogus", wording: true, prints: /^Usage: fwknop /m },
      { on: "bare", args: "-p 99999 -h", wording: true, prints: /^Usage: fwknop /m },
      {
        on: "alone",
        args: "--bogus",
        mended: "decision",
        c: { code: 1, says: /(?:unrecognized option '--bogus'[^]*){2}/, prints: /^Usage: fwknop /m },
        own: { code: 1, says: /--bogus: unknown option/, prints: /^$/ },
      },
      {
        on: "alone",
        args: "-A",
        mended: "decision",
        c: { code: 1, says: /option requires an argument -- 'A'/ },
        own: { code: 1, says: /-A: requires a value/ },
      },
    ],
  },
  faultInjectionTag: {
    on: "alone",
    value: "tag",
    code: 1,
    wording: true,
    says: /not compiled with fault injection/,
    empty: /not compiled with fault injection/,
    rows: [],
  },
});
