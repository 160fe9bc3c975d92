import assert from "node:assert/strict";
import { gpgProgram } from "../../../cli/gpg/program.ts";
import { formatGpgFailure } from "../../../lib/openpgp/failure.ts";
import type { RunGpg } from "../../../lib/openpgp/keyring.ts";
import { isInstalled } from "../../lab/gate.ts";
import { temporaryFolder } from "../harness.ts";

/** A gpg that says with what it was run. */
function fake(folder: string, lines: string): string {
  const path = `${folder}/gpg`;
  Deno.writeTextFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o700 });
  return path;
}

function runner(
  settings: { readonly gpgExe?: string; readonly gpgHomeDir?: string },
  env: Record<string, string> = {},
): RunGpg {
  const run = gpgProgram(settings, { env: (name) => env[name] });
  if (!run.ok) throw new Error(formatGpgFailure(run.fault));
  return run.value;
}

function refusal(settings: { readonly gpgExe?: string; readonly gpgHomeDir?: string }): string {
  const run = gpgProgram(settings, { env: () => undefined });
  assert.ok(!run.ok);
  return `${formatGpgFailure(run.fault)}: ${run.fault.remedy}`;
}

Deno.test("gpg gets its arguments as they are, after the home, and no shell sees them", async () => {
  using folder = temporaryFolder();
  const gpgExe = fake(folder.path, `printf '<%s>' "$@"; cat; exit 3`);
  const ran = await runner({ gpgExe, gpgHomeDir: folder.path })(
    ["--list", "$(id); 'a' b"],
    new TextEncoder().encode("in"),
  );
  assert.ok(ran.ok);
  assert.equal(ran.value.code, 3);
  const { stdout } = ran.value;
  assert.equal(new TextDecoder().decode(stdout), `<--homedir><${folder.path}><--status-fd><2><--list><$(id); 'a' b>in`);
});

Deno.test("gpg sees of the environment what it needs, and nothing else", async () => {
  using folder = temporaryFolder();
  const gpgExe = fake(folder.path, "exec /usr/bin/env >&2");
  const env = {
    HOME: "/h",
    GNUPGHOME: "/g",
    GPG_TTY: "/dev/pts/9",
    DISPLAY: ":1",
    LD_PRELOAD: "x",
    SECRET: "s",
    IFS: "x",
    BASH_ENV: "x",
  };
  const ran = await runner({ gpgExe }, env)([], new Uint8Array(0));
  const seen = ran.ok
    ? ran.value.stderr.split("\n").filter((line) => !/^(?:PWD|SHLVL|_)=/.test(line) && line !== "")
    : [];
  const passed = ["HOME=/h", "GNUPGHOME=/g", "GPG_TTY=/dev/pts/9", "DISPLAY=:1", "PATH=/usr/local/bin:/usr/bin:/bin"];
  assert.deepEqual(seen.toSorted(), passed.toSorted());
});

Deno.test("a gpg that reads nothing, writes without end to it, or is none, is judged by what it did", async () => {
  using folder = temporaryFolder();
  const deaf = await runner({ gpgExe: fake(folder.path, "exit 2") })([], new Uint8Array(1_000_000));
  assert.equal(deaf.ok && deaf.value.code, 2);
  const loud = await runner({ gpgExe: fake(folder.path, "head -c 9000000 /dev/zero") })([], new Uint8Array(0));
  assert.equal(loud.ok && loud.value.stdout.length, 4 * 1024 * 1024);
  const none = `${folder.path}/none`;
  Deno.writeTextFileSync(none, "text", { mode: 0o600 });
  const failed = await runner({ gpgExe: none })([], new Uint8Array(0));
  assert.match(failed.ok ? "" : formatGpgFailure(failed.fault), /Error 134 - Unable to stat .*Permission denied/);
});

Deno.test("a program or a home that is not there is one sentence with the remedy", () => {
  using folder = temporaryFolder();
  const file = fake(folder.path, "");
  assert.match(
    refusal({ gpgExe: `${folder.path}/absent` }),
    /Error 134 - Unable to stat .*no program file: .*--gpg|gpg by its whole path/,
  );
  assert.match(refusal({ gpgExe: folder.path }), /Error 134 - Unable to stat/);
  assert.match(refusal({ gpgExe: "gpg" }), /Error 134/);
  assert.match(refusal({ gpgExe: file, gpgHomeDir: `${folder.path}/absent` }), /Error 135 - Unable to stat .*pubring/);
  assert.match(refusal({ gpgExe: file, gpgHomeDir: file }), /Error 135/);
});

Deno.test({
  name: "a home that this account may not read is one sentence with the remedy",
  ignore: Deno.uid() === 0 && !isInstalled("setpriv"),
  async fn() {
    using folder = temporaryFolder();
    const program = new URL("../../../cli/gpg/program.ts", import.meta.url).href;
    Deno.mkdirSync(`${folder.path}/home`, { mode: 0o000 });
    const code = `const { gpgProgram } = await import(${JSON.stringify(program)});
      console.log(JSON.stringify(gpgProgram({ gpgExe: "/bin/true", gpgHomeDir: "${folder.path}/home" }, { env() {} })));`;
    // Root reads everything unless it gives that up.
    const limits = Deno.uid() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
    const [command = "", ...args] = [...limits, Deno.execPath(), "eval", "--frozen", "--no-check", code];
    const { stdout, stderr } = await new Deno.Command(command, { args }).output();
    const said = new TextDecoder().decode(stdout);
    assert.match(said, /"gpg-home-bad","number":135/, new TextDecoder().decode(stderr));
    assert.match(said, /home: .*denied.*may this account read it\? \(ls -ld /);
  },
});
