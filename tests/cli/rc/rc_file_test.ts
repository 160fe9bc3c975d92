import assert from "node:assert/strict";
import { KEY_OF_DIRECTIVE } from "../../../cli/options/table.ts";
import { runOwn, temporaryFolder } from "../harness.ts";

const BASE = ["--no-save-args", "-T", "-v", "-A", "tcp/22", "-s", "-D", "h", "--key-rijndael", "k"];

/** Runs with an rc file of this text and mode. */
async function withRc(text: string, argv: readonly string[], mode = 0o600) {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, text);
  Deno.chmodSync(path, mode);
  const run = await runOwn(["--rc-file", path, ...BASE, ...argv]);
  return { ...run, err: run.err.replaceAll(path, "RC") };
}

Deno.test("a missing rc file is created with mode 0600, and said", async () => {
  using folder = temporaryFolder();
  const home = folder.path;
  const first = await runOwn(BASE, { env: { HOME: home } });
  assert.ok(first.out.startsWith(`[*] Creating initial rc file: ${home}/.fwknoprc.\n`));
  assert.equal((Deno.statSync(`${home}/.fwknoprc`).mode ?? 0) & 0o777, 0o600);
  assert.equal(first.code, 0);
  const second = await runOwn(BASE, { env: { HOME: home } });
  assert.ok(!second.out.includes("Creating"));
  assert.equal(second.code, 0, second.err);
});

Deno.test("the comments of a new rc file name no directive: a script's grep finds only lines that mean it", async () => {
  using folder = temporaryFolder();
  await runOwn(BASE, { env: { HOME: folder.path } });
  const text = Deno.readTextFileSync(`${folder.path}/.fwknoprc`);
  for (const name of KEY_OF_DIRECTIVE.keys()) assert.ok(!text.includes(name), name);
  const stanzas = text.split("\n").filter((line) => line.includes("["));
  assert.deepEqual(stanzas.filter((line) => /^[# ]*\[/.test(line)), ["[default]"]);
});

Deno.test("an rc file that cannot be created is a warning", async () => {
  const run = await runOwn(["--rc-file", "/nonexistent/rc", ...BASE]);
  assert.match(run.err, /warning: Unable to create initial rc file: \/nonexistent\/rc: No such file/);
  assert.equal(run.code, 0);
});

Deno.test("a loose mode is a warning for each thing that is wrong", async () => {
  const run = await withRc("[default]\n", [], 0o644);
  assert.equal(run.code, 0);
  assert.match(run.err, /permissions should only be user read\/write \(0600/);
});

Deno.test("every mistake of used stanzas is told at once with file and line; nothing is sent", async () => {
  const run = await withRc("[default]\nACESS tcp/22\nFW_TIMEOUT\nNAT_PORT 70000\nKEY_BASE64 se!cret\n", []);
  assert.equal(run.code, 1);
  assert.match(run.err, /RC:2: unknown directive ACESS \(Parameter error\)\nfwknop: hint: did you mean ACCESS\?/);
  assert.match(run.err, /RC:3: Invalid entry/);
  assert.match(run.err, /RC:4: NAT_PORT value is out of range/);
  assert.match(run.err, /RC:5: KEY_BASE64: .*look like base64-encoded/);
  assert.ok(!run.err.includes("se!cret"));
});

Deno.test("a key in the place of a directive's name is not shown", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  const lines = ["c2VjcmV0a2V5 x", "c2VjcmV0a2V5", "KEY=c2VjcmV0a2V5", "QWERTYUIOP x", "QWERTYUIOP", "TOP_SECRET_1 x"];
  Deno.writeTextFileSync(path, `[gw]\n${lines.join("\n")}\n`, { mode: 0o600 });
  const run = await runOwn(["--rc-file", path, "--no-save-args", "-n", "gw", "-T", "-A", "tcp/22", "-s"]);
  assert.equal(run.code, 1);
  assert.match(run.err, /rc:2: the line begins with an unknown directive \(Parameter error\)\n/);
  const places = [...run.err.matchAll(/rc:(\d+): /g)].map(([, line]) => Number(line));
  assert.deepEqual(places, [2, 3, 4, 5, 6, 7]);
  assert.doesNotMatch(run.err, /c2VjcmV0a2V5|QWERTY|TOP_SECRET/);
});

Deno.test("stanzas that are not used may hold anything", async () => {
  const run = await withRc("[default]\n[other]\nNONSENSE here\n", []);
  assert.equal(run.code, 0, run.err);
});

Deno.test("names of sections do not care about case, repeated ones add up, the later line wins", async () => {
  const rc = "[default]\nFW_TIMEOUT 5\n[GW]\nFW_TIMEOUT 10\nNAT_PORT 4000\n[gw]\nFW_TIMEOUT 20\n";
  const run = await withRc(rc, ["-n", "Gw"]);
  assert.match(run.out, /Client Timeout: 20\n/);
  assert.match(run.out, /Message String: 0.0.0.0,tcp\/4000\n/);
});

Deno.test("-n default is legal, an unknown name is not", async () => {
  assert.equal((await withRc("[default]\nFW_TIMEOUT 5\n", ["-n", "default"])).code, 0);
  const run = await withRc("[default]\n", ["-n", "nope"]);
  assert.match(run.err, /Named configuration stanza: \[nope\] was not found/);
  assert.deepEqual([run.code, run.sent.length], [1, 0]);
});

Deno.test("the NAME: form and values that end at a comment are read as in C", async () => {
  const run = await withRc("[default]\nFW_TIMEOUT: 7;comment\nSPOOF_USER  bob # remark\n", []);
  assert.match(run.out, /Client Timeout: 7\n/);
  assert.match(run.out, /Username: bob\n/);
});

Deno.test("a value that was cut at a blank is warned of, without the value", async () => {
  const run = await withRc("[default]\nSPOOF_USER two words\n", []);
  assert.match(run.err, /RC:2: SPOOF_USER: the value ends at the first blank/);
  assert.match(run.out, /Username: two\n/);
});

Deno.test("KEY_CMD takes the rest of the line and runs it without a shell", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, `[default]\nKEY_CMD printf "a;b c"\nHMAC_KEY_CMD printf x\n`, { mode: 0o600 });
  const args = ["--rc-file", path, "--no-save-args", "-T", "-v", "-A", "tcp/22", "-s", "-D", "h"];
  const run = await runOwn(args);
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /HMAC Type: 3 \(SHA256\)/);
  assert.deepEqual(run.asked, []);
});

