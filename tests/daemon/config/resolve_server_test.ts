import assert from "node:assert/strict";
import { wantedSources } from "../../../daemon/config/sources.ts";
import { good, STANZA, wrong } from "./in_memory.ts";

Deno.test("loadConfig() gives an empty fwknopd.conf the defaults of the C daemon", () => {
  const { config, warnings } = good("");
  assert.deepEqual(warnings, []);
  assert.deepEqual(config.capture, {
    interfaces: ["eth0"],
    queue: null,
    file: null,
    fileFrom: "begin",
    filter: "udp port 62201",
    promiscuous: false,
    anyDirection: false,
    exitAtInterfaceDown: true,
    exitAtInterfaceLoss: false,
    snapLength: 1500,
    dispatchCount: 100,
  });
  assert.deepEqual(config.udpServer, { enabled: false, port: 62201 });
  assert.equal(config.maxAge, 120);
  assert.deepEqual(config.replay, { persist: true, file: "/run/fwknop/digest.cache" });
  assert.deepEqual(config.paths, {
    runDirectory: "/run/fwknop",
    pidFile: "/run/fwknop/fwknopd.pid",
    configFile: "/c",
    accessFile: "/a",
    accessFolder: null,
    fingerprintFile: "/etc/fwknop/fingerprints.conf",
  });
  assert.deepEqual(config.logging, { identity: "fwknopd", facility: 3, verbosity: 0 });
  assert.equal(config.firewall.directive, "auto");
  assert.deepEqual(config.firewall.decisive, []);
});

Deno.test("loadConfig() waits for interfaces as EXIT_AT_INTF_DOWN says, and as --wait-for-interface says where it is not written", () => {
  const waits = (server: string, ...argv: readonly string[]) => {
    const { capture } = good(server, undefined, { argv }).config;
    return [!capture.exitAtInterfaceDown, !capture.exitAtInterfaceLoss];
  };
  assert.deepEqual(waits(""), [false, true]);
  assert.deepEqual(waits("", "--wait-for-interface"), [true, true]);
  assert.deepEqual(waits("EXIT_AT_INTF_DOWN N"), [true, true]);
  assert.deepEqual(waits("EXIT_AT_INTF_DOWN N", "--wait-for-interface"), [true, true]);
  assert.deepEqual(waits("EXIT_AT_INTF_DOWN Y"), [false, false]);
  assert.deepEqual(waits("EXIT_AT_INTF_DOWN Y", "--wait-for-interface"), [false, false]);
});

Deno.test("loadConfig() reads the line grammar of fwknopd.conf", () => {
  const text = [
    "# comment",
    "; comment",
    "",
    "   ",
    "   # an indented comment",
    "PCAP_INTF   lo;",
    "  PCAP_FILTER\tudp port 5   ; said after the semicolon",
    "SYSLOG_IDENTITY knockd\r",
    "MAX_SPA_PACKET_AGE 5",
    "MAX_SPA_PACKET_AGE 6",
  ].join("\n");
  const { config } = good(text);
  assert.equal(config.capture.interfaces.join(), "lo");
  assert.equal(config.capture.filter, "udp port 5");
  assert.equal(config.logging.identity, "knockd");
  assert.equal(config.maxAge, 6);
});

Deno.test("loadConfig() expands $VARIABLE at the beginning of a value, once", () => {
  const expanded = good("FWKNOP_RUN_DIR /srv/run\nFWKNOP_PID_FILE $FWKNOP_RUN_DIR/x.pid\nDIGEST_FILE $ACCESS_FILE\n");
  assert.equal(expanded.config.paths.pidFile, "/srv/run/x.pid");
  assert.equal(expanded.config.replay.file, "/etc/fwknop/access.conf");
  const builtIn = good("FWKNOP_PID_FILE $FWKNOP_RUN_DIR/x.pid");
  assert.equal(builtIn.config.paths.pidFile, "/run/fwknop/x.pid");
  assert.deepEqual(wrong("DIGEST_FILE $PCAP_FILE/x"), [
    "/c:1: DIGEST_FILE: Invalid embedded variable in the value: $PCAP_FILE is not set (set PCAP_FILE above this line)",
  ]);
});

