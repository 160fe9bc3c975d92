import assert from "node:assert/strict";
import { DAEMON_OPTIONS, parseDaemonOptions, wordHint } from "../../daemon/options.ts";
import { formatProblem, type Setting } from "../../lib/settings/setting.ts";

function accepted(...argv: string[]) {
  const read = parseDaemonOptions(argv);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.options;
}

function refused(...argv: string[]): readonly string[] {
  const read = parseDaemonOptions(argv);
  return read.ok ? [] : read.problems.map(formatProblem);
}

Deno.test("parseDaemonOptions() knows the short letters of the C daemon and no others", () => {
  const letters = Object.values(DAEMON_OPTIONS).map((row: Setting) => row.option?.short ?? "").join("");
  assert.equal([...letters].sort().join(""), [..."AaCcDdfhiKlOpPRrStUvVn"].sort().join(""));
});

Deno.test("parseDaemonOptions() knows every long name of the C daemon", () => {
  const known = new Set(Object.values(DAEMON_OPTIONS).flatMap((row: Setting) => row.option?.long ?? []));
  const names = "access-file access-folder config-file override-config packet-limit digest-file dump-config " +
    "dump-serv-err-codes exit-parse-config exit-parse-digest-cache syslog-enable foreground help interface key-gen " +
    "key-gen-file key-len hmac-key-len hmac-digest-type kill restart status fw-flush fw-list fw-list-all gpg-home-dir " +
    "gpg-exe sudo-exe locale nfq-capture no-firewd-check-support no-ipt-check-support pcap-file pcap-filter " +
    "pcap-any-direction pid-file run-dir rotate-digest-cache test udp-server verbose version afl-fuzzing afl-pkt-file " +
    "fault-injection-tag";
  assert.deepEqual(names.split(" ").filter((name) => !known.has(name)), []);
  assert.equal(known.size, 45);
});

Deno.test("parseDaemonOptions() keeps actions and settings apart", () => {
  const { actions, settings } = accepted("-fvvtC", "5", "-i", "lo", "stray", "--pcap-any", "--fw-list");
  assert.deepEqual([actions.foreground, actions.test, actions.packetLimit, actions.fwList], [true, true, 5, true]);
  assert.equal(actions.kill, false);
  assert.deepEqual(settings.map((said) => said.key), ["verbose", "verbose", "captureInterface", "anyDirection"]);
});

Deno.test("parseDaemonOptions() keeps words, and wordHint() says what they may have meant", () => {
  assert.deepEqual(accepted("start", "-f", "--", "PCAP_INTF=eth0").words, ["start", "PCAP_INTF=eth0"]);
  const table: [string, string | null][] = [
    ["start", "fwknopd starts without a word"],
    ["Reload", "did you mean -R?"],
    ["stop", "did you mean -K?"],
    ["PCAP_INTF=eth0", "did you mean --interface?"],
    ["FIREWALL", "FIREWALL is written in fwknopd.conf"],
    ["web1", null],
    ["constructor", null],
  ];
  for (const [word, hint] of table) assert.equal(wordHint(word), hint, word);
});

Deno.test("parseDaemonOptions() says what is wrong, all of it", () => {
  const table: [string[], string[]][] = [
    [["-K", "-S"], ["the options -K, -S are mutually exclusive (give one of them)"]],
    [["-C", "-1"], ['-C: invalid -C packet count limit: expected a number from 0 up, got "-1"']],
    [["-C", "x", "--bogus"], [
      "--bogus: unknown option (--help lists the options)",
      '-C: invalid -C packet count limit: expected a number from 0 up, got "x"',
    ]],
    [["--key-len", "16"], ["--key-len: has no effect without --key-gen (add --key-gen)"]],
    [["--key-gen", "--key-len", "33"], ['--key-len: Invalid key length: expected a number from 1 to 32, got "33"']],
    [["-A"], ["-A: not compiled with AFL fuzzing support"]],
    [["--afl-pkt-file", "x"], ["--afl-pkt-file: not compiled with AFL fuzzing support"]],
    [["--fault-injection-tag", "x"], ["--fault-injection-tag: not compiled with libfiu support"]],
    [["-k"], ["-k: unknown option (did you mean -K?)"]],
    [["--fw"], ["--fw: ambiguous option (it could be --fw-flush or --fw-list or --fw-list-all)"]],
    [["--destination", "gw"], ["--destination: unknown option (--destination is an option of the client, fwknop)"]],
    [["--pcap_intf", "eth0"], [
      "--pcap_intf: unknown option (did you mean --interface? PCAP_INTF is its name in a file)",
    ]],
    [["--FIREWALL=iptables"], ["--FIREWALL: unknown option (FIREWALL is written in a file only)"]],
    [["-c", "a\uFFFD"], [
      "-c: the value holds bytes that are no UTF-8 text, which cannot be taken from the command line (write it in UTF-8; a file of such a name can be given by a link of another name)",
    ]],
    [["--foregruond"], ["--foregruond: unknown option (did you mean --foreground?)"]],
  ];
  for (const [argv, expected] of table) assert.deepEqual(refused(...argv), expected, argv.join(" "));
});
