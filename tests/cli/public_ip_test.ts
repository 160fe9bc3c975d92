import assert from "node:assert/strict";
import { findPublicAddress } from "../../cli/public_ip.ts";
import { CLIENT_SETTINGS } from "../../cli/options.ts";
import { resolveSettings } from "../../lib/spec/resolve.ts";
import { ALONE, runOwn, runOwnProcess, type Surroundings, temporaryFolder } from "./harness.ts";

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
  "/blanks": () => new Response("\r\n \t203.0.113.9 \n\n"),
  "/two": () => new Response("203.0.113.9\n203.0.113.8\n"),
  "/empty": () => new Response(""),
  "/far": () => new Response(null, { status: 301, headers: { Location: "http://bob:s3cret@elsewhere.example/" } }),
  "/none": () => new Response(null, { status: 204 }),
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
    for (const path of ["/chunks", "/blanks"]) {
      assert.equal((await resolve([...url, `${base}${path}`])).address, "203.0.113.9", path);
    }
    await resolve([...url, `${base}/ip`, "-u", "Some Agent/1"]);
    assert.equal(questions.at(-1)?.agent, "Some Agent/1");
    const failures: readonly [string, RegExp][] = [
      ["/missing", /status 404/],
      ["/moved", /it redirects to http:\/\/127\.0\.0\.1:\d+\/ip, which is not followed/],
      ["/far", /it redirects to http:\/\/\*{8}@elsewhere\.example\/, which is not followed/],
      ["/none", /status 204/],
      ["/empty", /no IP address/],
      ["/two", /no IP address/],
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
    const bare = await resolve([...url, base.replace("http://", "")]);
    assert.match(bare.err, /status 500/, "without scheme and path");
    assert.deepEqual(questions.at(-1)?.path, "/");
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

Deno.test("user and password of a URL are sent and never shown", async () => {
  const { base, server } = serve("127.0.0.1");
  try {
    for (const scheme of ["http://", ""]) {
      const url = ["--resolve-http-only", "--resolve-url", base.replace("http://", `${scheme}bob:s3cret@`)];
      const runs = [
        await resolve([...url.slice(0, 2), `${url[2]}/ip`]),
        await resolve([...url.slice(0, 2), `${url[2]}/moved`]),
        await resolve([...url.slice(0, 2), `${url[2]}9999/ip`]),
        await resolve(["-R", ...url.slice(1)]),
      ];
      assert.deepEqual(runs.map(({ address }) => address), ["203.0.113.9", null, null, null]);
      for (const { out, err } of runs) assert.doesNotMatch(out + err, /s3cret/);
      assert.match(runs[2]!.err, /Error parsing resolve-url ".*\*{8}@127.0.0.1:/);
    }
  } finally {
    await server.shutdown();
  }
  const wget = await resolve(["-R", "-w", "/bin/echo", "--resolve-url", "https://bob:s3cret@x.example/ip"]);
  assert.match(wget.err, /--wget-cmd would show the password/);
  assert.doesNotMatch(wget.out + wget.err, /s3cret/);
});

Deno.test("a proxy in the environment is warned of, because the server does not see it", async () => {
  const { base, server } = serve("127.0.0.1");
  try {
    const args = ["--resolve-http-only", "--resolve-url", `${base}/ip`];
    for (const name of ["http_proxy", "HTTP_PROXY", "all_proxy"]) {
      const run = await resolve(args, { env: { [name]: "http://proxy.example:3128" } });
      assert.match(run.err, new RegExp(`${name} is set: what is found may be the address of that proxy`));
    }
    const other = await resolve(args, { env: { https_proxy: "http://proxy.example", HTTP_PROXY: "" } });
    assert.doesNotMatch(other.err, /warning/);
  } finally {
    await server.shutdown();
  }
});

/** What a server may answer that is not quite HTTP, and the cause that is told; null for none. */
const ANSWERS_ON_THE_WIRE: readonly (readonly [answer: string, cause: RegExp | null])[] = [
  ["HTTP/1.0 200 OK\n\n203.0.113.9\n", null],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n203.0\r\n6\r\n.113.9\r\n0\r\n\r\n", null],
  ["203.0.113.9\n", /^invalid HTTP version parsed/],
  ["", /^connection closed before message completed/],
  ["HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n203.0.113.9", /^error reading a body from connection/],
  ["HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n203.0.113.9", /^invalid gzip header|^unexpected end of file/i],
  [`HTTP/1.1 200 OK\r\nX: ${"a".repeat(1_000_000)}\r\n\r\n203.0.113.9`, /^message head is too large/],
  ["HTTP/1.1 101 Switching Protocols\r\n\r\n203.0.113.9", /^it answered with status 101/],
];

Deno.test("answers are read as HTTP has them; the cause of others is told, and nothing of the request", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://bob:s3cret@127.0.0.1:${listener.addr.port}/ip`;
  for (const [answer, cause] of ANSWERS_ON_THE_WIRE) {
    const answered = listener.accept().then(async (socket) => {
      await socket.read(new Uint8Array(4096));
      // The reader may have had enough.
      await writeAll(socket, answer).catch(() => {});
      socket.close();
    });
    const run = await resolve(["--resolve-http-only", "--resolve-url", url]);
    await answered;
    assert.doesNotMatch(run.out + run.err, /s3cret/, answer.slice(0, 60));
    if (cause === null) assert.equal(run.address, "203.0.113.9", run.err);
    else assert.match(/resolve IP via: http:\S+: (.*)/.exec(run.err)?.[1] ?? "", cause);
  }
  listener.close();
});

async function writeAll(socket: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await socket.write(bytes.subarray(sent));
}

Deno.test("a service that stalls, or drips, has its time and no more", async () => {
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => stop = resolve);
  const blank = new TextEncoder().encode(" ");
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (new URL(request.url).pathname === "/drip") {
      return new Response(new ReadableStream({ start: (body) => body.enqueue(blank) }));
    }
    await stopped;
    return new Response("203.0.113.9");
  });
  const settings = resolveSettings(CLIENT_SETTINGS, []).values;
  const world = { env: () => undefined, err: () => {}, out: () => {} } as unknown as Parameters<
    typeof findPublicAddress
  >[1];
  for (const path of ["stall", "drip"]) {
    const resolveUrl = `http://127.0.0.1:${server.addr.port}/${path}`;
    const asking = { ...settings, resolveHttpOnly: true, resolveUrl };
    await assert.rejects(findPublicAddress(asking, world, { patienceMs: 50 }), /no answer within 0.05 seconds/);
  }
  stop();
  await server.shutdown();
});

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority (`ca` is its file) and certificates of the loopback: a good one, and bad ones. */
async function certificates(folder: string): Promise<{ ca: string; of: Record<string, Certificate> }> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key"];
  await openssl(folder, ["req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA"]);
  await openssl(folder, ["req", ...key, "-out", "csr", "-subj", "/CN=server"]);
  Deno.writeTextFileSync(`${folder}/index.txt`, "");
  const sign = async (san: string, dates: readonly string[], issuer = ["-cert", "ca.pem", "-keyfile", "ca.key"]) => {
    Deno.writeTextFileSync(`${folder}/ca.conf`, `${CA_CONFIG}subjectAltName=${san}\n`);
    const files = ["-batch", "-notext", "-config", "ca.conf", "-in", "csr", "-out", "cert"];
    await openssl(folder, ["ca", ...files, ...issuer, "-startdate", dates[0]!, "-enddate", dates[1]!]);
    return { cert: Deno.readTextFileSync(`${folder}/cert`), key: Deno.readTextFileSync(`${folder}/key`) };
  };
  const [past, valid] = [["20200101000000Z", "20200201000000Z"], ["20200101000000Z", "20990101000000Z"]] as const;
  const of = {
    good: await sign("IP:127.0.0.1", valid),
    "of another name": await sign("DNS:localhost", valid),
    "self-signed": await sign("IP:127.0.0.1", valid, ["-selfsign", "-keyfile", "key"]),
    expired: await sign("IP:127.0.0.1", past),
  };
  return { ca: `${folder}/ca.pem`, of };
}

