import assert from "node:assert/strict";
import fc from "fast-check";
import { formatSshConfig } from "../../../cli/shell/ssh_config.ts";
import { accessOf } from "../../../cli/options/access_kind.ts";
import { services } from "../../fakes/requests.ts";
import { runOwn, temporaryFolder } from "../harness.ts";
import { testWith } from "../../lab/gate.ts";

const gw = { server: "gw.example.org", access: accessOf(services("tcp/22")), natRandPort: false, natPort: 0 };

/** A `fwknop` that writes down its arguments, each ended by NUL, and ends; then ssh ends too. */
const STUB = `#!/bin/sh
[ -e "$OUT.args" ] && exit 1
for word do printf '%s\\0' "$word"; done >"$OUT.args"
exit 1
`;

/** The arguments with which ssh starts the client for these lines, by the shell of the user. */
async function startedBySsh(lines: readonly string[], host: string, shell = "/bin/sh"): Promise<readonly string[]> {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/config`, `${lines.join("\n")}\n`);
  Deno.writeTextFileSync(`${folder.path}/fwknop`, STUB, { mode: 0o755 });
  const { stderr } = await new Deno.Command("ssh", {
    args: ["-F", `${folder.path}/config`, "-o", "BatchMode=yes", host],
    clearEnv: true,
    env: { PATH: `${folder.path}:/usr/bin:/bin`, SHELL: shell, OUT: `${folder.path}/fwknop`, HOME: folder.path },
    cwd: folder.path,
    stdin: "null",
  }).output();
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).filter((name) => !name.startsWith("."))
    .sort();
  assert.deepEqual(names, ["config", "fwknop", "fwknop.args"], new TextDecoder().decode(stderr));
  return Deno.readTextFileSync(`${folder.path}/fwknop.args`).split("\0").slice(0, -1);
}

const SSH = { "/usr/bin/ssh": "openssh-client" };

/** What ssh makes of a configuration: the settings of one host, as `ssh -G` prints them. */
async function asSsh(lines: readonly string[], host: string): Promise<Map<string, string>> {
  using folder = temporaryFolder();
  const path = `${folder.path}/config`;
  await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
  const { code, stdout, stderr } = await new Deno.Command("ssh", { args: ["-G", "-F", path, host] }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout).trimEnd();
  return new Map(
    text.split("\n").map((line) => {
      const blank = line.indexOf(" ");
      return [line.slice(0, blank), line.slice(blank + 1)];
    }),
  );
}

testWith(SSH, "ssh reads the lines of --ssh-config: host, port and command", async () => {
  const lines = formatSshConfig("gw", { ...gw, access: accessOf(services("udp/53,tcp/2222")) });
  const read = await asSsh(lines, "gw");
  assert.equal(read.get("hostname"), "gw.example.org");
  assert.equal(read.get("port"), "2222");
  assert.equal(read.get("proxycommand"), "fwknop -n gw --proxy %h %p");
});

testWith(SSH, "the commented form without relay is one that ssh reads", async () => {
  const lines = formatSshConfig("gw", { ...gw, natPort: 4422 });
  const start = lines.findIndex((line) => line.startsWith("# Match host gw "));
  assert.ok(lines[start]?.includes('exec "fwknop -n gw --wait=5"'));
  const form = lines.slice(start).map((line) => line.replace(/^# /, "").replace(/exec ".*"/, 'exec "true"'));
  const read = await asSsh(form, "gw");
  assert.equal(read.get("hostname"), "gw.example.org");
  assert.equal(read.get("port"), "4422");
});

Deno.test("names with blanks and percent signs are quoted for ssh and the shell", () => {
  const lines = formatSshConfig("my 5%", gw, "/etc/rc file");
  assert.ok(
    lines.includes("    ProxyCommand fwknop --rc-file '/etc/rc file' -n 'my 5%%' --proxy %h %p"),
    lines.join("\n"),
  );
  assert.ok(lines.includes("Host gw.example.org"));
  assert.throws(() => formatSshConfig('a"b', gw), /cannot be named in ssh_config/);
});

testWith(SSH, "ssh reads an IPv6 zone in the name of the host", async () => {
  const read = await asSsh(formatSshConfig("gw", { ...gw, server: "fe80::1%eth0" }), "gw");
  assert.equal(read.get("hostname"), "fe80::1%eth0");
});

Deno.test("a random port has no form without relay", () => {
  assert.ok(!formatSshConfig("gw", { ...gw, natRandPort: true }).some((line) => line.includes("Match")));
});

Deno.test("--ssh-config says when there is no such stanza", async () => {
  using home = temporaryFolder();
  const run = await runOwn(["--ssh-config", "gw"], { env: { HOME: home.path } });
  assert.equal(run.code, 1);
  assert.match(run.err, /\[gw\] was not found/);
});

/** Names and paths that are unusual and mean nothing to anybody. */
const HARMLESS = [
  "gw",
  "my 5%",
  "a~b=c@d",
  "Größe",
  "日本",
  "x,y:z+1",
  "a %n %% b",
  "_-",
  "gw ",
  "all",
];

/** Names that ssh, its configuration or a shell reads as something else than a word. */
const HOSTILE = [
  ...[
    "$(touch HARM)",
    "`touch HARM`",
    "a;touch HARM",
    "a&touch HARM",
    "a|touch HARM",
    "a>HARM",
    "a<HARM",
    "a(b)",
    "{a,b}",
  ],
  ...[
    "'",
    "a'b",
    '"',
    'a"b',
    "\\",
    "a\\",
    "a\\nb",
    "#",
    "a #b",
    "a\nb",
    "a\r",
    "a\tb",
    "*",
    "gw*",
    "!gw",
    "?",
    "[a-z]",
  ],
  ...[
    "$HOME",
    "${HOME}",
    "a$",
    "a!b",
    "^a",
    "~root",
    "=ls",
    "-v",
    "--rc-file",
    " a",
    "%h",
    "",
    "a\x1bb",
    "a\u202eb",
    "a\0b",
    "\ud800",
  ],
];

for (const shell of ["/bin/sh", "/bin/bash", "/usr/bin/zsh", "/usr/bin/fish"]) {
  const needs = { ...SSH, [shell]: shell.slice(shell.lastIndexOf("/") + 1) };
  testWith(needs, `${shell}, started by ssh, starts the client with exactly the words that were meant`, async () => {
    for (const name of HARMLESS) {
      const rcFile = `/etc/${name}`;
      const lines = formatSshConfig(name, { ...gw, server: "fe80::1%eth0" }, rcFile);
      const alias = lines.find((line) => line.startsWith("Host "))?.slice(5) ?? "";
      const words = ["--rc-file", rcFile, "-n", name];
      assert.deepEqual(await startedBySsh(lines, alias, shell), [...words, "--proxy", "fe80::1%eth0", "22"], name);
      const start = lines.findIndex((line) => line.startsWith("# Match host "));
      const form = lines.slice(start).map((line) => line.replace(/^# /, ""));
      assert.deepEqual(await startedBySsh([...form, "Host *", "ProxyCommand false"], alias, shell), [
        ...words,
        "--wait=5",
      ]);
    }
  });
}

Deno.test("a name or path that anybody could read as something else is refused, and nothing is printed", () => {
  for (const name of HOSTILE) {
    assert.throws(() => formatSshConfig(name, gw), /cannot be named in ssh_config/, JSON.stringify(name));
    assert.throws(() => formatSshConfig("gw", gw, name), /cannot be named in ssh_config/, JSON.stringify(name));
    assert.throws(
      () => formatSshConfig("gw", { ...gw, server: name }),
      /cannot be the HostName of ssh/,
      JSON.stringify(name),
    );
    assert.throws(() => formatSshConfig(name, { ...gw, server: undefined }), /HostName|cannot be named/);
  }
});

Deno.test("whatever the name, the rc file and the ports are, the lines are the same and hold no sign of a shell", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab -%$'\"\\`#!*?;&|\n\t~=/é".split("")), maxLength: 6 });
  const asked = fc.array(
    fc.record({ proto: fc.constantFrom("tcp", "udp"), port: fc.integer({ min: 1, max: 65_535 }) }),
  );
  const settings = fc.record({
    server: fc.option(text, { nil: undefined }),
    access: asked.map(accessOf),
    natPort: fc.constant(0),
  });
  fc.assert(
    fc.property(text, text, settings, (name, rcFile, said) => {
      let lines: readonly string[];
      try {
        lines = formatSshConfig(name, { ...said, natRandPort: false }, rcFile);
      } catch (error) {
        assert.match(String(error), /cannot be/);
        return;
      }
      assert.ok([11, 13].includes(lines.length), lines.join("\n"));
      const command = lines.find((line) => line.includes("ProxyCommand")) ?? "";
      assert.doesNotMatch(command, /[$"\\`#!*?;&|\n\t]/);
      // Percent signs of names are doubled, so that only the two of the command are tokens.
      assert.deepEqual(command.replaceAll("%%", "").match(/%./g), ["%h", "%p"]);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("a port that is none is no line of ssh_config: it is a mistake of its line", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  for (const access of ["tcp/99999999999999999999999", "tcp/0", "tcp/22x", "TCP"]) {
    Deno.writeTextFileSync(path, `[gw]\nSPA_SERVER h\nACCESS ${access}\n`, { mode: 0o600 });
    const run = await runOwn(["--rc-file", path, "--ssh-config", "gw"]);
    assert.equal(run.out, "");
    assert.match(run.err, /^fwknop: error: \S+\/rc:3: ACCESS: Invalid SPA access message: /);
  }
});

Deno.test("--ssh-config writes an rc file of this folder with its whole path: ssh is called anywhere", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, "[gw]\nSPA_SERVER gw.example.org\n", { mode: 0o600 });
  const here = Deno.cwd();
  Deno.chdir(folder.path);
  try {
    const { out } = await runOwn(["--rc-file", "rc", "--ssh-config", "gw"]);
    assert.match(out, new RegExp(`ProxyCommand fwknop --rc-file ${Deno.cwd()}/rc -n gw --proxy`));
  } finally {
    Deno.chdir(here);
  }
});
