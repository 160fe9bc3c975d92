/** `.ci/setup` on machines that are made up: every program that it runs beyond the basic ones is a script of the test. */
import assert from "node:assert/strict";
import { temporaryFolder } from "../cli/harness.ts";
import { isInstalled } from "../lab/mod.ts";

const SETUP = new URL("../../.ci/setup", import.meta.url).pathname;
const BASIC = ["sh", "sed", "grep", "head", "tail", "mktemp", "env", "sort", "rm", "cat", "readlink", "true"];

/** A machine: what its programs do, in sh. A program that is not named is not there. */
type Machine = Readonly<Record<string, string>>;

/** Root on a Debian where nothing is missing. Each call of `sleep` is a line. */
const COMPLETE: Machine = {
  id: "echo 0",
  "dpkg-query": "echo installed",
  deno: 'if [ "$1" = --version ]; then echo "deno 2.9.6 (stable)"; fi',
  sleep: 'echo "slept $1"',
};

/** Says how it was called and what it found: arguments, standard input, and the variables that silence questions. */
const TELLING = `echo "$0 $*" | sed 's,.*/,,' >> "$CALLS"
readlink /proc/self/fd/0 >> "$CALLS"
env | grep -E '^(DEBIAN_FRONTEND|NEEDRESTART_MODE|APT_LISTCHANGES_FRONTEND|UCF_FORCE_CONFFOLD)=' | sort >> "$CALLS"
`;
const MISSING_ONE = 'case "$*" in *tcpdump*) ;; *) echo installed ;; esac';
const LOCKED = "echo 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)' >&2; exit 100";

/** Runs it with a standard input that never ends: who reads it waits, and the test with it. */
async function setUp(machine: Machine, what = "test") {
  using folder = temporaryFolder();
  for (const program of BASIC) {
    const path = ["/usr/bin", "/bin"].map((place) => `${place}/${program}`).find(isInstalled);
    Deno.symlinkSync(path!, `${folder.path}/${program}`);
  }
  for (const [program, body] of Object.entries(machine)) {
    Deno.writeTextFileSync(`${folder.path}/${program}`, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  const calls = `${folder.path}/calls`;
  Deno.writeTextFileSync(calls, "");
  const child = new Deno.Command("/usr/bin/setsid", {
    args: ["-w", `${folder.path}/sh`, SETUP, what],
    env: { PATH: folder.path, CALLS: calls, TMPDIR: folder.path },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, stdout, stderr } = await child.output();
  await child.stdin.close().catch(() => {});
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr), calls: Deno.readTextFileSync(calls).split("\n") };
}

Deno.test("setup does and says nothing where nothing is missing", async () => {
  const { code, out, err, calls } = await setUp({ ...COMPLETE, "apt-get": TELLING, npm: TELLING });
  assert.deepEqual([code, out, err, calls], [0, "", "", [""]]);
});

Deno.test("setup never lets a package ask: a changed file is kept, and nothing has an input", async () => {
  const { code, out, err, calls } = await setUp({ ...COMPLETE, "dpkg-query": MISSING_ONE, "apt-get": TELLING });
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, "setup: apt-get update\nsetup: installing tcpdump\n");
  const commands = calls.filter((line) => line.startsWith("apt-get "));
  assert.deepEqual(commands.map((line) => /(update|install .*)$/.exec(line)?.[0]), [
    "update",
    "install --no-install-recommends tcpdump",
  ]);
  for (const command of commands) {
    for (const option of ["-y", "Dpkg::Options::=--force-confdef", "Dpkg::Options::=--force-confold"]) {
      assert.ok(command.split(" ").includes(option), command);
    }
  }
  assert.equal(calls.filter((line) => line === "/dev/null").length, 2);
  for (const variable of ["DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l", "UCF_FORCE_CONFFOLD=1"]) {
    assert.equal(calls.filter((line) => line === variable).length, 2, variable);
  }
});

Deno.test("setup waits for another package manager, says so once, and goes on", async () => {
  const busy = `echo x >> "$CALLS"; [ "$(grep -c x "$CALLS")" -gt 3 ] || { ${LOCKED}; }`;
  const { code, out } = await setUp({ ...COMPLETE, "dpkg-query": MISSING_ONE, "apt-get": busy });
  assert.equal(code, 0);
  assert.equal(out.match(/waiting up to \d+ s: Could not get lock .* process 7 \(apt\)/g)?.length, 1);
  assert.equal(out.match(/slept/g)?.length, 3);
});

