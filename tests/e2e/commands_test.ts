/** Commands in packets, run by the real daemon for the real client. */
import assert from "node:assert/strict";
import {
  type Daemon,
  type Directives,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  sealPacket,
  type SharedKeys,
  startDaemon,
} from "../lab/mod.ts";
import { knockArgs } from "./scene.ts";

/** A daemon whose first stanza takes commands, and whose second one opens doors. */
interface CommandScene {
  readonly lab: Lab;
  readonly daemon: Daemon;
  readonly commands: SharedKeys;
  readonly doors: SharedKeys;
  command(text: string): Promise<void>;
  seal(text: string): Promise<string>;
  /** What a command printed, line by line; it has ended. */
  output(text: string): Promise<readonly string[]>;
}

function commandArgs(lab: Lab, text: string, keys: SharedKeys): string[] {
  return ["-C", text, "-a", lab.address("knocker"), "-D", lab.address("server"), ...keyArgs(keys)];
}

async function setCommands(
  lab: Lab,
  { stanza = {}, ...options }: Partial<Parameters<typeof startDaemon>[1]> & { readonly stanza?: Directives } = {},
): Promise<CommandScene> {
  const [commands, doors] = [newKeys(), newKeys()];
  const access = [{ ...commands, ENABLE_CMD_EXEC: "Y", ...stanza }, { ...doors, FW_ACCESS_TIMEOUT: 60 }];
  const daemon = await startDaemon(lab, { ...options, access });
  const command = async (text: string) => void await knock(lab, commandArgs(lab, text, commands));
  return {
    ...{ lab, daemon, commands, doors, command },
    seal: (text) => sealPacket(lab, commandArgs(lab, text, commands)),
    async output(text) {
      const { program } = daemon;
      const since = program.mark();
      await command(text);
      await program.waitFor(/command returned/, { since });
      return program.lines.slice(since).flatMap((line) => /CMD_EXEC: output: (.*)$/.exec(line)?.[1] ?? []);
    },
  };
}

/** A folder that everybody may write in, as /tmp, and the script that a command runs in it. */
async function script(
  lines: readonly string[],
): Promise<{ readonly path: string; readonly folder: string } & Disposable> {
  const folder = await Deno.makeTempDir({ prefix: "fwtry-commands-" });
  await Deno.chmod(folder, 0o1777);
  const path = `${folder}/run`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${lines.join("\n")}\n`);
  await Deno.chmod(path, 0o755);
  return { path, folder, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

/** The daemon has groups of its own, and a descriptor that nobody closed. */
const WITH_GROUPS = {
  name: "ours",
  argv: ["setpriv", "--groups=4,20", "sh", "-c", 'exec 7</etc/passwd; exec "$@"', "sh", ...OUR_DAEMON.argv],
} as const;

labTest("a command runs as its user, with the groups of that user, and with nothing of the daemon", async () => {
  await using lab = await makeLab();
  using look = await script([
    "id -un; id -gn; id -Gn",
    "grep -E '^(NoNewPrivs|CapEff|CapAmb):' /proc/self/status | tr '\\t' ' '",
    "pwd; umask; env | sed 's/=.*//' | grep -vE '^(PWD|OLDPWD|_|SHLVL)$'",
    "readlink /proc/$$/fd/0; ls /proc/$$/fd | tr '\\n' ' '; echo",
    "read line || echo nothing to read",
    'touch "${0%/*}/made"',
    'echo "$@"',
  ]);
  const env = { HOSTILE: "1", LD_PRELOAD: "" };
  const scene = await setCommands(lab, { program: WITH_GROUPS, env, stanza: { CMD_EXEC_USER: "nobody" } });
  // 10 is the script itself, which its shell keeps there.
  assert.deepEqual(await scene.output(`${look.path} 'a  b' $HOME ; | *`), [
    ...["nobody", "nogroup", "nogroup"],
    ...["CapEff: 0000000000000000", "CapAmb: 0000000000000000", "NoNewPrivs: 1"],
    ...["/", "0022", "PATH"],
    ...["/dev/null", "0 1 10 2 "],
    "nothing to read",
    "'a b' $HOME ; | *",
  ]);
  const { uid } = await Deno.stat(`${look.folder}/made`);
  assert.equal(uid, 65534);
  assert.match(
    scene.daemon.program.output,
    /^\[10\.77\.0\.2\] \(stanza #1\) Running command '.*' setuid\/setgid user\/group to nobody\/nobody \(UID=65534,GID=65534\)$/m,
  );
});

labTest("a command runs in a group that is named, and as the daemon where no user is", async () => {
  await using lab = await makeLab();
  const grouped = await setCommands(lab, { stanza: { CMD_EXEC_USER: "nobody", CMD_EXEC_GROUP: "adm" }, folder: "one" });
  assert.deepEqual(await grouped.output("id -gn"), ["adm"]);
  await grouped.daemon.stop();
  const root = await setCommands(lab, { folder: "two" });
  assert.deepEqual(await root.output("id -un"), ["root"]);
});

labTest("how a command ends is told in the words of the C daemon, also where it cannot be run", async () => {
  await using lab = await makeLab();
  using killed = await script(["kill -9 $$"]);
  const { daemon: { program }, command } = await setCommands(lab);
  for (
    const [text, end] of [
      ["true", "command returned 0, pid_status: 0"],
      ["false", "command returned 0, pid_status: 1"],
      ["no-such-program-here", "command returned 0, pid_status: 255"],
      [killed.path, "command returned 16, pid_status: 9"],
    ] as const
  ) {
    const since = program.mark();
    await command(text);
    const line = await program.waitFor(/command returned/, { since });
    assert.equal(line, `[10.77.0.2] (stanza #1) CMD_EXEC: ${end}`, text);
    assert.ok(program.lines.includes(`[10.77.0.2] (stanza #1) Processing SPA Command message: command='${text}'.`));
  }
});

