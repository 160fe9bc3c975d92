/** All pairs of the options that C does not have, with each other and with the runs of their own that C has. */
import assert from "node:assert/strict";
import { ALL_PARTS, checkCombination, goTogether, type Part } from "../../../cli/settings/combinations.ts";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { OWN_OPTIONS } from "../../../cli/options/own.ts";
import { ClientError } from "../../../cli/ui/tui.ts";
import { parseArguments } from "../../../lib/settings/argv.ts";
import { ALONE, K64, runOwn, temporaryFolder } from "../harness.ts";

/** How each part is written; `rest` goes to the end of the line. */
const WRITTEN: Readonly<Record<Part, { readonly words: readonly string[]; readonly rest?: true }>> = {
  several: { words: ["-D", "127.0.0.1,::1"] },
  completion: { words: ["--completion", "bash"] },
  showLast: { words: ["--show-last"] },
  stanzaList: { words: ["--stanza-list"] },
  import: { words: ["--import", "-"] },
  sshConfig: { words: ["--ssh-config", "gw"] },
  lastCmd: { words: ["-l"] },
  keyGen: { words: ["-k"] },
  keyGenFile: { words: ["-K", "/nonexistent/keys"] },
  qr: { words: ["--qr"] },
  forceQr: { words: ["--force-qr"] },
  doctor: { words: ["--doctor"] },
  explain: { words: ["--explain"] },
  saveRcStanza: { words: ["--save-rc-stanza"] },
  test: { words: ["-T"] },
  proxy: { words: ["--proxy", "127.0.0.1", "22"], rest: true },
  fdpass: { words: ["--fdpass"] },
  thenCommand: { words: ["--then", "true"], rest: true },
  hold: { words: ["--hold"] },
  stdin: { words: ["--stdin"] },
  fd: { words: ["--fd", "0"] },
  savePacket: { words: ["-B", "/nonexistent/packet"] },
  json: { words: ["--json"] },
  wait: { words: ["--wait=1"] },
};

/** What else must stand on the line for a part or a pair to mean something. */
const COMPANIONS: Readonly<Record<string, readonly Part[]>> = {
  fdpass: ["proxy"],
  forceQr: ["qr"],
  "hold json": ["wait"],
  "json saveRcStanza": ["test"],
  "json several": ["test"],
  "qr saveRcStanza": ["keyGen"],
  "forceQr saveRcStanza": ["keyGen"],
};

/** Pairs that run, each with what becomes of both. Every other pair is refused. */
const RUN: ReadonlySet<string> = new Set([
  "several explain", // each server is explained
  "several doctor", // each is looked at
  "several test", // each packet is rehearsed
  "several lastCmd several showLast several stanzaList", // as in C -D says nothing there
  "several json several wait",
  "doctor json doctor test doctor wait doctor proxy doctor fdpass doctor thenCommand doctor hold", // would they work?
  "explain test explain wait explain proxy explain fdpass explain thenCommand explain hold", // they are explained
  "test json showLast json stanzaList json saveRcStanza json json wait hold json",
  "wait proxy wait fdpass wait thenCommand wait hold wait saveRcStanza",
  "proxy fdpass", // how it hands over
  "saveRcStanza thenCommand saveRcStanza hold", // saved, then knocked
  "qr forceQr keyGen qr keyGenFile qr qr saveRcStanza", // the last with new keys only
  "keyGen forceQr keyGenFile forceQr forceQr saveRcStanza",
].flatMap((line) =>
  line.split(" ").flatMap((word, index, words) => index % 2 ? [pairName(words[index - 1]!, word)] : [])
));

function pairName(one: string, other: string): string {
  return [one, other].sort().join(" ");
}

/** Parts of C among themselves are another test's matter. */
const OF_C: readonly Part[] = [
  "showLast",
  "stanzaList",
  "lastCmd",
  "keyGen",
  "keyGenFile",
  "saveRcStanza",
  "test",
  "stdin",
  "fd",
  "savePacket",
];

function lineOf(parts: readonly Part[]): string[] {
  const rest = (part: Part) => WRITTEN[part].rest === true;
  return parts.toSorted((a, b) => Number(rest(a)) - Number(rest(b))).flatMap((part) => [...WRITTEN[part].words]);
}

function refusalOf(argv: readonly string[]): string | null {
  try {
    checkCombination(parseArguments(CLIENT_SETTINGS, argv));
    return null;
  } catch (error) {
    assert.ok(error instanceof ClientError);
    return error.message;
  }
}

Deno.test("every option that C does not have takes part in the table", () => {
  const parts: readonly string[] = ALL_PARTS;
  for (const key of [...Object.keys(OWN_OPTIONS), "json", "completion"]) assert.ok(parts.includes(key), key);
});