Deno.test("setup gives up on a package manager that never ends, with its words", async () => {
  const { code, out, err } = await setUp({ ...COMPLETE, "dpkg-query": MISSING_ONE, "apt-get": LOCKED });
  assert.equal(code, 1);
  // Once for the lists, once for the packages.
  assert.equal(out.match(/waiting/g)?.length, 2);
  assert.match(err, /held by process 7/);
  assert.match(err, /install these packages by hand/);
});

Deno.test("setup goes on with old lists, and shows why a package cannot be had", async () => {
  const broken =
    `case "$*" in *update) echo 'E: no such mirror' >&2 ;; *) echo 'E: Unable to locate package' >&2 ;; esac
exit 100`;
  const { code, out, err } = await setUp({ ...COMPLETE, "dpkg-query": MISSING_ONE, "apt-get": broken });
  assert.equal(code, 1);
  assert.match(err, /apt-get update failed; what was said:\n {4}E: no such mirror\n/);
  assert.match(out, /going on with the package lists that are there\nsetup: installing tcpdump/);
  assert.match(err, /could not install tcpdump; what was said:\n {4}E: Unable to locate package\n/);
  assert.ok(!out.includes("waiting"));
});

Deno.test("setup without root asks sudo, and names the command where sudo cannot help", async () => {
  const user = { ...COMPLETE, id: "echo 1000", "dpkg-query": MISSING_ONE, "apt-get": TELLING };
  const none = await setUp(user);
  assert.equal(none.code, 1);
  assert.match(none.err, /needs root, and there is no sudo: apt-get install tcpdump/);
  const refused = await setUp({ ...user, sudo: "echo 'sudo: a password is required' >&2; exit 1" });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /password is required\nsetup: this needs root, which sudo does not give: apt-get install/);
  const given = await setUp({ ...user, sudo: '[ "$1" != -n ] || shift; exec "$@"' });
  assert.equal(given.code, 0, given.err);
  assert.deepEqual(given.calls.filter((line) => line.startsWith("apt-get ")).length, 2);
});

Deno.test("setup says why Deno is not there: no npm, npm's reason, another PATH", async () => {
  const { deno: _, ...bare } = COMPLETE;
  const alone = await setUp(bare);
  assert.equal(alone.code, 1);
  assert.match(alone.err, /neither deno nor npm on PATH/);
  const offline = await setUp({ ...bare, npm: `${TELLING}echo 'npm error network ENOTFOUND' >&2; exit 1` });
  assert.equal(offline.code, 1);
  assert.match(offline.err, /could not install deno 2\.9\.6; what was said:\n {4}npm error network ENOTFOUND\n/);
  assert.ok(offline.calls.includes("/dev/null") && offline.calls.some((line) => /^npm .*--yes/.test(line)));
  const elsewhere = await setUp({ ...bare, npm: 'case "$1" in prefix) echo /opt/npm ;; esac' });
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.err, /deno is not on PATH; npm puts programs into \/opt\/npm\/bin/);
});

Deno.test("setup refuses a Deno that is too old or does not start, and says why packages cannot be had", async () => {
  const old = await setUp({ ...COMPLETE, deno: "echo deno 2.6.9" });
  assert.equal(old.code, 1);
  assert.match(old.err, /version 2\.6\.9, older than 2\.6\.10/);
  assert.equal((await setUp({ ...COMPLETE, deno: '[ "$1" != --version ] || echo deno 2.10.0' })).code, 0);
  const broken = await setUp({ ...COMPLETE, deno: "echo 'GLIBC_2.35 not found' >&2; exit 1" });
  assert.equal(broken.code, 1);
  assert.match(broken.err, /deno does not start; what was said:\n {4}GLIBC_2\.35 not found\n/);
  const offline = await setUp({
    ...COMPLETE,
    deno: `${TELLING}case "$1" in --version) echo deno 2.9.6 ;; *) echo 'error: dns' >&2; exit 1 ;; esac`,
  });
  assert.equal(offline.code, 1);
  assert.match(offline.err, /packages of deno\.lock could not be had; what was said:\n {4}error: dns\n/);
  assert.ok(offline.calls.includes("deno install --frozen --quiet"));
});
