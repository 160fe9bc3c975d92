/** Key files of `-G` and `--get-hmac-key` beside the C client (facts/client 5), pipes among them. */
import assert from "node:assert/strict";
import { type Run, runOwn, runOwnProcess, temporaryFolder } from "../cli/harness.ts";
import { besideC, dumpOf, openWith, packetOf, REHEARSE } from "./side_by_side.ts";

const ACCESS = ["-A", "tcp/22", "-a", "192.0.2.10"];

/** What a file holds, and the key that 127.0.0.1 has in it; null: there is none. */
const FILES: readonly (readonly [text: string, key: string | null])[] = [
  ["127.0.0.1: secret\n", "secret"],
  ["127.0.0.1:secret", "secret"],
  ["127.0.0.1:\tsecret\n", "secret"],
  ["127.0.0.1 : secret\n", null],
  [" \t=127.0.0.1: \t= secret\n", "secret"],
  ["127.0.0.1: one\n127.0.0.1: two\n", "two"],
  ["127.0.0.1: one\n127.0.0.10: two\n0.0.0.1: three\n", "one"],
  ["127.0.0.1: one\n#127.0.0.1: two\n;127.0.0.1: three\n  # 127.0.0.1: four\n", "one"],
  ["127.0.0.1: trailing \t \n", "trailing \t "],
  ["127.0.0.1: dos\r\n", "dos\r"],
  ["127.0.0.1: a:b c#d;e=f\n", "a:b c#d;e=f"],
  ["127.0.0.1: schlüssel\n", "schlüssel"],
  ["\n\n\r\nother: x\n127.0.0.1: secret\n\n", "secret"],
  ["localhost: secret\n", null],
  ["", null],
];

besideC(
  "K15: the line of the server is found alike, for the encryption key and for that of the HMAC",
  async ({ home, both }) => {
    const file = `${home}/keys`;
    for (const [text, key] of FILES) {
      Deno.writeTextFileSync(file, text);
      const shown = JSON.stringify(text);
      const runs: readonly (readonly [readonly string[], keys: { key: string; hmac?: string }])[] = [
        [["-G", file], { key: key ?? "" }],
        [["--key-rijndael", "plain", "--get-hmac-key", file], { key: "plain", hmac: key ?? "" }],
      ];
      for (const [options, { key: encryption, ...more }] of runs) {
        for (const [client, run] of Object.entries(await both([...REHEARSE, ...ACCESS, ...options]))) {
          assert.equal(run.code, key === null ? 1 : 0, `${client}: ${shown} ${run.err}`);
          if (key === null) assert.match(run.err, /Could not get key for IP: 127\.0\.0\.1 from: \S+keys/);
          else assert.ok((await openWith(packetOf(run), encryption, more)).ok, `${client}: ${shown}`);
        }
      }
    }
  },
);

besideC("K15: the name is compared as it stands after -D, letter case too", async ({ home, both }) => {
  const file = `${home}/keys`;
  Deno.writeTextFileSync(file, "Localhost: wrong\nlocalhost: right\nLOCALHOST: wrong\n");
  const args = ["--no-rc-file", "--no-save-args", "-T", "-v", ...ACCESS, "-G", file];
  for (const [name, key] of [["localhost", "right"], ["Localhost", "wrong"], ["LocalHost", null]] as const) {
    for (const run of Object.values(await both([...args, "-D", name]))) {
      assert.equal(run.code, key === null ? 1 : 0, run.err);
      if (key !== null) assert.ok((await openWith(packetOf(run), key)).ok, name);
    }
  }
});

besideC("one file may give both keys only where they differ", async ({ home, both }) => {
  const [keys, hmac] = [`${home}/keys`, `${home}/hmac`];
  Deno.writeTextFileSync(keys, "127.0.0.1: one\n");
  Deno.writeTextFileSync(hmac, "127.0.0.1: two\n");
  for (const run of Object.values(await both([...REHEARSE, ...ACCESS, "-G", keys, "--get-hmac-key", hmac]))) {
    assert.ok((await openWith(packetOf(run), "one", { hmac: "two" })).ok, run.err);
  }
  for (const run of Object.values(await both([...REHEARSE, ...ACCESS, "-G", keys, "--get-hmac-key", keys]))) {
    assert.equal(run.code, 1);
    assert.match(run.err, /should not be identical/);
  }
});

besideC(
  "a key file that is not there or is a folder is refused, and its mode is not looked at",
  async ({ home, both }) => {
    for (const path of [`${home}/none`, home]) {
      for (const run of Object.values(await both([...REHEARSE, ...ACCESS, "-G", path]))) {
        assert.equal(run.code, 1);
        assert.match(run.err, /Could not (?:open config file|get key for IP): /);
      }
    }
    const file = `${home}/keys`;
    Deno.writeTextFileSync(file, "127.0.0.1: secret\n");
    Deno.chmodSync(file, 0o666);
    for (const run of Object.values(await both([...REHEARSE, ...ACCESS, "-G", file]))) {
      assert.equal(run.code, 0);
      assert.doesNotMatch(run.err, /permissions/);
    }
  },
);

