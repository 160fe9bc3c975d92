/** `--qr` and `--import` through the client's main line. */
import assert from "node:assert/strict";
import { H64, K64, runOwn, runOwnProcess, temporaryFolder } from "../harness.ts";

const ENV = (home: string) => ({ env: { HOME: home } });

function writeRc(folder: string, text: string): string {
  const path = `${folder}/.fwknoprc`;
  Deno.writeTextFileSync(path, text, { mode: 0o600 });
  return path;
}

const STANZA = `# mine
[gw]
SPA_SERVER   gw.example.org
SPA_SERVER_PORT 62202
ACCESS       tcp/22
ALLOW_IP     resolve
KEY_BASE64   ${K64}
HMAC_KEY_BASE64 ${H64}
`;

Deno.test("what --qr shows, --import stores as a stanza that means the same", async () => {
  using here = temporaryFolder();
  using there = temporaryFolder();
  writeRc(here.path, STANZA);
  const shown = await runOwn(["-n", "gw", "--qr", "--force-qr"], ENV(here.path));
  assert.equal(shown.code, 0, shown.err);
  assert.equal(shown.sent.length, 0);
  const uri = shown.out.trimEnd().split("\n").at(-1) ?? "";
  const imported = await runOwn(["--import", uri], ENV(there.path));
  assert.equal(imported.code, 0, imported.err);
  assert.match(imported.err, /warning: every user of this machine can see/);
  assert.match(imported.out, /Stored stanza \[gw\] in .*\.fwknoprc/);
  const again = await runOwn(["-n", "gw", "--qr", "--force-qr"], ENV(there.path));
  assert.equal(again.out.trimEnd().split("\n").at(-1), uri);
  assert.equal(Deno.statSync(`${there.path}/.fwknoprc`).mode! & 0o777, 0o600);
});

Deno.test("--import replaces a stanza only with --force-stanza, and leaves the rest of the file", async () => {
  using home = temporaryFolder();
  const path = writeRc(home.path, STANZA);
  const uri = `fwknop:GW?v=1&D=other.example.org&k=${K64.replace("=", "")}`;
  const refused = await runOwn(["--import", uri], ENV(home.path));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /Cannot import to \[GW\]: the stanza is in .* already/);
  assert.equal(Deno.readTextFileSync(path), STANZA);
  const named = await runOwn(["--import", uri, "-n", "new"], ENV(home.path));
  assert.equal(named.code, 0, named.err);
  assert.ok(Deno.readTextFileSync(path).startsWith(STANZA));
  const forced = await runOwn(["--import", uri, "--force-stanza"], ENV(home.path));
  assert.equal(forced.code, 0, forced.err);
  const text = Deno.readTextFileSync(path);
  assert.match(text, /^# mine\n\[gw\]\nSPA_SERVER +other\.example\.org\nKEY_BASE64 .*\n/);
  assert.ok(!text.includes(H64));
});

Deno.test("--import refuses values that the table refuses, without repeating a key", async () => {
  using home = temporaryFolder();
  const path = writeRc(home.path, "[default]\n");
  const key = K64.replace("=", "");
  for (
    const [query, reason] of [
      [`D=gw&k=${key}${key}`, /field k: Invalid key length/],
      [`D=gw&k=SECRET!`, /field k: .*base64/],
      [`D=gw&k=${key}&p=99999`, /field p: /],
      [`D=gw&k=${key}&A=a%20b`, /Invalid SPA access message/],
      [`D=gw&k=${key}&A=tcp/99999`, /Invalid SPA access message/],
      [`D=gw&k=${key}&u=a%20b`, /HTTP_USER_AGENT cannot be saved/],
      [`D=gw&k=${key}&u=a%23b`, /HTTP_USER_AGENT cannot be saved/],
      [`D=gw&k=${key}&u=x%0AKEY_CMD%20touch`, /field u has characters that cannot be seen/],
      [`D=gw&k=${key}&u=x%0D%0A[other]`, /field u has characters that cannot be seen/],
      [`D=g%1B[2Jw&k=${key}`, /field D has characters that cannot be seen/],
      [`D=gw%E2%80%AE&k=${key}`, /field D has characters that cannot be seen/],
      [`D=gw,other&k=${key}`, /names more than one server/],
      [`D=gw&k=${key}&U=a:b`, /USER_REMCHAR_VALIDFAIL/],
      [`D=gw&k=${key}&P=sctp`, /field P: Unrecognized protocol/],
      [`D=gw&k=${key}&a=1.2.3`, /field a: Invalid allow IP/],
      [`D=gw&k=${key}&nat-local=Maybe`, /field nat-local: /],
      [`D=gw&k=${key}&h=aGVsbG8&M=legacy`, /Legacy encryption mode/],
      [`D=gw&k=${key}&M=asymmetric`, /GPG/],
      [`D=gw&k=${key}&v=1`, /field v is there twice/],
      [`D=gw&k=${key}&h=${key}`, /identical/],
      [`k=${key}`, /names no server/],
      ["D=gw", /no encryption key/],
    ] as const
  ) {
    const { code, err } = await runOwn(["--import", `fwknop:gw?v=1&${query}`], ENV(home.path));
    assert.equal(code, 1, query);
    assert.match(err, reason, query);
    assert.ok(!err.includes(key) && !err.includes("SECRET"), err);
  }
  assert.equal(Deno.readTextFileSync(path), "[default]\n");
});

