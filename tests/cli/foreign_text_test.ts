/** Text from one party that a later program, or a terminal, would interpret: hosts wherever they are named, and what is shown. */
import assert from "node:assert/strict";
import { FIELDS } from "../../cli/enrolment/fields.ts";
import { settingOf } from "../../cli/options/table.ts";
import { ALONE, K64, runOwn, temporaryFolder } from "./harness.ts";

const KNOCK = ["-A", "tcp/22", "-s", "--key-rijndael", "k"];

/** No host: a shell, ssh_config, HTTP or a terminal would make something of each. */
const HOSTILE = [
  "$(id>FILE)",
  "x&id>FILE",
  "x|id",
  "`id`",
  "x;id",
  "-oProxyCommand=id",
  "x y",
  "*",
  "!x",
  "x#y",
  "x'y",
  "x\\y",
];

/** What cannot be seen. */
const UNSEEN = /[^\P{C}\n]|[\u2028\u2029]/u;

/** Runs with an rc file of that text. */
async function withRc(text: string, args: readonly string[]) {
  using home = temporaryFolder();
  Deno.writeTextFileSync(`${home.path}/.fwknoprc`, text, { mode: 0o600 });
  return await runOwn(args, { env: { HOME: home.path } });
}

const PLACES: Readonly<Record<string, (host: string) => ReturnType<typeof runOwn>>> = {
  "-D": (host) => runOwn([...ALONE, ...KNOCK, "-D", host]),
  "-D of a list": (host) => runOwn([...ALONE, ...KNOCK, "-D", `${host},${host}`]),
  "--http-proxy": (host) => runOwn([...ALONE, ...KNOCK, "-D", "gw", "-H", `${host}:3128`]),
  "--socks5": (host) => runOwn([...ALONE, ...KNOCK, "-D", "gw", "--socks5", `${host}:9050`]),
  "--nat-access": (host) => runOwn([...ALONE, ...KNOCK, "-D", "gw", "-N", `${host}:22`]),
  "--allow-ip": (host) => runOwn([...ALONE, ...KNOCK, "-D", "gw", "-a", host]),
  "--resolve-url": (host) => runOwn([...ALONE, "-A", "tcp/22", "-D", "gw", "--resolve-url", `https://${host}/`]),
  "--proxy": (host) =>
    runOwn([...ALONE, "-a", "192.0.2.1", "--key-rijndael", "k", "-D", "192.0.2.1", "--proxy", host, "22"]),
  "SPA_SERVER": (host) => withRc(`[gw]\nSPA_SERVER ${host}\n`, [...KNOCK, "-n", "gw"]),
  "NAT_ACCESS": (host) => withRc(`[gw]\nSPA_SERVER gw\nNAT_ACCESS ${host}:22\n`, [...KNOCK, "-n", "gw"]),
  "RESOLVE_URL": (host) => withRc(`[gw]\nSPA_SERVER gw\nRESOLVE_URL https://${host}/\n`, [...KNOCK, "-n", "gw"]),
  "a stanza named as a host": (host) => withRc(`[${host}]\nACCESS tcp/22\n`, [...KNOCK, "-D", `${host},gw`]),
};

