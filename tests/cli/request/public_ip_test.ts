import assert from "node:assert/strict";
import { findPublicAddress } from "../../../cli/request/public_ip.ts";
import { parseServiceUrl } from "../../../cli/request/service_url.ts";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { resolveSettings } from "../../../lib/settings/resolve.ts";
import { ALONE, runOwn, runOwnProcess, temporaryFolder } from "../harness.ts";
import { resolve, serve } from "./public_ip_asking.ts";

Deno.test("the own address over HTTP, where that was asked for", async () => {
  const { base, questions, server } = serve("127.0.0.1");
  try {
    const url = ["--resolve-http-only", "--resolve-url"];
    const good = await resolve([...url, `${base}/ip`]);
    assert.equal(good.address, "203.0.113.9", good.err);
    assert.ok(good.out.includes(`[+] Resolved external IP (via '${base}/ip') as: 203.0.113.9\n`));
    assert.deepEqual(questions[0], { path: "/ip", agent: "Fwknop/2.6.11", remote: "127.0.0.1" });
    for (const path of ["/chunks", "/blanks", "/moved", "/1"]) {
      assert.equal((await resolve([...url, `${base}${path}`])).address, "203.0.113.9", path);
    }
    await resolve([...url, `${base}/ip`, "-u", "Some Agent/1"]);
    assert.equal(questions.at(-1)?.agent, "Some Agent/1");
    const failures: readonly [string, RegExp][] = [
      ["/missing", /status 404/],
      ["/far", /port 1 belongs to another protocol than HTTP/],
      ["/loop", /it redirects to http:\/\/127\.0\.0\.1:\d+\/loop, which is one redirection more than 5/],
      ["/0", /it redirects to .*\/ip, which is one redirection more than 5/],
      ["/ftp", /it redirects to ftp:\/\/127\.0\.0\.1\/ip, which is not supported/],
      ["/nowhere", /it answered with status 301/],
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
        await resolve([...url.slice(0, 2), `${url[2]}/loop`]),
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
  ["203.0.113.9\n", /^the answer is no HTTP$/],
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
    const resolveUrl = parseServiceUrl(`http://127.0.0.1:${server.addr.port}/${path}`);
    assert.ok(resolveUrl.ok);
    const asking = { ...settings, resolveHttpOnly: true, resolveUrl: resolveUrl.value };
    await assert.rejects(findPublicAddress(asking, world, { patienceMs: 50 }), /no answer within 0.05 seconds/);
  }
  stop();
  await server.shutdown();
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

Deno.test("a redirection to another host takes no login along", async () => {
  const logins: (string | null)[] = [];
  const there = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    logins.push(request.headers.get("authorization"));
    return new Response("203.0.113.9");
  });
  const here = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    logins.push(request.headers.get("authorization"));
    return new Response(null, { status: 302, headers: { Location: `http://eve:x@127.0.0.1:${there.addr.port}/` } });
  });
  const url = `http://bob:s3cret@127.0.0.1:${here.addr.port}/`;
  const run = await resolve(["--resolve-http-only", "--resolve-url", url]);
  assert.equal(run.address, "203.0.113.9", run.err);
  assert.deepEqual(logins, [`Basic ${btoa("bob:s3cret")}`, null]);
  await here.shutdown();
  await there.shutdown();
});

Deno.test("a server whose name has no address is told before anybody is asked; a rehearsal needs none", async () => {
  const { base, questions, server } = serve("127.0.0.1");
  try {
    const asking = ["--resolve-http-only", "--resolve-url", `${base}/ip`, "-D", "no-such-host.invalid"];
    const run = await runOwn([...ALONE, ...asking, "-A", "tcp/22", "--key-rijndael", "k"]);
    assert.equal(run.code, 1);
    assert.match(run.err, /error in getaddrinfo: .*no-such-host\.invalid/);
    assert.equal(questions.length, 0);
    assert.equal((await resolve(asking)).address, "203.0.113.9");
  } finally {
    await server.shutdown();
  }
});

Deno.test("a name of a service that cannot be resolved is told in plain words", async () => {
  const run = await resolve(["-R", "--resolve-url", "https://no-such-host.invalid/ip"]);
  assert.match(run.err, /no-such-host\.invalid\/ip: the name cannot be resolved: /);
  assert.doesNotMatch(run.err, /dns error|lookup address/);
});
