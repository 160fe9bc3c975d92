import assert from "node:assert/strict";
import { inOrder, replaceStanza } from "../../../cli/rc/rc_save.ts";
import { parseStanzaFile } from "../../../lib/settings/rc_file.ts";
import { runOwn, temporaryFolder } from "../harness.ts";

const COMMENTED = `# top

[default]
# about all
ALLOW_IP 1.1.1.1

[gw]
# the key of the gateway
KEY_BASE64 b2xk
; old style
FW_TIMEOUT 5
FUTURE_DIRECTIVE x

# the other one
[other]
ACCESS tcp/1
`;

/** Replaces [gw] of the commented file; `answers` is asked for each key. */
async function replace(lines: Record<string, string>, answers: Record<string, boolean> | null): Promise<string> {
  const saved = inOrder(Object.entries(lines).map(([directive, value]) => ({ directive, value })));
  const file = parseStanzaFile(COMMENTED, "rc");
  return await replaceStanza(
    file,
    { name: "GW", lines: saved },
    answers === null ? null : (name) => answers[name] ?? assert.fail(name),
  );
}

Deno.test("F15: replaceStanza() keeps comments, blank lines and unknown directives of the whole file", async () => {
  const text = await replace({ ACCESS: "tcp/22", KEY_BASE64: "bmV3" }, null);
  const expected = COMMENTED.replace("KEY_BASE64 b2xk\n", "").replace("FW_TIMEOUT 5\n", "").replace(
    "FUTURE_DIRECTIVE x\n",
    "FUTURE_DIRECTIVE x\nACCESS                      tcp/22\nKEY_BASE64                  bmV3\n",
  );
  assert.equal(text, expected);
});

Deno.test("F15: replaceStanza() asks only for keys that are given anew, and keeps those refused", async () => {
  const kept = await replace({ ACCESS: "tcp/22" }, {});
  assert.ok(kept.includes("KEY_BASE64 b2xk\n") && !kept.includes("FW_TIMEOUT"));
  const refused = await replace({ KEY_BASE64: "bmV3" }, { KEY_BASE64: false });
  assert.ok(refused.includes("KEY_BASE64 b2xk\n") && !refused.includes("bmV3"));
  const replaced = await replace({ KEY_BASE64: "bmV3" }, { KEY_BASE64: true });
  assert.ok(!replaced.includes("b2xk") && replaced.includes("KEY_BASE64                  bmV3\n"));
});

Deno.test("replaceStanza() adds a new stanza at the end, also to a file without a last line end", async () => {
  const lines = [{ directive: "ACCESS", value: "tcp/22" }];
  const saved = "\n[new]\nACCESS                      tcp/22\n";
  assert.equal(
    await replaceStanza(parseStanzaFile("[default]\n", "rc"), { name: "new", lines }, null),
    `[default]\n${saved}`,
  );
  assert.equal(
    await replaceStanza(parseStanzaFile("[default]", "rc"), { name: "new", lines }, null),
    `[default]\n${saved}`,
  );
});

/** Runs with a stanza that has a key, and answers the question. */
async function overwrite(answer: readonly string[]) {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, "[gw]\nKEY old\n", { mode: 0o600 });
  const args = ["--rc-file", path, "-n", "gw", "--save-rc-stanza", "--no-save-args", "-T", "-A", "tcp/22", "-s"];
  const run = await runOwn([...args, "--key-rijndael", "new"], { answers: answer });
  return { run, text: Deno.readTextFileSync(path) };
}

for (const [answer, value] of [[["y"], "new"], [["Y"], "new"], [["n"], "old"], [[""], "old"], [[], "old"]] as const) {
  Deno.test(`the answer ${JSON.stringify(answer)} to the question leaves the ${value} key`, async () => {
    const { run, text } = await overwrite(answer);
    assert.ok(run.out.includes("Overwrite [N/y] ?"));
    assert.match(text, new RegExp(`^KEY +${value}$`, "m"));
    assert.equal(run.code, 0, run.err);
  });
}

