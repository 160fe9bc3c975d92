import assert from "node:assert/strict";
import { ALONE, K64, runOwn, temporaryFolder } from "../harness.ts";

const KEY = ["--key-base64-rijndael", K64];

/** The hint of a run that has stanzas. */
async function hintOf(args: readonly string[]): Promise<string> {
  using home = temporaryFolder();
  Deno.writeTextFileSync(
    `${home.path}/.fwknoprc`,
    "[web1]\nSPA_SERVER www.example.org\n[gateway]\nSPA_SERVER 192.0.2.1\n",
    { mode: 0o600 },
  );
  const run = await runOwn(args, { env: { HOME: home.path } });
  assert.equal(run.code, 1, run.out);
  return /fwknop: hint: (.*)/.exec(run.err)?.[1] ?? run.err;
}

Deno.test("a word without an option in front is named, with the option that it needs", async () => {
  const rows: readonly [words: string, hint: RegExp][] = [
    ["web1", /^"web1": .*: write -n web1$/],
    ["WEB1", /: write -n web1$/],
    ["wbe1", /: did you mean -n web1\?$/],
    ["gatewya", /: did you mean -n gateway\?$/],
    ["www.example.org", /: did you mean -n web1\?$/],
    ["host.example.org", /: -D host\.example\.org names a server$/],
    ["192.0.2.77", /: -D 192\.0\.2\.77 names a server$/],
    ["me@host.example.org", /: -D host\.example\.org names a server$/],
    ["https://host.example.org:443/x", /: -D host\.example\.org names a server$/],
    ["tcp/22", /: write -A tcp\/22$/],
    ["other", /: write -n other for a stanza, or -D other for a server$/],
  ];
  for (const [word, hint] of rows) assert.match(await hintOf([word]), hint, word);
});

Deno.test("the name of a stanza that is one letter off is guessed wherever one is named", async () => {
  const rows = [["-n", "wbe1"], ["--explain", "-n", "wbe1"], ["--ssh-config", "wbe1"], ["--qr", "-n", "wbe1"]];
  for (const args of rows) assert.equal(await hintOf(args), "did you mean web1?", args.join(" "));
  using home = temporaryFolder();
  Deno.writeTextFileSync(`${home.path}/.fwknoprc`, "[web1]\n", { mode: 0o600 });
  const doctor = await runOwn(["--doctor", "wbe1"], { env: { HOME: home.path } });
  assert.match(doctor.out, /^fail settings: .*\[wbe1\] was not found: did you mean web1\?$/m);
});

Deno.test("a word that is passed over is told, and what it should have been; the packet is sent", async () => {
  const knock = [...ALONE, ...KEY, "-s", "-D", "192.0.2.1", "-A", "tcp/22"];
  const service = await runOwn([...knock, "udp/53"]);
  assert.deepEqual([service.code, service.sent.length], [0, 1]);
  assert.match(service.err, /warning: "udp\/53" belongs to no option and is ignored: .* commas: -A tcp\/22,udp\/53\n/);
  const comma = await runOwn([...ALONE, ...KEY, "-s", "-D", "192.0.2.1", "-A", "tcp/22,", "udp/53"]);
  assert.equal(comma.code, 1, "C refuses that too");
  assert.match((await runOwn([...knock, "this", "that"])).err, /warning: "this" "that" belong to no option and are/);
  assert.equal((await runOwn(knock)).err, "");
});

Deno.test("a word beside a pass phrase may be the rest of it, and is not shown", async () => {
  const knock = [...ALONE, "-s", "-D", "192.0.2.1", "-A", "tcp/22", "--key-rijndael", "correct", "horse"];
  const run = await runOwn(knock);
  assert.equal(run.err, "", "as in C");
  assert.ok(!(await runOwn([...knock.slice(0, 3), ...knock.slice(5), "--wait"])).err.includes("horse"));
});
