/** The daemon with two capabilities and nothing else of root's. */
import assert from "node:assert/strict";
import {
  type Guard,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  runToEnd,
  startDaemon,
} from "../lab/mod.ts";
import { knockArgs } from "./scene.ts";

const NOBODY = 65534;

/** As nobody, with CAP_NET_ADMIN and CAP_NET_RAW. */
function unprivileged(argv: readonly string[]): string[] {
  const rights = "-all,+net_admin,+net_raw";
  const who = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
  return ["setpriv", ...who, `--inh-caps=${rights}`, `--ambient-caps=${rights}`, ...argv];
}

/**
 * A copy of the form under test where everybody may read it; where that is the source, whose caches belong to the
 * developer, a bundled script.
 */
async function installed(lab: Lab): Promise<string> {
  const [given, ...rest] = OUR_DAEMON.argv;
  if (rest.length === 0) {
    await Deno.copyFile(given!, `${lab.dir}/fwknopd`);
    return `${lab.dir}/fwknopd`;
  }
  const build = new URL("../../.ci/build.ts", import.meta.url).pathname;
  const made = await runToEnd([Deno.execPath(), "run", "-A", build, "--scripts", `--out=${lab.dir}`]);
  assert.equal(made.code, 0, made.stdout + made.stderr);
  return `${lab.dir}/fwknopd`;
}

for (const guard of ["nftables", "iptables"] as Guard[]) {
  labTest(`${guard}: the daemon opens and closes doors as an ordinary user with two capabilities`, async () => {
    await using lab = await makeLab({ guard });
    const keys = newKeys();
    const access = [{ ...keys, FW_ACCESS_TIMEOUT: 2 }];
    const program = await installed(lab);
    // A first start writes the files; then they are given away.
    await (await startDaemon(lab, { access })).stop();
    await lab.must("server", ["chown", "-R", `${NOBODY}:${NOBODY}`, lab.dir]);
    const daemon = await startDaemon(lab, {
      program: { ...OUR_DAEMON, argv: unprivileged([program]) },
      access,
      env: { DENO_DIR: `${lab.dir}/deno` },
    });
    const status = await Deno.readTextFile(`/proc/${daemon.program.pid}/status`);
    assert.match(status, new RegExp(`^Uid:\t${NOBODY}\t${NOBODY}\t${NOBODY}\t${NOBODY}$`, "m"));
    const server = lab.address("server");
    await knock(lab, [...knockArgs(lab, 22), ...keyArgs(keys)]);
    assert.ok(await lab.opens("knocker", server, 22), daemon.program.output);
    assert.equal(await lab.probe("stranger", server, 22), "filtered");
    assert.notEqual(await lab.closes("knocker", server, 22, 5000), null);
    assert.equal((await daemon.stop()).code, 0, daemon.program.output);
  }, { needs: { setpriv: "util-linux" } });
}