const CA_CONFIG = `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = names
x509_extensions = server
[names]
commonName = supplied
[server]
basicConstraints = critical,CA:FALSE
`;

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args], cwd, stdin: "null" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

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
  await t.step("what the program believes already it believes beside those of the system too", async () => {
    const other = await certificates(Deno.makeTempDirSync({ dir: folder.path }));
    const main = new URL("../../cli/main.ts", import.meta.url).pathname;
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

Deno.test("F14: --wget-cmd runs that program with its words, and its exit status counts", async () => {
  using folder = temporaryFolder();
  const program = `${folder.path}/fake wget`;
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >'${folder.path}/args'\necho 203.0.113.7\nexit \${FAIL:-0}\n`;
  Deno.writeTextFileSync(program, script, { mode: 0o700 });
  const args = ["-R", "-w", `'${program}' --extra`, "-u", "My Agent", "--resolve-url", "https://x.example/ip"];
  assert.equal((await resolve(args)).address, "203.0.113.7");
  const limits = ["--inet4-only", "--tries=1", "--timeout=10"];
  const words = [
    "--extra",
    ...limits,
    "-U",
    "My Agent",
    "--secure-protocol=auto",
    "--quiet",
    "-O",
    "-",
    "https://x.example/ip",
  ];
  assert.deepEqual(Deno.readTextFileSync(`${folder.path}/args`).trim().split("\n"), words);
  await resolve([...args, "--use-wget-user-agent"]);
  assert.ok(!Deno.readTextFileSync(`${folder.path}/args`).includes("-U"));
  Deno.writeTextFileSync(program, "#!/bin/sh\necho 203.0.113.7\nexit 4\n");
  assert.match((await resolve(args)).err, /failed with status 4/);
  assert.match((await resolve(["-R", "-w", "/nonexistent"])).err, /cannot run \/nonexistent/);
  // Several services that fail for one reason: it is told once.
  assert.match((await resolve(["-R", "-w", "/nonexistent"])).err, /via: (https:\S+, )+https:\S+: cannot run [^;]+$/m);
  assert.match((await resolve(["-R", "-w", "'wget"])).err, /--wget-cmd: a quote is not closed/);
  assert.match((await resolve(["-R", "-w", " "])).err, /--wget-cmd names no program/);
});

Deno.test("--wget-cmd beside --proxy takes nothing of what ssh sends", async () => {
  using home = temporaryFolder();
  Deno.writeTextFileSync(`${home.path}/wget`, `#!/bin/sh\ncat >>'${home.path}/taken'\nexit 1\n`, { mode: 0o700 });
  const words = ["-w", `${home.path}/wget`, "-R", "-4", "--key-rijndael", "k", "--proxy", "127.0.0.1", "22"];
  const run = await runOwnProcess([...ALONE, ...words], { home: home.path, input: "SSH-2.0-client\r\n" });
  assert.match(run.err, /wget failed with status 1/);
  assert.equal(Deno.readTextFileSync(`${home.path}/taken`), "");
});
