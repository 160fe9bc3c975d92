/** No message repeats what may be a key, wherever in a file it stands. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KEY_OF_DIRECTIVE } from "../../cli/options/table.ts";
import { nearest } from "../../lib/settings/suggest.ts";
import { runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import { besideC } from "./side_by_side.ts";

const REHEARSE = ["--no-save-args", "-T", "-D", "127.0.0.1", "-A", "tcp/22", "-a", "192.0.2.10"];

const letters = (alphabet: string) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: 8, maxLength: 44 }).map((all) => all.join(""));
const CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Keys of all looks, but none that is a directive with a slip of the finger in it: those are told. */
const key = fc.oneof(
  letters(`${CAPITALS}${CAPITALS.toLowerCase()}0123456789+/`),
  letters(CAPITALS),
  letters(`${CAPITALS}_`),
  letters(`${CAPITALS}0123456789`),
).filter((word) => nearest(word, KEY_OF_DIRECTIVE.keys()) === null);

/** Where a key can stand by mistake in a stanza. */
const PLACES: readonly ((key: string) => string)[] = [
  (key) => key,
  (key) => ` ${key}`,
  (key) => `${key} x`,
  (key) => `${key}: x`,
  (key) => `${key}:`,
  (key) => `${key}=`,
  (key) => `${key} = x`,
  (key) => `KEY=${key}`,
  (key) => `KEY_BASE64=${key}`,
  (key) => `KEY =${key}\0`,
  (key) => `KEY${key} x`,
  (key) => `KEY:${key}`,
  (key) => `KEY_BASE64 !${key}`,
  (key) => `HMAC_KEY_BASE64 ${key}-`,
  (key) => `HMAC_KEY ${key.repeat(20)}`,
  (key) => `KEY ${key.repeat(5)}`,
  (key) => `KEY word ${key}`,
  (key) => `[${key}`,
];

Deno.test("no line of .fwknoprc makes a message show a key", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(key, fc.constantFrom(...PLACES), async (secret, place) => {
      Deno.writeTextFileSync(path, `[default]\n[gw]\n${place(secret)}\n`, { mode: 0o600 });
      for (const more of [[], ["--json"], ["--explain"]]) {
        const run = await runOwn(["--rc-file", path, "-n", "gw", ...REHEARSE, ...more], { secrets: ["typed"] });
        refused += run.code;
        const said = run.err + (more.length > 0 ? run.out : "");
        assert.ok(!said.includes(secret), said);
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(refused > 200, "the lines are mistakes");
});

Deno.test("no key on the command line is shown, however it is misspelt", async () => {
  const words: readonly ((key: string) => string)[] = [
    (key) => `--key-base64-rijndael=!${key}`,
    (key) => `--key-rijndal=${key}`,
    (key) => `--key-hmac${key}`,
    (key) => `--key=${key}`,
    (key) => `--use-hmac=${key}`,
    (key) => `--key-rijndael=${key.repeat(5)}`,
  ];
  await fc.assert(
    fc.asyncProperty(key, fc.constantFrom(...words), async (secret, word) => {
      const run = await runOwn(["--no-rc-file", ...REHEARSE, word(secret)]);
      assert.equal(run.code, 1);
      assert.ok(!(run.out + run.err).includes(secret), run.err);
    }),
    { numRuns: 60 },
  );
});

besideC("the C client repeats what it cannot read; ours says where it stands", async ({ home }) => {
  const path = `${home}/rc`;
  Deno.writeTextFileSync(path, "[default]\n[gw]\nQWERTYUIOP x\n", { mode: 0o600 });
  const args = ["--rc-file", path, "-n", "gw", ...REHEARSE, "--key-rijndael", "k"];
  assert.match((await runC(args, { home })).err, /line 3: var=QWERTYUIOP/);
  assert.equal(
    (await runOwn(args)).err,
    `fwknop: error: ${path}:3: the line begins with an unknown directive (Parameter error)\n`,
  );
});
