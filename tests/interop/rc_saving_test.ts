/**
 * `--save-rc-stanza` beside the C client: both write the same file, and each reads what the other wrote as the same
 * request.
 */
import assert from "node:assert/strict";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../cli/options/table.ts";
import { H64, K64, type Run, runC, runOwn } from "../cli/harness.ts";
import { besideC, dumpOf } from "./side_by_side.ts";

/** One option on the command line, and the lines that it becomes. */
interface Saved {
  readonly args: string;
  readonly lines: Readonly<Record<string, string>>;
  /** Lines that only ours writes, and why. */
  readonly more?: Readonly<Record<string, string>>;
  readonly mended?: string;
  /** Options of every row that this one is without. */
  readonly without?: "-a" | "--key-rijndael";
  /** Nobody reads it back as a request. */
  readonly unread?: true;
}

const USE_GPG = { USE_GPG: "Y", GPG_RECIPIENT: "nobody@nowhere.example" };
const RECIPIENT = "--gpg-recipient-key nobody@nowhere.example";

/** `{home}` is the home directory, where `wget` tells an address and `keys` holds keys. */
const OPTIONS: Readonly<Partial<Record<ClientKey, readonly Saved[]>>> = {
  access: [{ args: "-A tcp/80,udp/53", lines: { ACCESS: "tcp/80,udp/53" } }],
  fwTimeout: [
    { args: "-f 60", lines: { FW_TIMEOUT: "60" } },
    { args: "-f 0", lines: { FW_TIMEOUT: "0" } },
  ],
  natAccess: [
    { args: "-N 10.0.0.1:22", lines: { NAT_ACCESS: "10.0.0.1:22" } },
    { args: "-N gw.example,8022", lines: { NAT_ACCESS: "gw.example,8022" } },
  ],
  natLocal: [{ args: "--nat-local", lines: { NAT_LOCAL: "Y" } }],
  natPort: [{ args: "--nat-port 4000", lines: { NAT_PORT: "4000" } }],
  natRandPort: [{ args: "--nat-rand-port", lines: { NAT_RAND_PORT: "Y" } }],
  spoofUser: [{ args: "-U carol", lines: { SPOOF_USER: "carol" } }],
  timeOffset: [],
  timeOffsetPlus: [
    { args: "--time-offset-plus 2h", lines: { TIME_OFFSET: "7200" } },
    // The C client writes no value, and cannot read its file then.
    { args: "--time-offset-plus 0", lines: { TIME_OFFSET: "0" }, mended: "decision" },
  ],
  timeOffsetMinus: [{ args: "--time-offset-minus 2min", lines: { TIME_OFFSET: "-120" } }],
  allowIp: [{ args: "-a 9.9.9.9", lines: { ALLOW_IP: "9.9.9.9" } }],
  // The C client writes neither -s nor what it means, but where -a stands beside it.
  sourceIp: [{ args: "-s", lines: { ALLOW_IP: "source" }, mended: "F15", without: "-a" }],
  resolveIp: [{
    args: "-R -w {home}/wget",
    lines: { RESOLVE_IP_HTTPS: "Y", WGET_CMD: "{home}/wget" },
    without: "-a",
  }],
  resolveHttpOnly: [
    { args: "--resolve-http-only", lines: { RESOLVE_HTTP_ONLY: "Y", RESOLVE_IP_HTTPS: "N" } },
    {
      args: "--resolve-http-only --resolve-url http://127.0.0.1:9/",
      lines: { RESOLVE_HTTP_ONLY: "Y", RESOLVE_IP_HTTPS: "Y", RESOLVE_URL: "http://127.0.0.1:9/" },
      without: "-a",
      unread: true,
    },
  ],
  resolveUrl: [{ args: "--resolve-url https://x.example/ip", lines: { RESOLVE_URL: "https://x.example/ip" } }],
  wgetCmd: [{ args: "-w /usr/bin/wget", lines: { WGET_CMD: "/usr/bin/wget" } }],
  useWgetUserAgent: [{ args: "--use-wget-user-agent", lines: { USE_WGET_USER_AGENT: "Y" } }],
  server: [{ args: "-D 127.0.0.9", lines: { SPA_SERVER: "127.0.0.9" } }],
  serverPort: [
    { args: "-p 5000", lines: { SPA_SERVER_PORT: "5000" } },
    { args: "-p 0", lines: { SPA_SERVER_PORT: "0" } },
  ],
  serverProto: ["udp", "TCP", "http", "udpraw", "tcpraw", "icmp"].map((proto) => ({
    args: `-P ${proto}${/raw|icmp/.test(proto) ? " -S 9" : ""}`,
    lines: { SPA_SERVER_PROTO: proto.toLowerCase(), ...(/raw|icmp/.test(proto) ? { SPA_SOURCE_PORT: "9" } : {}) },
  })),
  serverResolveIpv4: [{
    args: "--server-resolve-ipv4",
    lines: {},
    more: { SERVER_RESOLVE_IPV4: "Y" },
    mended: "2.6.11",
  }],
  sourcePort: [{ args: "-S 1234", lines: { SPA_SOURCE_PORT: "1234" } }],
  spoofSource: [{
    args: "-Q 1.2.3.4 -P udpraw -S 9",
    lines: { SPOOF_SOURCE_IP: "1.2.3.4", SPA_SERVER_PROTO: "udpraw", SPA_SOURCE_PORT: "9" },
  }],
  randPort: [{ args: "-r", lines: { RAND_PORT: "Y" } }],
  userAgent: [{ args: "-u Agent/1 -P http", lines: { HTTP_USER_AGENT: "Agent/1", SPA_SERVER_PROTO: "http" } }],
  key: [{ args: "--key-rijndael newkey", lines: { KEY: "newkey" }, without: "--key-rijndael" }],
  keyBase64: [{ args: `--key-base64-rijndael ${K64}`, lines: { KEY_BASE64: K64 }, without: "--key-rijndael" }],
  keyFile: [{ args: "-G {home}/keys", lines: { KEY_FILE: "{home}/keys" }, without: "--key-rijndael" }],
  hmacKey: [{ args: "--key-hmac hmac", lines: { HMAC_KEY: "hmac", USE_HMAC: "Y" } }],
  hmacKeyBase64: [{ args: `--key-base64-hmac ${H64}`, lines: { HMAC_KEY_BASE64: H64, USE_HMAC: "Y" } }],
  // The C client reads the file's name as that of the encryption key's; with USE_HMAC it at least asks for the other.
  hmacKeyFile: [{
    args: "--get-hmac-key {home}/hmac",
    lines: { HMAC_KEY_FILE: "{home}/hmac" },
    more: { USE_HMAC: "Y" },
    mended: "F10",
  }],
  useHmac: [{ args: "--use-hmac --key-hmac hmac", lines: { USE_HMAC: "Y", HMAC_KEY: "hmac" } }],
  digestType: ["md5", "SHA1", "sha256", "sha384", "SHA512", "sha3_256", "SHA3_512"].map((name) => ({
    args: `-m ${name}`,
    lines: { DIGEST_TYPE: name.toUpperCase() },
  })),
  hmacDigestType: ["md5", "SHA1", "sha256", "sha384", "SHA512", "sha3_256", "SHA3_512"].map((name) => ({
    args: `--hmac-digest-type ${name} --key-hmac hmac`,
    lines: { HMAC_DIGEST_TYPE: name.toUpperCase(), HMAC_KEY: "hmac", USE_HMAC: "Y" },
  })),
  encryptionMode: ["cbc", "CTR", "cfb", "OFB", "ecb", "legacy"].map((name) => ({
    args: `-M ${name}`,
    lines: { ENCRYPTION_MODE: name === "legacy" ? name : name.toUpperCase() },
  })),
  useGpg: [{ args: `-g ${RECIPIENT}`, lines: USE_GPG, unread: true }],
  gpgRecipient: [{ args: RECIPIENT, lines: USE_GPG, unread: true }],
  gpgSigner: [{ args: `${RECIPIENT} --gpg-signer-key me`, lines: { ...USE_GPG, GPG_SIGNER: "me" }, unread: true }],
  gpgHomeDir: [{ args: `${RECIPIENT} --gpg-home-dir /tmp`, lines: { ...USE_GPG, GPG_HOMEDIR: "/tmp" }, unread: true }],
  gpgExe: [{ args: `${RECIPIENT} --gpg-exe /bin/true`, lines: { ...USE_GPG, GPG_EXE: "/bin/true" }, unread: true }],
  gpgAgent: [{ args: `${RECIPIENT} --gpg-agent`, lines: { ...USE_GPG, USE_GPG_AGENT: "Y" }, unread: true }],
  gpgNoSigningPw: [{
    args: `${RECIPIENT} --gpg-no-signing-pw`,
    lines: { ...USE_GPG, GPG_NO_SIGNING_PW: "Y" },
    unread: true,
  }],
  noSaveArgs: [{ args: "", lines: { NO_SAVE_ARGS: "Y" } }],
  verbose: ["Y", "2", "3"].map((level, index) => ({ args: `-v${"v".repeat(index)}`, lines: { VERBOSE: level } })),
};