for (const [place, run] of Object.entries(PLACES)) {
  Deno.test(`a host that a later program would interpret is refused: ${place}`, async () => {
    // A value of an rc file ends at a blank, # or ;, and a URL at a backslash: what is left is a name.
    const cut = ["SPA_SERVER", "NAT_ACCESS", "RESOLVE_URL"].includes(place) ? /[ #;]/ : /^$/;
    const url = /URL|-url/.test(place) ? /[#\\]/ : /^$/;
    for (const host of HOSTILE.filter((host) => !cut.test(host) && !url.test(host))) {
      const { code, err, sent } = await run(host);
      assert.deepEqual([code, sent.length], [1, place.startsWith("a stanza") ? 1 : 0], `${host}: ${err}`);
      assert.match(err, /^fwknop: error: /, host);
    }
  });
}

Deno.test("a bad host is told with its place: the option, or file and line", async () => {
  assert.match(
    (await runOwn([...ALONE, ...KNOCK, "-D", "x|id"])).err,
    /^fwknop: error: -D: expected a host name or an address, got "x\|id"$/m,
  );
  const run = await withRc("[gw]\nSPA_SERVER x|id\n", [...KNOCK, "-n", "gw"]);
  assert.match(
    run.err,
    /\/\.fwknoprc:2: SPA_SERVER: expected a host name or an address, got "x\|id" \(Parameter error\)\n/,
  );
});

Deno.test("a name with other letters than those of ASCII is told in the form to write", async () => {
  const { err } = await runOwn([...ALONE, ...KNOCK, "-D", "müller.example"]);
  assert.match(err, /-D: expected a host name in its ASCII form, which is "xn--mller-kva\.example"\n/);
});

Deno.test("hosts that are used today go on: zones, brackets, names of systemd, short addresses", async () => {
  for (const host of ["gw.example.org.", "_gateway", "fe80::1%eth0", "[2001:db8::1]", "127.1", "a_b.lan"]) {
    const { code, err, sent } = await runOwn([...ALONE, ...KNOCK, "-D", host]);
    assert.deepEqual([code, sent[0]?.target.host], [0, host.replace(/[[\]]/g, "")], err);
  }
});

Deno.test("--import takes no value that a later program would interpret, in whatever field, and stores nothing", async () => {
  const key = `k=${K64.replace("=", "")}`;
  const hosts = {
    D: (host: string) => `D=${host}`,
    N: (host: string) => `D=gw&N=${host}`,
    a: (host: string) => `D=gw&a=${host}`,
  };
  const fields = { ...hosts, "resolve-url": (host: string) => `D=gw&resolve-url=https://${host}/` };
  for (const [field, write] of Object.entries(fields)) {
    for (const host of ["$(id>FILE)", "x&id>FILE", "x|id"]) {
      using home = temporaryFolder();
      const run = await runOwn(["--import", `fwknop:gw?v=1&${write(encodeURIComponent(host))}&${key}`], {
        env: { HOME: home.path },
      });
      assert.equal(run.code, 1, `${field} ${host}`);
      assert.match(run.err, new RegExp(`field ${field}: `));
      assert.doesNotMatch(Deno.readTextFileSync(`${home.path}/.fwknoprc`), /^\[gw\]/m);
    }
  }
  for (const [field] of FIELDS.filter(([field]) => field !== "D")) {
    for (
      const text of ["a%0D%0AX-Evil:%201", "a%1b%5B31m", "a%E2%80%AEb", "a%0Ab", "a%09b", "a%20KEY_CMD", "a;b", "a%23b"]
    ) {
      using home = temporaryFolder();
      const uri = `fwknop:gw?v=1&D=gw&${field}=${text}&${key}`;
      assert.equal((await runOwn(["--import", uri], { env: { HOME: home.path } })).code, 1, `${field}=${text}`);
      assert.doesNotMatch(Deno.readTextFileSync(`${home.path}/.fwknoprc`), /^\[gw\]/m);
    }
  }
});

Deno.test("no field of an enrolment is a program, a file or a key source", () => {
  for (const [field, key] of FIELDS) {
    const { kind, secret } = settingOf(key);
    assert.doesNotMatch(kind.valueName, /COMMAND|FILE|DIR/, field);
    assert.notEqual(secret, true, field);
  }
});

Deno.test("a user agent with a line end is refused where it stands", async () => {
  assert.match(
    (await runOwn([...ALONE, ...KNOCK, "-D", "gw", "-u", "a\r\nX-Evil: 1"])).err,
    /-u: expected text without control characters/,
  );
});

const EVIL = "e\x1b[31m\u202e\x9b\x7fx";
const SHOWN = "e\\x1b[31m\\u202e\\x9b\\x7fx";

Deno.test("nothing that cannot be seen is printed: lists, saved arguments, explanations, errors, questions", async () => {
  using home = temporaryFolder();
  const env = { env: { HOME: home.path } };
  const rc = `[${EVIL}]\nSPA_SERVER gw\nACCESS tcp/22\nKEY ${K64.slice(0, 8)}\n`;
  Deno.writeTextFileSync(`${home.path}/.fwknoprc`, rc, { mode: 0o600 });
  Deno.writeTextFileSync(`${home.path}/.fwknop.run`, `fwknop -D gw -U ${EVIL}\n`, { mode: 0o600 });
  const runs = {
    list: await runOwn(["--stanza-list"], env),
    last: await runOwn(["--show-last"], env),
    explained: await runOwn(["-n", EVIL, "--explain", "-s"], env),
    missing: await runOwn(["-n", `${EVIL}2`], env),
    doctor: await runOwn(["--doctor", `${EVIL}2`], env),
    path: await runOwn(["-n", EVIL, "-s", "-B", `${home.path}/${EVIL}/none`], env),
    asked: await runOwn(["-n", EVIL, "-k", "--save-rc-stanza"], { ...env, answers: ["n", "n"] }),
    user: await runOwn(
      [...ALONE, "-D", "gw", "-A", "tcp/22", "-s", "-U", EVIL, "-T", "-v", "--key-rijndael", "k"],
      env,
    ),
  };
  for (const [name, { out, err }] of Object.entries(runs)) {
    assert.doesNotMatch(out + err, UNSEEN, name);
    if (name !== "user") assert.ok((out + err).includes(SHOWN), `${name}: ${out}${err}`);
  }
});

Deno.test("an error is one line, whatever it repeats", async () => {
  const { err } = await withRc("", ["-n", "a\nfwknop: hint: sudo rm"]);
  assert.match(err, /was not found/);
  assert.doesNotMatch(err, /^fwknop: hint: sudo/m);
});

Deno.test("ordinary text of every script is printed as it is", async () => {
  const run = await withRc("[Zürich]\nKEY a\n[日本]\nKEY a\n", ["--stanza-list"]);
  assert.match(run.out, /^ - Zürich\n - 日本\n$/m);
});

Deno.test("--json holds the same text, with what cannot be seen in escapes of JSON", async () => {
  const { out } = await withRc(`[${EVIL}]\nKEY a\n`, ["--stanza-list", "--json"]);
  assert.doesNotMatch(out, UNSEEN);
  assert.deepEqual(JSON.parse(out).stanzas, [EVIL]);
});
