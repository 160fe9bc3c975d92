/**
 * The command line of fwknopd: the options that say what to do (here) and those that are settings with a variable in
 * fwknopd.conf (`config/settings.ts`). See facts/process 2.
 */
import { parseArguments } from "../lib/settings/argv.ts";
import { choice, integer, path, refusing, text, yesNo } from "../lib/settings/kinds.ts";
import { resolveSettings, type SettingsOf } from "../lib/settings/resolve.ts";
import { elsewhere } from "../lib/settings/elsewhere.ts";
import type { Given, OptionNames, Problem, SettingTable } from "../lib/settings/setting.ts";
import { SERVER_SETTINGS } from "./config/settings.ts";

/** What to do, apart from the settings. */
export const DAEMON_ACTIONS = {
  foreground: flag("f", "foreground", "running", "stay in the foreground and log to stderr"),
  packetLimit: {
    kind: refusing(integer(0, Number.MAX_SAFE_INTEGER, "COUNT"), "invalid -C packet count limit"),
    option: { short: "C", long: ["packet-limit"], argument: "required" },
    fallback: 0,
    group: "running",
    doc: "stop after so many captured packets; 0 is no limit",
  },
  test: flag("t", "test", "running", "process packets but leave the firewall alone"),
  syslogEnable: flag(null, "syslog-enable", "running", "with -f: log to stderr and to syslog"),
  rotateDigestCache: flag(
    null,
    "rotate-digest-cache",
    "running",
    "begin a new replay file; the old one gets the suffix -old",
  ),
  dumpConfig: flag("D", "dump-config", "asking", "print what the configuration means, and exit"),
  exitParseConfig: {
    ...flag(null, "exit-parse-config", "asking", "check the configuration, and exit"),
    detail:
      "Tells everything that is wrong, with file, line and remedy, and what would keep a start from succeeding here. With " +
      "-v it also prints what each stanza lets in, in plain words, and what makes it wider than it may look.",
  },
  doctor: {
    kind: yesNo,
    option: { exact: ["doctor"], argument: "none" },
    fallback: false,
    group: "asking",
    doc: "say what stands between a knock and the service, and exit",
    detail:
      "One line for each finding, in the order in which a packet meets it: ok, warn or fail, what was looked at, and a remedy. It looks at the configuration, at the interface, and at each chain that a knock and those it lets in pass, for IPv4 and IPv6, with the services of OPEN_PORTS (tcp/22 for a stanza without). Nothing is changed. Exit status 1 when something keeps a door shut.",
  },
  exitParseDigestCache: flag(null, "exit-parse-digest-cache", "asking", "check the replay file too, and exit"),
  kill: flag("K", "kill", "control", "stop the running daemon"),
  restart: flag("R", "restart", "control", "make the running daemon read its configuration again"),
  status: flag("S", "status", "control", "say whether a daemon is running"),
  fwList: flag(null, "fw-list", "firewall", "list the doors that are open, and exit"),
  fwListAll: flag(null, "fw-list-all", "firewall", "list all firewall rules, ours and others, and exit"),
  fwFlush: flag(null, "fw-flush", "firewall", "close all doors and remove our chains, and exit"),
  noIptCheckSupport: flag(
    null,
    "no-ipt-check-support",
    "firewall",
    "say that a door is open already in the words of a C daemon without iptables -C, which is used all the same",
  ),
  noFirewdCheckSupport: flag(null, "no-firewd-check-support", "firewall", "accepted and without effect"),
  keyGen: flag(null, "key-gen", "keys", "print a new encryption key and a new HMAC key, and exit"),
  keyGenFile: {
    kind: path(),
    option: { long: ["key-gen-file"], argument: "required" },
    group: "keys",
    doc: "write the keys to this file instead",
  },
  keyLength: {
    kind: refusing(integer(1, 32, "BYTES"), "Invalid key length"),
    option: { long: ["key-len"], argument: "required" },
    fallback: 32,
    group: "keys",
    doc: "length of the encryption key",
  },
  hmacKeyLength: {
    kind: refusing(integer(1, 128, "BYTES"), "Invalid hmac key length"),
    option: { long: ["hmac-key-len"], argument: "required" },
    group: "keys",
    doc: "length of the HMAC key; default by --hmac-digest-type",
  },
  hmacDigestType: {
    kind: refusing(
      choice(["md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512"]),
      "Invalid hmac digest type",
    ),
    option: { long: ["hmac-digest-type"], argument: "required" },
    fallback: "sha256",
    group: "keys",
    doc: "digest that the HMAC key is for",
  },
  dumpServerErrors: flag(null, "dump-serv-err-codes", "asking", "list the error numbers of the daemon, and exit"),
  version: flag("V", "version", "asking", "print the version, and exit"),
  help: {
    kind: text({ valueName: "all|TOPIC" }),
    option: { short: "h", long: ["help"], argument: "optional" },
    given: "",
    group: "asking",
    doc: "print a short help, all options, or one topic, and exit",
    detail: "The name of an option or variable stands for its topic: --help=capture, --help=pcap-filter.",
  },
  aflFuzzing: {
    ...flag("A", "afl-fuzzing", "testing", "for test builds of the C daemon only"),
    later: "not compiled with AFL fuzzing support",
    hidden: true,
  },
  aflPacketOption: {
    kind: path(),
    option: { long: ["afl-pkt-file"], argument: "required" },
    later: "not compiled with AFL fuzzing support",
    group: "testing",
    hidden: true,
    doc: "for test builds of the C daemon only",
  },
  faultInjection: {
    kind: text({ valueName: "TAG" }),
    option: { long: ["fault-injection-tag"], argument: "required" },
    later: "not compiled with libfiu support",
    group: "testing",
    hidden: true,
    doc: "for test builds of the C daemon only",
  },
} as const satisfies SettingTable;