/** Nothing is saved under the names of the first two; the third is no option of C's (tests/cli/key_hint_test.ts saves it). */
const NOT_BESIDE_C: readonly ClientKey[] = ["keyCmd", "hmacKeyCmd", "keyHint"];

/** Files as the C client leaves them, so that both can be compared to the letter, and the stanza that is saved. */
const FILES: readonly (readonly [rc: string, stanza: string])[] = [
  ["[default]\nRAND_PORT N\n[gw]\nKEY abc\nFW_TIMEOUT 5\n[other]\nACCESS tcp/1\n", "gw"],
  ["[default]\nRAND_PORT N\n[other]\nACCESS tcp/1\n[gw]\nKEY abc\n", "GW"],
  ["[default]\nRAND_PORT N\n", "gw"],
  ["", "gw"],
];

Deno.test("every option that is saved is tried beside the C client", () => {
  const savable = (Object.keys(CLIENT_SETTINGS) as ClientKey[]).filter((key) => settingOf(key).directive !== undefined);
  const implied: readonly ClientKey[] = ["timeOffsetPlus", "timeOffsetMinus", "sourceIp"];
  const expected = [...savable.filter((key) => !NOT_BESIDE_C.includes(key)), ...implied];
  assert.deepEqual(Object.keys(OPTIONS).toSorted(), expected.toSorted());
});

