/** What stays as in the C client, seen beside it. The ids are those of docs/COMPATIBILITY.md. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { ALONE, runC, runOwn, runOwnProcess } from "../cli/harness.ts";
import { closedPort } from "../cli/send/capture_stream.ts";
import { DIGESTS } from "./combinations.ts";
import { ACCESS, besideC, dumpOf, KEY, openWith, packetOf, REHEARSE } from "./side_by_side.ts";

const PREFIX = "U2FsdGVkX1";

besideC("K1: the HMAC of both clients covers the prefix that is not sent, without padding", async ({ both }) => {
  for (const digest of DIGESTS) {
    const args = [...KEY, "--key-hmac", "hmackey", "--hmac-digest-type", digest];
    for (const run of Object.values(await both([...REHEARSE, ...ACCESS, ...args]))) {
      const { HMAC: tag = "", "Final SPA Data": wire = "" } = dumpOf(run);
      const hmac = createHmac(digest.replace("_", "-"), "hmackey").update(PREFIX + wire.slice(0, -tag.length));
      assert.equal(tag, hmac.digest("base64").replace(/=+$/, ""), digest);
    }
  }
});

/** What OpenSSL makes of a packet, padding included. */
async function decryptByOpenssl(cipher: string, key: string, wire: string): Promise<Uint8Array> {
  const full = PREFIX + wire;
  const child = new Deno.Command("openssl", {
    args: ["enc", "-d", `-aes-256-${cipher}`, "-nopad", "-md", "md5", "-pass", `pass:${key}`, "-a", "-A"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(full + "=".repeat((4 - full.length % 4) % 4)));
  await writer.close();
  return (await child.output()).stdout;
}

besideC("K2: OpenSSL decrypts the packets of both clients in every mode, PKCS#7 in all of them", async ({ both }) => {
  // With the longer name the message fills its last block, so a whole block of padding follows.
  for (const user of ["alice", "alicia"]) {
    for (const mode of ["cbc", "ecb", "cfb", "ofb", "ctr", "legacy"]) {
      const [cipher, key] = mode === "legacy" ? ["cbc", "shortkey00000000"] : [mode, "shortkey"];
      for (const run of Object.values(await both([...REHEARSE, ...ACCESS, ...KEY, "-U", user, "-M", mode]))) {
        const plain = await decryptByOpenssl(cipher!, key!, packetOf(run));
        const padding = plain.at(-1) ?? 0;
        assert.equal(padding, user === "alice" ? 1 : 16, mode);
        assert.ok(plain.slice(-padding).every((byte) => byte === padding), mode);
        const { "Encoded Data": encoded, "SPA Data Digest": digest } = dumpOf(run);
        assert.equal(new TextDecoder().decode(plain.slice(0, -padding)), `${encoded}:${digest}`, mode);
      }
    }
  }
});

besideC("K3: a key is used as long as it is, 33 bytes are refused; -M legacy uses 16", async ({ both }) => {
  const long = "k".repeat(32);
  const whole = await both([...REHEARSE, ...ACCESS, "--key-rijndael", long]);
  const legacy = await both([...REHEARSE, ...ACCESS, "-M", "legacy", "--key-rijndael", long]);
  const over = await both([...REHEARSE, ...ACCESS, "--key-rijndael", `${long}k`]);
  for (const client of ["c", "own"] as const) {
    assert.ok((await openWith(packetOf(whole[client]), long)).ok, client);
    assert.ok(!(await openWith(packetOf(whole[client]), long.slice(1))).ok, client);
    assert.ok((await openWith(packetOf(legacy[client]), long.slice(16), { mode: "legacy" })).ok, client);
    assert.match(legacy[client].err, /Encryption key in '-M legacy' mode must be <= 16 bytes/);
    assert.equal(over[client].code, 1);
    assert.match(over[client].err, /Invalid key length/);
  }
});

besideC("K4: protocol 3.0.0 after 16 digits, name and time, whatever the program's version", async ({ both }) => {
  for (const run of Object.values(await both([...REHEARSE, ...ACCESS, ...KEY]))) {
    assert.match(dumpOf(run)["Encoded Data"] ?? "", /^[0-9]{16}:YWxpY2U:[0-9]{10}:3\.0\.0:1:/);
  }
  for (const run of Object.values(await both([...ALONE, "-V"]))) {
    assert.match(run.out, /^fwknop client 2\.6\.1[01], FKO protocol version 3\.0\.0\n$/);
  }
});

besideC("K5: access strings hold tcp/ and udp/ in lower case, and nothing else", async ({ both }) => {
  const good = ["tcp/1", "udp/65535", "tcp/22,udp/53"];
  const bad = ["icmp/8", "none/0", "TCP/22", "tcp/0", "tcp/65536", "tcp/22x", "tcp/22,", "tcp/22, udp/53", "tcp", ""];
  for (const access of [...good, ...bad]) {
    const { c, own } = await both([...REHEARSE, "-A", access, "-s", ...KEY]);
    assert.deepEqual([own.code, c.code], good.includes(access) ? [0, 0] : [1, 1], access);
    assert.equal(dumpOf(own)["Message String"], dumpOf(c)["Message String"], access);
  }
});

besideC(
  "K6: -f decides between the types with and without a timeout; 0 means none, a command has none",
  async ({ both }) => {
    const kinds = [["-A", "tcp/22"], ["-A", "tcp/22", "-N", "10.0.0.1"], ["-A", "tcp/22", "--nat-local"], ["-C", "ls"]];
    const expected = { "": "1 2 5 0", "0": "1 2 5 0", "60": "3 4 6 0" };
    for (const [timeout, types] of Object.entries(expected)) {
      const seen: string[] = [];
      for (const kind of kinds) {
        const more = timeout === "" ? [] : ["-f", timeout];
        const { c, own } = await both([...REHEARSE, "-a", "192.0.2.10", ...kind, ...more, ...KEY]);
        const { "Message Type": type = "", "Client Timeout": seconds, "Encoded Data": encoded = "" } = dumpOf(own);
        assert.equal(type, dumpOf(c)["Message Type"]);
        // For a command the C client shows what was asked for, and sends nothing of it either.
        if (!type.startsWith("0")) assert.equal(seconds, dumpOf(c)["Client Timeout"]);
        assert.equal(encoded.split(":").length, dumpOf(c)["Encoded Data"]?.split(":").length);
        seen.push(type.charAt(0));
      }
      assert.equal(seen.join(" "), types, `-f ${timeout}`);
    }
  },
);

besideC("K7: both clients find a packet too long from the same length on", async ({ both }) => {
  const hmac = ["--key-hmac", "hmackey"];
  // Bytes of the command beside the longest digest, up to the last that fits into 396 and 374 characters.
  for (const [more, longest] of [[[], 109], [hmac, 97]] as const) {
    for (const length of [longest, longest + 1]) {
      const { c, own } = await both([...REHEARSE, "-s", "-C", "x".repeat(length), "-m", "sha512", ...KEY, ...more]);
      const code = length === longest ? 0 : 1;
      assert.deepEqual([c.code, own.code], [code, code], `${length} bytes ${more.join(" ")}`);
    }
  }
});

besideC("K9: -s sends 0.0.0.0, and -a beats -R", async ({ both }) => {
  for (
    const [args, message] of [[["-s"], "0.0.0.0,tcp/22"], [["-R", "-a", "192.0.2.9"], "192.0.2.9,tcp/22"]] as const
  ) {
    const { c, own } = await both([...REHEARSE, "-A", "tcp/22", ...args, ...KEY]);
    assert.deepEqual([dumpOf(c)["Message String"], dumpOf(own)["Message String"]], [message, message]);
  }
});

besideC("K10: over http the port stays 62201, + and / are mapped, and a proxy stands in Host:", async ({ both }) => {
  const mapped = (wire: string) => wire.replaceAll("+", "-").replaceAll("/", "_");
  for (
    const [args, before, host] of [[["-P", "http"], "/", "127.0.0.1"], [
      ["-H", "http://127.0.0.9"],
      "http://127.0.0.1/",
      "127.0.0.9",
    ]] as const
  ) {
    for (const run of Object.values(await both([...REHEARSE, ...ACCESS, ...KEY, ...args]))) {
      assert.match(run.out, /^ {4}destination port: 62201$/m);
      const [line = "", agent, , named] = run.out.slice(run.out.indexOf("GET ")).split("\r\n");
      assert.equal(line.split(" ")[1], before + mapped(packetOf(run)));
      assert.match(agent ?? "", /^User-Agent: Fwknop\/2\.6\.1[01]$/);
      assert.equal(named, `Host: ${host}`);
    }
  }
});

besideC("K11: options may be abbreviated, joined and mixed with other words, which are ignored", async ({ both }) => {
  const usual = await both([...REHEARSE, "-A", "tcp/22", "-s", "-f", "60", ...KEY]);
  const words = [
    "stray",
    "--acc",
    "tcp/22",
    "-svf60",
    "more",
    "--dest=127.0.0.1",
    "--key-r=shortkey",
    "--spoof-u",
    "alice",
  ];
  const other = await both([...ALONE, "-T", ...words]);
  for (const client of ["c", "own"] as const) {
    const shape = (run: typeof usual.c) => ({
      ...dumpOf(run),
      "Random Value": "",
      "Encoded Data": "",
      "SPA Data Digest": "",
      "Final SPA Data": "",
      Timestamp: "",
    });
    assert.equal(other[client].code, 0, other[client].err);
    assert.deepEqual(shape(other[client]), shape(usual[client]));
  }
});

besideC("K12: a knock that was sent says nothing and ends with 0, a refused one with 1", async ({ home }) => {
  const args = [...ALONE, "-D", "127.0.0.1", "-p", String(closedPort()), ...ACCESS, ...KEY];
  for (const run of [runC, runOwnProcess]) {
    assert.deepEqual(await run(args, { home }), { code: 0, out: "", err: "" });
    assert.equal((await run([...args, "-P", "sctp"], { home })).code, 1);
  }
});

besideC("K12: keys and the random port are printed in the lines that scripts read", async ({ both }) => {
  for (const run of Object.values(await both([...ALONE, "-k"]))) {
    assert.match(run.out, /^KEY_BASE64: [A-Za-z0-9+/]{43}=\nHMAC_KEY_BASE64: [A-Za-z0-9+/]{86}==\n$/);
  }
  const nat = ["-A", "tcp/22", "-s", "-N", "10.0.0.1", "--nat-rand-port"];
  for (const run of Object.values(await both([...ALONE, "-T", "-D", "127.0.0.1", ...nat, ...KEY]))) {
    assert.match(
      run.out,
      /^\[\+\] Randomly assigned port '([0-9]+)' on: '0\.0\.0\.0,tcp\/\1' will grant access to: '10\.0\.0\.1,22'$/m,
    );
  }
});

besideC("K13: stanzas are read as the C client reads them", async ({ home, both }) => {
  const stanza =
    "[default]\nFW_TIMEOUT 5\nNAT_LOCAL y\n[gw]\nSPA_SERVER 127.0.0.1\nACCESS tcp/22\nALLOW_IP source\nKEY: pass#word\n";
  const rows: readonly [lines: string, shown: Record<string, string> | null][] = [
    ["", { "Client Timeout": "5", "Message Type": "6 (Client timeout local NAT access msg)" }],
    ["FW_TIMEOUT: 7;comment\nSPOOF_USER bob # c\n", { "Client Timeout": "7", Username: "bob" }],
    ["[other]\nBOGUS x\n[GW]\nFW_TIMEOUT 9\n", { "Client Timeout": "9" }],
    ["[GW]\nNAT_LOCAL Yes\nRAND_PORT yes\nFW_TIMEOUT 0\n", { "Message Type": "5 (Local NAT access msg)" }],
    ["BOGUS x\n", null],
    ["ACCESS\n", null],
  ];
  for (const [lines, shown] of rows) {
    Deno.writeTextFileSync(`${home}/.fwknoprc`, stanza + lines, { mode: 0o600 });
    const args = ["-n", "gw", "-T", "-v", "--no-save-args"];
    for (const run of Object.values(await both(args, { env: { LOGNAME: "alice" } }))) {
      assert.equal(run.code, shown === null ? 1 : 0, run.err);
      for (const [label, value] of Object.entries(shown ?? {})) assert.equal(dumpOf(run)[label], value, lines);
      if (shown !== null) assert.ok((await openWith(packetOf(run), "pass")).ok, "the key ends at #");
    }
  }
});

besideC(
  "K14: --nat-port works alone too, takes one service, and -N replaces what --nat-local would name",
  async ({ both }) => {
    const rows: readonly [string, type: string, ports: string, nat: string][] = [
      ["-A tcp/22 -N 10.0.0.1", "2", "tcp/22", "10.0.0.1,22"],
      ["-A tcp/22 -N 10.0.0.1:8022", "2", "tcp/22", "10.0.0.1,8022"],
      ["-A tcp/22 -N 10.0.0.1,8022 --nat-port 5000", "2", "tcp/5000", "10.0.0.1,8022"],
      ["-A tcp/22,tcp/80 -N 10.0.0.1", "2", "tcp/22,tcp/80", "10.0.0.1,22"],
      ["-A tcp/22 --nat-local --nat-port 40022 -f 60", "6", "tcp/40022", "127.0.0.1,22"],
      ["-A tcp/22 --nat-local -N 10.0.0.1,8022 -f 5", "6", "tcp/22", "10.0.0.1,8022"],
      ["-A tcp/22 --nat-port 4000", "1", "tcp/4000", "<NULL>"],
    ];
    for (const [args, type, ports, nat] of rows) {
      for (const run of Object.values(await both([...REHEARSE, "-s", ...KEY, ...args.split(" ")]))) {
        const dump = dumpOf(run);
        assert.equal(dump["Message Type"]?.charAt(0), type, args);
        assert.deepEqual([dump["Message String"], dump["Nat Access"]], [`0.0.0.0,${ports}`, nat], args);
      }
    }
    for (const run of Object.values(await both([...REHEARSE, "-s", ...KEY, "-A", "tcp/1,tcp/2", "--nat-port", "9"]))) {
      assert.equal(run.code, 1);
      assert.match(run.err, /NAT for multiple ports\/protocols not yet supported/);
    }
  },
);

besideC(
  "K15: in a key file the name must be exact, the last line counts, blanks and CR belong to the key",
  async ({ home, both }) => {
    const rows: readonly [string, key: string | null][] = [
      ["127.0.0.1: one\n127.0.0.1:two\n127.0.0.11: no\n", "two"],
      [" \t=127.0.0.1:=\tkey", "key"],
      ["127.0.0.1: key \r\n", "key \r"],
      ["#127.0.0.1: no\n;127.0.0.1: no\n127.0.0.1 : no\n", null],
    ];
    for (const [text, key] of rows) {
      Deno.writeTextFileSync(`${home}/keys`, text);
      for (const run of Object.values(await both([...REHEARSE, ...ACCESS, "-G", `${home}/keys`]))) {
        assert.equal(run.code, key === null ? 1 : 0, run.err);
        if (key === null) assert.match(run.err, /Could not get key for IP: 127\.0\.0\.1 from: /);
        else assert.ok((await openWith(packetOf(run), key)).ok, JSON.stringify(text));
      }
    }
  },
);

besideC("K16: a key that is typed is edited by the same bytes; CR is data, 127 bytes count", async ({ home }) => {
  const rows = [["wrong\x15secrex\x08t\r\n", "secret\r"], [`${"x".repeat(200)}\n`, "x".repeat(127)]] as const;
  for (const [input, hmac] of rows) {
    for (const run of [runC, runOwnProcess]) {
      const said = await run([...REHEARSE, ...ACCESS, ...KEY, "--use-hmac", "--stdin"], { home, input });
      assert.equal(said.code, 0, said.err);
      assert.ok((await openWith(packetOf(said), "shortkey", { hmac })).ok, JSON.stringify(input));
    }
  }
});

besideC("K17: a loose mode is a warning, a missing rc file is made with mode 0600", async ({ home }) => {
  const [own, c] = [`${home}/own`, `${home}/c`];
  const runs = [[own, runOwn], [c, (argv: readonly string[]) => runC(argv, { home })]] as const;
  for (const [path, run] of runs) {
    const args = ["--rc-file", path, "--no-save-args", "-T", ...ACCESS, ...KEY];
    const first = await run(args);
    assert.equal(first.code, 0, first.err);
    assert.ok(first.out.startsWith(`[*] Creating initial rc file: ${path}.\n`), first.out);
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    Deno.chmodSync(path, 0o644);
    const loose = await run(args);
    assert.equal(loose.code, 0, loose.err);
    assert.match(loose.err, /permissions should only be user read\/write \(0600/);
  }
});

besideC("K19: -T ends with 1 for a packet that no server would decode", async ({ both }) => {
  for (const args of [["-A", "tcp/22", "-f", "65537"], ["-C", "ls", "-N", "10.0.0.1,22", "-A", "tcp/22"]]) {
    const { c, own } = await both([...REHEARSE, "-s", ...KEY, ...args]);
    assert.deepEqual([c.code, own.code], [1, 1], args.join(" "));
  }
});
