import assert from "node:assert/strict";
import { clientCompletion } from "../../../cli/shell/completion.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../../cli/options/table.ts";
import { runOwn, temporaryFolder } from "../harness.ts";
import { testWith } from "../../lab/gate.ts";

/** Another file, with a stanza that another device may have named. */
const OTHER_RC = `[office]
SPA_SERVER  office.example.org
[o ne]
SPA_SERVER: second.example.org
[oh $(touch $HOME/harm) \`touch $HOME/harm\`]
KEY x
`;

const HOSTILE = "oh $(touch $HOME/harm) `touch $HOME/harm`";

/** Runs a shell with a home that has stanzas, and gives its lines. */
async function shell(
  name: "bash" | "zsh" | "fish",
  script: (completion: string) => string,
  rc = "[default]\n[gateway]\nKEY x\n [other]\n",
): Promise<string[]> {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/.fwknoprc`, rc);
  Deno.writeTextFileSync(`${folder.path}/other rc`, OTHER_RC);
  const completion = `${folder.path}/_fwknop`;
  Deno.writeTextFileSync(completion, clientCompletion(name));
  const args = name === "fish" ? ["--no-config", "-c"] : name === "zsh" ? ["-f", "-c"] : ["--norc", "-c"];
  const { stdout, stderr } = await new Deno.Command(name, {
    args: [...args, script(completion)],
    clearEnv: true,
    env: { HOME: folder.path, PATH: "/usr/bin:/bin", TERM: "dumb" },
    stdin: "null",
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.throws(() => Deno.statSync(`${folder.path}/harm`), Deno.errors.NotFound, "a name was run");
  return new TextDecoder().decode(stdout).replace(/\n$/, "").split("\n").map((line) =>
    line.split("\t")[0]?.trim() ?? ""
  );
}

const BASH = (words: string) => (completion: string) =>
  `source ${completion}; COMP_WORDS=(fwknop ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _fwknop
printf '%s\\n' "\${COMPREPLY[@]}"`;

/** What bash offers for several beginnings of a line, each as its pieces. */
const BASH_EACH = (lines: readonly string[]) => (completion: string) =>
  `source ${completion}; ${
    lines.map((words) =>
      `COMP_WORDS=(fwknop ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _fwknop; echo "\${COMPREPLY[*]}"`
    ).join("; ")
  }`;

const FISH = (line: string) => (completion: string) => `source ${completion}; complete -C 'fwknop ${line}'`;

/** zsh completes only where somebody types: a second zsh on a pseudo-terminal does, and shows what it would have run. */
const ZSH = (line: string) => (completion: string) =>
  `zmodload zsh/zpty
cat >$HOME/start <<'END'
PS1=; stty -echo; autoload -Uz compinit; fpath=($HOME $fpath); compinit -u -d $HOME/dump
fwknop() { print -r -- "RAN $* END" }
print BE''GIN
END
zpty z TERM=dumb zsh -f -i
zpty -w z "source $HOME/start"
zpty -r z out '*BEGIN*'
zpty -w -n z $'fwknop ${line}\t\n'
zpty -r z out '*RAN * END*'; print -r -- $out # ${completion}`;

testWith(
  { bash: "bash" },
  "bash completes options, enumerations after a blank and after =, and stanza names",
  async () => {
    assert.deepEqual(await shell("bash", BASH("--key-gen")), ["--key-gen", "--key-gen-file"]);
    assert.deepEqual(await shell("bash", BASH("-P tcp")), ["tcp", "tcpraw"]);
    assert.deepEqual(await shell("bash", BASH("--digest-type = SHA3_")), ["SHA3_256", "SHA3_512"]);
    assert.deepEqual(await shell("bash", BASH(`-n ""`)), ["default", "gateway", "other"]);
    assert.deepEqual(await shell("bash", BASH("-n g")), ["gateway"]);
  },
);

testWith({ fish: "fish" }, "fish completes options, enumerations and stanza names", async () => {
  const names = await shell("fish", FISH("-n "));
  assert.deepEqual(names.toSorted(), ["default", "gateway", "other"]);
  assert.deepEqual(await shell("fish", FISH("-P tc")), ["tcp", "tcpraw"]);
  assert.deepEqual((await shell("fish", FISH("--key-ge"))).toSorted(), ["--key-gen", "--key-gen-file"]);
  assert.deepEqual((await shell("fish", FISH("--digest-type=SHA3_"))).length, 2);
});

Deno.test("--completion prints the script, and refuses an unknown shell", async () => {
  assert.equal((await runOwn(["--completion", "fish"])).out, clientCompletion("fish"));
  const run = await runOwn(["--completion", "tcsh"]);
  assert.match(run.err, /--completion: expected one of bash, zsh, fish/);
  assert.equal(run.code, 1);
});

testWith({ zsh: "zsh" }, "zsh completes stanza names, enumerations and options", async () => {
  const name = await shell("zsh", ZSH("-n gat"));
  assert.match(name.join("\n"), /RAN -n gateway END/);
  assert.match((await shell("zsh", ZSH("-P udpr"))).join("\n"), /RAN -P udpraw END/);
  assert.match((await shell("zsh", ZSH("--stanza-l"))).join("\n"), /RAN --stanza-list END/);
});

testWith(
  { bash: "bash" },
  "bash takes stanzas and servers from the file of --rc-file, and runs nothing that stands there",
  async () => {
    const other = '--rc-file "~/other rc"';
    assert.deepEqual(await shell("bash", BASH(`${other} -n ""`)), ["office", "o ne", HOSTILE]);
    assert.deepEqual(await shell("bash", BASH(`--rc-file = '"~/other rc"' -n of`)), ["office"]);
    assert.deepEqual(await shell("bash", BASH(`${other} -D o`)), ["office.example.org"]);
    assert.deepEqual(await shell("bash", BASH(`${other} -D gw,off`)), ["gw,office", "gw,office.example.org"]);
    assert.deepEqual(await shell("bash", BASH(`${other} --doctor of`)), ["office"]);
    assert.deepEqual(await shell("bash", BASH("--rc-file /nonexistent -n x")), [""]);
  },
);

testWith(
  { fish: "fish" },
  "fish takes stanzas and servers from the file of --rc-file, and runs nothing that stands there",
  async () => {
    const other = (line: string) => shell("fish", FISH(`--rc-file "~/other rc" ${line}`));
    const names = await other("-n ");
    assert.deepEqual(names.toSorted(), ["o ne", "office", HOSTILE]);
    assert.deepEqual(await shell("fish", FISH('--rc-file="~/other rc" -n of')), ["office"]);
    assert.deepEqual(await other("-D off"), ["office.example.org"]);
    assert.deepEqual((await other("-D gw,off")).toSorted(), ["gw,office", "gw,office.example.org"]);
    assert.deepEqual(await other("--doctor of"), ["office"]);
  },
);

testWith(
  { zsh: "zsh" },
  "zsh takes stanzas and servers from the file of --rc-file, and runs nothing that stands there",
  async () => {
    const other = async (line: string) => (await shell("zsh", ZSH(`--rc-file "~/other rc" ${line}`))).join("\n");
    const name = await other("-n off");
    assert.match(name, /RAN --rc-file ~\/other rc -n office END/);
    assert.match(await other("-D second"), / -D second\.example\.org END/);
    assert.match(await other("-D gw,office."), / -D gw,office\.example\.org END/);
    assert.match(await other("--doctor off"), / --doctor office END/);
    const hostile = await other("-n oh");
    assert.ok(hostile.includes(HOSTILE), hostile);
  },
);

/** Names of options that take a value, required or attached. */
function namesWith(...kinds: readonly string[]): readonly string[] {
  return (Object.keys(CLIENT_SETTINGS) as ClientKey[]).flatMap((key) => {
    const { option, hidden } = settingOf(key);
    if (option === undefined || hidden === true || !kinds.includes(option.argument)) return [];
    return [...option.long ?? [], ...option.exact ?? []].map((name) => `--${name}`);
  });
}

testWith(
  { bash: "bash", fish: "fish", zsh: "zsh" },
  "after = no shell offers an option, whatever the option before it is",
  async () => {
    const names = namesWith("none", "required", "optional", "rest");
    assert.ok(names.length > 60);
    const offered = await shell("bash", BASH_EACH(names.map((name) => `${name} =`)));
    for (const [index, words] of offered.entries()) {
      assert.ok(!/(?:^|\s)-/.test(words), `${names[index]}=: ${words}`);
    }
    const fish = await shell(
      "fish",
      (completion) =>
        `source ${completion}; ${names.map((name) => `echo ${name}:(complete -C 'fwknop ${name}=')`).join("; ")}`,
    );
    for (const line of fish) assert.doesNotMatch(line, /: -/, line);
    for (const name of ["--wait=", "--help=", "--test="]) {
      const zsh = await shell("zsh", ZSH(name));
      assert.match(zsh.join("\n"), new RegExp(`RAN ${name} END`));
    }
  },
);

testWith(
  { bash: "bash" },
  "bash completes the value that is required in the next word, and an option after one that takes none",
  async () => {
    const required = namesWith("required");
    for (const [index, words] of (await shell("bash", BASH_EACH(required.map((name) => `${name} ""`)))).entries()) {
      assert.ok(!/(?:^|\s)-/.test(words), `${required[index]}: ${words}`);
    }
    const others = namesWith("none", "optional");
    for (const words of await shell("bash", BASH_EACH(others.map((name) => `${name} --stanza-l`)))) {
      assert.equal(words, "--stanza-list");
    }
  },
);

testWith(
  { bash: "bash" },
  "values with colons and equals signs are completed as a whole, though bash cuts them there",
  async () => {
    const rc = "[a:b]\nSPA_SERVER 2001:db8::1\n[a=c]\nSPA_SERVER 2001:db8::2\n[a:b:d]\nKEY x\n";
    const lines: readonly (readonly [pieces: string, candidates: string])[] = [
      ["-n a", "a:b a=c a:b:d"],
      ["-n a :", "b b:d"],
      ["-n a : b", "b b:d"],
      ["-n a : b :", "d"],
      ["-n a = ", "c"],
      ["--named-config = a : b : d", "d"],
      ["-D 2001 : d", "db8::1 db8::2"],
      ["-D 2001 : db8 ::", "1 2"],
      ["--destination = 2001 : db8 ::", "1 2"],
      ["-N '[' :: 1 ']' : 2", ""],
      ["--socks5 127.0.0.1 :", ""],
      ["--resolve-url = https : //x", ""],
      ["-P udp --digest-type = SHA3_2", "SHA3_256"],
    ];
    const offered = await shell("bash", BASH_EACH(lines.map(([pieces]) => pieces)), rc);
    assert.deepEqual(offered, lines.map(([, candidates]) => candidates));
  },
);