labTest("a command that hangs delays nobody, and over the limit a packet is refused", async () => {
  await using lab = await makeLab();
  const { daemon: { program }, command, doors } = await setCommands(lab, { server: { MAX_RUNNING_COMMANDS: 2 } });
  for (let i = 0; i < 2; i++) {
    const since = program.mark();
    await command("sleep 1000");
    await program.waitFor(/Running command/, { since });
  }
  await command("sleep 1000");
  const line = await program.waitFor(/No command is run/);
  assert.match(
    line,
    /\(stanza #1\) No command is run: 2 commands run already, and MAX_RUNNING_COMMANDS allows no more$/,
  );
  await knock(lab, [...knockArgs(lab, 22), ...keyArgs(doors)]);
  assert.ok(await lab.opens("knocker", lab.address("server"), 22), program.output);
  assert.doesNotMatch(program.output, /command returned/);
  // The lab would not end as long as they run.
  assert.equal((await program.stop()).code, 0);
  assert.equal(program.count(/command returned 16, pid_status: 15/), 2, program.output);
});

labTest("a command that takes longer than CMD_EXEC_TIMEOUT is ended with all that it started", async () => {
  await using lab = await makeLab();
  using hanging = await script(["(trap '' TERM; echo $$; exec sleep 1000) &", "sleep 1000 & wait"]);
  const { daemon: { program }, command } = await setCommands(lab, { server: { CMD_EXEC_TIMEOUT: 1 } });
  await command(hanging.path);
  await program.waitFor(/takes longer than CMD_EXEC_TIMEOUT \(1 seconds\): ending it/);
  await program.waitFor(/command returned 16, pid_status: 15/);
  const group = /output: (\d+)/.exec(program.output)?.[1];
  const left = await lab.run("server", ["pgrep", "-r", "D,R,S", "-g", group ?? "0"]);
  assert.equal(left.stdout, "", "nobody of its group is left");
});

labTest("a packet with a command runs it once, and its digest is on the disk before", async () => {
  await using lab = await makeLab();
  using digests = await script(['cat "$1" | grep -c "^[^#]"']);
  const scene = await setCommands(lab);
  const { daemon: { digestCache, program }, lab: { send } } = scene;
  const packet = await scene.seal(`${digests.path} ${digestCache}`);
  const server = lab.address("server");
  send.call(lab, "knocker", server, 62201, packet);
  await program.waitFor(/output: 1$/);
  const since = program.mark();
  send.call(lab, "knocker", server, 62201, packet);
  await program.waitFor(/Replay detected from source IP/, { since });
  await knock(lab, [...knockArgs(lab, 22), ...keyArgs(scene.doors)]);
  assert.ok(await lab.opens("knocker", server, 22));
  assert.equal(program.count(/Processing SPA Command/), 1);
});

labTest("what a command prints is shown line by line, without end or tricks", async () => {
  await using lab = await makeLab();
  using loud = await script([`printf 'one\\033[2J\\nForged (stanza #9)\\n'`, "yes | head -c 1000000", "exit 0"]);
  const { daemon: { program }, output } = await setCommands(lab);
  const lines = await output(loud.path);
  assert.deepEqual(lines.slice(0, 3), ["one\\x1b[2J", "Forged (stanza #9)", "y"]);
  assert.equal(lines.length, 50);
  assert.equal(program.count(/what else it prints is not logged/), 1);
  assert.doesNotMatch(program.output, /^Forged/m);
});

labTest("a stop does not wait for commands, whatever they do", async () => {
  await using lab = await makeLab();
  using stubborn = await script(["trap '' TERM HUP INT", "echo $$; while :; do sleep 1000; done"]);
  const { daemon, command } = await setCommands(lab);
  await command(stubborn.path);
  const pid = Number(/output: (\d+)/.exec(await daemon.program.waitFor(/output: \d+/))?.[1]);
  assert.equal((await daemon.stop()).code, 0);
  assert.match(daemon.program.output, /Ending 1 commands that run/);
  assert.match(daemon.program.output, /command returned 16, pid_status: 9/);
  assert.throws(() => Deno.statSync(`/proc/${pid}`), Deno.errors.NotFound);
});

labTest("test mode runs nothing", async () => {
  await using lab = await makeLab();
  const cycle = { ...newKeys(), CMD_CYCLE_OPEN: "touch /no/such", CMD_CYCLE_CLOSE: "NONE" };
  const keys = newKeys();
  const access = [{ ...keys, ENABLE_CMD_EXEC: "Y" }, cycle];
  const { program } = await startDaemon(lab, { access, args: ["-t"] });
  await knock(lab, commandArgs(lab, "id", keys));
  await program.waitFor(/\(stanza #1\) --test mode enabled, skipping command execution\.$/);
  await knock(lab, [...knockArgs(lab, 22), ...keyArgs(cycle)]);
  await program.waitFor(/\(stanza #2\) --test mode enabled, skipping command execution\.$/);
  assert.doesNotMatch(program.output, /Running/);
});

labTest("commands are refused where the stanza does not take them, and sudo gets no option from a packet", async () => {
  await using lab = await makeLab();
  using sudo = await script(['for word in "$@"; do echo "<$word>"; done']);
  const server = { SUDO_EXE: sudo.path };
  const stanza = { ENABLE_CMD_SUDO_EXEC: "Y", CMD_SUDO_EXEC_USER: "nobody", CMD_SUDO_EXEC_GROUP: "adm" };
  const { daemon: { program }, doors, output } = await setCommands(lab, { server, stanza });
  assert.deepEqual(
    await output("-u root id"),
    ["-u", "nobody", "-g", "adm", "--", "-u", "root", "id"].map((word) => `<${word}>`),
  );
  assert.match(program.output, /Running command '\S+ -u nobody -g adm -- -u root id'/);
  await knock(lab, commandArgs(lab, "id", doors));
  await program.waitFor(/\(stanza #2\) SPA Command messages are not allowed/);
});
