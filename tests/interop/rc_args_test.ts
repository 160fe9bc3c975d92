/** Saved arguments beside the C client: each reads the file of the other (facts/client 11). */
import assert from "node:assert/strict";
import { H64, K64, type Run, runC, runOwn } from "../cli/harness.ts";
import { besideC, dumpOf } from "./side_by_side.ts";

const BASE = "--no-rc-file -T -v -U alice -D 127.0.0.1";
const ACCESS = "-A tcp/22 -a 192.0.2.10";

/** Arguments that the C client can repeat: without quotes and without keys. */
const PLAIN: readonly string[] = [
  `${ACCESS} -G {home}/keys`,
  `${ACCESS} -G{home}/keys -f60 -m SHA512 --nat-local`,
  `-A udp/53 -s -G {home}/keys --nat-port=4000 -p 5`,
  `${ACCESS} --get-key={home}/keys --encryption-mode ctr --time-offset-minus 2h`,
  `stray ${ACCESS} -G {home}/keys words -P http -u Agent/1`,
  `${ACCESS} -G {home}/keys -N 10.0.0.1,8022 -vv`,
];

/** What a run shows, without what is fresh in every packet. */
function requestOf(run: Run): Readonly<Record<string, string>> {
  assert.equal(run.code, 0, run.err);
  const fresh = /^(?:Random Value|Timestamp|Encoded Data|SPA Data Digest|HMAC|Final SPA Data)$/;
  return Object.fromEntries(Object.entries(dumpOf(run)).filter(([label]) => !fresh.test(label)));
}

besideC("each client repeats and shows what the other saved", async ({ home }) => {
  Deno.writeTextFileSync(`${home}/keys`, "127.0.0.1: filekey\n");
  for (const [index, plain] of PLAIN.entries()) {
    const [c, own] = [`${home}/c${index}`, `${home}/own${index}`];
    const args = (file: string) => `${BASE} ${plain} -E ${file}`.replaceAll("{home}", home).split(" ");
    const [byC, byOwn] = await Promise.all([runC(args(c), { home }), runOwn(args(own))]);
    for (const file of [c, own]) {
      assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
      const again = await Promise.all([runC(["-l", "-E", file], { home }), runOwn(["-l", "-E", file])]);
      for (const run of [byC, ...again]) assert.deepEqual(requestOf(run), requestOf(byOwn), `${plain} from ${file}`);
      const [shownC, shownOwn] = await Promise.all([
        runC(["--show-last", "-E", file], { home }),
        runOwn(["--show-last", "-E", file]),
      ]);
      assert.equal(shownOwn.out, shownC.out);
      assert.match(shownOwn.out, /^Last fwknop client command line: \S*fwknop .* -E \S+ /);
    }
  }
});

besideC("F17: what the C client cannot repeat, ours can", async ({ home }) => {
  const file = `${home}/args`;
  const args = [...BASE.split(" "), "-s", "-C", "echo  a 'b' \"c\" \\d", "-E", file];
  const first = await runOwn(args, { secrets: ["typed"] });
  const again = await runOwn(["-l", "-E", file], { secrets: ["typed"] });
  assert.equal(dumpOf(again)["Message String"], "0.0.0.0,echo  a 'b' \"c\" \\d");
  assert.deepEqual(requestOf(again), requestOf(first));
  // The C client takes the quotes for letters: the server gets another command.
  const c = await runC(["-l", "-E", file, "--stdin"], { home, input: "typed\n" });
  assert.doesNotMatch(c.out, /Message String: 0\.0\.0\.0,echo {2}a 'b' "c"/);
});

/** Keys that the C client leaves in its file. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  "base64": ["--key-base64-rijndael", K64, "--key-base64-hmac", H64],
  "text": ["--key-rijndael", "hunter2", "--key-hmac", "correct-horse"],
  "joined and abbreviated": ["--key-r=hunter2", "--key-hm=correct-horse"],
  "with blanks, which the file of the C client does not quote": [
    "--key-rijndael",
    "hunter2 correct-horse",
    "--key-hmac",
    "x y",
  ],
};
const SECRET = new RegExp(`${K64}|${H64.slice(0, 20)}|hunter2|correct-horse|\\by\\b`);

for (const [kind, keys] of Object.entries(SECRETS)) {
  besideC(`keys in the file of the C client are never shown: ${kind}`, async ({ home }) => {
    const file = `${home}/args`;
    const args = [...BASE.split(" "), ...ACCESS.split(" "), ...keys, "-E", file];
    const c = await runC(args, { home });
    assert.match(Deno.readTextFileSync(file), SECRET);
    for (const more of [[], ["--json"]]) {
      const shown = await runOwn(["--show-last", "-E", file, ...more]);
      assert.equal(shown.code, 0);
      assert.doesNotMatch(shown.out + shown.err, SECRET);
      assert.ok(shown.out.includes("********"));
    }
    const repeated = await runOwn(["-l", "-E", file, "-v"]);
    assert.doesNotMatch(repeated.out.replace(/Final SPA Data: .*/g, "") + repeated.err, SECRET);
    if (kind.startsWith("with blanks")) return;
    assert.deepEqual(requestOf(repeated), requestOf(c));
    assert.deepEqual(repeated.asked, [], "an older file has the keys");
  });
}

besideC("a line that is too long for the C client is saved by ours", async ({ home }) => {
  const args = [...BASE.split(" "), ...ACCESS.split(" "), "--key-rijndael", "k"];
  const long = [...args, ...Array.from({ length: 10 }, () => "x".repeat(100))];
  assert.match((await runC([...long, "-E", `${home}/c`], { home })).err, /argument string too long/);
  const own = await runOwn([...long, "-E", `${home}/own`]);
  assert.equal(own.code, 0, own.err);
  const again = await runOwn(["-l", "-E", `${home}/own`], { secrets: ["k"] });
  assert.deepEqual(requestOf(again), requestOf(own));
});
