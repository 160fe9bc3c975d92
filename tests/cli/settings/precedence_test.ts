import assert from "node:assert/strict";
import { ALONE, H64, K64, runOwn, type Surroundings, temporaryFolder } from "../harness.ts";

/** Runs with this rc file and gives the dump as a map of labels, beside the run itself. */
async function dumpOf(rc: string, argv: readonly string[], surroundings: Surroundings = {}) {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, rc, { mode: 0o600 });
  const all = ["--rc-file", path, "--no-save-args", "-T", "-v", "-A", "tcp/22", "-D", "127.0.0.1", ...argv];
  const run = await runOwn(all, surroundings);
  const fields = new Map(
    run.out.split("\n\n")[0]?.split("\n").map((line) => line.trim().split(/: (.*)/s).slice(0, 2) as [string, string]),
  );
  return { run, fields };
}

const KEY = `KEY stanzakey\nHMAC_KEY stanzahmac\n`;

/** rc text, arguments, expected message string; null where the run must fail. */
const ADDRESSES: readonly [string, readonly string[], string | null][] = [
  ["[default]\nALLOW_IP 1.1.1.1\n[gw]\n", ["-n", "gw"], "1.1.1.1,tcp/22"],
  ["[default]\nALLOW_IP 1.1.1.1\n[gw]\nALLOW_IP 2.2.2.2\n", ["-n", "gw"], "2.2.2.2,tcp/22"],
  ["[default]\nALLOW_IP 1.1.1.1\n[gw]\nALLOW_IP source\n", ["-n", "gw"], "0.0.0.0,tcp/22"],
  ["[default]\nALLOW_IP 1.1.1.1\n", ["-a", "3.3.3.3"], "3.3.3.3,tcp/22"],
  ["[default]\nALLOW_IP 1.1.1.1\n", ["-s"], "0.0.0.0,tcp/22"],
  ["[default]\nALLOW_IP 1.1.1.1\nRESOLVE_IP_HTTPS Y\n", [], "1.1.1.1,tcp/22"],
  ["[default]\nRESOLVE_IP_HTTPS Y\n[gw]\nALLOW_IP 2.2.2.2\n", ["-n", "gw"], "2.2.2.2,tcp/22"],
  ["[default]\nRESOLVE_IP_HTTPS Y\n[gw]\nRESOLVE_IP_HTTPS N\n", ["-n", "gw"], null],
  ["[default]\nALLOW_IP 1.1.1.1\n[gw]\nRESOLVE_IP_HTTPS N\n", ["-n", "gw"], "1.1.1.1,tcp/22"],
  ["[default]\n", [], null],
  ["[default]\n", ["-s", "-a", "4.4.4.4"], "4.4.4.4,tcp/22"],
  ["[default]\n", ["-a", "4.4.4.4", "-s"], "0.0.0.0,tcp/22"],
  ["[default]\n", ["-R", "-a", "4.4.4.4"], "4.4.4.4,tcp/22"],
  ["[default]\n", ["-a", "localhost", "-4"], "127.0.0.1,tcp/22"],
  ["[default]\n", ["-a", "2001:DB8::1"], "2001:db8::1,tcp/22"],
];

for (const [rc, argv, message] of ADDRESSES) {
  Deno.test(`address of ${JSON.stringify(rc)} with ${argv.join(" ")}: ${message}`, async () => {
    const { run, fields } = await dumpOf(rc + "[k]\n", [...argv, "--key-rijndael", "k"]);
    if (message === null) {
      assert.equal(run.code, 1);
      assert.match(run.err, /Must use one of \[-s\|-R\|-a\]/);
    } else {
      assert.equal(run.code, 0, run.err);
      assert.equal(fields.get("Message String"), message);
    }
  });
}