Deno.test("loadConfig() lays overrides and the command line over the main file", () => {
  const files = {
    "/o1": "PCAP_INTF one\nMAX_SNIFF_BYTES 1000",
    "/start/o2": "PCAP_INTF two",
    "/o3": "PCAP_INTF three",
  };
  const main = "PCAP_INTF zero\nUDPSERV_PORT 7\n";
  assert.equal(good(main, STANZA, { files, argv: ["-O", "/o1,o2"] }).config.capture.interfaces.join(), "two");
  assert.equal(good(`${main}OVERRIDE_CONFIG /o3`, STANZA, { files }).config.capture.interfaces.join(), "three");
  assert.equal(
    good(`${main}OVERRIDE_CONFIG /o3`, STANZA, { files, argv: ["-O", "/o1"] }).config.capture.interfaces.join(),
    "one",
  );
  const all = good(main, STANZA, {
    files,
    argv: ["-O", "/o1", "-i", "eth9", "-vv", "-r", "/r", "-p", "x.pid", "-P", ""],
  });
  assert.equal(all.config.capture.interfaces.join(), "eth9");
  assert.equal(all.config.capture.snapLength, 1000);
  assert.equal(all.config.capture.filter, "");
  assert.equal(all.config.logging.verbosity, 2);
  assert.equal(all.config.paths.pidFile, "/start/x.pid");
  assert.equal(all.config.replay.file, "/r/digest.cache");
  assert.equal(good("VERBOSE 2", STANZA, { argv: ["-v"] }).config.logging.verbosity, 3);
});

Deno.test("loadConfig() does not check the age of packets from a file unless told to", () => {
  assert.equal(good("PCAP_FILE x.pcap").config.maxAge, null);
  assert.equal(good("PCAP_FILE x.pcap").config.capture.file, "/start/x.pcap");
  assert.equal(good("PCAP_FILE x.pcap\nENABLE_SPA_PACKET_AGING Y").config.maxAge, 120);
  assert.equal(good("ENABLE_SPA_PACKET_AGING no").config.maxAge, null);
});

Deno.test("loadConfig() accepts what asks for nothing, and says what has no effect", () => {
  const { warnings } = good(
    "ENABLE_TCP_SERVER N\nENABLE_IPT_FORWARDING n\nFIREWD_INPUT_ACCESS ACCEPT,filter,INPUT,1,X,1\nPF_ANCHOR_NAME x\n" +
      "SNAT_TRANSLATE_IP __CHANGEME__\nLOCALE C\nGPG_HOME_DIR /nowhere\nENABLE_NFQ_CAPTURE N",
  );
  assert.deepEqual(warnings.map((line) => line.split(":").slice(0, 3).join(":")), [
    "/c:3: FIREWD_INPUT_ACCESS has no effect",
    "/c:4: PF_ANCHOR_NAME has no effect",
    "/c:8: ENABLE_NFQ_CAPTURE has no effect",
  ]);
});

const DEBIAN_13 = "ENABLE_NFQ_CAPTURE              Y;\n";

Deno.test("loadConfig() takes packets from a netfilter queue where ENABLE_NFQ_CAPTURE says so", () => {
  const queue = (server: string, ...argv: string[]) => {
    const { config, warnings } = good(server, undefined, { argv });
    assert.deepEqual(warnings, []);
    return config.capture.queue;
  };
  const usual = { kind: "queue", queue: 1, port: 62201, device: null, table: "mangle", chain: "FWKNOP_NFQ" };
  const program = "/usr/sbin/iptables";
  assert.deepEqual(queue(DEBIAN_13), { ...usual, program });
  assert.deepEqual(queue("", "-n"), { ...usual, program });
  assert.deepEqual(wantedSources(good(`${DEBIAN_13}ENABLE_UDP_SERVER Y`).config), [{ ...usual, program }]);
  assert.deepEqual(
    queue(`${DEBIAN_13}NFQ_INTERFACE eth7\nNFQ_PORT 5000\nNFQ_TABLE filter\nNFQ_CHAIN X\nNFQ_QUEUE_NUMBER 3\n`),
    { kind: "queue", queue: 3, port: 5000, device: "eth7", table: "filter", chain: "X", program },
  );
  assert.equal(queue(`${DEBIAN_13}NFQ_INTERFACE any\n`)?.device, null);
  assert.equal(queue(`${DEBIAN_13}FIREWALL_EXE /opt/iptables\n`)?.program, "/opt/iptables");
  assert.equal(good(DEBIAN_13, undefined, { argv: ["-U"] }).config.capture.queue, null);
  assert.match(wrong(`${DEBIAN_13}NFQ_PORT 0`)[0] ?? "", /^\/c:2: NFQ_PORT: no packet is sent to port 0/);
  for (const chain of ["INPUT", "-x", "a b", "x".repeat(29)]) {
    assert.match(wrong(`${DEBIAN_13}NFQ_CHAIN ${chain}`)[0] ?? "", /^\/c:2: NFQ_CHAIN/, chain);
  }
  assert.match(wrong(`${DEBIAN_13}NFQ_TABLE raw`)[0] ?? "", /^\/c:2: NFQ_TABLE/);
});

