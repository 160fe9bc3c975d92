import assert from "node:assert/strict";
import { certificates } from "./certificates.ts";
import { ALONE, temporaryFolder } from "../harness.ts";
import { resolve, serve } from "./public_ip_asking.ts";

Deno.test("HTTPS is checked against the built-in roots and those of the system", async (t) => {
  using folder = temporaryFolder();
  const { ca, of } = await certificates(folder.path);
  const refused: Readonly<Record<string, RegExp>> = {
    "of another name": /invalid peer certificate: .*not valid for/,
    "self-signed": /invalid peer certificate: .*(UnknownIssuer|CaUsedAsEndEntity)/,
    expired: /invalid peer certificate: .*expired/,
  };
  for (const [name, pattern] of Object.entries(refused)) {
    await t.step(`a certificate that is ${name} is refused with the cause`, async () => {
      const { base, questions, server } = serve("127.0.0.1", of[name]!);
      const run = await resolve(["-R", "--resolve-url", `${base}/ip`], { env: { SSL_CERT_FILE: ca } });
      assert.match(run.err, pattern);
      assert.match(run.err, /Could not resolve IP via: https:/);
      assert.deepEqual([run.code, run.address, questions.length], [1, null, 0]);
      await server.shutdown();
    });
  }
  const { base, questions, server } = serve("127.0.0.1", of["good"]!);
  const ask = (pem: string) => resolve(["-R", "--resolve-url", `${base}/ip`], { env: { SSL_CERT_FILE: pem } });
  await t.step("one of the system's authorities is believed, an unknown one is not", async () => {
    const trusted = await ask(ca);
    assert.equal(trusted.address, "203.0.113.9", trusted.err);
    assert.doesNotMatch(trusted.err, /should begin with/);
    assert.match((await ask("/nonexistent")).err, /invalid peer certificate: UnknownIssuer/);
  });
  await t.step("a redirection is followed to HTTPS, never to plain HTTP", async () => {
    const secure = serve("127.0.0.1", of["good"]!);
    const at = (path: string) =>
      resolve(["-R", "--resolve-url", `${secure.base}${path}`], { env: { SSL_CERT_FILE: ca } });
    assert.equal((await at("/moved")).address, "203.0.113.9");
    const down = await at("/down");
    assert.match(down.err, /it redirects to http:\/\/127\.0\.0\.1\/ip, which is not followed: others could falsify it/);
    assert.equal(down.address, null);
    await secure.server.shutdown();
  });
  await t.step("what the program believes already it believes beside those of the system too", async () => {
    const other = await certificates(Deno.makeTempDirSync({ dir: folder.path }));
    const main = new URL("../../../cli/main.ts", import.meta.url).pathname;
    const args = [...ALONE, "-T", "-v", "-A", "tcp/22", "--key-rijndael", "k", "-R", "--resolve-url", `${base}/ip`];
    const run = async (...trust: readonly string[]) => {
      const env = { SSL_CERT_FILE: other.ca, LOGNAME: "bob" };
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", ...trust, main, ...args],
        env,
      }).output();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    };
    assert.match(await run(`--cert=${ca}`), /Message String: 203\.0\.113\.9,tcp\/22/);
    assert.match(await run(), /invalid peer certificate/);
  });
  await t.step("a bad file of certificates adds nothing, is named, and plain HTTP does not need it", async () => {
    const bad = `${folder.path}/bad.pem`;
    Deno.writeTextFileSync(bad, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const run = await ask(bad);
    assert.match(run.err, /warning: the certificates in .*bad\.pem are left out: .*BadEncoding/);
    assert.match(run.err, /UnknownIssuer/);
    assert.match((await ask(folder.path)).err, /Cannot read the certificates in .*: Is a directory/);
    const plain = serve("127.0.0.1");
    const args = ["--resolve-http-only", "--resolve-url", `${plain.base}/ip`];
    const { address, err } = await resolve(args, { env: { SSL_CERT_FILE: bad } });
    assert.equal(address, "203.0.113.9");
    assert.doesNotMatch(err, /certificates/);
    await plain.server.shutdown();
  });
  assert.equal(questions.length, 2);
  await server.shutdown();
});

Deno.test("plain HTTP behind an https URL, and nobody there, give the cause", async () => {
  const { base, server } = serve("127.0.0.1");
  const port = base.split(":")[2];
  try {
    const run = await resolve(["-R", "--resolve-url", `https://127.0.0.1:${port}/ip`]);
    assert.match(run.err, /Could not resolve IP via: https:\/\/127\.0\.0\.1:\d+\/ip: \S+/);
  } finally {
    await server.shutdown();
  }
  const nobody = await resolve(["-R", "--resolve-url", `https://127.0.0.1:${port}/ip`]);
  assert.match(nobody.err, /Connection refused/);
});
