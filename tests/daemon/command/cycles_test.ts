/** Doors of command cycles, on clocks of the test and with commands that end when the test says so. */
import assert from "node:assert/strict";
import type { Child, ChildEnd } from "../../../ffi/libc/child.ts";
import { planCycle } from "../../../daemon/command/cycle.ts";
import { createCycles } from "../../../daemon/command/cycles.ts";
import { type ClosesFile, ClosesFileError } from "../../../daemon/command/closes_file.ts";
import type { PendingClose } from "../../../daemon/command/close_line.ts";
import { createRunning, GRACE_MS } from "../../../daemon/command/running.ts";
import { ip } from "../../fakes/knock.ts";

const LIMITS = { timeout: null, most: 2 };

/** The state of a daemon with cycles; `left` is what an earlier run left. */
function scene(left: readonly PendingClose[] = []) {
  const lines: string[] = [];
  const events: string[] = [];
  const commands = new Map<string, (end: ChildEnd) => void>();
  const clock = { steady: 0, wall: 1_000_000 };
  const log = (_level: string, line: string) => void lines.push(line);
  const running = createRunning({
    steady: () => clock.steady,
    start({ text }): Child {
      events.push(`run ${text}`);
      if (text.startsWith("broken")) throw new Error("no room for a process");
      let end: ChildEnd | null = null;
      commands.set(text, (how) => end = how);
      return {
        ...{ pid: 1, endFd: 1, outputFd: 2, readOutput: () => 0, reap: () => end },
        signalGroup: (signal) => {
          events.push(`${signal} ${text}`);
          end ??= { signal: 15 };
        },
        [Symbol.dispose]: () => {},
      };
    },
  });
  let full = false;
  const file: ClosesFile = {
    left,
    add(closes) {
      if (full) throw new ClosesFileError("Cannot use it: No space left on device", "make room");
      for (const { id, due, opened } of closes) {
        events.push(`write ${id} ${due - 1_000_000}${opened === null ? "" : `, opened by ${opened}`}`);
      }
    },
    remove: (ids) => void events.push(...ids.map((id) => `forget ${id}`)),
    [Symbol.dispose]: () => {},
  };
  let ids = 0;
  const cycles = createCycles({
    running,
    file,
    clock: () => clock.wall,
    steady: () => clock.steady,
    newId: () => `id${++ids}`,
  });
  return {
    ...{ cycles, lines, events, clock, running },
    fillDisk: () => full = true,
    /** Asks for doors; what was refused. */
    ask(
      said: {
        readonly open: string;
        readonly close: string | null;
        readonly timeout?: number;
        readonly services?: readonly number[];
        readonly stanza?: number;
        readonly at?: number;
      },
    ) {
      const doors = planCycle({ open: said.open, close: said.close, timer: 10 }, {
        access: ip("192.0.2.10"),
        packetSource: ip("192.0.2.7"),
        packetDestination: null,
        services: (said.services ?? [22]).map((port) => ({ proto: "tcp", port })),
        insidePort: null,
        timestamp: said.at ?? 500,
        clientTimeout: said.timeout ?? 0,
        maxTimeout: 300,
      });
      assert.ok(doors.ok);
      const stanza = said.stanza ?? 1;
      return cycles.open({ doors: doors.value, stanza, tag: `[192.0.2.7] (stanza #${stanza})` }, LIMITS, log);
    },
    /** A command ends, by itself or by a signal. */
    end(text: string, how: ChildEnd = { status: 0 }) {
      const stop = commands.get(text);
      assert.ok(stop !== undefined, `${text} runs`);
      stop(how);
      running.look(log);
    },
    pass(seconds: number) {
      clock.steady += seconds * 1000;
      clock.wall += seconds * 1000;
      running.look(log);
      cycles.closeDue(LIMITS, log);
    },
    takeOver: (...templates: string[]) => cycles.takeOver(new Set(templates), log),
    /** What happened since this was asked last. */
    happened: () => events.splice(0),
  };
}

Deno.test("a close is on the disk before the open command runs, and until the close command has ended", () => {
  const { ask, end, happened, lines, pass } = scene();
  assert.equal(ask({ open: "open $IP", close: "close $IP" }), null);
  assert.deepEqual(happened(), ["write id1 10000", "run open 192.0.2.10"]);
  end("open 192.0.2.10");
  pass(9.9);
  assert.deepEqual(happened(), ["write id1 10000, opened by open 192.0.2.10"]);
  pass(0.1);
  assert.deepEqual(happened(), ["run close 192.0.2.10"]);
  end("close 192.0.2.10", { status: 1 });
  assert.deepEqual(happened(), ["forget id1"]);
  assert.deepEqual(lines.filter((line) => /Running|expired/.test(line)), [
    "[192.0.2.7] (stanza #1) Running CMD_CYCLE_OPEN command: open 192.0.2.10",
    "[192.0.2.7] (stanza #1) Running CMD_CYCLE_CLOSE command in 10 seconds: close 192.0.2.10",
    "[192.0.2.10] (stanza #1) Timer expired, running CMD_CYCLE_CLOSE command: close 192.0.2.10",
  ]);
});