/** Both clients through a shell that gives them pipes: what follows `exec "$@"` in it. */
async function throughPipes(args: readonly string[], pipes: string, home: string): Promise<readonly Run[]> {
  const script = `exec "$@" ${pipes}`;
  const shell = new Deno.Command("timeout", {
    args: ["10", "bash", "-c", script, "bash", "/usr/bin/fwknop", ...args],
    env: { HOME: home },
    stdin: "null",
  });
  const [c, own] = await Promise.all([
    shell.output(),
    runOwnProcess(args, { home, through: ["bash", "-c", script, "bash"] }),
  ]);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return [{ code: c.code, out: text(c.stdout), err: text(c.stderr) }, own];
}

besideC("keys come through pipes: -G <(command), --get-hmac-key <(command)", async ({ home }) => {
  const pipes = `-G <(echo "127.0.0.1: one") --get-hmac-key <(echo "127.0.0.1: two")`;
  for (const run of await throughPipes([...REHEARSE, ...ACCESS], pipes, home)) {
    assert.equal(run.code, 0, run.err);
    assert.ok((await openWith(packetOf(run), "one", { hmac: "two" })).ok);
  }
  for (const run of await throughPipes([...REHEARSE, ...ACCESS], `-G <(echo "other: hunter2")`, home)) {
    assert.equal(run.code, 1);
    assert.match(run.err, /Could not get key for IP: 127\.0\.0\.1 from: \/dev\/fd\//);
    assert.doesNotMatch(run.err, /hunter2/);
  }
});

besideC("an rc file and saved arguments come through pipes, with a warning", async ({ home }) => {
  const warning = /file: \/dev\/fd\/\d+ is not a regular file or symbolic link/;
  const rc = '<(printf "[default]\\nKEY filekey\\nFW_TIMEOUT 7\\n")';
  const args = ["--no-save-args", "-T", "-v", "-D", "127.0.0.1", ...ACCESS];
  for (const run of await throughPipes(args, `--rc-file ${rc}`, home)) {
    assert.equal(run.code, 0, run.err);
    assert.match(run.err, warning);
    assert.equal(dumpOf(run)["Client Timeout"], "7");
    assert.ok((await openWith(packetOf(run), "filekey")).ok);
  }
  for (const run of await throughPipes(["--no-rc-file", "--show-last"], '-E <(echo "fwknop -D h ")', home)) {
    assert.match(run.out, /^Last fwknop client command line: fwknop -D h \n/);
    assert.match(run.err, warning);
  }
  // The C client reads a pipe anew for each stanza, and finds it empty.
  const named = `--rc-file <(printf "[gw]\\nKEY filekey\\n") -n gw`;
  const [, own] = await throughPipes(args, named, home);
  assert.ok(own !== undefined && (await openWith(packetOf(own), "filekey")).ok, own?.err);
  const [, saving] = await throughPipes([...args, "--save-rc-stanza", "--force-stanza"], named, home);
  assert.match(saving?.err ?? "", /Unable to save the stanza to \/dev\/fd\/\d+: it is not a regular file/);
  assert.equal(saving?.code, 1);
});

/** Our client, waiting for a key from a pipe that nobody has opened. */
async function waitingForPipe(use: (child: Deno.ChildProcess, fifo: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const fifo = `${folder.path}/fifo`;
  assert.ok((await new Deno.Command("mkfifo", { args: [fifo] }).output()).success);
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", main, ...REHEARSE, ...ACCESS, "-G", fifo],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // A program that never reads would leave the writer waiting for ever: this lets it go.
  child.status.then(() => Deno.openSync(fifo, { read: true, write: true }).close()).catch(() => {});
  await use(child, fifo);
}

Deno.test("a pipe that nobody writes to yet is waited for", async () => {
  await waitingForPipe(async (child, fifo) => {
    // This too waits, for the one who reads.
    using writer = await Deno.open(fifo, { write: true });
    await writer.write(new TextEncoder().encode("127.0.0.1: late"));
    writer.close();
    const { code, stdout, stderr } = await child.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const wire = packetOf({ code, out: new TextDecoder().decode(stdout), err: "" });
    assert.ok((await openWith(wire, "late")).ok);
  });
});

Deno.test("Ctrl-C ends the wait for a key from a pipe, and no packet is made", async () => {
  await waitingForPipe(async (child, fifo) => {
    using _writer = await Deno.open(fifo, { write: true });
    child.kill("SIGINT");
    const { signal, stdout } = await child.output();
    assert.equal(signal, "SIGINT");
    assert.equal(stdout.length, 0);
  });
});

Deno.test("a key file that holds no key for the server is never quoted", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/keys`;
  for (const text of ["hunter2\n", "h: hunter2\n", `127.0.0.1: ${"hunter2".repeat(30)}\n`, "hunter2: 127.0.0.1\n"]) {
    Deno.writeTextFileSync(file, text);
    for (const options of [["-G", file], ["--key-rijndael", "k", "--get-hmac-key", file]]) {
      const run = await runOwn([...REHEARSE, ...ACCESS, ...options]);
      assert.equal(run.code, 1);
      assert.doesNotMatch(run.out + run.err, /hunter2/);
    }
  }
});
