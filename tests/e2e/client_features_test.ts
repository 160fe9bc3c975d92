/**
 * Every feature of the client in the form that is shipped: the bundled script, or the program that `FWKNOP` names, with the
 * permissions of packaging/permissions.json and no others. Each row is a command line, its exit status and what it says.
 */
import assert from "node:assert/strict";
import {
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_CLIENT,
  type RunResult,
  runToEnd,
  type SharedKeys,
  startDaemon,
} from "../lab/mod.ts";
import { onTerminal, PORTS, startNeighbour, TOLD_ADDRESS } from "./client_features_neighbour.ts";

/** One run. */
interface Feature {
  readonly args: readonly string[];
  /** Default: 0. */
  readonly code?: number;
  readonly out?: RegExp;
  readonly err?: RegExp;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A line of the neighbour that must follow. */
  readonly heard?: RegExp;
  /** How to start it; default: the program alone. */
  readonly start?: (argv: readonly string[]) => readonly string[];
}

type Features = Readonly<Record<string, Feature>>;

/** What a missing permission or a question about one looks like. */
const PERMISSION = /NotCapable|--allow-(?:read|write|net|env|sys|run|ffi)|Requires \w+ access|Allow\? \[/;

/** Where the program under test is, its home, and the scene around it. */
interface Setting {
  readonly lab: Lab;
  readonly client: readonly string[];
  readonly home: string;
  readonly keys: SharedKeys;
  readonly authority: string;
}

/** The form under test: where that is the source, a script is built. */
async function shipped(lab: Lab): Promise<readonly string[]> {
  if (OUR_CLIENT.argv.length === 1) return OUR_CLIENT.argv;
  const build = new URL("../../.ci/build.ts", import.meta.url).pathname;
  const made = await runToEnd([Deno.execPath(), "run", "-A", build, "--scripts", `--out=${lab.dir}/built`]);
  assert.equal(made.code, 0, made.stdout + made.stderr);
  return [`${lab.dir}/built/fwknop`];
}

function writeHome({ lab, home, keys }: Pick<Setting, "lab" | "home" | "keys">): void {
  const gate = ["ACCESS tcp/22", `ALLOW_IP ${lab.address("knocker")}`];
  const both = [`KEY_BASE64 ${keys.KEY_BASE64}`, `HMAC_KEY_BASE64 ${keys.HMAC_KEY_BASE64}`];
  const stanzas: Readonly<Record<string, readonly string[]>> = {
    gate: [`SPA_SERVER ${lab.address("server")}`, ...gate, ...both],
    near: ["SPA_SERVER 127.0.0.1", "ACCESS tcp/22", "ALLOW_IP source", ...both],
    programs: ["SPA_SERVER 127.0.0.1", ...gate, "KEY_CMD cat keys", "HMAC_KEY_CMD sh -c 'cat keys'"],
    files: ["SPA_SERVER 127.0.0.1", ...gate, `KEY_FILE ${home}/key`, `HMAC_KEY_FILE ${home}/hmac`],
    asks: ["SPA_SERVER 127.0.0.1", ...gate, "USE_HMAC Y"],
  };
  const text = Object.entries(stanzas).map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`).join("\n");
  Deno.mkdirSync(home);
  const write = (name: string, content: string) => Deno.writeTextFileSync(`${home}/${name}`, content, { mode: 0o600 });
  write(".fwknoprc", text);
  write("keys", `KEY_BASE64: ${keys.KEY_BASE64}\nHMAC_KEY_BASE64: ${keys.HMAC_KEY_BASE64}\n`);
  write("key", "127.0.0.1: text key of a file\n");
  write("hmac", "127.0.0.1: other key of a file");
  write("hosts", "127.0.0.1 near.test\n::1 near.test\n");
  write("lines", "first key\nsecond key");
}

async function runFeature(setting: Setting, feature: Feature): Promise<RunResult> {
  const { lab, client, home } = setting;
  const argv = [...client, ...feature.args];
  // A relative path of a stanza is one from here.
  const inHome = ["env", "-C", home, ...feature.start?.(argv) ?? argv];
  const env = { HOME: home, LOGNAME: "ann", NO_COLOR: "1", ...feature.env };
  return await lab.run("knocker", inHome, { env, ...(feature.input === undefined ? {} : { stdin: feature.input }) });
}

function check({ code = 0, out, err }: Feature, run: RunResult): void {
  const said = run.stdout + run.stderr;
  assert.doesNotMatch(said, PERMISSION);
  assert.doesNotMatch(said, /unexpected happened|Uncaught|^\s+at .*:\d+:\d+/m);
  assert.equal(run.code, code, said);
  if (out !== undefined) assert.match(run.stdout, out);
  if (err !== undefined) assert.match(run.stderr, err);
  if (code === 0 && err === undefined) assert.doesNotMatch(run.stderr, /^fwknop: error/m);
}

const NEAR = ["-A", "tcp/22", "-a", "192.0.2.1", "-D", "127.0.0.1", "--key-rijndael", "a text key", "--no-rc-file"];
const BYTES = /send_spa_packet: bytes sent: \d+/;

/** What is told without a knock. */
const TELLING: Features = {
  "-V": { args: ["-V"], out: /^fwknop client \d/ },
  "--help": { args: ["--help"], out: /^Usage: fwknop -n STANZA/m },
  "--help=all": { args: ["--help=all"], out: /--import/ },
  "--help=TOPIC": { args: ["--help=who"], out: /--resolve-url/ },
  "a topic that is none": { args: ["--help=woh"], code: 1, err: /did you mean who/ },
  "--completion bash": { args: ["--completion", "bash"], out: /^complete -F _fwknop/m },
  "--completion zsh": { args: ["--completion", "zsh"], out: /^#compdef fwknop/ },
  "--completion fish": { args: ["--completion", "fish"], out: /^complete -c fwknop/m },
  "--stanza-list": { args: ["--stanza-list"], out: /^ - gate$/m },
  "--stanza-list --json": { args: ["--stanza-list", "--json"], out: /"stanzas":\["gate",/ },
  "--ssh-config": { args: ["--ssh-config", "gate"], out: /ProxyCommand .*--proxy %h %p/ },
  "--explain": { args: ["-n", "gate", "--explain"], out: /^ {2}user name +ann +environment, LOGNAME$/m },
  "--explain for several": { args: ["-D", "gate,near", "--explain"], out: /^== near ==$/m },
  "--doctor": { args: ["--doctor", "gate"], out: /^ok {3}route: from 10\.77\.0\.2 to 10\.77\.0\.1$/m },
  "--doctor --json": { args: ["--doctor", "--json", "near"], out: /^\{"findings":\[.*"what":"clock"/ },
  "--doctor for raw sockets": { args: ["--doctor", "gate", "-P", "tcpraw"], out: /^ok {3}capability: /m },
  "--doctor for raw sockets without the right": {
    args: ["--doctor", "gate", "-P", "tcpraw"],
    start: (argv) => ["setpriv", "--bounding-set=-net_raw", ...argv],
    code: 1,
    out: /^fail capability: .*CAP_NET_RAW.*setcap cap_net_raw\+ep/m,
  },
  "--doctor with a program for the key": { args: ["--doctor", "programs"], out: /^ok {3}keys: encryption 32 bytes/m },
  "--qr": { args: ["-n", "gate", "--qr", "--force-qr"], out: /▀[^]*\nfwknop:gate\?v=1&D=10\.77\.0\.1&/ },
  "--qr into a pipe": { args: ["-n", "gate", "--qr"], code: 1, err: /not a terminal/ },
  "--key-gen --qr": {
    args: ["--key-gen", "--qr", "--force-qr", "-n", "phone", "-D", "gw.example", "-A", "tcp/22", "-R"],
    out: /^KEY_BASE64: [^]*\nfwknop:phone\?v=1&/,
  },
  "an option that is none": { args: ["--exlpain"], code: 1, err: /did you mean --explain/ },
  "a conflict": { args: [...NEAR, "-Q", "127.0.0.9"], code: 1, err: /Must set -P <udpraw/ },
  "GnuPG": {
    args: [...NEAR, "-g", "--gpg-recipient-key", "./no.asc"],
    code: 1,
    err: /Error 130 - The key for .* not found/,
  },
};

/** Keys, stanzas and files. */
const KEEPING: Features = {
  "-k": { args: ["-k"], out: /^KEY_BASE64: \S+\nHMAC_KEY_BASE64: \S+\n$/ },
  "-K": { args: ["-K", "new_keys"], out: /Wrote Rijndael and HMAC keys to: new_keys/ },
  "--save-rc-stanza": {
    args: ["--key-gen", "--save-rc-stanza", "-n", "new", "-D", "gw.example", "-A", "tcp/22", "-R"],
    out: /Wrote Rijndael and HMAC keys to rc file/,
  },
  "--save-rc-stanza over one": {
    args: ["--save-rc-stanza", "-n", "new", "-D", "gw.example", "-A", "tcp/23", "-s", "-T", "--key-rijndael", "abc"],
    input: "y\ny\ny\n",
  },
  "--force-stanza": {
    args: ["--save-rc-stanza", "--force-stanza", "-n", "new", "-D", "127.0.0.1", "-A", "tcp/23", "-s", "-T", ...[
      "--key-rijndael",
      "abc",
    ]],
  },
  "--import -": {
    args: ["--import", "-", "-n", "brought"],
    input: "fwknop:x?v=1&D=gw&A=tcp/22&a=resolve&k=UmlqbmRhZWw\n",
    out: /Stored stanza \[brought\]/,
  },
  "--import URI": {
    args: ["--import", "fwknop:other?v=1&D=gw&k=UmlqbmRhZWw"],
    out: /Stored stanza \[other\]/,
    err: /every user of this machine/,
  },
  "--import of what is hostile": { args: ["--import", "fwknop:a%5Db?v=1&D=gw&k=AAAA"], code: 1, err: /its name/ },
  "-T": { args: ["-n", "gate", "-T"], out: /Final SPA Data: / },
  "-T --json": { args: ["-n", "gate", "-T", "--json"], out: /^\{"server":"10\.77\.0\.1".*\}\n$/ },
  "-B": { args: ["-n", "gate", "-T", "-B", "packet"], out: /Final SPA Data/ },
  "-B -b": { args: ["-n", "gate", "-T", "-B", "packet", "-b"], out: /Final SPA Data/ },
  "KEY_CMD and HMAC_KEY_CMD": { args: ["-n", "programs", "-v"], out: BYTES, heard: /^udp4 / },
  "KEY_FILE and HMAC_KEY_FILE": { args: ["-n", "files", "-v"], out: BYTES, heard: /^udp4 / },
  "-G and --get-hmac-key": { args: ["-n", "asks", "-G", "key", "--get-hmac-key", "hmac"], heard: /^udp4 / },
  "--stdin": { args: ["-n", "asks", "--stdin"], input: "one key\nanother key", heard: /^udp4 / },
  "--fd": {
    args: ["-n", "asks", "--fd", "7"],
    start: (argv) => ["sh", "-c", 'exec "$@" 7<lines', "sh", ...argv],
    heard: /^udp4 /,
  },
  "--fd without one": { args: ["-n", "asks", "--fd", "7"], code: 1, err: /descriptor 7: Bad file descriptor/ },
  "a key asked for, without a terminal": {
    args: ["-n", "asks"],
    code: 1,
    err: /there is no terminal/,
    start: (argv) => ["setsid", "-w", ...argv],
  },
  "keys typed on a terminal": {
    args: ["-n", "asks"],
    start: (argv) => onTerminal(argv, [["encryption key: ", "ab\x7fc\n"], ["HMAC key: ", "other\n"]]),
    out: /Enter encryption key: /,
    heard: /^udp4 /,
  },
  "Ctrl-C at the question": {
    args: ["-n", "asks"],
    start: (argv) => onTerminal(argv, [["encryption key: ", "ab\x03"]]),
    code: 130,
    out: /interrupted, no SPA packet sent/,
  },
};

/** Algorithms: some are loaded only when they are asked for. */
const ALGORITHMS: Features = Object.fromEntries(
  [
    ["-m", "MD5"],
    ["-m", "SHA384"],
    ["-m", "SHA3_256"],
    ["-m", "SHA3_512"],
    ["-M", "CTR"],
    ["-M", "CFB"],
    ["-M", "OFB"],
    ["-M", "ECB"],
    ["-M", "legacy"],
    ["--hmac-digest-type", "MD5", "--key-hmac", "hmac key"],
    ["--hmac-digest-type", "SHA3_512", "--key-hmac", "hmac key"],
  ].map((words) => [words.slice(0, 2).join(" "), { args: [...NEAR, ...words, "-v"], out: BYTES, heard: /^udp4 / }]),
);

/** With a name that has both families, whatever the machine's own /etc/hosts says: a mount that only this run sees. */
function withNames(argv: readonly string[]): readonly string[] {
  return ["unshare", "-m", "sh", "-c", 'mount --bind hosts /etc/hosts && exec "$@"', "sh", ...argv];
}

/** Every transport, on the loopback. */
const TRANSPORTS: Features = {
  "udp": {
    args: [...NEAR, "-v"],
    out: BYTES,
    err: /message to 127\.0\.0\.1 over udp\/62201/,
    heard: /^udp4 \d+ bytes/,
  },
  "a name": { args: [...NEAR, "-D", "localhost"], heard: /^udp4 \d+ bytes/ },
  "IPv6": { args: [...NEAR, "-D", "::1"], heard: /^udp6 \d+ bytes/ },
  "-6 and a name": { args: [...NEAR, "-D", "near.test", "-6"], start: withNames, heard: /^udp6 \d+ bytes/ },
  "--both": {
    args: ["-n", "near", "-D", "near.test", "--both", "-v"],
    start: withNames,
    out: /bytes sent: [^]*bytes sent: /,
    heard: /^udp6 \d+ bytes/,
  },
  "-S": { args: [...NEAR, "-S", "40123"], heard: /^udp4 .* 40123$/ },
  "-r": { args: [...NEAR, "-r", "-v"], out: BYTES },
  "tcp": { args: [...NEAR, "-P", "tcp"], heard: /^tcp4 \S{80,}$/ },
  "tcp over IPv6 with -S": { args: [...NEAR, "-P", "tcp", "-D", "::1", "-S", "40124"], heard: /^tcp6 \S{80,}$/ },
  "tcp to nobody": { args: [...NEAR, "-P", "tcp", "-p", "9"], code: 1, err: /packet not sent/ },
  "http": { args: [...NEAR, "-P", "http"], heard: /^tcp4 GET \/\S{80,} HTTP\/1\.1$/ },
  "-H": { args: [...NEAR, "-H", `127.0.0.1:${PORTS.proxy}`], heard: /^proxy GET http:\/\/127\.0\.0\.1\// },
  "--socks5": {
    args: [...NEAR, "--socks5", `127.0.0.1:${PORTS.socks}`, "-D", "far.example"],
    heard: /^socks far\.example 62201 \S{80,}$/,
  },
  "udpraw": { args: [...NEAR, "-P", "udpraw", "-S", "40125"], heard: /^udp4 \d+ bytes from 127\.0\.0\.1 40125$/ },
  "udpraw with -Q": {
    args: [...NEAR, "-P", "udpraw", "-Q", "127.0.0.9"],
    heard: /^udp4 \d+ bytes from 127\.0\.0\.9 /,
  },
  "udpraw over IPv6": { args: [...NEAR, "-P", "udpraw", "-D", "::1"], heard: /^udp6 \d+ bytes from ::1 / },
  "tcpraw": { args: [...NEAR, "-P", "tcpraw", "-p", `${PORTS.raw}`], heard: /^rawtcp \d+ bytes from 127\.0\.0\.1 / },
  "icmp": {
    args: [...NEAR, "-P", "icmp", "--icmp-type", "13", "--icmp-code", "2"],
    heard: /^icmp type 13 code 2 from 127\.0\.0\.1$/,
  },
  "several servers": { args: ["-n", "near", "-D", "127.0.0.1,::1"], heard: /^udp6 / },
  "several servers, one without address": {
    args: ["-n", "near", "-D", "no-such-host.invalid,127.0.0.1"],
    code: 1,
    err: /no-such-host\.invalid/,
    heard: /^udp4 /,
  },
};

const URL_OF_WEB = `http://127.0.0.1:${PORTS.web}/ip`;
const ASKING = ["-A", "tcp/22", "-D", "127.0.0.1", "--key-rijndael", "a text key", "--no-rc-file", "-v"];
const TOLD = new RegExp(`Message String: ${TOLD_ADDRESS.replaceAll(".", "\\.")},tcp/22`);

/** Whose address, and the rest of what a packet says. */
function requests({ authority }: Setting): Features {
  const secure = `https://localhost:${PORTS.secureWeb}/ip`;
  return {
    "-R over HTTP": {
      args: [...ASKING, "--resolve-http-only", "--resolve-url", URL_OF_WEB],
      out: TOLD,
      heard: /^web GET/,
    },
    "-R over HTTPS, an authority that nobody trusts": {
      args: [...ASKING, "-R", "--resolve-url", secure],
      code: 1,
      err: /Could not resolve IP via: .*certificate/i,
    },
    "-R over HTTPS, an authority of one's own": {
      args: [...ASKING, "-R", "--resolve-url", secure],
      env: { SSL_CERT_FILE: authority },
      out: TOLD,
      heard: /^secure web GET/,
    },
    "--wget-cmd": {
      args: [...ASKING, "-R", "-w", "wget", "--resolve-url", URL_OF_WEB],
      out: TOLD,
      err: /./,
      heard: /^web GET/,
    },
    "-a with a name": { args: [...ASKING, "-a", "localhost"], out: /Message String: 127\.0\.0\.1,tcp\/22/ },
    "-s": { args: [...ASKING, "-s"], out: /Message String: 0\.0\.0\.0,tcp\/22/, err: /harden SPA/ },
    "-C": { args: [...ASKING, "-s", "-C", "id"], out: /Message String: 0\.0\.0\.0,id/, err: /harden SPA/ },
    "-N with a random port": {
      args: [...ASKING, "-a", "192.0.2.1", "-N", "10.0.0.5:22", "--nat-rand-port", "-f", "60"],
      out: /Randomly assigned port '\d+'/,
    },
    "--nat-local": {
      args: [...ASKING, "-a", "192.0.2.1", "--nat-local", "--nat-port", "4422"],
      out: /,4422|tcp\/4422/,
    },
    "-U and a time offset": {
      args: [...ASKING, "-a", "192.0.2.1", "-U", "mike", "--time-offset-minus", "2m"],
      out: /Username: mike/,
    },
    "the account's name": {
      args: [...ASKING, "-a", "192.0.2.1"],
      env: { LOGNAME: "", SPOOF_USER: "" },
      out: /Username: root/,
    },
    "no home directory": {
      args: ["--no-home-dir", "--no-save-args", ...ASKING.filter((word) => word !== "--no-rc-file"), "-s", "-T"],
      code: 1,
      err: /must set --rc-file/,
    },
    "the run is remembered": { args: ["-n", "near", "-U", "zoe"], heard: /^udp4 / },
    "--show-last": { args: ["--show-last"], out: /Last fwknop client command line: fwknop -n near -U zoe/ },
    "--show-last --json": { args: ["--show-last", "--json"], out: /"arguments":\["-n","near","-U","zoe"\]/ },
    "-l": { args: ["-l", "-v"], out: /Executing: fwknop -n near -U zoe/, heard: /^udp4 / },
    "-l with --explain": { args: ["-l", "--explain"], code: 1, err: /cannot be combined with -l/ },
  };
}

/** What follows a knock; the daemon opens port 22 for as long as all of them take. */
const FOLLOWING: Features = {
  "--wait": { args: ["-n", "gate", "--wait"], out: /^tcp\/22 of 10\.77\.0\.1 opened [0-9.]+ ms after the knock\n$/ },
  "--wait --json": { args: ["-n", "gate", "--wait", "--json"], out: /^\{"server":"10\.77\.0\.1",.*"open":true/ },
  "--wait in vain": { args: ["-n", "near", "--wait=1"], code: 3, err: /did not open within 1 s/ },
  "--then": { args: ["-n", "gate", "--then", "sh", "-c", "echo became; exit 5"], code: 5, out: /^became\n$/ },
  "--proxy": { args: ["--proxy", "10.77.0.1", "22"], input: "over the door\n", out: /^OVER THE DOOR\n$/ },
  "--wait for a UDP port": { args: ["-n", "gate", "-A", "udp/53", "--wait"], code: 1, err: /needs a TCP port/ },
  "--hold until Ctrl-C": {
    args: ["-n", "gate", "--hold"],
    start: (argv) => onTerminal(argv, [["Ctrl-C ends it", "\x03"]]),
    out: /no longer held: tcp\/22/,
  },
};

labTest("every feature of the shipped client, with its own permissions and no others", async (t) => {
  await using lab = await makeLab({ extra: [] });
  const keys = newKeys();
  const home = `${lab.dir}/home`;
  writeHome({ lab, home, keys });
  const [client, neighbour] = await Promise.all([
    shipped(lab),
    startNeighbour(lab),
    startDaemon(lab, { access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }] }),
  ]);
  lab.spawn("server", ["socat", "TCP-LISTEN:22,reuseaddr,fork", "SYSTEM:tr a-z A-Z"]);
  const setting = { lab, client, home, keys, authority: neighbour.authority };
  const groups = [TELLING, KEEPING, ALGORITHMS, TRANSPORTS, requests(setting), FOLLOWING];
  for (const [name, feature] of groups.flatMap((group) => Object.entries(group))) {
    await t.step(name, async () => {
      const mark = neighbour.heard.mark();
      const run = await runFeature(setting, feature);
      check(feature, run);
      if (feature.heard !== undefined) await neighbour.heard.waitFor(feature.heard, { since: mark });
    });
  }
}, { needs: { socat: "socat", python3: "python3", openssl: "openssl", wget: "wget" } });