Deno.test("--qr shows keys neither in a file nor for nothing", async () => {
  using home = temporaryFolder();
  writeRc(home.path, STANZA);
  // A process of its own: these tests may themselves run on a terminal.
  const piped = await runOwnProcess(["-n", "gw", "--qr"], { home: home.path });
  assert.equal(piped.code, 1);
  assert.match(piped.err, /standard output is not a terminal/);
  assert.equal(piped.out, "");
  const nobody = await runOwn(["--qr", "--force-qr", "--key-gen"], ENV(home.path));
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /needs a server/);
});

Deno.test("--key-gen --qr writes nothing and shows no key where the code cannot follow", async () => {
  using home = temporaryFolder();
  const path = writeRc(home.path, STANZA);
  const args = ["--key-gen-file", `${home.path}/keys`, "--save-rc-stanza", "-n", "new", "--qr", "-A", "tcp/22", "-R"];
  for (const more of [["--force-qr", "-u", "two words", "-D", "gw"], ["-D", "gw"]]) {
    const { code, out } = await runOwnProcess([...args, ...more], { home: home.path });
    assert.deepEqual([code, out], [1, ""]);
    assert.equal(Deno.readTextFileSync(path), STANZA);
    assert.deepEqual([...Deno.readDirSync(home.path)].map(({ name }) => name), [".fwknoprc"]);
  }
});

Deno.test("--key-gen --qr shows the new keys with the options given", async () => {
  using home = temporaryFolder();
  const { code, out, err } = await runOwn(
    ["--key-gen", "--qr", "--force-qr", "-D", "gw.example.org", "-A", "tcp/22", "-R", "-n", "phone"],
    ENV(home.path),
  );
  assert.equal(code, 0, err);
  const [, key = ""] = /^KEY_BASE64: (.*)$/m.exec(out) ?? [];
  const escaped = key.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  assert.ok(out.includes(`fwknop:phone?v=1&D=gw.example.org&A=tcp/22&a=resolve&k=${escaped}&h=`), out);
});

Deno.test("every field survives --qr and --import", async () => {
  const [NAT, REST] = [
    { NAT_ACCESS: "10.0.0.5,22", NAT_RAND_PORT: "Y", SPA_SERVER_PROTO: "udpraw", SPA_SOURCE_PORT: "4000" },
    {
      NAT_LOCAL: "Y",
      NAT_PORT: "4022",
      RAND_PORT: "Y",
      SPA_SERVER_PROTO: "http",
      HTTP_USER_AGENT: "Fwknop/1+2%41&x=y",
    },
  ];
  const common = {
    SPA_SERVER: "2001:db8::1",
    SPA_SERVER_PORT: "62203",
    ACCESS: "tcp/22",
    FW_TIMEOUT: "90",
    SPOOF_USER: "mike",
    RESOLVE_URL: "https://ip.example.org/?a=b",
    SERVER_RESOLVE_IPV4: "Y",
    DIGEST_TYPE: "SHA512",
    ENCRYPTION_MODE: "CTR",
    HMAC_DIGEST_TYPE: "SHA3_512",
    KEY_BASE64: K64,
    HMAC_KEY_BASE64: H64,
  };
  for (const directives of [{ ...common, ALLOW_IP: "source", ...NAT }, { ...common, ALLOW_IP: "resolve", ...REST }]) {
    using here = temporaryFolder();
    using there = temporaryFolder();
    const lines = Object.entries(directives).map(([name, value]) => `${name} ${value}`);
    writeRc(here.path, `[a "gw" é]\n${lines.join("\n")}\n`);
    const shown = await runOwn(["-n", 'a "gw" é', "--qr", "--force-qr"], ENV(here.path));
    assert.equal(shown.code, 0, shown.err);
    const uri = shown.out.trimEnd().split("\n").at(-1) ?? "";
    assert.match(uri, /^[\x21-\x7e]+$/);
    const imported = await runOwn(["--import", uri], ENV(there.path));
    assert.equal(imported.code, 0, imported.err);
    const text = Deno.readTextFileSync(`${there.path}/.fwknoprc`);
    const stanza = text.slice(text.indexOf('[a "gw" é]')).split("\n").slice(1).filter((line) => line !== "");
    const read = Object.fromEntries(stanza.map((line) => line.split(/ +/, 2)));
    assert.deepEqual({ ...read, USE_HMAC: "Y" }, { ...directives, USE_HMAC: "Y" });
  }
});

Deno.test("--qr shows nothing that --import would refuse", async () => {
  const args = ["--no-rc-file", "--qr", "--force-qr", "-D", "gw", "-A", "tcp/22", "-R", "--key-base64-rijndael", K64];
  for (const more of [["-u", "two words"], ["-A", "bogus"], ["-u", `Fwknop/${"x".repeat(4200)}`]]) {
    const run = await runOwn([...args, ...more]);
    assert.equal(run.code, 1, more.join(" "));
    assert.equal(run.out, "");
    assert.match(run.err, /^fwknop: error: /);
  }
});

Deno.test("what a stanza of --import means is what the other device shows with --explain", async () => {
  using home = temporaryFolder();
  writeRc(home.path, "[default]\n");
  const uri = `fwknop:gw?v=1&D=gw.example.org&A=tcp/22&a=resolve&k=${K64.replace("=", "")}`;
  assert.equal((await runOwn(["--import", uri], ENV(home.path))).code, 0);
  const { out, code } = await runOwn(["-n", "gw", "--explain"], ENV(home.path));
  assert.equal(code, 0, out);
  assert.match(out, /^ {2}lets in +this machine as the Internet sees it/m);
  assert.match(out, /^ {2}encrypted +Rijndael CBC, a key of 32 bytes$/m);
});
