import assert from "node:assert/strict";
import { closingCommand, type CycleRequest, planCycle } from "../../../daemon/command/cycle.ts";
import type { CommandCycle } from "../../../daemon/command/policy.ts";
import { ip } from "../../fakes/knock.ts";

const REQUEST: CycleRequest = {
  access: ip("192.0.2.10"),
  packetSource: ip("198.51.100.7"),
  packetDestination: null,
  services: [{ proto: "tcp", port: 22 }, { proto: "udp", port: 53 }],
  insidePort: null,
  timestamp: 1000,
  clientTimeout: 0,
  maxTimeout: 300,
};

/** `open | close @ seconds` for each door, or the fault. */
function planned(cycle: Partial<CommandCycle>, changes: Partial<CycleRequest> = {}): readonly string[] | string {
  const doors = planCycle({ open: "open", close: "close", timer: 30, ...cycle }, { ...REQUEST, ...changes });
  if (!doors.ok) return doors.fault;
  return doors.value.map(({ open, close }) =>
    close === null ? open.text : `${open.text} | ${close.text} @ ${close.after}`
  );
}

Deno.test("planCycle() runs a template that speaks of the service once for each, one that does not once", () => {
  assert.deepEqual(planned({}), ["open | close @ 30"]);
  assert.deepEqual(planned({ open: "open $IP", close: "close $IP" }), [
    "open 192.0.2.10 | close 192.0.2.10 @ 30",
  ]);
  for (const token of ["$PORT", "$DST_PORT"]) {
    assert.deepEqual(planned({ open: `o ${token}`, close: `c ${token}` }), ["o 22 | c 22 @ 30", "o 53 | c 53 @ 30"]);
  }
  assert.deepEqual(planned({ open: "o $PROTO", close: "c" }), ["o 6 | c @ 30", "o 17 | c @ 30"]);
  assert.deepEqual(planned({ open: "o $PORT", close: null, timer: null }), ["o 22", "o 53"]);
  const twice = [{ proto: "tcp", port: 22 }, { proto: "tcp", port: 22 }] as const;
  assert.deepEqual(planned({ open: "o $PORT", close: "c" }, { services: twice }), ["o 22 | c @ 30"]);
});

Deno.test("planCycle() takes the client's time up to MAX_FW_TIMEOUT, else CMD_CYCLE_TIMER as it stands", () => {
  const one = { services: [{ proto: "tcp", port: 22 }] } as const;
  const cycle = { open: "o $CLIENT_TIMEOUT", close: "c $TIMEOUT", timer: 600 };
  for (const [clientTimeout, seconds] of [[0, 600], [10, 10], [300, 300], [301, 300]] as const) {
    assert.deepEqual(planned(cycle, { ...one, clientTimeout }), [`o ${seconds} | c ${1000 + seconds} @ ${seconds}`]);
  }
  assert.deepEqual(planned({ open: "o $CLIENT_TIMEOUT $TIMEOUT", close: null, timer: null }, one), ["o 0 1000"]);
});

Deno.test("planCycle() makes all doors or none", () => {
  const long = "$PORT".repeat(40);
  assert.equal(
    typeof planned({ open: `o ${"$IP".repeat(80)}` }, { access: ip("2001:db8:1111:2222:3333:4444:5555:6666") }),
    "string",
  );
  assert.equal(Array.isArray(planned({ open: long })), true);
  assert.equal(planned({ close: Array(29).fill("w").join(" ") }), "it has 29 words, and at most 28 are taken");
});

Deno.test("closingCommand() makes of the same facts the command that planCycle() made", () => {
  const doors = planCycle({ open: "o", close: "c $IP $PORT $TIMEOUT", timer: 5 }, REQUEST);
  assert.ok(doors.ok);
  for (const { close } of doors.value) {
    assert.ok(close !== null);
    assert.deepEqual(closingCommand(close.template, close.facts), { ok: true, value: close });
  }
});
