import assert from "node:assert/strict";
import type { CommandCycle, CommandPolicy } from "../../../daemon/command/policy.ts";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import type { Datagram } from "../../../daemon/packet/datagram.ts";
import { accessKey } from "../../../daemon/firewall/firewall.ts";
import { textOf } from "../../../daemon/report/log_lines.ts";
import type { Admission } from "../../../daemon/verify/decision.ts";
import { grantSeconds, plan, type PlanContext } from "../../../daemon/verify/plan.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { open } from "../../../lib/spa/open.ts";
import type { SpaFields } from "../../../lib/wire/message.ts";
import { datagram, ip, KEYS, knock, NOW, stanza } from "../../fakes/knock.ts";

const CONTEXT: PlanContext = {
  options: { destinationRule: false, output: false },
  testMode: false,
  now: NOW * 1000,
  held: new Set(),
};

const CYCLE: CommandCycle = { open: "open $IP $PORT", close: "close $IP $PORT", timer: 60 };

/** A knock that passed every gate: of these fields, for this stanza, in this datagram. */
async function admission(
  said: Partial<SpaFields> = {},
  changes: Partial<Stanza> = {},
  packet: Partial<Datagram> = {},
): Promise<Admission> {
  const wire = await knock(said);
  const opened = await open(nobleEngine, wire, KEYS);
  assert.ok(opened.ok);
  const access = ip("192.0.2.10");
  const at = datagram(wire, packet);
  return {
    stanza: stanza({ number: 2, ...changes }),
    message: opened.value,
    access,
    nat: null,
    datagram: at,
    digests: [],
  };
}

/** What is opened, or the line of the refusal. */
async function planned(admitted: Promise<Admission>, context: Partial<PlanContext> = {}) {
  const actions = plan(await admitted, { ...CONTEXT, ...context });
  if (!actions.ok) return { code: actions.fault.code, line: textOf(actions.fault) };
  const [action, ...more] = actions.value;
  assert.ok(action?.kind === "open" && more.length === 0);
  return action.grants;
}

async function opened(admitted: Promise<Admission>, context: Partial<PlanContext> = {}) {
  const grants = await planned(admitted, context);
  if ("code" in grants) assert.fail(grants.line);
  return grants;
}

Deno.test("plan() opens what the packet asks for, for the stanza that admitted it", async () => {
  const grants = await opened(admission({ message: "192.0.2.10,tcp/22,udp/53" }));
  assert.deepEqual(
    grants.map(({ access, kind, items, stanza }) => [access, kind, items, stanza]),
    [{ proto: "tcp", port: 22 }, { proto: "udp", port: 53 }].map((service) => [
      { slot: "input", source: ip("192.0.2.10"), destination: null, service },
      "access",
      "tcp/22,udp/53",
      2,
    ]),
  );
});

Deno.test("plan() rounds the end up: a grant lasts at least the seconds that were asked for", async () => {
  for (const [milliseconds, second] of [[0, NOW], [1, NOW + 1], [999, NOW + 1]] as const) {
    const [grant] = await opened(admission(), { now: NOW * 1000 + milliseconds });
    assert.equal(grant?.expiresAt, second + 30, `${milliseconds}`);
  }
});

Deno.test("plan() takes the client's time up to the most that the stanza allows, else the stanza's", async () => {
  for (const [clientTimeout, seconds] of [[0, 30], [10, 10], [300, 300], [301, 300]] as const) {
    const [grant] = await opened(admission({ clientTimeout }));
    assert.equal(grant?.expiresAt, NOW + seconds, `${clientTimeout}`);
  }
});

Deno.test("plan() opens nothing in test mode, whatever was asked for", async () => {
  const line = "[198.51.100.7] (stanza #2) --test mode enabled, skipping";
  const test = { testMode: true };
  const door = { code: "test-mode", line: `${line} firewall manipulation.` };
  const command = { code: "test-mode-command", line: `${line} command execution.` };
  assert.deepEqual(await planned(admission(), test), door);
  assert.deepEqual(await planned(admission({ type: 0, message: "192.0.2.10,id" }), test), command);
  assert.deepEqual(await planned(admission({}, { cycle: CYCLE }), test), command);
});

/** The action that is planned, or the line of the refusal. */
async function action(admitted: Promise<Admission>, context: Partial<PlanContext> = {}) {
  const actions = plan(await admitted, { ...CONTEXT, ...context });
  if (!actions.ok) return textOf(actions.fault);
  assert.equal(actions.value.length, 1);
  return actions.value[0];
}

