/** What is asked before a stanza loses a key, and what the answers do, beside the C client. */
import assert from "node:assert/strict";
import { runC, runOwn } from "../cli/harness.ts";
import { besideC } from "./side_by_side.ts";

/** A stanza, what is saved into it, and what it is then. */
interface Question {
  readonly old: string;
  readonly args: string;
  /** Answers in order, one letter each. */
  readonly answers: string;
  /** Questions that are asked. */
  readonly asked: readonly string[];
  /** What the stanza says then, besides what every row saves. */
  readonly then: string;
  /** Where the C client does it differently: why, what it asks, and what it leaves. */
  readonly mended?: string;
  readonly c?: { readonly asked: readonly string[]; readonly then: string };
}

const K64 = "bmV3";
const KEY = "--key-rijndael new";

/** One row for each directive that is not lost without a question. */
function asked(name: string, args: string, lines: string): Question[] {
  const old = `${name} old\n`;
  const row = { old, args, asked: [name] };
  return [
    { ...row, answers: "y", then: lines },
    { ...row, answers: "n", then: `${old}${lines.replace(new RegExp(`^${name} .*\n`, "m"), "")}` },
    { ...row, answers: "x", then: `${old}${lines.replace(new RegExp(`^${name} .*\n`, "m"), "")}` },
    {
      ...row,
      answers: "Y",
      then: lines,
      mended: "F15",
      c: { asked: [name], then: `${old}${lines.replace(new RegExp(`^${name} .*\n`, "m"), "")}` },
    },
  ];
}

const ROWS: Readonly<Record<string, readonly Question[]>> = {
  "before a key is replaced by one of its kind": [
    ...asked("KEY", KEY, "KEY new\n"),
    ...asked("KEY_BASE64", `--key-base64-rijndael ${K64}`, `KEY_BASE64 ${K64}\n`),
    ...asked("HMAC_KEY_BASE64", "--key-base64-hmac bmV3", "HMAC_KEY_BASE64 bmV3\nUSE_HMAC Y\n"),
    ...asked("HMAC_KEY", "--key-hmac new", "HMAC_KEY new\nUSE_HMAC Y\n"),
    ...asked("GPG_RECIPIENT", "--gpg-recipient-key new", "USE_GPG Y\nGPG_RECIPIENT new\n"),
    ...asked(
      "GPG_SIGNER",
      "-g --gpg-recipient-key r --gpg-signer-key new",
      "USE_GPG Y\nGPG_RECIPIENT r\nGPG_SIGNER new\n",
    ),
  ],
  "F15: a key that nothing replaces stays without a question": [
    ...["KEY", "KEY_BASE64", "HMAC_KEY", "HMAC_KEY_BASE64", "GPG_RECIPIENT", "GPG_SIGNER"],
    ...["GPG_SIGNING_PW", "GPG_SIGNING_PW_BASE64"],
  ].map((name) => ({
    old: `${name} old\n`,
    args: "-f 5",
    answers: "y",
    asked: [],
    then: `${name} old\nFW_TIMEOUT 5\n`,
    mended: "F15",
    c: { asked: [name], then: "FW_TIMEOUT 5\n" },
  })),
  "F15: a key of another kind is asked for too: the old one would still be used": [
    {
      old: "KEY old\n",
      args: `--key-base64-rijndael ${K64}`,
      answers: "y",
      asked: ["KEY"],
      then: `KEY_BASE64 ${K64}\n`,
    },
    {
      old: "KEY old\n",
      args: `--key-base64-rijndael ${K64}`,
      answers: "n",
      asked: ["KEY"],
      then: "KEY old\n",
      mended: "F15",
      c: { asked: ["KEY"], then: `KEY old\nKEY_BASE64 ${K64}\n` },
    },
    {
      old: "GPG_SIGNING_PW old\n",
      args: "-G /keys",
      answers: "y",
      asked: ["GPG_SIGNING_PW"],
      then: "KEY_FILE /keys\n",
    },
  ],
  "every question has its answer": [
    { old: "KEY old\nKEY_BASE64 b2xk\n", args: KEY, answers: "yy", asked: ["KEY", "KEY_BASE64"], then: "KEY new\n" },
    {
      old: "KEY old\nHMAC_KEY oldh\n",
      args: `${KEY} --key-hmac newh`,
      answers: "ny",
      asked: ["KEY", "HMAC_KEY"],
      then: "KEY old\nHMAC_KEY newh\nUSE_HMAC Y\n",
    },
    {
      old: "KEY old\nFW_TIMEOUT 9\nHMAC_KEY oldh\nKEY_FILE /old\n",
      args: `${KEY} --key-hmac newh`,
      answers: "yn",
      asked: ["KEY", "HMAC_KEY"],
      then: "HMAC_KEY oldh\nKEY new\nUSE_HMAC Y\n",
    },
  ],
  "--force-stanza asks nothing and leaves nothing of the old stanza": [
    {
      old: "KEY old\nHMAC_KEY oldh\nFW_TIMEOUT 9\n",
      args: `--force-stanza ${KEY}`,
      answers: "",
      asked: [],
      then: "KEY new\n",
    },
    { old: "KEY_BASE64 b2xk\n", args: "--force-stanza -f 5", answers: "", asked: [], then: "FW_TIMEOUT 5\n" },
  ],
  "a directive that is no key goes without a question": [
    { old: "FW_TIMEOUT 9\nKEY_FILE /old\nUSE_HMAC Y\n", args: "-f 5", answers: "", asked: [], then: "FW_TIMEOUT 5\n" },
  ],
};

