import assert from "node:assert/strict";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import type { Datagram } from "../../../daemon/packet/datagram.ts";
import { accessKey } from "../../../daemon/firewall/firewall.ts";
import { textOf } from "../../../daemon/report/log_lines.ts";
import type { Admission } from "../../../daemon/verify/decide.ts";
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
  for (const said of [{}, { type: 0, message: "192.0.2.10,id" }] as const) {
    assert.deepEqual(await planned(admission(said), { testMode: true }), {
      code: "test-mode",
      line: "[198.51.100.7] (stanza #2) --test mode enabled, skipping firewall manipulation.",
    });
  }
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