Deno.test("a value that the rc grammar would cut is refused, and nothing is written or sent", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  const args = ["--rc-file", path, "-n", "gw", "--save-rc-stanza", "--no-save-args", "-A", "tcp/22", "-s", "-D", "h"];
  for (const extra of [["--key-rijndael", "two words"], ["-u", "My Agent"], ["--key-hmac", "a#b"]]) {
    const run = await runOwn([...args, ...extra]);
    assert.equal(run.code, 1);
    assert.match(run.err, /cannot be saved/);
    assert.ok(!run.err.includes("two words") && !run.err.includes("a#b"));
    assert.ok(!Deno.readTextFileSync(path).includes("[gw]"));
    assert.equal(run.sent.length, 0);
  }
});

Deno.test("F15: -s and --resolve-http-only are saved so that they work from the stanza", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  const args = ["--rc-file", path, "--save-rc-stanza", "--no-save-args", "-A", "tcp/22", "-D", "h", "-T"];
  await runOwn([...args, "-n", "one", "-s", "--key-rijndael", "k"]);
  await runOwn([...args, "-n", "two", "--resolve-http-only", "-k"]);
  const text = Deno.readTextFileSync(path);
  assert.match(text, /^ALLOW_IP +source$/m);
  assert.match(text, /^RESOLVE_IP_HTTPS +Y\nRESOLVE_HTTP_ONLY +Y$/m);
});

Deno.test("without -n or -D there is no name to save under; a name with ] is refused", async () => {
  using folder = temporaryFolder();
  const args = ["--rc-file", `${folder.path}/rc`, "--save-rc-stanza", "-k"];
  assert.match((await runOwn(args)).err, /Must use --destination/);
  assert.match((await runOwn([...args, "-n", "a]b"])).err, /cannot be the name/);
});

Deno.test("a stanza for GPG is saved although there is no such key here yet", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  const args = ["--rc-file", path, "--save-rc-stanza", "-n", "g", "-D", "h", "-A", "tcp/22", "-s", "--no-save-args"];
  const run = await runOwn([...args, "--gpg-recip", "ABCD"], { env: { HOME: folder.path } });
  assert.deepEqual([run.code, run.sent.length], [1, 0]);
  assert.match(run.err, /Error 130|Error 134/);
  assert.match(Deno.readTextFileSync(path), /^USE_GPG +Y\nGPG_RECIPIENT +ABCD$/m);
});

/** Answers to the two questions, what is said to be written, what is kept, and the exit code. */
const ANSWERS: readonly (readonly [answers: string, wrote: string, kept: RegExp, code: number])[] = [
  ["yy", "[+] Wrote Rijndael and HMAC keys to rc file: RC\n", /^$/, 0],
  ["yn", "[+] Wrote Rijndael key to rc file: RC\n", /not both saved: it has its old HMAC key\n/, 0],
  ["ny", "[+] Wrote HMAC key to rc file: RC\n", /not both saved: it has its old encryption key\n/, 0],
  ["nn", "", /the new ones are not saved: it has its old keys\n/, 1],
  ["", "", /the new ones are not saved: it has its old keys\n/, 1],
];

for (const [answers, wrote, kept, code] of ANSWERS) {
  Deno.test(`-k --save-rc-stanza answered with "${answers}" says what was written, and what was not`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/rc`;
    const old = ["KEY_BASE64 b2xk", "HMAC_KEY_BASE64 b2xkaG1hYw=="];
    Deno.writeTextFileSync(path, `[gw]\n${old.join("\n")}\n`, { mode: 0o600 });
    const args = ["--rc-file", path, "--no-save-args", "-k", "--save-rc-stanza", "-n", "gw", "-D", "192.0.2.1"];
    const run = await runOwn([...args, "--qr", "--force-qr"], { answers: [...answers] });
    const text = Deno.readTextFileSync(path);
    const questions = run.out.replace(/^.* is already in stanza \[gw\]\. Overwrite \[N\/y\] \? \n/gm, "");
    assert.ok(questions.replaceAll(path, "RC").startsWith(wrote), run.out);
    if (wrote === "") assert.doesNotMatch(run.out, /Wrote/);
    // The code holds both new keys, so it is shown only where the stanza has both.
    assert.equal(run.out.includes("fwknop:gw?"), answers === "yy");
    assert.match(run.err, kept);
    assert.equal(run.code, code);
    assert.deepEqual(
      old.map((line) => text.split("\n").includes(line)),
      [0, 1].map((question) => answers[question] !== "y"),
    );
  });
}