Deno.test("--stanza-list lists every section, the default one too", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, "[default]\n[b]\n[A]\n[b]\nBAD\n", { mode: 0o600 });
  const run = await runOwn(["--rc-file", path, "--stanza-list"]);
  assert.equal(run.out, `The following stanzas are configured in ${path} :\n - default\n - b\n - A\n - b\n`);
  assert.equal(run.code, 0);
});

for (const option of [["-n", "x"], ["--save-rc-stanza"], ["--stanza-list"]]) {
  Deno.test(`--no-rc-file refuses ${option.join(" ")}`, async () => {
    const run = await runOwn(["--no-rc-file", ...BASE, ...option]);
    assert.equal(run.code, 1);
    assert.match(run.err, /--no-rc-file/);
  });
}

Deno.test("F16: --no-home-dir needs --rc-file or --no-rc-file, and -E only when arguments are saved", async () => {
  assert.match((await runOwn(["--no-home-dir", ...BASE])).err, /must set --rc-file path/);
  assert.equal((await runOwn(["--no-home-dir", "--no-rc-file", ...BASE])).code, 0);
  const saving = BASE.filter((word) => word !== "--no-save-args");
  const run = await runOwn(["--no-home-dir", "--no-rc-file", ...saving]);
  assert.match(run.err, /must set the args save file path with -E/);
  assert.equal(run.code, 1);
});

Deno.test("without HOME the rc file and the saved arguments are passed over, each with a warning", async () => {
  const run = await runOwn(BASE);
  assert.match(run.err, /Unable to determine HOME directory/);
  assert.equal(run.code, 0);
  const saving = await runOwn(BASE.filter((word) => word !== "--no-save-args"));
  assert.match(saving.err, /warning: Unable to determine args save file/);
  assert.equal(saving.code, 0);
});

Deno.test("what is cut behind a value is named, but never what may be the rest of a key", async () => {
  using folder = temporaryFolder();
  const rc = `${folder.path}/rc`;
  const lines = ["[gw]", "ACCESS tcp/22 udp/53", "SPA_SERVER h # mine", "ALLOW_IP source;resolve", "KEY s3 cret"];
  Deno.writeTextFileSync(rc, `${lines.join("\n")}\nHMAC_KEY m4c # cret\n`, { mode: 0o600 });
  const run = await runOwn(["--rc-file", rc, "-n", "gw", "-T", "--no-save-args"]);
  const ends = "the value ends at the first blank, ; or #";
  assert.deepEqual(run.err.replaceAll(rc, "RC").trim().split("\n"), [
    `fwknop: warning: RC:2: ACCESS: ${ends}: "udp/53" is not read`,
    `fwknop: warning: RC:4: ALLOW_IP: ${ends}: ";resolve" is not read`,
    `fwknop: warning: RC:5: KEY: ${ends}`,
    `fwknop: warning: RC:6: HMAC_KEY: ${ends}`,
  ]);
});