Deno.test("loadConfig() captures by libpcap, with one line of log, where there is no queue or no wish for it", () => {
  const capture = (server: string, ...argv: string[]) => {
    const { config, warnings } = good(`${server}\nFIREWALL_EXE /gone/iptables`, undefined, { argv });
    assert.equal(config.capture.queue, null);
    return [config.capture.interfaces.join(), config.capture.filter, config.udpServer.enabled, warnings.length];
  };
  assert.deepEqual(good(`${DEBIAN_13}FIREWALL_EXE /gone/iptables`).warnings, [
    "ENABLE_NFQ_CAPTURE: there is no /gone/iptables, so packets are captured on all interfaces: udp dst port 62201",
  ]);
  assert.deepEqual(good(DEBIAN_13, undefined, { argv: ["-i", "lo"] }).warnings, [
    "ENABLE_NFQ_CAPTURE: the command line asks for libpcap, so packets are captured on lo: udp dst port 62201",
  ]);
  const others = "NFQ_TABLE mangle\nNFQ_CHAIN X\nNFQ_QUEUE_NUMBER 3\nNFQ_LOOP_SLEEP 5\n";
  assert.deepEqual(capture(DEBIAN_13), ["any", "udp dst port 62201", false, 1]);
  assert.deepEqual(capture(`${DEBIAN_13}${others}NFQ_PORT 5000`), ["any", "udp dst port 5000", false, 1]);
  assert.deepEqual(capture(`${DEBIAN_13}NFQ_INTERFACE eth7`), ["eth7", "udp dst port 62201", false, 1]);
  assert.deepEqual(capture(`${DEBIAN_13}PCAP_INTF lo\nPCAP_FILTER tcp\nENABLE_UDP_SERVER Y`).slice(0, 3), [
    "any",
    "udp dst port 62201",
    false,
  ]);
  assert.deepEqual(capture(DEBIAN_13, "-i", "lo"), ["lo", "udp dst port 62201", false, 1]);
  assert.deepEqual(capture(DEBIAN_13, "-P", "udp port 9"), ["any", "udp port 9", false, 1]);
  assert.deepEqual(capture(DEBIAN_13, "-U")[2], true);
  assert.deepEqual(capture("", "-n"), ["any", "udp dst port 62201", false, 1]);
  assert.deepEqual(capture("ENABLE_NFQ_CAPTURE N"), ["eth0", "udp port 62201", false, 1]);
});