/** The whole command line. */
export const DAEMON_OPTIONS = { ...DAEMON_ACTIONS, ...SERVER_SETTINGS } as const;

/** A command line that makes sense. */
export interface DaemonOptions {
  readonly actions: SettingsOf<typeof DAEMON_ACTIONS>;
  /** What it says about settings: laid over the files when the configuration is resolved. */
  readonly settings: readonly Given[];
  /** What belongs to no option. */
  readonly words: readonly string[];
}

/** Reads the arguments; every problem at once. Words that are no options are ignored, as in the C daemon. */
export function parseDaemonOptions(
  argv: readonly string[],
): { readonly ok: true; readonly options: DaemonOptions } | {
  readonly ok: false;
  readonly problems: readonly Problem[];
  /** Whether there is something that is no option, or no whole one: then the C daemon prints its usage. */
  readonly unreadable: boolean;
} {
  const read = parseArguments(DAEMON_OPTIONS, argv);
  const isAction = (said: Given) => said.key in DAEMON_ACTIONS;
  const settings = read.given.filter((said) => !isAction(said));
  const { values, problems } = resolveSettings(DAEMON_ACTIONS, read.given.filter(isAction));
  // Settings are resolved again together with the files; here only what is wrong with them by themselves.
  const all = [...read.problems.map(inItsPlace), ...problems, ...resolveSettings(SERVER_SETTINGS, settings).problems];
  all.push(...conflicts(values, read.given));
  return all.length > 0
    ? { ok: false, problems: all, unreadable: read.problems.length > 0 }
    : { ok: true, options: { actions: values, settings, words: read.words } };
}

/** An option of the client is said to be one; a letter in the wrong case is rather that. */
function inItsPlace(problem: Problem): Problem {
  const { name = "", hinted } = problem.about ?? {};
  const letter = name.length === 2 && hinted === "guess";
  const hint = letter ? undefined : elsewhere(name, "fwknopd");
  return hint === undefined ? problem : { ...problem, hint };
}

/** What somebody may have meant by a word without an option: the C daemon starts, whatever the word is. */
export function wordHint(word: string): string | null {
  const command = COMMANDS.get(word.toLowerCase());
  if (command !== undefined) return command;
  const name = word.split("=", 1)[0] ?? "";
  const row = Object.values(SERVER_SETTINGS as SettingTable).find(({ directive }) => directive?.includes(name));
  if (row === undefined) return null;
  const long = row.option?.long?.[0];
  return long === undefined ? `${name} is written in fwknopd.conf` : `did you mean --${long}?`;
}

const COMMANDS: ReadonlyMap<string, string> = new Map([
  ["start", "fwknopd starts without a word"],
  ["stop", "did you mean -K?"],
  ["restart", "did you mean -R?"],
  ["reload", "did you mean -R?"],
  ["status", "did you mean -S?"],
]);

function conflicts(values: SettingsOf<typeof DAEMON_ACTIONS>, given: readonly Given[]): Problem[] {
  const problems: Problem[] = [];
  const modes = { "-D": values.dumpConfig, "-K": values.kill, "-R": values.restart, "-S": values.status };
  const chosen = Object.entries(modes).filter(([_, on]) => on).map(([name]) => name);
  if (chosen.length > 1) {
    const message = `the options ${chosen.join(", ")} are mutually exclusive`;
    problems.push({ origin: {}, message, hint: "give one of them" });
  }
  if (!values.keyGen && values.keyGenFile === undefined) {
    for (const said of given) {
      if (!["keyLength", "hmacKeyLength", "hmacDigestType"].includes(said.key)) continue;
      problems.push({ origin: said.origin, message: "has no effect without --key-gen", hint: "add --key-gen" });
    }
  }
  return problems;
}

function flag(short: string | null, long: string, group: string, doc: string) {
  const option: OptionNames = { ...(short === null ? {} : { short }), long: [long], argument: "none" };
  return { kind: yesNo, option, fallback: false, group, doc } as const;
}