for (const [sentence, rows] of Object.entries(ROWS)) {
  besideC(sentence.startsWith("F15") ? sentence : `K18: ${sentence}`, async ({ home }) => {
    for (const [index, row] of rows.entries()) await answerBoth(row, `${home}/${index}`);
  });
}

async function answerBoth(row: Question, home: string): Promise<void> {
  Deno.mkdirSync(home);
  const input = [...row.answers].map((letter) => `${letter}\n`).join("");
  const [c, own] = [`${home}/c`, `${home}/own`] as const;
  for (const path of [c, own]) Deno.writeTextFileSync(path, `[default]\n[gw]\n${row.old}`, { mode: 0o600 });
  const args = (path: string) => [
    ...["--rc-file", path, "-n", "gw", "--save-rc-stanza", "--no-save-args", "-T", "-D", "h", "-a", "192.0.2.1"],
    ...row.args.split(" "),
  ];
  const [byC, byOwn] = await Promise.all([
    runC(args(c), { home, input }),
    runOwn(args(own), { answers: [...row.answers], secrets: ["typed", "typedhmac"] }),
  ]);
  const runs = [[byC, c, row.c ?? row], [byOwn, own, row]] as const;
  for (const [run, path, { asked, then }] of runs) {
    const shown = `${path === c ? "C" : "ours"}: ${row.old}${row.args} ${row.answers}`;
    const questions = [...run.out.matchAll(/(?:Variable ')?([A-Z_0-9]+)(?:'| is already) .*? Overwrite \[N\/y\] \?/g)];
    assert.deepEqual(questions.map(([, name]) => name), asked, shown + run.out);
    assert.equal(stanzaOf(path), then, shown);
  }
  if (row.mended === undefined) assert.equal(Deno.readTextFileSync(own), Deno.readTextFileSync(c), row.args);
}

/** The directives of [gw] with one blank, without those that every row saves. */
function stanzaOf(path: string): string {
  const [, stanza = ""] = Deno.readTextFileSync(path).split("[gw]\n");
  const always = ["SPA_SERVER ", "ALLOW_IP ", "NO_SAVE_ARGS "];
  return stanza.replace(/ +/g, " ").split("\n").filter((line) => !always.some((name) => line.startsWith(name))).join(
    "\n",
  );
}