for (const [key, rows] of Object.entries(OPTIONS)) {
  besideC(`K18: both clients save ${key} as the same lines, and each reads the other's`, async ({ home }) => {
    for (const [number, row] of rows.entries()) {
      for (const [index, [rc, stanza]] of FILES.entries()) {
        await saveAndRead(row, { rc, stanza, home: `${home}/${number}-${index}` });
      }
    }
  });
}

async function saveAndRead(
  row: Saved,
  place: { readonly rc: string; readonly stanza: string; readonly home: string },
): Promise<void> {
  const { rc, stanza, home } = place;
  Deno.mkdirSync(home);
  Deno.writeTextFileSync(`${home}/wget`, "#!/bin/sh\necho 198.51.100.7\n", { mode: 0o700 });
  Deno.writeTextFileSync(`${home}/keys`, "127.0.0.1: filekey\n");
  Deno.writeTextFileSync(`${home}/hmac`, "127.0.0.1: filehmac\n");
  const placed = (text: string) => text.replaceAll("{home}", home);
  const [c, own] = [`${home}/c`, `${home}/own`] as const;
  for (const path of [c, own]) Deno.writeTextFileSync(path, rc, { mode: 0o600 });
  const base = [
    "-D",
    "127.0.0.1",
    "-U",
    "alice",
    "-A",
    "tcp/22",
    ...(row.without === "-a" ? [] : ["-a", "192.0.2.10"]),
  ];
  const keys = row.without === "--key-rijndael" || row.unread ? [] : ["--key-rijndael", "shortkey"];
  const save = (path: string) => [
    ...["--rc-file", path, "-n", stanza, "--save-rc-stanza", "--force-stanza", "--no-save-args", "-T"],
    ...[...base, ...keys, ...placed(row.args).split(" ").filter((word) => word !== "")],
  ];
  const saved = await Promise.all([runC(save(c), { home }), runOwn(save(own), { now: now() })]);
  const [cText, ownText] = [Deno.readTextFileSync(c), Deno.readTextFileSync(own)];
  for (const [name, value] of Object.entries({ ...row.lines, ...row.more })) {
    assert.ok(ownText.includes(`\n${name.padEnd(24)}    ${placed(value)}\n`), `${name} is not there\n${ownText}`);
  }
  assert.equal(withoutMore(ownText, row), withoutMore(cText, row), row.args);
  assert.equal((Deno.statSync(own).mode ?? 0) & 0o777, 0o600);
  if (row.unread) return;
  for (const run of saved) assert.equal(run.code, 0, run.err);
  const read = (path: string) => ["--rc-file", path, "-n", stanza, "-T", "-v", "--no-save-args"];
  const byBoth = async (path: string) =>
    await Promise.all([runC(read(path), { home }), runOwn(read(path), { now: now() })]);
  // What is mended would be read by the C client as it was before.
  const runs = row.mended === undefined || row.mended === "2.6.11"
    ? [...await byBoth(c), ...await byBoth(own)]
    : [(await byBoth(own))[1]];
  const requests = runs.map((run) => requestOf(run));
  const direct = requestOf(saved[1]);
  for (const request of requests) assert.deepEqual(request, requests[0], `${row.args}\n${ownText}`);
  assert.deepEqual(
    { ...requests[0], ...NOT_SHOWN },
    { ...direct, ...NOT_SHOWN },
    `${row.args}: not what was asked for`,
  );
}

