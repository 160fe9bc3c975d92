/** Commands and command cycles of the C client, and the words of both daemons for them. */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  C_DAEMON,
  C_PROGRAMS,
  type Directives,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  startDaemon,
} from "../lab/mod.ts";

/** Registers a situation for both daemons, with the C client. */
function onBoth(name: string, body: (program: ProgramUnderTest) => Promise<void>): void {
  labTest(`${name}: our daemon`, () => body(OUR_DAEMON), { needs: C_PROGRAMS });
  labTest(`${name}: the C daemon`, () => body(C_DAEMON), { needs: C_PROGRAMS });
}

/** A daemon with one stanza, on iptables as the C daemon knows them, and the C client for it. */
async function scene(lab: Lab, program: ProgramUnderTest, stanza: Directives) {
  const keys = newKeys();
  const server = { FIREWALL_EXE: "/usr/sbin/iptables" };
  const daemon = await startDaemon(lab, { program, server, access: [{ ...keys, ...stanza }] });
  const ask = (...args: string[]) =>
    knock(lab, [...args, "-a", lab.address("knocker"), "-D", lab.address("server"), ...keyArgs(keys)], {
      program: C_CLIENT,
    });
  return { program: daemon.program, ask };
}

onBoth("a command of the C client runs as another user, and its end is told", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const folder = await Deno.makeTempDir({ prefix: "fwtry-commands-" });
  await Deno.chmod(folder, 0o1777);
  try {
    const { ask, program: said } = await scene(lab, program, { ENABLE_CMD_EXEC: "Y", CMD_EXEC_USER: "nobody" });
    await ask("-C", `touch ${folder}/x  ${folder}/y`);
    await said.waitFor(/^\[10\.77\.0\.2\] \(stanza #1\) CMD_EXEC: command returned 0, pid_status: 0$/);
    for (const name of ["x", "y"]) assert.equal((await Deno.stat(`${folder}/${name}`)).uid, 65534, name);
    const lines = [
      `Processing SPA Command message: command='touch ${folder}/x  ${folder}/y'.`,
      `Running command 'touch ${folder}/x  ${folder}/y' setuid/setgid user/group to nobody/nobody (UID=65534,GID=65534)`,
    ];
    for (const line of lines) assert.ok(said.lines.includes(`[10.77.0.2] (stanza #1) ${line}`), line);
    for (const [command, end] of [["false", 1], ["no-such-program-here", 255]] as const) {
      assert.equal(await toldStatus(() => ask("-C", command), { program, said }), String(end), command);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The status that is told. On a busy machine the C daemon has told 0 of a command that ended at once: it is asked again then. */
async function toldStatus(
  ask: () => Promise<unknown>,
  { program, said }: {
    readonly program: ProgramUnderTest;
    readonly said: Awaited<ReturnType<typeof scene>>["program"];
  },
): Promise<string> {
  const tries = program === C_DAEMON ? 3 : 1;
  let status = "0";
  for (let i = 0; i < tries && status === "0"; i++) {
    const since = said.mark();
    await ask();
    const line = await said.waitFor(/CMD_EXEC: command returned 0, pid_status: \d+$/, { since });
    status = line.slice(line.lastIndexOf(" ") + 1);
  }
  return status;
}

onBoth("a command is refused where the stanza takes none", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const { ask, program: said } = await scene(lab, program, {});
  await ask("-C", "id");
  await said.waitFor(/\(stanza #1\) SPA Command messages are not allowed/);
});

onBoth("a cycle opens and closes, with every token", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const folder = await Deno.makeTempDir({ prefix: "fwtry-commands-" });
  try {
    const script = `${folder}/log`;
    await Deno.writeTextFile(script, `#!/bin/sh\necho "$@" >> ${folder}/lines\n`);
    await Deno.chmod(script, 0o755);
    const { ask, program: said } = await scene(lab, program, {
      CMD_CYCLE_OPEN: `${script} open $IP $SRC $PKT_SRC $PORT $PROTO a$SRCb $$SRC $BOGUS $CLIENT_TIMEOUT`,
      CMD_CYCLE_CLOSE: `${script} close $IP $PORT`,
      CMD_CYCLE_TIMER: 2,
    });
    await ask("-A", "tcp/22");
    const tag = "^\\[10\\.77\\.0\\.2\\] \\(stanza #1\\)";
    await said.waitFor(new RegExp(`${tag} Running CMD_CYCLE_OPEN command: ${script} open`));
    await said.waitFor(new RegExp(`${tag} Running CMD_CYCLE_CLOSE command in 2 seconds: ${script} close`));
    await said.waitFor(
      new RegExp(`${tag} Timer expired, running CMD_CYCLE_CLOSE command: ${script} close 10.77.0.2 22`),
    );
    const address = "10.77.0.2";
    const lines = () => Deno.readTextFileSync(`${folder}/lines`).trim().split("\n");
    // The last one runs when its line is written.
    await lab.must("server", ["sh", "-c", `until grep -q close ${folder}/lines; do sleep 0.1; done`]);
    assert.deepEqual(lines(), [
      `open ${address} ${address} ${address} 22 6 a${address}b ${address} BOGUS 2`,
      `close ${address} 22`,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

onBoth("a cycle that is asked for no service is not built", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const { ask, program: said } = await scene(lab, program, {
    CMD_CYCLE_OPEN: "true",
    CMD_CYCLE_CLOSE: "true",
    CMD_CYCLE_TIMER: 2,
  });
  await ask("-C", "foo");
  await said.waitFor(/^\[10\.77\.0\.2\] \(stanza #1\) Could not build CMD_CYCLE_OPEN command\./);
});
