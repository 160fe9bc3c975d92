/**
 * Whole files beside the C daemon: those of Debian's package as they are and with every line in force, and how files are put
 * together by includes and overrides.
 */
import assert from "node:assert/strict";
import { formatDump, hostConfigFiles, loadConfig } from "../../daemon/config/mod.ts";
import { parseDaemonOptions } from "../../daemon/options.ts";
import { formatProblem } from "../../lib/settings/setting.ts";
import { C_DAEMON, C_PROGRAMS, gatedTest, missing } from "../lab/mod.ts";

const SAMPLES = "/etc/fwknop";
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const HMAC = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

type Tree = Readonly<Record<string, string>>;

interface Verdict {
  readonly accepted: boolean;
  /** The part of the dump about stanzas. */
  readonly stanzas: string;
  readonly said: string;
}

function accessPart(dump: string): string {
  return (dump.split("Current fwknopd access settings:\n")[1] ?? "").replaceAll(/[ \t]+$/gm, "").trim();
}

/** Both daemons in a folder with these files, `c` and `a` (or the folder of `argv`) among them. */
function both(tree: Tree, argv: readonly string[] = []): { readonly theirs: Verdict; readonly ours: Verdict } {
  const folder = Deno.makeTempDirSync({ prefix: "fwknop-files-" });
  try {
    for (const [name, text] of Object.entries({ c: "", o: "", ...tree })) {
      const path = `${folder}/${name}`;
      Deno.mkdirSync(path.replace(/\/[^/]*$/, ""), { recursive: true });
      if (!name.endsWith("/")) Deno.writeTextFileSync(path, text.replaceAll("{dir}", folder), { mode: 0o600 });
    }
    const access = argv.includes("--access-folder") ? [] : ["-a", `${folder}/a`];
    const overrides = argv.includes("-O") ? [] : ["-O", `${folder}/o`];
    const words = ["-f", "-D", "-c", `${folder}/c`, ...overrides, ...access, "-r", `${folder}/run`, ...argv];
    const ran = new Deno.Command(C_DAEMON.argv[0]!, { args: words, cwd: folder }).outputSync();
    const [out = "", err = ""] = [ran.stdout, ran.stderr].map((bytes) => new TextDecoder().decode(bytes));
    const loaded = byUs(words, folder);
    return {
      theirs: { accepted: ran.success, stanzas: accessPart(out), said: err },
      ours: loaded.ok
        ? {
          accepted: true,
          stanzas: accessPart(formatDump(loaded.config, loaded.access)),
          said: loaded.warnings.join("\n"),
        }
        : { accepted: false, stanzas: "", said: loaded.problems.map(formatProblem).join("\n") },
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function byUs(words: readonly string[], folder: string): ReturnType<typeof loadConfig> {
  const options = parseDaemonOptions(words);
  assert.ok(options.ok);
  return loadConfig(options.options, hostConfigFiles(folder), 0);
}
const K = `KEY_BASE64 ${KEY}\nHMAC_KEY_BASE64 ${HMAC}\n`;
const S = `SOURCE ANY\n${K}`;
const TREES: readonly [string, Tree, ...string[]][] = [
  ["plain", { a: S }],
  ["include second level", { a: `${S}%include {dir}/b\n`, b: S }],
  ["include third level", { a: `${S}%include {dir}/b\n`, b: `${S}%include {dir}/d\n`, d: S }],
  ["include fourth level", {
    a: `${S}%include {dir}/b\n`,
    b: `${S}%include {dir}/d\n`,
    d: `${S}%include {dir}/e\n`,
    e: S,
  }],
  ["include itself", { a: `${S}%include {dir}/a\n` }],
  ["lines after include", { a: `${S}%include {dir}/b\nOPEN_PORTS tcp/22\n`, b: `SOURCE 192.0.2.1\n${K}` }],
  ["include before SOURCE", { a: `%include {dir}/b\n${S}`, b: `SOURCE 192.0.2.1\n${K}` }],
  ["only an include", { a: `%include {dir}/b\n`, b: S }],
  ["include twice", { a: `%include {dir}/b\n%include {dir}/b\n`, b: S }],
  ["missing include", { a: `${S}%include {dir}/gone\n` }],
  ["relative include", { a: `${S}%include b\n`, b: S }],
  ["include with colon", { a: `${S}%include: {dir}/b\n`, b: S }],
  ["include without path", { a: `${S}%include\n` }],
  ["include ;", { a: `${S}%include {dir}/b;\n`, b: S }],
  ["include without SOURCE", { a: `${S}%include {dir}/b\n`, b: `OPEN_PORTS tcp/22\n` }],
  ["include empty", { a: `${S}%include {dir}/b\n`, b: `` }],
  ["include a folder", { a: `${S}%include {dir}/d\n`, "d/x.conf": S }],
  ["folder", { a: `${S}%include_folder {dir}/d\n`, "d/x.conf": `SOURCE 192.0.2.1\n${K}`, "d/readme": "hello" }],
  ["folder with slash", { a: `${S}%include_folder {dir}/d/\n`, "d/x.conf": `SOURCE 192.0.2.1\n${K}` }],
  ["folder x.conf~", { a: `${S}%include_folder {dir}/d\n`, "d/x.conf~": `SOURCE 192.0.2.1\n${K}` }],
  ["folder x.config", { a: `${S}%include_folder {dir}/d\n`, "d/x.config": `SOURCE 192.0.2.1\n${K}` }],
  ["folder .conf", { a: `${S}%include_folder {dir}/d\n`, "d/.conf": `SOURCE 192.0.2.1\n${K}` }],
  ["folder without SOURCE", { a: `${S}%include_folder {dir}/d\n`, "d/x.conf": `# nothing\n` }],
  ["folder in folder", { a: `${S}%include_folder {dir}/d\n`, "d/x.conf/": "", "d/y.conf": S }],
  ["empty folder", { a: `${S}%include_folder {dir}/d\n`, "d/": "" }],
  ["missing folder", { a: `${S}%include_folder {dir}/d\n` }],
  ["folder includes", {
    a: `%include_folder {dir}/d\n`,
    "d/x.conf": `${S}%include {dir}/b\n`,
    b: `${S}%include {dir}/e\n`,
    e: S,
  }],
  ["folder depth", { a: `%include {dir}/b\n`, b: `%include {dir}/e\n`, e: `%include_folder {dir}/d\n`, "d/x.conf": S }],
  ["keys", { a: `SOURCE ANY\n%include_keys {dir}/k\nOPEN_PORTS tcp/22\n`, k: K }],
  ["keys: only key", { a: `SOURCE ANY\n%include_keys {dir}/k\n`, k: `KEY abc\n` }],
  ["keys after keys", { a: `${S}%include_keys {dir}/k\n`, k: `KEY abc\n` }],
  ["keys: none", { a: `SOURCE ANY\n%include_keys {dir}/k\n${S}`, k: `# none\n` }],
  ["keys: only none", { a: `SOURCE ANY\n%include_keys {dir}/k\n`, k: `# none\n` }],
  ["keys: missing", { a: `SOURCE ANY\n%include_keys {dir}/k\n${S}` }],
  ["keys: outside", { a: `%include_keys {dir}/k\n${S}`, k: K }],
  ["keys: other lines", {
    a: `SOURCE ANY\n%include_keys {dir}/k\n`,
    k: `${K}OPEN_PORTS tcp/22\nHMAC_DIGEST_TYPE md5\n`,
  }],
  ["keys: blanks", { a: `SOURCE ANY\n%include_keys {dir}/k\n`, k: `KEY abc  \nHMAC_KEY def\n` }],
  ["keys: malformed", { a: `SOURCE ANY\n%include_keys {dir}/k\n`, k: `${K}KEY\n` }],
  ["keys: then hmac in stanza", { a: `SOURCE ANY\n%include_keys {dir}/k\nHMAC_KEY x\n`, k: `KEY abc\n` }],
  ["keys: key before in stanza", { a: `SOURCE ANY\nKEY y\n%include_keys {dir}/k\n`, k: `HMAC_KEY abc\n` }],
  ["keys: equal", { a: `SOURCE ANY\n%include_keys {dir}/k\n${S}`, k: `KEY abc\nHMAC_KEY abc\n` }],
  ["CRLF", { a: S.replaceAll("\n", "\r\n"), c: "PCAP_INTF lo\r\n\r\n# x\r\n" }],
  ["BOM", { a: `\uFEFF${S}` }],
  ["BOM comment", { a: `\uFEFF# x\n${S}` }],
  ["BOM c", { a: S, c: "\uFEFFPCAP_INTF lo\n" }],
  ["no newline", { a: S.trimEnd() }],
  ["blanks line", { a: `${S}   \n` }],
  ["indented comment", { a: `${S}   # x\n` }],
  ["indented comment ;", { a: `${S}   ; x\n` }],
  ["long comment", { a: `${S}# ${"x".repeat(3000)}\n` }],
  ["long line", { a: `${S}REQUIRE_USERNAME ${"x".repeat(2000)}\n` }],
  ["long c comment", { a: S, c: `# ${"x ".repeat(3000)}\n` }],
  ["tabs", { a: S.replaceAll(" ", "\t\t") }],
  ["colons", { a: S.replaceAll(" ", ": ") }],
  ["semicolons", { a: S.replaceAll("\n", ";\n") }],
  ["semicolon comment", { a: S.replaceAll("\n", ";  # x\n") }],
  ["before SOURCE", { a: `OPEN_PORTS tcp/22\n${S}` }],
  ["no stanza", { a: `# x\n` }],
  ["empty", { a: `` }],
  ["override", { a: S, c: "OVERRIDE_CONFIG {dir}/p\n", p: "ACCESS_FILE /x\n" }],
  ["override missing", { a: S, c: "OVERRIDE_CONFIG {dir}/p\n" }, "-O", "o"],
  ["override missing without -O", { a: S, c: "OVERRIDE_CONFIG {dir}/p\n" }, "-O", "c"],
  ["override two", { a: S, p: "", q: "" }, "-O", "p,q"],
  ["override blank", { a: S, p: "", q: "" }, "-O", "p, q"],
  ["override one missing", { a: S, p: "" }, "-O", "p,gone"],
  ["access folder", { "d/x.conf": S, "d/y.conf": S, "d/z": "x" }, "--access-folder", "d"],
  ["access folder first empty", { "d/x.conf": "# x\n", "d/y.conf": S }, "--access-folder", "d"],
  ["access folder missing", {}, "--access-folder", "d"],
  ["access folder empty", { "d/": "" }, "--access-folder", "d"],
  ["ACCESS_FOLDER", { a: "bogus", c: "ACCESS_FOLDER {dir}/d\n", "d/x.conf": S }],
];

/** What differs on purpose: whether C takes it, whether we do, and why. */
const DIFFERENT: Readonly<Record<string, readonly [boolean, boolean, string]>> = {
  "include without SOURCE": [true, false, "a line that belongs to no stanza is lost in C without a word"],
  "before SOURCE": [true, false, "the same"],
  "keys: outside": [true, false, "the same"],
  "keys: none": [true, false, "C leaves the stanza out"],
  "keys: missing": [true, false, "C leaves the stanza out"],
  "keys: malformed": [true, false, "C does without the line"],
  "keys: equal": [true, false, "C leaves the stanza out"],
  "folder x.conf~": [true, true, "C reads the copies that editors leave"],
  "folder x.config": [true, true, "the same"],
  "BOM": [false, true, "to C it is a part of the first name"],
  "blanks line": [false, true, "it says nothing"],
  "long comment": [false, true, "C reads what is beyond 1023 bytes as a line of its own"],
  "override blank": [false, true, "C looks for a file whose name begins with a blank"],
};

gatedTest(missing(C_PROGRAMS), {
  name: "files are put together as the C daemon puts them together: includes, folders, keys, overrides, ends of lines",
  fn() {
    const wrong: string[] = [];
    for (const [name, tree, ...argv] of TREES) {
      const { theirs, ours } = both(tree, argv);
      const [c, we] = DIFFERENT[name] ?? [theirs.accepted, theirs.accepted];
      const told = `C ${theirs.accepted} ${theirs.said}, ours ${ours.accepted} ${ours.said}`;
      if (theirs.accepted !== c || ours.accepted !== we) wrong.push(`${name}: ${told}`);
      if (!(name in DIFFERENT) && theirs.stanzas !== ours.stanzas) wrong.push(`${name}: other stanzas`);
    }
    assert.deepEqual(wrong, []);
    assert.deepEqual(Object.keys(DIFFERENT).filter((name) => !TREES.some(([tree]) => tree === name)), []);
  },
});

/** The configuration files of Debian's package; null where somebody keeps others there, or they cannot be read. */
function debianSample(name: string): string | null {
  try {
    const text = Deno.readTextFileSync(`${SAMPLES}/${name}`);
    return /__CHANGEME__|PCAP_INTF/.test(text) ? text : null;
  } catch {
    return null;
  }
}

const SERVER_SAMPLE = debianSample("fwknopd.conf");
const ACCESS_SAMPLE = debianSample("access.conf");
const noSamples = SERVER_SAMPLE === null || ACCESS_SAMPLE === null ? `the files of Debian in ${SAMPLES}` : null;

gatedTest(missing(C_PROGRAMS) ?? noSamples, {
  name: "the files of Debian's package are read as they are, and open nothing until somebody puts keys in",
  fn() {
    const { theirs, ours } = both({ c: SERVER_SAMPLE ?? "", a: ACCESS_SAMPLE ?? "" });
    assert.ok(!theirs.accepted && !ours.accepted);
    const problems = ours.said.split("\n");
    assert.equal(problems.length, 2, ours.said);
    for (const line of problems) assert.match(line, /KEY_BASE64 value is not properly set: replace __CHANGEME__/);
    let keys = 0;
    const filled = (ACCESS_SAMPLE ?? "").replaceAll("__CHANGEME__", () => keys++ === 0 ? KEY : HMAC);
    const started = both({ c: SERVER_SAMPLE ?? "", a: filled });
    assert.ok(started.theirs.accepted && started.ours.accepted, started.ours.said);
    assert.equal(started.ours.stanzas, started.theirs.stanzas);
  },
});

gatedTest(missing(C_PROGRAMS) ?? noSamples, {
  name: "every line that is commented out in Debian's fwknopd.conf is taken as the C daemon takes it",
  fn() {
    const lines = [...(SERVER_SAMPLE ?? "").matchAll(/^#[ \t]*([A-Z][A-Z_]+[ \t]+[^ \t].*;)/gm)].map(([, line = ""]) =>
      line
    );
    const differ: string[] = [];
    assert.ok(lines.length > 40, `${lines.length} lines`);
    for (const line of lines) {
      const { theirs, ours } = both({ c: line, a: S }, []);
      if (theirs.accepted !== ours.accepted) differ.push(`${line}: C ${theirs.accepted}, ours ${ours.said}`);
    }
    assert.deepEqual(differ, []);
  },
});