const now = () => Math.floor(Date.now() / 1000);

/** The file without what only one of the clients writes. */
function withoutMore(text: string, row: Saved): string {
  const names = Object.keys(row.mended === undefined ? {} : row.more ?? row.lines);
  return text.split("\n").filter((line) => !names.some((name) => line.startsWith(`${name} `))).join("\n");
}

/** What -v adds, and -T alone does not show. */
const NOT_SHOWN = { sent: undefined, agent: undefined };

/** What a rehearsal shows of the request, without what is fresh in every packet. */
function requestOf(run: Run): Readonly<Record<string, unknown>> {
  const { code, out, err } = run;
  assert.equal(code, 0, out + err);
  const labels = dumpOf(run);
  const drawn = /tcp\/[1-6][0-9]{4}$/.test(labels["Message String"] ?? "");
  return {
    ...labels,
    "Message String": drawn ? "drawn" : labels["Message String"],
    Timestamp: Math.round((Number(labels["Timestamp"]) - now()) / 10) * 10 + 0,
    ...Object.fromEntries(FRESH.map((label) => [label, undefined])),
    // The size of the packet shows a key's presence, the sizes of digests and of the tag.
    size: drawn ? "drawn" : labels["Final SPA Data"]?.length,
    sent: [...out.matchAll(/^ +(protocol|source port|destination port|IP\/host): (.*)$/gm)].map(([, label, value]) =>
      label === "destination port" && Number(value) > 9999 && value !== "62201" ? "drawn" : `${label}: ${value}`
    ),
    agent: /^User-Agent: .*$/m.exec(out)?.[0]?.trim().replace("2.6.10", "2.6.11"),
  };
}