Deno.test("F7: -R on the command line beats an address of a stanza", async () => {
  const { run } = await dumpOf("[default]\nALLOW_IP 1.1.1.1\n", [
    "-R",
    "--resolve-url",
    "http://127.0.0.1:9/",
    "--key-rijndael",
    "k",
  ]);
  assert.equal(run.code, 1);
  assert.match(run.err, /Could not resolve IP via: http:\/\/127.0.0.1:9\//);
});

Deno.test("several answers to one question are warned of", async () => {
  const { run } = await dumpOf("[default]\n", ["-R", "-s", "-a", "4.4.4.4", "--key-rijndael", "k"]);
  assert.match(run.err, /warning: -R and -s are ignored because of -a 4\.4\.4\.4/);
});

Deno.test("-R beside --resolve-http-only is one answer, and its hint names the scheme that goes with it", async () => {
  const { run } = await dumpOf("[default]\n", ["-R", "--resolve-http-only", "--resolve-url", "https://x.example/"]);
  assert.ok(!run.err.includes("ignored"), run.err);
  assert.match(run.err, /https is not supported for --resolve-http-only\nfwknop: hint: write http:\/\/HOST/);
});

/** rc text, arguments, and how many keys must then be typed. */
const KEY_ROWS: readonly [string, readonly string[], questions: number][] = [
  [`[default]\n${KEY}[gw]\n`, ["-n", "gw"], 0],
  [`[default]\n[gw]\n${KEY}`, ["-n", "gw"], 0],
  [`[default]\n[gw]\n`, ["-n", "gw"], 1],
  [`[default]\nUSE_HMAC Y\n`, [], 2],
  [`[default]\nHMAC_KEY x\n[gw]\nUSE_HMAC N\n`, ["-n", "gw"], 1],
  [`[default]\nHMAC_KEY x\nUSE_HMAC N\nKEY y\n`, [], 0],
];

for (const [rc, argv, questions] of KEY_ROWS) {
  Deno.test(`keys of ${JSON.stringify(rc)} need ${questions} questions`, async () => {
    const { run } = await dumpOf(rc, [...argv, "-s"], { secrets: ["typed", "typedhmac"] });
    assert.equal(run.code, 0, run.err);
    assert.equal(run.asked.length, questions);
  });
}

Deno.test("F8: a key on the command line beats one of another kind in a stanza", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, `[default]\nKEY Rijndael-wrong\nHMAC_KEY wrong\n`, { mode: 0o600 });
  const base = ["--no-save-args", "-A", "tcp/22", "-s", "-D", "127.0.0.1"];
  const keys = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];
  // Identical keys are refused whatever they are, so an HMAC key equal to the winning one shows which one won.
  const same = ["--key-base64-hmac", K64];
  assert.equal((await runOwn(["--rc-file", path, ...base, ...keys])).code, 0);
  const clash = await runOwn(["--rc-file", path, ...base, "--key-base64-rijndael", K64, ...same]);
  assert.match(clash.err, /should not be identical/);
});

Deno.test("F9: the command line beats VERBOSE and TIME_OFFSET of a stanza", async () => {
  const rc = `[default]\nVERBOSE 2\nTIME_OFFSET -2m\nKEY k\nALLOW_IP source\n`;
  const own = await dumpOf(rc, [], { now: 1_700_000_000 });
  assert.equal(own.fields.get("Timestamp"), String(1_700_000_000 - 120));
  const plus = await dumpOf(rc, ["--time-offset-plus", "1m"], { now: 1_700_000_000 });
  assert.equal(plus.fields.get("Timestamp"), String(1_700_000_060));
  const minus = await dumpOf(rc, ["--time-offset-minus", "1m", "--time-offset-plus", "5m"], { now: 1_700_000_000 });
  assert.equal(minus.fields.get("Timestamp"), String(1_700_000_000 - 60), "minus is applied last, as in C");
});

Deno.test("F9: N in a closer stanza takes back Y of the default one", async () => {
  const rc = "[default]\nNAT_LOCAL Y\nKEY k\nALLOW_IP source\n[gw]\nNAT_LOCAL N\n";
  assert.match((await dumpOf(rc, [])).fields.get("Message Type") ?? "", /^5 /);
  assert.match((await dumpOf(rc, ["-n", "gw"])).fields.get("Message Type") ?? "", /^1 /);
});

Deno.test("-6 and --both beat SERVER_RESOLVE_IPV4 of a stanza, and contradict it on the command line", async () => {
  using folder = temporaryFolder();
  const rc = `${folder.path}/rc`;
  Deno.writeTextFileSync(rc, "[default]\nSERVER_RESOLVE_IPV4 Y\n", { mode: 0o600 });
  const base = ["--rc-file", rc, "--no-save-args", "-D", "gw.example", "-A", "tcp/22", "-s", "--key-rijndael", "k"];
  const families = async (...args: string[]) =>
    (await runOwn([...base, ...args])).sent.map(({ target }) => target.family);
  assert.deepEqual(await families(), [4]);
  assert.deepEqual(await families("-6"), [6]);
  assert.deepEqual(await families("--both"), [4, 6]);
  assert.deepEqual(await families("-6", "--server-resolve-ipv4"), []);
});

Deno.test("-H sends over http in spite of a stanza and of an earlier -P, as in C, and refuses another -P after it", async () => {
  const base = [...ALONE, "-D", "127.0.0.1", "-A", "tcp/22", "-s", "--key-rijndael", "k", "-H", "proxy:3128"];
  const run = await runOwn(base);
  assert.equal(run.sent[0]?.proto, "http");
  assert.deepEqual(run.sent[0]?.target.httpProxy, { text: "proxy:3128", host: "proxy", port: 3128 });
  assert.match((await runOwn([...base, "-P", "udp"])).err, /Cannot set --http-proxy/);
  assert.equal((await runOwn(["-P", "udp", ...base])).sent[0]?.proto, "http");
  assert.match(
    (await runOwn([...ALONE, "-T", "-A", "tcp/22", "-s", "--key-rijndael", "k", "-H", "p:0"])).err,
    /proxy port value is invalid/,
  );
});
