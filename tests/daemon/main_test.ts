/** What the daemon says as a process, where only a process shows it. */
import assert from "node:assert/strict";

const MAIN = new URL("../../daemon/main.ts", import.meta.url).pathname;

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(line: string, cwd: string): Promise<Run> {
  const command = `b=$(printf 'sch\\366n'); ${line}`;
  const args = ["-c", command, "sh", Deno.execPath(), "run", "--no-prompt", "-A", MAIN];
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", { args, cwd, stdin: "null" }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test("a directory whose name is no UTF-8 text is told in one sentence", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknopd-main-" });
  try {
    const hint = "fwknopd: hint: start it in another one: cd / && fwknopd\n";
    const start = "fwknopd: error: Cannot use the directory in which fwknopd was started: ";
    assert.deepEqual(await run('mkdir "$b" && cd "$b" && exec "$@" --exit-parse-config', folder), {
      code: 1,
      out: "",
      err: `${start}its name or value holds bytes that are no UTF-8 text\n${hint}`,
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("words that belong to no option are ignored, as in C, and told", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknopd-main-" });
  try {
    // The one below /etc is not everybody's to read.
    Deno.writeTextFileSync(`${folder}/fwknopd.conf`, "", { mode: 0o600 });
    const { code, err } = await run('exec "$@" status -V -c fwknopd.conf', folder);
    assert.deepEqual([code, err], [
      0,
      'fwknopd: warning: "status" is no option and is ignored\nfwknopd: hint: did you mean -S?\n',
    ]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a key file that cannot be written is told in the words of the system", async () => {
  const { code, err } = await run('exec "$@" --key-gen-file /nonexistent/keys', "/");
  assert.equal(code, 1);
  assert.match(err, /^fwknopd: error: Unable to create key gen file \/nonexistent\/keys: No such file or directory\n/);
});

Deno.test("--exit-parse-config -v prints the policy of each stanza, and without -v nothing", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknopd-main-" });
  try {
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text, { mode: 0o600 });
    write("fwknopd.conf", `ENABLE_UDP_SERVER Y\nFWKNOP_RUN_DIR ${folder}\n`);
    write("access.conf", "SOURCE ANY\nREQUIRE_USERNAME alice\nOPEN_PORTS tcp/22\nKEY s3cr3tw0rd\n");
    const words = `exec "$@" -c fwknopd.conf -a ${folder}/access.conf --exit-parse-config -t`;
    const quiet = await run(words, folder);
    assert.equal(quiet.out, "");
    const { code, out, err } = await run(`${words} -v`, folder);
    assert.equal(code, 0, err);
    const [first, ...wide] = out.trimEnd().split("\n");
    assert.match(
      first ?? "",
      /^alice \(stanza #1, .*access\.conf:1\): from anywhere, tcp\/22 for 30 s, at most 300 s; /,
    );
    assert.equal(wide.length, 3);
    assert.equal(err.trimEnd().split("\n").at(-1), "Configs parsed, exiting.");
    assert.doesNotMatch(out + err, /s3cr3t/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a file that started the C daemon starts with STRICT N, and each line that is read otherwise is told", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknopd-main-" });
  try {
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text, { mode: 0o600 });
    write("access.conf", "SOURCE ANY\nKEY 0123456789abcdef\nHMAC_KEY fedcba9876543210\nRESTRICT_PORT tcp/23\n");
    const check = async (strict: string) => {
      write("fwknopd.conf", `ENABLE_UDP_SERVER Y\nFWKNOP_RUN_DIR ${folder}\nMAX_SPA_PACKET_AGE 60s\n${strict}`);
      return await run(`exec "$@" -c fwknopd.conf -a ${folder}/access.conf --exit-parse-config -t`, folder);
    };
    const strict = await check("");
    assert.equal(strict.code, 1);
    assert.equal(strict.err.match(/^fwknopd: error: /gm)?.length, 2);
    const lenient = await check("STRICT N\n");
    assert.equal(lenient.code, 0, lenient.err);
    assert.match(lenient.err, /fwknopd\.conf:3: .*STRICT is N: read as 60/);
    assert.match(lenient.err, /access\.conf:4: .*if RESTRICT_PORTS is meant, what it limits is NOT limited/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
