import assert from "node:assert/strict";
import { ALONE, runOwn, type Surroundings, temporaryFolder } from "./harness.ts";

/** What was asked of a server. */
interface Question {
  readonly path: string;
  readonly agent: string | null;
  readonly remote: string;
}

const ANSWERS: Readonly<Record<string, () => Response>> = {
  "/ip": () => new Response("203.0.113.9\n"),
  "/ip6": () => new Response("2001:db8::9"),
  "/missing": () => new Response("203.0.113.9", { status: 404 }),
  "/page": () => new Response("<html>203.0.113.9</html>"),
  "/moved": () => new Response(null, { status: 302, headers: { Location: "/ip" } }),
  "/chunks": () => new Response(ReadableStream.from(["203.0", ".113.9"].map((part) => new TextEncoder().encode(part)))),
  "/endless": () => new Response("1".repeat(1_000_000)),
};

/** A server on the loopback of one family. */
function serve(hostname: string, tls: { cert: string; key: string } | null = null) {
  const questions: Question[] = [];
  const handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => {
    const path = new URL(request.url).pathname;
    questions.push({ path, agent: request.headers.get("user-agent"), remote: info.remoteAddr.hostname });
    return ANSWERS[path]?.() ?? new Response("no", { status: 500 });
  };
  const options = { hostname, port: 0, onListen: () => {} };
  const server = tls === null ? Deno.serve(options, handler) : Deno.serve({ ...options, ...tls }, handler);
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { questions, base: `${tls === null ? "http" : "https"}://${host}:${server.addr.port}`, server };
}

/** A test run, and the address in its packet. */
async function resolve(argv: readonly string[], surroundings: Surroundings = {}) {
  const run = await runOwn([...ALONE, "-T", "-v", "-A", "tcp/22", "--key-rijndael", "k", ...argv], {
    ...surroundings,
    env: { LOGNAME: "bob", ...surroundings.env },
  });
  return { ...run, address: /Message String: (.*),tcp\/22/.exec(run.out)?.[1] ?? null };
}

Deno.test("the own address over HTTP, where that was asked for", async () => {
  const { base, questions, server } = serve("127.0.0.1");
  try {
    const url = ["--resolve-http-only", "--resolve-url"];
    const good = await resolve([...url, `${base}/ip`]);
    assert.equal(good.address, "203.0.113.9", good.err);
    assert.ok(good.out.includes(`[+] Resolved external IP (via '${base}/ip') as: 203.0.113.9\n`));
    assert.deepEqual(questions[0], { path: "/ip", agent: "Fwknop/2.6.11", remote: "127.0.0.1" });
    assert.equal((await resolve([...url, `${base}/chunks`])).address, "203.0.113.9");
    await resolve([...url, `${base}/ip`, "-u", "Some Agent/1"]);
    assert.equal(questions.at(-1)?.agent, "Some Agent/1");
    const failures: readonly [string, RegExp][] = [
      ["/missing", /status 404/],
      ["/moved", /status 302/],
      ["/page", /no IP address/],
      ["/endless", /no IP address/],
      ["/ip6", /answered with an IPv6 address/],
    ];
    for (const [path, pattern] of failures) {
      const run = await resolve([...url, `${base}${path}`]);
      assert.match(run.err, pattern);
      assert.match(run.err, /Could not resolve IP via: /);
      assert.match(run.err, /hint: name the address with -a/);
      assert.equal(run.code, 1);
    }
    const warned = await resolve(["-R", "--resolve-url", `${base}/ip`]);
    assert.match(warned.err, /should begin with 'https:\/\/' in -R mode/);
  } finally {
    await server.shutdown();
  }
});

