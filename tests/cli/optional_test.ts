/** What a knock does not need never stops it: places, homes, terminals, lists of names. */
import assert from "node:assert/strict";
import { listen } from "../interop/receivers.ts";
import { ALONE, K64, runOwn, runOwnProcess, temporaryFolder } from "./harness.ts";

const KEY = ["--key-base64-rijndael", K64];
const KNOCK = ["-A", "tcp/22", "-s", "-D", "127.0.0.1", ...KEY];

/** A home directory in which something is wrong, and what is said about it. */
const HOMES: readonly (readonly [name: string, spoil: (home: string) => string, said: RegExp])[] = [
  ["no HOME", () => "", /Unable to determine args save file: HOME is not set.*not remembered/],
  ["a HOME that is not there", (home) => `${home}/none`, /Unable to write the arguments .*: No such file or directory/],
  [
    "a HOME that is a file",
    (home) => {
      Deno.writeTextFileSync(`${home}/file`, "");
      return `${home}/file`;
    },
    /Unable to write the arguments .*: Not a directory/,
  ],
  [
    "saved arguments that are a folder",
    (home) => {
      Deno.mkdirSync(`${home}/.fwknop.run`);
      return home;
    },
    /Unable to write the arguments .*: Is a directory/,
  ],
  [
    "saved arguments that are a pipe",
    (home) => {
      new Deno.Command("mkfifo", { args: [`${home}/.fwknop.run`] }).outputSync();
      return home;
    },
    /Unable to write the arguments .*: it is a pipe/,
  ],
  [
    "saved arguments that are a link to nothing",
    (home) => {
      Deno.symlinkSync(`${home}/none/args`, `${home}/.fwknop.run`);
      return home;
    },
    /Unable to write the arguments .*: No such file or directory/,
  ],
  [
    "an rc file that is a link to nothing",
    (home) => {
      Deno.symlinkSync("/nonexistent/rc", `${home}/.fwknoprc`);
      return home;
    },
    /Unable to open rc file: .*: it is a symbolic link to \/nonexistent\/rc, which is not there: mend the link/,
  ],
  [
    "an rc file that is a folder",
    (home) => {
      Deno.mkdirSync(`${home}/.fwknoprc`);
      return home;
    },
    /Unable to open rc file: .*: it is a directory/,
  ],
  [
    "an rc file that links to itself",
    (home) => {
      Deno.symlinkSync(".fwknoprc", `${home}/.fwknoprc`);
      return home;
    },
    /Unable to open rc file: .*: Too many levels of symbolic links/,
  ],
];

for (const [name, spoil, said] of HOMES) {
  Deno.test(`a knock leaves with ${name}, which is told`, async () => {
    using folder = temporaryFolder();
    const home = spoil(folder.path);
    const run = await runOwn(KNOCK, { env: home === "" ? {} : { HOME: home } });
    assert.deepEqual([run.code, run.sent.length], [0, 1], run.err);
    assert.match(run.err, said);
  });
}

Deno.test("an rc file that links to nothing is told where it is only looked at, too", async () => {
  using home = temporaryFolder();
  Deno.symlinkSync("/nonexistent/rc", `${home.path}/.fwknoprc`);
  for (const args of [["--stanza-list"], ["--explain", ...KNOCK], ["-n", "gw"], ["--doctor"]]) {
    const run = await runOwn(args, { env: { HOME: home.path } });
    assert.match(run.err + run.out, /symbolic link to \/nonexistent\/rc, which is not there/, args.join(" "));
  }
});

/** Redirections of a shell, and what is said; the packet arrives with each. */
const STREAMS: readonly (readonly [redirection: string, options: readonly string[], said: RegExp])[] = [
  ["<&-", [], /^$/],
  [">&-", ["-v"], /^/],
  ["2>&-", ["-v"], /^$/],
  ["<&- >&- 2>&-", ["-v"], /^$/],
  [">/dev/full", ["-v"], /warning: Cannot write to standard output: No space left on device/],
  ["2>/dev/full", ["-v"], /^$/],
];

for (const [redirection, options, said] of STREAMS) {
  Deno.test(`a knock leaves with ${redirection}`, async () => {
    using folder = temporaryFolder();
    const udp = await listen("udp");
    const run = await runOwnProcess(["-p", String(udp.port), ...KNOCK, ...options, ...ALONE], {
      home: folder.path,
      through: ["/bin/sh", "-c", `exec "$0" "$@" ${redirection}`],
      env: { TERM: "" },
    });
    assert.equal(run.code, 0, run.err);
    assert.match(run.err, said);
    assert.match((await udp.received).text, /^[A-Za-z0-9+/]{100,}$/);
    udp.close();
  });
}

Deno.test("what was asked for on standard output is missed there: -T and -k fail with a full disk", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/.fwknoprc`, "[gw]\n", { mode: 0o600 });
  for (const args of [["-T", ...KNOCK, ...ALONE], ["-k", ...ALONE], ["--stanza-list"]]) {
    const run = await runOwnProcess(args, {
      home: folder.path,
      through: ["/bin/sh", "-c", 'exec "$0" "$@" >/dev/full'],
    });
    assert.equal(run.code, 1, args.join(" "));
    assert.match(run.err, /error: Cannot write to standard output: No space left on device/);
  }
});

Deno.test("--key-gen asks nothing about a request, whatever the stanzas say", async () => {
  using home = temporaryFolder();
  const stanzas = [
    "USE_GPG Y",
    "USE_GPG Y\nGPG_RECIPIENT a\nENCRYPTION_MODE asymmetric",
    "ENCRYPTION_MODE legacy\nHMAC_KEY x",
    "SPOOF_SOURCE_IP 192.0.2.1",
    "FW_TIMEOUT 30s\nNO_SUCH_THING 1",
    "SPA_SERVER a,b",
    "",
  ];
  for (const stanza of stanzas) {
    Deno.writeTextFileSync(`${home.path}/.fwknoprc`, `[default]\n${stanza}\n[gw]\n${stanza}\n`, { mode: 0o600 });
    for (const args of [["-k"], ["-k", "-n", "gw"], ["-K", `${home.path}/keys`, "-n", "gw"]]) {
      const run = await runOwn(args, { env: { HOME: home.path } });
      assert.equal(run.code, 0, `${stanza}: ${run.err}`);
      if (!args.includes("-K")) assert.match(run.out, /^KEY_BASE64: \S{44}\nHMAC_KEY_BASE64: \S{88}\n$/);
    }
  }
  Deno.writeTextFileSync(`${home.path}/.fwknoprc`, "[default]\nUSE_GPG Y\n", { mode: 0o600 });
  const saving = ["-k", "--save-rc-stanza", "-n", "new", "-D", "192.0.2.1", "-A", "tcp/22", "-s"];
  const saved = await runOwn(saving, { env: { HOME: home.path } });
  assert.equal(saved.code, 0, saved.err);
  assert.match(Deno.readTextFileSync(`${home.path}/.fwknoprc`), /\[new\]\n[^]*KEY_BASE64/);
  assert.equal((await runOwn(["-k", "-f", "30s", ...ALONE])).code, 1, "options are read as ever");
});