Deno.test("every pair runs as the table says, or is refused with a name of the two", () => {
  const besideSeveral = (part: Part) => ["stdin", "fd", "savePacket"].includes(part);
  for (const [index, one] of ALL_PARTS.entries()) {
    for (const other of ALL_PARTS.slice(index + 1)) {
      if (OF_C.includes(one) && OF_C.includes(other)) continue;
      const pair = pairName(one, other);
      const runs = RUN.has(pair) || [one, other].some(besideSeveral) && one !== "several" && other !== "several";
      assert.equal(goTogether(one, other), runs, pair);
      // Of two that swallow the rest of the line the second is a word of the first.
      if (WRITTEN[one].rest === true && WRITTEN[other].rest === true) continue;
      const companions = [one, other, pair].flatMap((name) => COMPANIONS[name] ?? []);
      const line = lineOf([
        ...new Set(runs && !besideSeveral(one) && !besideSeveral(other) ? [one, other, ...companions] : [one, other]),
      ]);
      const message = refusalOf(line);
      if (runs && ![one, other].some(besideSeveral)) assert.equal(message, null, pair);
      if (runs) continue;
      const names = [one, other].map((part) => WRITTEN[part].words[0]?.replace(/=.*/, "") ?? "");
      assert.ok(names.some((name) => message?.includes(name)), `${pair}: ${message}`);
    }
  }
});

Deno.test("what says nothing without another option is refused without it", () => {
  assert.match(refusalOf(["--fdpass"]) ?? "", /there is no --proxy/);
  assert.match(refusalOf(["-k", "--force-qr"]) ?? "", /there is no --qr/);
  assert.match(refusalOf(["--json"]) ?? "", /--json goes with -T, /);
  assert.match(refusalOf(["--hold", "--json"]) ?? "", /--json goes with -T, /);
  assert.match(refusalOf(["--qr", "--save-rc-stanza"]) ?? "", /cannot be combined without -k/);
  assert.equal(refusalOf(["--qr", "--save-rc-stanza", "-k", "--force-qr"]), null);
  assert.equal(refusalOf(["--wait", "--hold", "--json"]), null);
});

Deno.test("-B goes with several servers where packets are appended", () => {
  assert.match(refusalOf(["-D", "a,b", "-B", "p"]) ?? "", /^-B goes with one server only, not with -D a,b$/);
  assert.equal(refusalOf(["-D", "a,b", "-b", "-B", "p"]), null);
  assert.equal(refusalOf(["-D", "a,b", "-D", "a", "-B", "p"]), null, "the last -D counts");
});

Deno.test("a word that no option takes is told beside the new options, and passed over beside those of C", async () => {
  const seconds = await runOwn(["--wait", "5", "-n", "gw", "--no-rc-file"]);
  assert.match(seconds.err, /error: "5" belongs to no option\nfwknop: hint: write --wait=5\n/);
  assert.equal(seconds.code, 1);
  assert.match(refusalOf(["--wait", "ssh", "gw"]) ?? "", /"ssh" belongs to no option/);
  assert.match(refusalOf(["--doctor", "gw", "more"]) ?? "", /"more" belongs to no option/);
  assert.equal(refusalOf(["--doctor", "gw"]), null);
  assert.equal(refusalOf(["--then", "ssh", "gw"]), null);
  assert.equal(refusalOf(["-T", "word", "--json"]), null);
});

Deno.test("a refused pair makes, sends and writes nothing", async () => {
  using folder = temporaryFolder();
  const rc = `${folder.path}/rc`;
  Deno.writeTextFileSync(rc, `[gw]\nSPA_SERVER 127.0.0.1\nACCESS tcp/22\nALLOW_IP 127.0.0.1\nKEY_BASE64 ${K64}\n`, {
    mode: 0o600,
  });
  const before = Deno.readTextFileSync(rc);
  for (
    const more of [
      ["-k", "--wait=1"],
      ["-T", "--wait=1"],
      ["-T", "--then", "touch", `${folder.path}/mark`],
      ["--save-rc-stanza", "--explain"],
      ["--save-rc-stanza", "--proxy", "127.0.0.1", "22"],
      ["-l", "--hold"],
      ["--show-last", "--wait=1"],
      ["--stanza-list", "--proxy", "127.0.0.1", "22"],
    ]
  ) {
    const run = await runOwn(["--rc-file", rc, "-E", `${folder.path}/run`, "-n", "gw", ...more]);
    assert.equal(run.code, 1, more.join(" "));
    assert.match(run.err, /cannot be combined with/, more.join(" "));
    assert.deepEqual([run.out, run.sent.length], ["", 0], more.join(" "));
  }
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["rc"]);
  assert.equal(Deno.readTextFileSync(rc), before);
});

Deno.test("--version and --help are answered beside what C does not have", async () => {
  const host = [...ALONE, "-A", "tcp/22", "-s"];
  assert.match((await runOwn([...host, "-V", "--wait", "-D", "h"])).out, /^fwknop client /);
  assert.match((await runOwn([...host, "-V", "-D", "a,b"])).out, /^fwknop client /);
  assert.match((await runOwn(["--help", "--hold", "-k"])).out, /fwknop/);
});