Deno.test("the family follows the one that reaches the server", async () => {
  const { base, questions, server } = serve("::1");
  try {
    const url = ["--resolve-http-only", "--resolve-url", `${base}/ip6`];
    const run = await resolve([...url, "-D", "2001:db8::1"]);
    assert.equal(run.address, "2001:db8::9", run.err);
    assert.equal(questions[0]?.remote, "::1");
    assert.equal((await resolve([...url, "-6"])).address, "2001:db8::9");
    assert.equal((await resolve([...url, "-D", "192.0.2.1"])).code, 1);
  } finally {
    await server.shutdown();
  }
});

Deno.test("F13: -C with -R finds the address too", async () => {
  const { base, server } = serve("127.0.0.1");
  try {
    const args = [...ALONE, "-T", "-v", "-C", "id", "--key-rijndael", "k", "--resolve-http-only"];
    const run = await runOwn([...args, "--resolve-url", `${base}/ip`], { env: { LOGNAME: "bob" } });
    assert.match(run.out, /Message String: 203\.0\.113\.9,id\n/);
  } finally {
    await server.shutdown();
  }
});

/** A certificate authority and a server certificate of it for the loopback. */
async function certificates(folder: string): Promise<{ ca: string; cert: string; key: string }> {
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await openssl(folder, ["req", "-x509", ...ec, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA"]);
  await openssl(folder, ["req", ...ec.slice(0, 5), "-keyout", "s.key", "-out", "s.csr", "-subj", "/CN=localhost"]);
  Deno.writeTextFileSync(`${folder}/ext`, "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
  const sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext"];
  await openssl(folder, ["x509", "-req", "-in", "s.csr", ...sign, "-out", "s.pem"]);
  const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
  return { ca: `${folder}/ca.pem`, cert: read("s.pem"), key: read("s.key") };
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args], cwd, stdin: "null" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test("HTTPS is checked against the built-in roots and those of the system", async () => {
  using folder = temporaryFolder();
  const { ca, cert, key } = await certificates(folder.path);
  const { base, questions, server } = serve("127.0.0.1", { cert, key });
  try {
    const args = ["-R", "--resolve-url", `${base}/ip`];
    const trusted = await resolve(args, { env: { SSL_CERT_FILE: ca } });
    assert.equal(trusted.address, "203.0.113.9", trusted.err);
    assert.doesNotMatch(trusted.err, /should begin with/);
    const unknown = await resolve(args, { env: { SSL_CERT_FILE: "/nonexistent" } });
    assert.match(unknown.err, /invalid peer certificate: UnknownIssuer/);
    const named = await resolve(["-R", "--resolve-url", `${base.replace("127.0.0.1", "localhost")}/ip`], {
      env: { SSL_CERT_FILE: ca },
    });
    assert.match(named.err, /certificate/, "a certificate for another name");
    assert.equal(questions.length, 1);
  } finally {
    await server.shutdown();
  }
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

Deno.test("F14: --wget-cmd runs that program with its words, and its exit status counts", async () => {
  using folder = temporaryFolder();
  const program = `${folder.path}/fake wget`;
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >'${folder.path}/args'\necho 203.0.113.7\nexit \${FAIL:-0}\n`;
  Deno.writeTextFileSync(program, script, { mode: 0o700 });
  const args = ["-R", "-w", `'${program}' --extra`, "-u", "My Agent", "--resolve-url", "https://x.example/ip"];
  assert.equal((await resolve(args)).address, "203.0.113.7");
  const words = ["--extra", "-U", "My Agent", "--secure-protocol=auto", "--quiet", "-O", "-", "https://x.example/ip"];
  assert.deepEqual(Deno.readTextFileSync(`${folder.path}/args`).trim().split("\n"), words);
  await resolve([...args, "--use-wget-user-agent"]);
  assert.ok(!Deno.readTextFileSync(`${folder.path}/args`).includes("-U"));
  Deno.writeTextFileSync(program, "#!/bin/sh\necho 203.0.113.7\nexit 4\n");
  assert.match((await resolve(args)).err, /failed with status 4/);
  assert.match((await resolve(["-R", "-w", "/nonexistent"])).err, /cannot run \/nonexistent/);
});