const FRESH = ["Random Value", "Encoded Data", "SPA Data Digest", "HMAC", "Final SPA Data"];

/** Lines of [default], options, and what is saved of the two: by ours, and where it differs by the C client. */
const MERGED: readonly (readonly [before: string, args: string, own: string, c?: string])[] = [
  ["NAT_LOCAL Y\nFW_TIMEOUT 5\nDIGEST_TYPE md5\n", "-f 9", "FW_TIMEOUT 9\n"],
  ["TIME_OFFSET 60\n", "--time-offset-minus 5", "TIME_OFFSET -5\n"],
  ["KEY defaultkey\n", "--key-base64-rijndael YWJj", "KEY_BASE64 YWJj\n"],
  ["SPA_SERVER_PROTO tcp\n", "-H proxy:80", ""],
  // F9 and F15: the closer source counts, and -s is saved.
  ["VERBOSE 2\n", "-v", "VERBOSE Y\n", "VERBOSE 2\n"],
  ["VERBOSE Y\n", "-v -v", "VERBOSE 2\n", "VERBOSE Y\n"],
  ["TIME_OFFSET -60\n", "--time-offset-plus 5", "TIME_OFFSET 5\n", "TIME_OFFSET -60\n"],
  ["ALLOW_IP 192.0.2.9\n", "-s", "ALLOW_IP source\n", ""],
];

besideC("K18: [default] says what an option leaves open, and is not copied into the stanza", async ({ home }) => {
  for (const [index, [before, args, own, c = own]] of MERGED.entries()) {
    const saved = ["c", "own"].map((client) => `${home}/${client}${index}`) as [string, string];
    for (const path of saved) Deno.writeTextFileSync(path, `[default]\nKEY k\n${before}`, { mode: 0o600 });
    const argv = (path: string) => [
      ...[
        "--rc-file",
        path,
        "-n",
        "gw",
        "--save-rc-stanza",
        "-T",
        "-D",
        "127.0.0.1",
        "-A",
        "tcp/22",
        "-E",
        `${path}.run`,
      ],
      ...(args === "-s" ? [] : ["-a", "192.0.2.10"]),
      ...args.split(" "),
    ];
    await Promise.all([runC(argv(saved[0]), { home }), runOwn(argv(saved[1]))]);
    for (const [path, expected] of [[saved[0], c], [saved[1], own]] as const) {
      const [, stanza = ""] = Deno.readTextFileSync(path).split("\n\n[gw]\n");
      const lines = stanza.replace(/ +/g, " ").split("\n");
      const others = /^(?:SPA_SERVER|ACCESS) |^ALLOW_IP 192\.0\.2\.10$/;
      assert.equal(lines.filter((line) => !others.test(line)).join("\n"), expected, `${path}: ${before}${args}`);
    }
  }
});

besideC("a mistake in [default] stops saving, one in the stanza that is replaced does not", async ({ home }) => {
  for (const [rc, code] of [["[default]\nBOGUS x\n[gw]\n", 1], ["[default]\n[gw]\nBOGUS x\nKEY\n", 0]] as const) {
    const path = `${home}/rc${code}`;
    const args = ["--rc-file", path, "-n", "gw", "--save-rc-stanza", "--force-stanza", "--no-save-args", "-T"];
    const more = ["-D", "127.0.0.1", "-A", "tcp/22", "-a", "192.0.2.10", "--key-rijndael", "k"];
    for (const run of [(argv: readonly string[]) => runC(argv, { home }), runOwn]) {
      Deno.writeTextFileSync(path, rc, { mode: 0o600 });
      const said = await run([...args, ...more]);
      assert.equal(said.code, code, said.err);
      assert.equal(Deno.readTextFileSync(path).includes("ACCESS"), code === 0);
    }
  }
});