Deno.test("loadConfig() refuses every bad line of fwknopd.conf at once, with its place", () => {
  const table: [string, string][] = [
    [
      "PCAP_INTF",
      "PCAP_INTF has no value (Invalid config file entry) (write a value after it, or put # before the line)",
    ],
    [
      "PCAP_INTF ;",
      "PCAP_INTF has no value (Invalid config file entry) (write a value after it, or put # before the line)",
    ],
    ["PCAP_INTF=lo", 'PCAP_INTF has no value (Invalid config file entry) (write a blank between the two, not "=")'],
    ["PCAP_INFT lo", "PCAP_INFT: unknown configuration parameter (did you mean PCAP_INTF?)"],
    [
      "pcap_intf lo",
      "pcap_intf: unknown configuration parameter (did you mean PCAP_INTF? names are written in capitals)",
    ],
    ["c2VjcmV0 hunter2", "unknown configuration parameter"],
    [
      "KEY_BASE64 c2VjcmV0",
      "KEY_BASE64: unknown configuration parameter (KEY_BASE64 belongs in access.conf of the server)",
    ],
    ["MAX_SPA_PACKET_AGE 0", 'var MAX_SPA_PACKET_AGE value is out of range: not in the range 1-100000, got "0"'],
    [
      "MAX_SPA_PACKET_AGE 12x",
      'var MAX_SPA_PACKET_AGE value is not in the range: expected a number from 1 to 100000, got "12x" ' +
      "(write the number alone: 12)",
    ],
    ["UDPSERV_PORT 131071", 'var UDPSERV_PORT value is out of range: not in the range 1-65535, got "131071"'],
    ["ENABLE_UDP_SERVER true", 'ENABLE_UDP_SERVER: No available capture mode: expected Y or N, got "true" (write Y)'],
    [
      "SYSLOG_FACILITY LOG_LOCAL8",
      "SYSLOG_FACILITY: Invalid SYSLOG_FACILITY: expected one of LOG_DAEMON, LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3, LOG_LOCAL4, " +
      'LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7, got "LOG_LOCAL8" (did you mean LOG_LOCAL0?)',
    ],
    [
      "FIREWALL iptabels",
      'FIREWALL: expected one of auto, nftables, iptables, firewalld, pf, ipfw, got "iptabels" (did you mean iptables?)',
    ],
    [
      "ENABLE_IPT_FORWARDING maybe",
      'ENABLE_IPT_FORWARDING: expected Y or N, got "maybe" (write Y or N)',
    ],
    ["FWKNOP_RUN_DIR run", "Path 'run' is not absolute (write it from / on)"],
    [
      "IPT_INPUT_ACCESS ACCEPT,filter,IN-PUT,1,X,1",
      "Invalid IPT_INPUT_ACCESS specification: only letters, digits, _, blanks and commas are allowed, " +
      'got "ACCEPT,filter,IN-PUT,1,X,1" (a chain whose name has other characters cannot be used: make one with another name)',
    ],
    [
      "IPT_INPUT_ACCESS ACCEPT,filter,INPUT,1,X",
      "Invalid IPT_INPUT_ACCESS specification: expected six fields: target, table, from-chain, jump position, " +
      'to-chain, rule position, got "ACCEPT,filter,INPUT,1,X"',
    ],
    [
      "IPT_INPUT_ACCESS ACCEPT,filter,INPUT,65537,X,1",
      "IPT_INPUT_ACCESS: invalid jump rule position: not in the range 0-65536, " +
      'got "ACCEPT,filter,INPUT,65537,X,1"',
    ],
  ];
  for (const [line, expected] of table) assert.deepEqual(wrong(`# first\n${line}\n`), [`/c:2: ${expected}`], line);
  const together = wrong(table.map(([line]) => line).join("\n"));
  assert.deepEqual(
    together,
    table.map(([_, expected], index) => `/c:${index + 1}: ${expected}`),
  );
});

Deno.test("loadConfig() refuses a filter that libpcap would choke on", () => {
  const [problem] = wrong(`PCAP_FILTER ${"udp or ".repeat(1000)}udp`);
  assert.match(problem ?? "", /^\/c:1: PCAP_FILTER: expected text of at most 4096 bytes/);
});

Deno.test("loadConfig() names missing files and how to name others", () => {
  assert.deepEqual(wrong("", STANZA, { argv: ["-c", "nope.conf"] }), [
    "-c: Could not open config file: nope.conf: No such file or directory (it was not found) (make it, or name another with -c)",
  ]);
  assert.deepEqual(wrong("ACCESS_FILE /gone", STANZA, { argv: [] }), []);
  assert.deepEqual(wrong("", STANZA, { argv: ["-a", "/gone"] }), [
    "-a: Could not open access file: /gone: No such file or directory (it was not found; Invalid access.conf file path) (make it, or name another with -a)",
  ]);
  assert.deepEqual(wrong("", STANZA, { argv: ["-O", "/gone,/gone2"] }).length, 2);
});