Deno.test("plan() runs a command as the stanza says, with what stands before it", async () => {
  const policy: CommandPolicy = { runAs: null, prefix: ["/usr/bin/sudo", "--"] };
  assert.deepEqual(await action(admission({ type: 0, message: "192.0.2.10,id  -u" }, { commands: policy })), {
    kind: "run",
    command: { text: "/usr/bin/sudo -- id  -u", words: ["/usr/bin/sudo", "--", "id", "-u"] },
    policy,
    said: "id  -u",
  });
  const many = `192.0.2.10,${Array(27).fill("w").join(" ")}`;
  assert.equal(
    await action(admission({ type: 0, message: many }, { commands: policy })),
    "[198.51.100.7] (stanza #2) No command is run: it has 29 words, and at most 28 are taken",
  );
});

Deno.test("plan() runs a cycle instead of opening doors, for each service", async () => {
  const planned = await action(
    admission({ message: "192.0.2.10,tcp/22,udp/53", clientTimeout: 10 }, { cycle: CYCLE }),
  );
  assert.ok(typeof planned === "object" && planned.kind === "cycle");
  assert.deepEqual(planned.doors.map(({ open, close }) => [open.text, close?.text, close?.after]), [
    ["open 192.0.2.10 22", "close 192.0.2.10 22", 10],
    ["open 192.0.2.10 53", "close 192.0.2.10 53", 10],
  ]);
});

Deno.test("plan() counts what is to be closed against MAX_OPEN_GRANTS, and renews what is open", async () => {
  const one = admission({}, { cycle: CYCLE, maxOpenGrants: 1 });
  const line = await action(one, { held: new Set(["close 192.0.2.11 22"]) });
  assert.match(String(line), /Nothing is opened for 192\.0\.2\.10: 1 doors are open .* MAX_OPEN_GRANTS allows 1/);
  const renewed = await action(one, { held: new Set(["close 192.0.2.10 22"]) });
  assert.ok(typeof renewed === "object" && renewed.kind === "cycle");
  const open = await action(admission({}, { cycle: { ...CYCLE, close: null }, maxOpenGrants: 1 }), {
    held: new Set(["x"]),
  });
  assert.ok(typeof open === "object", "what nothing closes is not held");
});

Deno.test("plan() says why a cycle comes to nothing", async () => {
  const cycle = { ...CYCLE, open: "$IP".repeat(85) };
  assert.equal(
    await action(
      admission({}, { cycle: { ...cycle, open: `${"x".repeat(255)}${"$PKT_SRC".repeat(31)}${"$IP".repeat(99)}` } }),
    ),
    "[198.51.100.7] (stanza #2) Could not build CMD_CYCLE_OPEN command. " +
      "It would have 1617 characters, and at most 1023 are taken.",
  );
});

Deno.test("plan() refuses a command", async () => {
  assert.deepEqual(await planned(admission({ type: 0, message: "192.0.2.10,id" })), {
    code: "command-not-allowed",
    line: "[198.51.100.7] (stanza #2) SPA Command messages are not allowed in the current configuration.",
  });
});

Deno.test("plan() refuses NAT, and opens nothing of what goes with it", async () => {
  for (const type of [2, 5] as const) {
    assert.deepEqual(await planned(admission({ type, natAccess: "10.0.0.1,22" })), {
      code: "not-possible",
      line: "[198.51.100.7] (stanza #2) Cannot open the requested access: the request has no NAT target",
    });
  }
});

Deno.test("plan() opens towards where the packet was sent to, and nothing where that is not known", async () => {
  const options = { destinationRule: true, output: false };
  const [grant] = await opened(admission(), { options });
  assert.ok(grant?.access.slot === "input");
  assert.equal(grant.access.destination?.text, "203.0.113.1");
  const unknown = await planned(admission({}, {}, { destination: null }), { options });
  assert.ok("code" in unknown && unknown.code === "not-possible");
});

Deno.test("plan() opens all or nothing when the stanza has too many grants, and renews what is open", async () => {
  const two = { message: "192.0.2.10,tcp/22,tcp/80" };
  const held = new Set(["another", "third"]);
  assert.equal((await opened(admission(two, { maxOpenGrants: 4 }), { held })).length, 2);
  assert.deepEqual(await planned(admission(two, { maxOpenGrants: 3 }), { held }), {
    code: "too-many-grants",
    line: "[198.51.100.7] (stanza #2) Nothing is opened for 192.0.2.10: 2 doors are open for this stanza, " +
      "and MAX_OPEN_GRANTS allows 3",
  });
  const open = new Set((await opened(admission(two))).map(({ access }) => accessKey(access)));
  assert.equal((await opened(admission(two, { maxOpenGrants: 2 }), { held: open })).length, 2);
  assert.equal((await opened(admission(two, { maxOpenGrants: 1 }), { held: open })).length, 2, "nothing is added");
});

Deno.test("grantSeconds() takes the client's wish up to the maximum, else the stanza's time as it stands", () => {
  const stanza = { timeout: 500, maxTimeout: 300 };
  assert.equal(grantSeconds(stanza, 0), 500);
  assert.equal(grantSeconds(stanza, 60), 60);
  assert.equal(grantSeconds(stanza, 300), 300);
  assert.equal(grantSeconds(stanza, 301), 300);
});
