/** Commands as the loop sees them, run by a program of the test in the place of our own. */
import assert from "node:assert/strict";
import { Waiter } from "../../../ffi/libc/poll.ts";
import { openClosesFile } from "../../../daemon/command/closes_file.ts";
import { type CommandAction, createCommands } from "../../../daemon/command/commands.ts";
import { planCycle } from "../../../daemon/command/cycle.ts";
import { ip, stanza } from "../../fakes/knock.ts";
import { temporaryFolder } from "../../cli/harness.ts";

const LIMITS = { timeout: 600, most: 1 };
const AT = { source: ip("192.0.2.7"), stanza: 1 };
const CYCLE = { open: "true open", close: "true close", timer: 0 };

/** What `--become-command` would be: drops the order in front, and runs the rest. */
const PROGRAM = { path: "/bin/sh", before: ["-c", 'shift 2; exec "$@"'], env: { PATH: "/usr/bin:/bin" }, folder: "/" };

function scene(path: string) {
  const lines: string[] = [];
  const log = (level: string, line: string) => void lines.push(`${level}: ${line}`);
  const file = openClosesFile(path, true, log);
  const clocks = { clock: Date.now, steady: () => performance.now() };
  const commands = createCommands({ program: PROGRAM, file, ...clocks }, [stanza({ cycle: CYCLE })], log);
  return {
    ...{ commands, lines, log },
    perform: (action: CommandAction) => commands.perform(action, AT, { limits: LIMITS, log }),
    async until(pattern: RegExp) {
      using waiter = new Waiter();
      while (!lines.some((line) => pattern.test(line))) {
        for (const fd of commands.descriptors) waiter.watch(fd);
        const due = commands.dueAt(LIMITS, performance.now());
        await waiter.wait(due === null ? -1 : Math.max(0, Math.ceil(due - performance.now())));
        commands.look(LIMITS, log);
      }
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

function run(text: string, runAs: Extract<CommandAction, { kind: "run" }>["policy"]["runAs"] = null): CommandAction {
  const [program = "", ...args] = text.split(" ");
  return { kind: "run", command: { text, words: [program, ...args] }, policy: { runAs, prefix: [] }, said: text };
}

function cycle(): CommandAction {
  const doors = planCycle(CYCLE, {
    access: ip("192.0.2.10"),
    packetSource: ip("192.0.2.7"),
    packetDestination: null,
    services: [{ proto: "tcp", port: 22 }],
    insidePort: null,
    timestamp: 500,
    clientTimeout: 0,
    maxTimeout: 300,
  });
  assert.ok(doors.ok);
  return { kind: "cycle", doors: doors.value };
}

Deno.test("perform() runs a command with the words of the C daemon", async () => {
  using folder = temporaryFolder();
  using at = scene(`${folder.path}/c`);
  const nobody = { user: "nobody", group: "nogroup", uid: 65534, gid: 65534, groups: [] };
  assert.equal(at.perform(run("echo hello", nobody)), null);
  await at.until(/command returned/);
  assert.deepEqual(at.lines, [
    "info: [192.0.2.7] (stanza #1) Processing SPA Command message: command='echo hello'.",
    "info: [192.0.2.7] (stanza #1) Running command 'echo hello' setuid/setgid user/group to nobody/nogroup (UID=65534,GID=65534)",
    "info: [192.0.2.7] (stanza #1) CMD_EXEC: output: hello",
    "info: [192.0.2.7] (stanza #1) CMD_EXEC: command returned 0, pid_status: 0",
  ]);
});

Deno.test("perform() opens doors, and what is due is closed in its turn", async () => {
  using folder = temporaryFolder();
  using at = scene(`${folder.path}/c`);
  assert.equal(at.perform(cycle()), null);
  assert.deepEqual([...at.commands.heldBy(1)], ["true close"]);
  await at.until(/Timer expired/);
  assert.match(
    at.lines.join("\n"),
    /\[192\.0\.2\.10\] \(stanza #1\) Timer expired, running CMD_CYCLE_CLOSE command: true close/,
  );
  await at.commands.end(at.log);
});

Deno.test("one too many is refused; end() ends what runs, and leaves what is to be closed to the next start", async () => {
  using folder = temporaryFolder();
  {
    using at = scene(`${folder.path}/c`);
    at.perform(cycle());
    await at.commands.end(at.log);
    at.perform(run("sleep 1000"));
    assert.match(
      at.lines.at(-1) ?? "",
      /1 doors of command cycles are open: they are closed when fwknopd is started again/,
    );
    assert.equal(at.perform(run("true")), "1 commands run already, and MAX_RUNNING_COMMANDS allows no more");
  }
  using at = scene(`${folder.path}/c`);
  assert.deepEqual(at.lines, ["info: 1 doors of command cycles of an earlier run close at their time"]);
  await at.until(/Timer expired/);
  at.perform(run("sleep 1000"));
  assert.equal(at.perform(run("true")), "1 commands run already, and MAX_RUNNING_COMMANDS allows no more");
  await at.commands.end(at.log);
  assert.match(at.lines.join("\n"), /warning: Ending \d commands that run/);
});