Deno.test("nothing runs when the close cannot be written, or too much runs already", () => {
  const { ask, fillDisk, happened, cycles } = scene();
  for (const name of ["a", "b"]) assert.equal(ask({ open: name, close: null }), null);
  assert.deepEqual(happened(), ["run a", "run b"]);
  assert.equal(ask({ open: "c", close: "d" }), "2 commands run already, and MAX_RUNNING_COMMANDS allows no more");
  fillDisk();
  const full = scene();
  full.fillDisk();
  assert.equal(full.ask({ open: "a", close: "b" }), "Cannot use it: No space left on device (make room)");
  assert.deepEqual([happened(), full.happened(), cycles.size, full.cycles.size], [[], [], 0, 0]);
});

Deno.test("who asks again moves the end, never to an earlier time, and opens nothing twice", () => {
  const { ask, cycles, end, happened, pass } = scene();
  const door = { open: "open $IP", close: "close $IP" };
  ask(door);
  end("open 192.0.2.10");
  pass(4);
  happened();
  const moved = ["write id1 14000, opened by open 192.0.2.10"];
  ask(door);
  assert.deepEqual(happened(), moved);
  ask({ ...door, timeout: 2 });
  assert.deepEqual(happened(), moved);
  assert.equal(cycles.size, 1);
  pass(9);
  assert.deepEqual(happened(), []);
  pass(1);
  assert.deepEqual(happened(), ["run close 192.0.2.10"]);
});

Deno.test("another user of the same door moves its end too, and a door of their own is their own", () => {
  const { ask, cycles, end, happened } = scene();
  ask({ open: "open $PORT", close: "close $PORT", stanza: 1 });
  end("open 22");
  ask({ open: "open $PORT", close: "close $PORT", stanza: 2, timeout: 100, services: [22, 53] });
  assert.deepEqual(happened(), [
    "write id1 10000",
    "run open 22",
    "write id1 10000, opened by open 22",
    "write id1 100000, opened by open 22",
    "write id2 100000",
    "run open 53",
  ]);
  assert.deepEqual([...cycles.heldBy(1)], ["close 22"]);
  assert.deepEqual([...cycles.heldBy(2)], ["close 53"]);
});

Deno.test("an open command that failed, or says another time, runs again", () => {
  const { ask, end, happened } = scene();
  ask({ open: "open $TIMEOUT", close: "close" });
  end("open 510", { status: 1 });
  happened();
  ask({ open: "open $TIMEOUT", close: "close" });
  assert.deepEqual(happened(), ["write id1 10000", "run open 510"]);
  end("open 510");
  happened();
  ask({ open: "open $TIMEOUT", close: "close", at: 501 });
  assert.deepEqual(happened(), ["write id1 10000, opened by open 510", "run open 511"]);
});

Deno.test("of two services with one close command the door is one", () => {
  const { ask, end, happened, pass } = scene();
  ask({ open: "open $PORT", close: "close", services: [1, 2] });
  end("open 1");
  end("open 2");
  assert.deepEqual(happened().filter((event) => /run/.test(event)), ["run open 1", "run open 2"]);
  ask({ open: "open $PORT", close: "close", services: [1, 2] });
  pass(10);
  end("close");
  assert.deepEqual(happened(), ["write id1 10000, opened by open 2", "run close", "forget id1"]);
});

Deno.test("an open command that still runs when its time is over is ended before the close command", () => {
  const { ask, end, happened, pass } = scene();
  ask({ open: "open", close: "close" });
  happened();
  pass(10);
  assert.deepEqual(happened(), ["terminate open"]);
  pass(GRACE_MS / 1000);
  assert.deepEqual(happened(), ["kill open", "run close"]);
  end("close");
  assert.deepEqual(happened(), ["forget id1"]);
});

Deno.test("a door that is asked for while it is being closed is opened after that", () => {
  const { ask, cycles, end, happened, pass } = scene();
  ask({ open: "open", close: "close" });
  end("open");
  pass(10);
  happened();
  ask({ open: "open", close: "close" });
  assert.deepEqual(happened(), ["write id2 20000"]);
  end("close");
  assert.deepEqual(happened(), ["forget id1", "run open"]);
  assert.equal(cycles.size, 1);
});

