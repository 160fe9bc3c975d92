import assert from "node:assert/strict";
import { openTerminal } from "../../../ffi/libc/terminal.ts";
import { examineClock } from "../../../cli/doctor/clock.ts";
import { formatFinding } from "../../../lib/finding.ts";
import { H64, K64, type OwnRun, runOwn, temporaryFolder } from "../harness.ts";

/** A run of the doctor over one stanza `[gw]`. */
async function examine(directives: Readonly<Record<string, string | null>>, mode = 0o600): Promise<OwnRun> {
  using home = temporaryFolder();
  const all = {
    SPA_SERVER: "127.0.0.1",
    ACCESS: "tcp/22",
    ALLOW_IP: "127.0.0.1",
    KEY_BASE64: K64,
    HMAC_KEY_BASE64: H64,
    ...directives,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`);
  const path = `${home.path}/.fwknoprc`;
  Deno.writeTextFileSync(path, `[gw]\n${lines.join("\n")}\n`);
  Deno.chmodSync(path, mode);
  const run = await runOwn(["--doctor", "gw"], { env: { HOME: home.path } });
  assert.equal(run.err, "");
  assert.equal(run.sent.length, 0);
  for (const line of run.out.trimEnd().split("\n")) assert.match(line, /^(?:ok {2}|warn|fail) \w+: ./);
  assert.equal(run.code, /^fail/m.test(run.out) ? 1 : 0, run.out);
  return run;
}

Deno.test("--doctor finds nothing to mend in a sound stanza", async () => {
  const { out } = await examine({});
  assert.match(out, /^ok {3}permissions: .*\.fwknoprc is for its owner only$/m);
  assert.match(out, /^ok {3}settings: they ask 127\.0\.0\.1 for tcp\/22$/m);
  assert.match(out, /^ok {3}keys: encryption 32 bytes, HMAC 64 bytes$/m);
  assert.match(out, /^ok {3}address: 127\.0\.0\.1 is let in$/m);
  assert.match(out, /^ok {3}route: from 127\.0\.0\.1 to 127\.0\.0\.1$/m);
  assert.match(out, /^(?:ok {3}|warn )clock: /m);
});

const DOUBTS: readonly (readonly [string, Readonly<Record<string, string | null>>, RegExp])[] = [
  ["a short key", { KEY_BASE64: "c2hvcnQ=" }, /^warn keys: the encryption key has only 5 bytes: make new ones/m],
  ["a short passphrase", { KEY_BASE64: null, KEY: "correcthorsebatt" }, /^warn keys: the encryption key has only 16/m],
  ["a short HMAC key", { HMAC_KEY_BASE64: "c2hvcnQ=" }, /^warn keys: the HMAC key has only 5 bytes/m],
  [
    "a key that was cut",
    { KEY_BASE64: K64.slice(0, 34) },
    /^warn keys: The encryption key looks cut: .* 34 characters are left; paste/m,
  ],
  ["an HMAC key that was cut", { HMAC_KEY_BASE64: H64.slice(0, 81) }, /^warn keys: The HMAC key looks cut: /m],
  ["no HMAC", { HMAC_KEY_BASE64: null }, /^warn keys: there is no HMAC/m],
  ["an old digest", { DIGEST_TYPE: "MD5" }, /^warn keys: DIGEST_TYPE md5 is outdated: use SHA256$/m],
  ["a weak cipher mode", { ENCRYPTION_MODE: "ECB" }, /^warn keys: the cipher mode ecb is weak/m],
  ["the packet's source", { ALLOW_IP: "source" }, /^warn address: -s lets in whatever/m],
  ["another address than the own", { ALLOW_IP: "198.51.100.7" }, /^warn address: .* packets leave from 127\.0\.0\.1/m],
  ["an address of IPv6", { ALLOW_IP: "2001:db8::7" }, /^warn address: 2001:db8::7: fwknopd in C/m],
  ["a line that says nothing", { RESOLVE_HTTP_ONLY: "maybe" }, /^warn settings: .*:7: RESOLVE_HTTP_ONLY: passed over/m],
  ["a packet that C servers may not take", { SPOOF_USER: "x".repeat(40) }, /^warn settings: the C client sends only/m],
  [
    "a key that legacy mode cuts",
    { ENCRYPTION_MODE: "legacy", HMAC_KEY_BASE64: null },
    /^warn keys: Encryption key in '-M legacy' mode must be <= 16 bytes/m,
  ],
  ["a shifted time stamp", { TIME_OFFSET: "60" }, /^warn clock: TIME_OFFSET adds 60 seconds/m],
];

for (const [what, directives, line] of DOUBTS) {
  Deno.test(`--doctor warns of ${what}, which stops no knock`, async () => {
    const { out, code } = await examine(directives);
    assert.match(out, line);
    assert.equal(code, 0, out);
  });
}

const FAILURES: readonly (readonly [string, Readonly<Record<string, string | null>>, RegExp])[] = [
  ["a name without address", { SPA_SERVER: "no-such-host.invalid" }, /^fail name: .*no-such-host\.invalid/m],
  ["a misspelt directive", { ACESS: "tcp/22" }, /^fail settings: .*:7: unknown directive ACESS.*ACCESS/m],
  ["a missing address", { ALLOW_IP: null }, /^fail settings: Must use one of \[-s\|-R\|-a\]/m],
  ["nothing to open", { ACCESS: null }, /^fail settings: .*nothing to open was named/m],
  ["one key for both", { HMAC_KEY_BASE64: K64 }, /^fail keys: .*identical/m],
  ["a key file that is not there", { KEY_BASE64: null, KEY_FILE: "/nonexistent" }, /^fail permissions: \/nonexistent/m],
  ["a user name that no packet can carry", { SPOOF_USER: "a:b" }, /^fail settings: the user name of -U /m],
  [
    "a request that no packet can carry",
    { ACCESS: Array.from({ length: 60 }, (_, index) => `tcp/${index + 1}`).join(",") },
    /^fail settings: Cannot build the packet: /m,
  ],
  [
    "a key program that fails",
    { KEY_BASE64: null, KEY_CMD: "/bin/false" },
    /^fail keys: KEY_CMD: \/bin\/false failed/m,
  ],
];

for (const [what, directives, line] of FAILURES) {
  Deno.test(`--doctor fails for ${what}`, async () => {
    const { out, code } = await examine(directives);
    assert.match(out, line);
    assert.equal(code, 1, out);
  });
}

Deno.test("--doctor warns of a file that others can read, with the command that mends it", async () => {
  const { out } = await examine({}, 0o644);
  assert.match(out, /^warn permissions: .*permissions should only be user read\/write.*chmod 600/m);
});

Deno.test("--doctor says that a key would be asked for, and asks for none", async () => {
  const { out, asked } = await examine({ KEY_BASE64: null });
  // Where the tests themselves have a terminal there is nothing to mend.
  using terminal = openTerminal();
  assert.match(
    out,
    terminal === null ? /^fail keys: .* there is no terminal here: /m : /^ok {3}keys: a key is asked for/m,
  );
  assert.deepEqual(asked, []);
});

Deno.test("--doctor without a name looks at the machine and says how to look at a stanza", async () => {
  using home = temporaryFolder();
  Deno.writeTextFileSync(`${home.path}/.fwknoprc`, "[one]\nACCESS tcp/22\n[two]\n", { mode: 0o600 });
  const run = await runOwn(["--doctor"], { env: { HOME: home.path } });
  assert.equal(run.code, 0);
  assert.match(run.out, /^warn settings: .*fwknop --doctor NAME \(one, two\)$/m);
});

Deno.test("examineClock() compares with the service that -R asked", () => {
  const world = { now: () => 1_700_000_000 };
  const lines = [0, 3, -30, 120, -7200].map((skew) => {
    const [finding] = examineClock((1_700_000_000 - skew) * 1000, world);
    assert.ok(finding);
    return formatFinding(finding);
  });
  assert.match(lines[0] ?? "", /^ok {3}clock: it is 0 seconds/);
  assert.match(lines[1] ?? "", /^ok {3}clock: it is 3 seconds ahead of/);
  assert.match(lines[2] ?? "", /^warn clock: it is 30 seconds behind/);
  assert.match(lines[3] ?? "", /^fail clock: it is 120 seconds ahead of/);
  assert.match(lines[4] ?? "", /^fail clock: it is 7200 seconds behind .*timedatectl/);
});

/** A run of the doctor with arguments alone; gives its lines by level. */
async function examineArguments(args: readonly string[], home: string): Promise<OwnRun> {
  const common = ["--doctor", "-A", "tcp/22", "-s", "--key-base64-rijndael", K64];
  return await runOwn([...common, ...args], { env: { HOME: home } });
}

Deno.test("--doctor writes nothing: no rc file, no saved arguments", async () => {
  using home = temporaryFolder();
  const run = await examineArguments(["-D", "127.0.0.1"], home.path);
  assert.equal(run.code, 0, run.out);
  assert.deepEqual([...Deno.readDirSync(home.path)], []);
});

Deno.test("--doctor looks at each server of a list, and fails when one would", async () => {
  using home = temporaryFolder();
  const run = await examineArguments(["-D", "127.0.0.1,no-such-host.invalid"], home.path);
  assert.equal(run.code, 1);
  const [, first = "", second = ""] = run.out.split(/^== .* ==$/m);
  assert.match(run.out, /^== 127\.0\.0\.1 ==\n[^]*\n== no-such-host\.invalid ==\n/);
  assert.doesNotMatch(first, /^fail/m);
  assert.match(second, /^fail name: /m);
  const { out, code } = await examineArguments(["-D", "127.0.0.1,no-such-host.invalid", "--json"], home.path);
  const { servers } = JSON.parse(out);
  const failed = (findings: readonly { level: string }[]) => findings.some(({ level }) => level === "fail");
  type Row = { server: string; findings: { level: string }[] };
  assert.deepEqual(servers.map(({ server, findings }: Row) => [server, failed(findings)]), [
    ["127.0.0.1", false],
    ["no-such-host.invalid", true],
  ]);
  assert.equal(code, 1);
});

Deno.test("--doctor refuses what would follow the knock and cannot", async () => {
  using home = temporaryFolder();
  const run = await examineArguments(["-D", "127.0.0.1", "-A", "udp/53", "--wait"], home.path);
  assert.match(run.out, /^fail settings: --wait needs a TCP port/m);
  assert.equal(run.code, 1);
  const proxy = await examineArguments(["-D", "127.0.0.1", "-H", "http://"], home.path);
  assert.match(proxy.out, /^fail settings: -H: --http-proxy names no host: "http:\/\/": write -H HOST:PORT$/m);
});

Deno.test("--doctor says whether the descriptor of --fd is there", async () => {
  const { out, code } = await runOwn([
    "--doctor",
    "--no-rc-file",
    "-A",
    "tcp/22",
    "-s",
    "-D",
    "127.0.0.1",
    "--fd",
    "999",
  ]);
  assert.match(out, /^fail keys: Cannot read from descriptor 999: Bad file descriptor: /m);
  assert.equal(code, 1);
});

Deno.test("--doctor says that an rc file cannot be read, and --no-rc-file with -n is a finding too", async () => {
  using home = temporaryFolder();
  const folder = await runOwn(["--doctor", "--rc-file", home.path]);
  assert.match(folder.out, /^warn permissions: Unable to open rc file: .*: name a file of your own/m);
  assert.equal(folder.err, "");
  const none = await runOwn(["--doctor", "gw", "--rc-file", home.path, "--json"]);
  assert.equal(JSON.parse(none.out).findings.filter(({ level }: { level: string }) => level === "fail").length, 1);
  const without = await runOwn(["--doctor", "-n", "gw", "--no-rc-file"]);
  assert.match(without.out, /^fail settings: Cannot set stanza name in --no-rc-file mode/m);
  assert.equal(without.code, 1);
});

Deno.test("--doctor takes the rc file that a knock would take, a device too", async () => {
  const words = [
    "--rc-file",
    "/dev/null",
    "-A",
    "tcp/22",
    "-a",
    "127.0.0.1",
    "-D",
    "127.0.0.1",
    "--key-base64-rijndael",
  ];
  const { code, out } = await runOwn(["--doctor", ...words, K64]);
  assert.match(out, /^ok {3}permissions: \/dev\/null is a device$/m);
  assert.equal(code, 0, out);
});

Deno.test("--doctor asks the service of -R for address and time, and what would be a warning is a finding", async () => {
  const now = Math.floor(Date.now() / 1000);
  const served = (skew: number) => () =>
    new Response("203.0.113.9\n", { headers: { Date: new Date((now - skew) * 1000).toUTCString() } });
  for (
    const [skew, line] of [[0, /^ok {3}clock: it is [0-2] seconds/m], [
      3600,
      /^fail clock: it is 36\d\d seconds ahead/m,
    ]] as const
  ) {
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, served(skew));
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const args = [
      "--doctor",
      "--no-rc-file",
      "-A",
      "tcp/22",
      "-R",
      "--resolve-url",
      url,
      "-D",
      "127.0.0.1",
      "--key-rijndael",
      "x",
    ];
    const run = await runOwn(args, { now });
    assert.match(run.out, line);
    assert.match(run.out, /^ok {3}address: 203\.0\.113\.9 is let in$/m);
    assert.match(run.out, /^warn address: IP resolution URL .* should begin with 'https/m);
    assert.deepEqual([run.err, run.code], ["", skew === 0 ? 0 : 1]);
  }
});
