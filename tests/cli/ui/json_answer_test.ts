import assert from "node:assert/strict";
import { ALONE, K64, runOwn, temporaryFolder } from "../harness.ts";

Deno.test("-T --json gives the packet as one object, and nothing else on standard output", async () => {
  const args = [
    ...ALONE,
    "-T",
    "--json",
    "-v",
    "-A",
    "tcp/22",
    "-a",
    "192.0.2.1",
    "-D",
    "h",
    "-f",
    "30",
    "-U",
    "alice",
  ];
  const run = await runOwn([...args, "--key-rijndael", "topsecret", "-N", "10.0.0.1", "--nat-rand-port"]);
  assert.equal(run.code, 0, run.err);
  const packet = JSON.parse(run.out);
  const { server, protocol, port, sourcePort, username, type, natAccess, clientTimeout, hmacType } = packet;
  assert.deepEqual(
    { server, protocol, port, sourcePort, username, type, natAccess, clientTimeout, hmacType },
    {
      server: "h",
      protocol: "udp",
      port: 62201,
      sourcePort: null,
      username: "alice",
      type: 4,
      natAccess: "10.0.0.1,22",
      clientTimeout: 30,
      hmacType: null,
    },
  );
  assert.match(packet.packet, /^[89+/][A-Za-z0-9+/]{100,}$/);
  assert.ok(!run.out.includes("topsecret"));
  assert.match(run.err, /Randomly assigned port/);
});

Deno.test("--stanza-list --json and --show-last --json", async () => {
  using folder = temporaryFolder();
  const [rc, file] = [`${folder.path}/rc`, `${folder.path}/run`];
  Deno.writeTextFileSync(rc, "[default]\n[a]\n", { mode: 0o600 });
  const listed = await runOwn(["--rc-file", rc, "--stanza-list", "--json"]);
  assert.deepEqual(JSON.parse(listed.out), { file: rc, stanzas: ["default", "a"] });
  Deno.writeTextFileSync(file, `fwknop -A tcp/22 --key-base64-rijndael ${K64} \n`, { mode: 0o600 });
  const shown = await runOwn(["--show-last", "--json", "-E", file]);
  assert.deepEqual(JSON.parse(shown.out), { arguments: ["-A", "tcp/22", "--key-base64-rijndael", "********"] });
});

Deno.test("--json without anything to tell is refused", async () => {
  const run = await runOwn([...ALONE, "--json", "-A", "tcp/22", "-s", "-D", "h", "--key-rijndael", "k"]);
  assert.match(run.err, /--json goes with /);
  assert.deepEqual([run.code, run.sent.length], [1, 0]);
});

Deno.test("--doctor --json gives the findings", async () => {
  using folder = temporaryFolder();
  const run = await runOwn(["--doctor", "--json", "--rc-file", `${folder.path}/rc`], { env: { HOME: folder.path } });
  const { findings } = JSON.parse(run.out);
  assert.ok(findings.length > 0 && findings.every(({ level }: { level: string }) => /^(ok|warn|fail)$/.test(level)));
});

/** The only line of standard output, read. */
function onlyObject(out: string) {
  assert.match(out, /^[^\n]*\n$/);
  return JSON.parse(out);
}

Deno.test("--json answers with the errors where a run fails, and people still read them on standard error", async () => {
  const missing = await runOwn([...ALONE, "-T", "--json", "-A", "tcp/22", "-D", "h", "--key-rijndael", "k"]);
  assert.equal(missing.code, 1);
  assert.deepEqual(onlyObject(missing.out), {
    errors: [{
      message: "Must use one of [-s|-R|-a] to specify IP for SPA access",
      hints: ["-R finds the own address, -a ADDRESS names it"],
    }],
  });
  assert.match(missing.err, /^fwknop: error: Must use one of/m);
  const unknown = await runOwn(["--json", "-T", "--bogus", "--nonsense"]);
  assert.deepEqual(onlyObject(unknown.out).errors.map(({ message }: { message: string }) => message), [
    "--bogus: unknown option",
    "--nonsense: unknown option",
  ]);
  const nothing = await runOwn(["--json", "--stanza-list", "--no-rc-file"]);
  assert.equal(onlyObject(nothing.out).errors.length, 1);
});

Deno.test("-T --json for several servers is one object, with the errors of those that fail", async () => {
  const args = [...ALONE, "-T", "--json", "-A", "tcp/22", "-a", "192.0.2.1", "-D", "a,b", "--key-rijndael", "k"];
  const run = await runOwn(args);
  const { servers } = onlyObject(run.out);
  assert.deepEqual(servers.map(({ server }: { server: string }) => server), ["a", "b"]);
  assert.notEqual(servers[0].packet, servers[1].packet);
  const failed = await runOwn([...args, "-A", "bogus"]);
  assert.equal(failed.code, 1);
  const each = onlyObject(failed.out).servers;
  assert.deepEqual(each.map((one: { server: string; errors: unknown[] }) => [one.server, one.errors.length]), [
    ["a", 1],
    ["b", 1],
  ]);
});

/** Every name in an object and the objects in it. */
function namesIn(value: unknown): readonly string[] {
  if (value === null || typeof value !== "object") return [];
  const names = Array.isArray(value) ? [] : Object.keys(value);
  return [...names, ...Object.values(value).flatMap(namesIn)];
}

Deno.test("the man page names everything that --json answers with", async () => {
  const page = Deno.readTextFileSync(new URL("../../../docs/man/fwknop.8", import.meta.url));
  const section = page.slice(page.indexOf(".SH JSON"), page.indexOf(".SH FILES"));
  using folder = temporaryFolder();
  const rc = `${folder.path}/rc`;
  Deno.writeTextFileSync(rc, "[a]\n", { mode: 0o600 });
  const knock = [...ALONE, "-A", "tcp/22", "-s", "--key-rijndael", "k", "--json", "-D"];
  const runs = [
    ["-T", ...knock, "h"],
    ["-T", ...knock, "a,b", "-A", "bogus"],
    ["--doctor", ...knock, "127.0.0.1"],
    ["--stanza-list", "--json", "--rc-file", rc],
  ];
  for (const args of runs) {
    const { out } = await runOwn(args);
    const names = namesIn(onlyObject(out));
    assert.ok(names.length > 0);
    for (const name of names) assert.match(section, new RegExp(`\\b${name}\\b`), `${name} of ${args.join(" ")}`);
  }
});