Deno.test("a close command that cannot be started is tried again", () => {
  const { ask, cycles, end, happened, pass } = scene();
  ask({ open: "open", close: "broken" });
  end("open");
  pass(10);
  assert.deepEqual(happened().filter((event) => /run/.test(event)), ["run open", "run broken"]);
  assert.equal(cycles.size, 1);
  pass(5);
  assert.deepEqual(happened(), ["run broken"]);
});

Deno.test("so many close commands run at once, and the others wait for their turn", () => {
  const { ask, cycles, end, happened, pass } = scene();
  for (const name of ["a", "b", "c"]) {
    ask({ open: `open ${name}`, close: `close ${name}` });
    end(`open ${name}`);
  }
  happened();
  pass(10);
  assert.deepEqual(happened(), ["run close a", "run close b"]);
  assert.equal(cycles.dueAt(LIMITS, 10_000), null);
  end("close a");
  assert.equal(cycles.dueAt(LIMITS, 10_000), 10_000);
  pass(0);
  assert.deepEqual(happened(), ["forget id1", "run close c"]);
});

Deno.test("what is due is due at the moment that was asked for, although the clock goes on meanwhile", () => {
  const { ask, clock, cycles, end } = scene();
  ask({ open: "open", close: "close" });
  end("open");
  assert.equal(cycles.dueAt(LIMITS, 0), 10_000);
  for (const late of [10_000, 10_005]) {
    clock.steady = late + 1;
    clock.wall = 1_000_000 + late + 1;
    assert.ok((cycles.dueAt(LIMITS, late) ?? Infinity) <= late);
  }
});

Deno.test("a clock that is set ahead closes doors, and one that is set back leaves them their time", () => {
  for (const [step, after] of [[3600, 0], [-3600, 10]] as const) {
    const { ask, clock, end, happened, pass } = scene();
    ask({ open: "open", close: "close" });
    end("open");
    happened();
    clock.wall += step * 1000;
    pass(after === 0 ? 0 : after - 1);
    assert.deepEqual(happened(), after === 0 ? ["run close"] : [], `${step}`);
    pass(1);
    if (after > 0) assert.deepEqual(happened(), ["run close"]);
  }
});

Deno.test("a close command that is ended by the end of the daemon runs at the next start", () => {
  const { ask, end, happened, pass, running } = scene();
  ask({ open: "open", close: "close" });
  end("open");
  pass(10);
  happened();
  running.stopAll(true);
  running.look(() => {});
  assert.deepEqual(happened(), ["kill close"]);
});

/** What an earlier run left. */
function earlier(
  id: string,
  due: number,
  template = "close $PORT",
  port = 22,
  opened: string | null = null,
): PendingClose {
  const facts = {
    access: ip("192.0.2.10"),
    packetSource: ip("192.0.2.7"),
    packetDestination: null,
    service: { proto: "tcp", port },
    insidePort: null,
    timestamp: 500,
    seconds: 10,
  } as const;
  return { id, due: 1_000_000 + due, stanza: 4, template, facts, opened };
}

Deno.test("what an earlier run left closes at its time, at once when that is over, if it is still in access.conf", () => {
  const { end, happened, lines, pass, takeOver, cycles } = scene([
    earlier("late", -5000),
    earlier("soon", 5000, "close $PORT", 53),
    earlier("gone", 5000, "rm -rf / $IP"),
  ]);
  takeOver("close $PORT", "another");
  assert.equal(cycles.size, 2);
  assert.deepEqual(happened(), ["forget gone"]);
  assert.deepEqual(lines.splice(0), [
    "[192.0.2.10] (stanza #4) A door of an earlier run stays open: its CMD_CYCLE_CLOSE is in no stanza any more and is " +
    "not run: rm -rf / 192.0.2.10",
  ]);
  pass(0);
  assert.deepEqual(happened(), ["run close 22"]);
  end("close 22");
  pass(5);
  assert.deepEqual(happened(), ["forget late", "run close 53"]);
  assert.equal(lines[0], "[192.0.2.10] (stanza #4) Timer expired, running CMD_CYCLE_CLOSE command: close 22");
});

Deno.test("a door that an earlier run left is moved by who asks for it, and opened unless it is known to be open", () => {
  for (
    const [opened, expected] of [
      [null, ["write old 10000", "run open 22"]],
      ["open other", ["write old 10000, opened by open other", "run open 22"]],
      ["open 22", ["write old 10000, opened by open 22"]],
    ] as const
  ) {
    const { ask, happened, takeOver } = scene([earlier("old", 5000, "close $PORT", 22, opened)]);
    takeOver("close $PORT");
    ask({ open: "open $PORT", close: "close $PORT" });
    assert.deepEqual(happened(), expected);
  }
});
