/** What is mended beside the C client, seen beside it. The ids are those of docs/COMPATIBILITY.md. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { ALONE, runC, runOwn, runOwnProcess } from "../cli/harness.ts";
import { captureTcp, closedPort } from "../cli/send/capture_stream.ts";
import { ACCESS, besideC, dumpOf, KEY, openWith, packetOf, REHEARSE } from "./side_by_side.ts";

const WITHOUT_USER = REHEARSE.filter((word) => word !== "-U" && word !== "alice");

/** A stanza file, and the arguments that rehearse with it. */
function withRc(home: string, text: string): string[] {
  Deno.writeTextFileSync(`${home}/rc`, text, { mode: 0o600 });
  return ["--rc-file", `${home}/rc`, "--no-save-args", "-T", "-v", "-D", "127.0.0.1", "-U", "alice"];
}

/** Answers with an address, under `/missing` with status 404. */
function addressService() {
  const hosts: (string | null)[] = [];
  const answer = (request: Request) => {
    hosts.push(request.headers.get("host"));
    return new Response("203.0.113.9\n", { status: request.url.endsWith("/missing") ? 404 : 200 });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  return { hosts, base: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

besideC("F2: a mode without an implementation is refused by both clients", async ({ both }) => {
  for (const run of Object.values(await both([...REHEARSE, ...ACCESS, ...KEY, "-M", "pcbc"]))) {
    assert.equal(run.code, 1);
    assert.match(run.err, /Invalid encryption mode: pcbc/);
  }
});

besideC("F5: what no server would decode is not sent: the C client sends it and ends with 0", async ({ both }) => {
  const rows: readonly [args: readonly string[], env: Record<string, string>, reason: RegExp][] = [
    [["-A", "tcp/22", "-f", "65537"], {}, /--fw-timeout must be within \[0-65536\]/],
    [["-C", "x".repeat(190), "-m", "md5"], {}, /longer than servers take/],
    [["-C", "x".repeat(110), "-m", "sha512"], {}, /longer than servers take/],
    [["-A", "tcp/22"], { LOGNAME: "x".repeat(49) }, /longer than the 48 bytes that servers take/],
  ];
  for (const [args, env, reason] of rows) {
    const all = [...ALONE, "-D", "127.0.0.1", "-p", String(closedPort()), "-s", ...KEY, ...args];
    const { c, own } = await both(all, { env });
    assert.equal(c.code, 0, c.err);
    assert.deepEqual([own.code, own.sent.length], [1, 0], args.join(" "));
    assert.match(own.err, reason);
  }
});

besideC("F6: addresses, servers and names are never cut silently", async ({ both }) => {
  const address = await both([...REHEARSE, "-A", "tcp/22", "-a", "192.168.100.2000", ...KEY]);
  assert.equal(dumpOf(address.c)["Message String"], "192.168.100.200,tcp/22");
  assert.match(address.own.err, /Invalid allow IP/);
  const spoofed = await both([...REHEARSE, ...ACCESS, ...KEY, "-P", "udpraw", "-Q", "192.168.100.2000"]);
  assert.match(spoofed.own.err, /Invalid spoof IP/);
  assert.deepEqual([spoofed.c.code, address.own.code, spoofed.own.code], [0, 1, 1]);
  const name = `${"a".repeat(55)}.example`;
  const server = await both([...REHEARSE, ...ACCESS, ...KEY, "-D", name]);
  assert.match(server.c.out, /^ +IP\/host: a{49}$/m);
  assert.match(server.own.out, new RegExp(`^ +IP/host: ${name}$`, "m"));
  const user = await both([...REHEARSE, ...ACCESS, ...KEY, "-U", "u".repeat(30)]);
  assert.deepEqual([dumpOf(user.c).Username, dumpOf(user.own).Username], ["u".repeat(29), "u".repeat(30)]);
  assert.match(user.own.err, /the C client sends only the first 29 characters of -U/);
});

besideC("F7: a request to find the address beats an address of a farther source", async ({ home, both }) => {
  await using service = addressService();
  const args = withRc(home, "[default]\nALLOW_IP 192.0.2.1\n[gw]\nALLOW_IP resolve\n");
  const url = ["--resolve-http-only", "--resolve-url", `${service.base}/ip`];
  for (const closer of [["-R"], ["-n", "gw"]]) {
    const { c, own } = await both([...args, "-A", "tcp/22", ...KEY, ...url, ...closer]);
    assert.equal(dumpOf(c)["Message String"], "192.0.2.1,tcp/22");
    assert.equal(dumpOf(own)["Message String"], "203.0.113.9,tcp/22");
  }
});

besideC("F8: the key of the closer source counts, whatever its kind", async ({ home, both }) => {
  Deno.writeTextFileSync(`${home}/keys`, "127.0.0.1: closer\n");
  const stanzas = `[default]\nKEY farther\n[gw]\nKEY_BASE64 Y2xvc2Vy\n[file]\nKEY_FILE ${home}/keys\n`;
  const args = withRc(home, stanzas);
  for (const closer of [["-n", "gw"], ["-n", "file"], ["--key-base64-rijndael", "Y2xvc2Vy"], ["-G", `${home}/keys`]]) {
    const { c, own } = await both([...args, ...ACCESS, ...closer]);
    assert.ok((await openWith(packetOf(c), "farther")).ok, closer.join(" "));
    assert.ok((await openWith(packetOf(own), "closer")).ok, closer.join(" "));
  }
});

besideC(
  "F9: the command line beats VERBOSE and TIME_OFFSET of a stanza, and N takes back a Y",
  async ({ home, both }) => {
    const shown = (out: string) => out.includes("Dump of the Decoded Data");
    const verbose = await both([...withRc(home, "[default]\nVERBOSE N\n"), ...ACCESS, ...KEY]);
    assert.deepEqual([shown(verbose.c.out), shown(verbose.own.out)], [false, true]);
    const offset = await both([
      ...withRc(home, "[default]\nTIME_OFFSET -50000\n"),
      ...ACCESS,
      ...KEY,
      "--time-offset-plus",
      "1m",
    ]);
    const distance = Number(dumpOf(offset.own).Timestamp) - Number(dumpOf(offset.c).Timestamp);
    assert.ok(Math.abs(distance - 50_060) < 10, `${distance}`);
    const reset = await both([
      ...withRc(home, "[default]\nNAT_LOCAL Y\n[gw]\nNAT_LOCAL N\n"),
      ...ACCESS,
      ...KEY,
      "-n",
      "gw",
    ]);
    assert.deepEqual([dumpOf(reset.c)["Message Type"]?.[0], dumpOf(reset.own)["Message Type"]?.[0]], ["5", "1"]);
  },
);

besideC("F10: HMAC_KEY_FILE gives the HMAC key, and there is an HMAC", async ({ home, both }) => {
  Deno.writeTextFileSync(`${home}/keys`, "127.0.0.1: hmackey\n");
  const { c, own } = await both([...withRc(home, `[default]\nHMAC_KEY_FILE ${home}/keys\n`), ...ACCESS, ...KEY]);
  assert.equal(dumpOf(c)["HMAC Type"], "0 (None)");
  assert.ok((await openWith(packetOf(own), "shortkey", { hmac: "hmackey" })).ok);
});

besideC("F11: empty keys are refused wherever they come from", async ({ both }) => {
  const args = [...ALONE, "-D", "127.0.0.1", "-p", String(closedPort()), ...ACCESS];
  for (const keys of [["--key-rijndael", ""], [...KEY, "--key-hmac", ""]]) {
    const { c, own } = await both([...args, ...keys]);
    assert.deepEqual([c.code, own.code, own.sent.length], [0, 1, 0]);
    assert.match(own.err, /Invalid key length: 0 bytes/);
  }
  for (const [keys, secrets] of [[[], [""]], [[...KEY, "--use-hmac"], [""]]] as const) {
    const typed = await runOwn([...args, ...keys], { secrets });
    assert.deepEqual([typed.code, typed.sent.length], [1, 0]);
    assert.match(typed.err, /the (?:encryption|HMAC) key is empty/);
  }
});

/** The source port of one datagram to a socket of the test's own. */
async function sourceOfDatagram(send: (port: number) => Promise<unknown>): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  try {
    await once(socket, "listening");
    const [[, { port }]] = await Promise.all([once(socket, "message"), send(socket.address().port)]);
    return port;
  } finally {
    socket.close();
  }
}

besideC("F12: -S is the source port of udp, tcp and http too", async ({ home }) => {
  for (const proto of ["udp", "tcp", "http"]) {
    const wanted = closedPort();
    const ports: number[] = [];
    for (const run of [runC, runOwnProcess]) {
      const send = (port: number) =>
        run([...ALONE, "-D", "127.0.0.1", ...ACCESS, ...KEY, "-P", proto, "-p", `${port}`, "-S", `${wanted}`], {
          home,
        });
      if (proto === "udp") ports.push(await sourceOfDatagram(send));
      else {
        const server = captureTcp();
        await send(server.port);
        ports.push((await server.connection).sourcePort);
      }
    }
    assert.notEqual(ports[0], wanted, "the C client leaves it to the system");
    assert.equal(ports[1], wanted, proto);
  }
});

besideC("F13: -C with -R finds the address, and -C with NAT is refused", async ({ both }) => {
  await using service = addressService();
  const found = await both([
    ...REHEARSE,
    "-C",
    "id",
    ...KEY,
    "--resolve-http-only",
    "--resolve-url",
    `${service.base}/ip`,
  ]);
  assert.match(found.c.err, /Error 101/);
  assert.equal(dumpOf(found.own)["Message String"], "203.0.113.9,id");
  for (const nat of [["-N", "10.0.0.1,22"], ["--nat-local"]]) {
    const { c, own } = await both([...REHEARSE, "-s", "-C", "id", "-A", "tcp/22", ...nat, ...KEY]);
    assert.match(c.err, /fko_decrypt_spa_data: Error/);
    assert.match(own.err, /a command cannot be combined with NAT/);
  }
});

besideC("F14: --resolve-url takes a port of five digits, names it, and wants status 200", async ({ both }) => {
  await using service = addressService();
  assert.match(service.base, /:[0-9]{5}$/);
  const args = [...REHEARSE, "-A", "tcp/22", ...KEY, "--resolve-http-only", "--resolve-url"];
  const { c, own } = await both([...args, `${service.base}/ip`]);
  assert.deepEqual([c.code, dumpOf(own)["Message String"]], [1, "203.0.113.9,tcp/22"]);
  assert.deepEqual(service.hosts, [service.base.slice("http://".length)], "the port belongs to Host");
  const missing = await runOwn([...args, `${service.base}/missing`]);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /status 404/);
});

besideC("F19: keys for SHA-3 are made, and --key-len ends where keys end", async ({ both }) => {
  for (const digest of ["sha3_256", "sha3_512"]) {
    const { c, own } = await both([...ALONE, "-k", "--hmac-digest-type", digest]);
    assert.deepEqual([c.code, own.code], [1, 0]);
    assert.match(own.out, /^HMAC_KEY_BASE64: \S{88}$/m);
  }
  for (const run of Object.values(await both([...ALONE, "-k", "--key-len", "33"]))) assert.equal(run.code, 1);
});

besideC("F20: --stdin gives two keys in two lines", async ({ home }) => {
  const args = [...REHEARSE, ...ACCESS, "--use-hmac", "--stdin"];
  const input = "first\nsecond\n";
  assert.match((await runC(args, { home, input })).err, /Unable to create a stream/);
  const own = await runOwnProcess(args, { home, input });
  assert.ok((await openWith(packetOf(own), "first", { hmac: "second" })).ok, own.err);
});

besideC("F21: a name of the environment matters only where it is used", async ({ both }) => {
  const bad = await both([...REHEARSE, ...ACCESS, ...KEY], { env: { LOGNAME: "a/b" } });
  assert.match(bad.c.err, /fko_new: Error 91/);
  assert.equal(dumpOf(bad.own).Username, "alice");
  const empty = await both([...WITHOUT_USER, ...ACCESS, ...KEY], { env: { SPOOF_USER: "", LOGNAME: "bob" } });
  assert.match(empty.c.err, /fko_new: Error 89/);
  assert.equal(dumpOf(empty.own).Username, "bob");
});

besideC("F22: a time offset that does not fit is refused; in C it wraps", async ({ both }) => {
  const { c, own } = await both([...REHEARSE, ...ACCESS, ...KEY, "--time-offset-minus", "60000d"]);
  assert.ok(Number(dumpOf(c).Timestamp) > 0, "60000 days before now is before 1970");
  assert.equal(c.code, 0);
  assert.match(own.err, /Invalid time offset: '60000d'/);
  assert.equal(own.code, 1);
});

besideC("F23: a time after January 2038 is decoded", async ({ both }) => {
  const { c, own } = await both([...REHEARSE, ...ACCESS, ...KEY, "--time-offset-plus", "10000d"]);
  assert.ok(Number(dumpOf(own).Timestamp) > 2 ** 31);
  assert.match(c.err, /fko_decrypt_spa_data: Error 19/);
  assert.equal(own.code, 0, own.err);
  assert.ok((await openWith(packetOf(c), "shortkey")).ok, "the C client's packet too");
});

besideC("F25: keys end at 128 bytes", async ({ home, both }) => {
  const file = (length: number) => {
    Deno.writeTextFileSync(`${home}/keys`, `127.0.0.1: ${"k".repeat(length)}\n`);
    return ["--get-hmac-key", `${home}/keys`];
  };
  const base64 = (length: number) => ["--key-base64-hmac", btoa("k".repeat(length))];
  for (const keys of [file, base64]) {
    const longest = await both([...REHEARSE, ...ACCESS, ...KEY, ...keys(128)]);
    for (const run of Object.values(longest)) {
      assert.ok((await openWith(packetOf(run), "shortkey", { hmac: "k".repeat(128) })).ok, run.err);
    }
    const over = await runOwn([...REHEARSE, ...ACCESS, ...KEY, ...keys(129)]);
    assert.match(over.err, /Invalid key length: 129 bytes/);
    assert.equal(over.code, 1);
  }
});