Deno.test("a name that no row has is shown with what was meant, unless it may be a key", async () => {
  using folder = temporaryFolder();
  const rc = `${folder.path}/rc`;
  const unknown = "unknown directive";
  const rows: readonly (readonly [line: string, message: string, hint: string | null])[] = [
    ["OPEN_PORTS tcp/22", `${unknown} OPEN_PORTS`, "OPEN_PORTS belongs in access.conf of the server"],
    ["PCAP_INTF eth0", `${unknown} PCAP_INTF`, "PCAP_INTF belongs in fwknopd.conf of the server"],
    ["CLIENT_TIMEOUT 30", `${unknown} CLIENT_TIMEOUT`, "did you mean FW_TIMEOUT?"],
    ["EMAIL_ADDRESSES a@b", `${unknown} EMAIL_ADDRESSES`, "EMAIL_ADDRESSES belongs in fwknopd.conf of the server"],
    ["AUTH_MODE PCAP", `${unknown} AUTH_MODE`, "it is a variable of the fwknop daemon 1.x: remove the line"],
    ["--destination gw", `${unknown} --destination`, "did you mean SPA_SERVER?"],
    ["spa_server gw", `${unknown} spa_server`, "did you mean SPA_SERVER? names are written in capitals"],
    ["KEY= x", `${unknown} KEY=`, 'write a blank between the two, not "="'],
    ["ENABLE_MAGIC Y", `${unknown} ENABLE_MAGIC`, null],
    ["MY_OLD_PASSWORD x", `the line begins with an ${unknown}`, null],
    ["hunter2 x", `the line begins with an ${unknown}`, null],
  ];
  Deno.writeTextFileSync(rc, `[gw]\n${rows.map(([line]) => line).join("\n")}\nKEY_BASE64 abc\ndef=\n`, { mode: 0o600 });
  const run = await runOwn(["--rc-file", rc, "-n", "gw", "-T", "--no-save-args"]);
  const told = rows.flatMap(([, message, hint], index) => [
    `fwknop: error: RC:${index + 2}: ${message} (Parameter error)`,
    ...(hint === null ? [] : [`fwknop: hint: ${hint}`]),
  ]);
  const lines = run.err.replaceAll(rc, "RC").trim().split("\n");
  assert.deepEqual(lines.slice(0, told.length), told);
  assert.match(lines.at(-1) ?? "", /if it is the rest of the line above, join the two$/);
  assert.equal(run.code, 1);
});

Deno.test("a service, a NAT target and a URL that cannot be read are told with file and line, all of them, and what to write", async () => {
  const file = Deno.makeTempFileSync({ prefix: "fwknop-test-" });
  const lines = ["[gw]", "SPA_SERVER h", "ACCESS tcp:22", "NAT_ACCESS 10.0.0.1:99999", "RESOLVE_URL ftp://h/"];
  Deno.writeTextFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  try {
    for (const more of [[], ["-A", "tcp/22", "-N", "10.0.0.1", "--resolve-url", "https://h/"], ["--explain"]]) {
      const run = await runOwn(["--rc-file", file, "--no-save-args", "-n", "gw", "-R", ...more]);
      assert.deepEqual([run.code, run.sent.length], [1, 0]);
      assert.deepEqual(run.err.replaceAll(file, "rc").trimEnd().split("\n"), [
        'fwknop: error: rc:3: ACCESS: Invalid SPA access message: "tcp:22": Expecting <proto>/<port> for -A arg (Parameter error)',
        "fwknop: hint: write ACCESS tcp/22",
        'fwknop: error: rc:4: NAT_ACCESS: Invalid port value in -N arg: "10.0.0.1:99999" (Args contain invalid data) (Parameter error)',
        "fwknop: hint: write HOST or HOST:PORT with a port from 1 to 65535",
        'fwknop: error: rc:5: RESOLVE_URL: Error parsing resolve-url "ftp://h/": ftp:// is not supported (Parameter error)',
        "fwknop: hint: write https://HOST/PATH",
      ]);
    }
  } finally {
    Deno.removeSync(file);
  }
});
