import assert from "node:assert/strict";
import { natAllow } from "../../../daemon/config/nat_kinds.ts";
import { type NatPolicy, NO_NAT_POLICY } from "../../../daemon/grants/nat_policy.ts";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { decide } from "../../../daemon/verify/decide.ts";
import type { DecisionContext, Pending } from "../../../daemon/verify/decision.ts";
import { type NameResolver, natDenied, natLead } from "../../../daemon/verify/nat_target.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { fail, ok, type Result } from "../../../lib/result.ts";
import { open } from "../../../lib/spa/open.ts";
import type { Ip } from "../../../lib/net/address.ts";
import {
  datagram,
  decisionContext,
  ip,
  KEYS,
  knock,
  lastLine,
  linesOf,
  noNames,
  NOW,
  stanza,
} from "../../fakes/knock.ts";

const FORCED = { ...NO_NAT_POLICY, forceNat: { to: ip("10.0.0.9"), port: 9 } };
const ON = { maxAge: 120, http: { enabled: false, anyUserAgent: false, trustForwardedFor: false, proxies: null } };

function allowing(list: string): NatPolicy {
  const allow = natAllow.parse(list);
  assert.ok(allow.ok);
  return { ...NO_NAT_POLICY, allow: allow.value };
}

async function message(natAccess: string | null) {
  const opened = await open(nobleEngine, await knock(natAccess === null ? {} : { type: 2, natAccess }), KEYS);
  assert.ok(opened.ok);
  return opened.value;
}

function context(stanzas: readonly Stanza[], changes: Partial<DecisionContext> = {}): DecisionContext {
  const policy = { ...ON, nat: { forwarding: true, localNat: true } };
  return decisionContext(stanzas, { policy, resolveName: noNames, ...changes });
}

/** A resolver that is answered by hand. */
function resolver() {
  const asked: string[] = [];
  const answer = Promise.withResolvers<Result<Ip, string>>();
  const resolveName: NameResolver = (host, family) => {
    asked.push(`${host} ${family}`);
    return answer.promise;
  };
  return { asked, resolveName, answer: answer.resolve };
}

Deno.test("natLead() is what the message names, unless the stanza forces another host or runs commands", async () => {
  const lead = async (natAccess: string | null, changes: Partial<Stanza> = {}) =>
    natLead({ message: await message(natAccess), stanza: stanza(changes) });
  assert.deepEqual(await lead(null), { kind: "known", end: null });
  assert.deepEqual(await lead("10.0.0.5,22"), { kind: "known", end: { to: ip("10.0.0.5"), port: 22 } });
  assert.deepEqual(await lead("[fd00::5],22"), { kind: "known", end: { to: ip("fd00::5"), port: 22 } });
  assert.deepEqual(await lead("db.inner,22"), { kind: "name", target: { host: "db.inner", port: 22 } });
  assert.deepEqual(await lead("db.inner,22", { nat: FORCED }), { kind: "known", end: null });
  const cycle = { open: "/bin/true", close: null, timer: null };
  assert.deepEqual(await lead("db.inner,22", { cycle }), { kind: "known", end: null });
});

Deno.test("natDenied() is what NAT_ALLOW says of the target", async () => {
  const packet = {
    ...{ message: await message("10.0.0.5,22"), source: ip("198.51.100.7"), destination: null, now: NOW },
    ...{
      sender: ip("198.51.100.7"),
      access: ip("192.0.2.10"),
      policy: ON,
      stanza: stanza({ nat: allowing("10.0.0.5:22") }),
    },
  };
  assert.equal(natDenied(packet, null), null);
  assert.equal(natDenied(packet, { to: ip("10.0.0.5"), port: 22 }), null);
  assert.equal(natDenied(packet, { to: ip("10.0.0.5"), port: 23 })?.code, "nat-target-denied");
});

Deno.test("decide() admits a NAT request with its target, and goes on to the next stanza where it is not allowed", async () => {
  const stanzas = [stanza({ nat: allowing("10.0.0.6") }), stanza({ number: 2 })];
  const decision = await decide(datagram(await knock({ type: 2, natAccess: "10.0.0.5,22" })), context(stanzas), NOW);
  assert.ok(decision.kind === "admit");
  assert.deepEqual([decision.admission.stanza.number, decision.admission.nat], [2, { to: ip("10.0.0.5"), port: 22 }]);
  assert.ok(
    linesOf(decision).some(({ text }) => text.endsWith("NAT_ALLOW does not let a request lead to 10.0.0.5 port 22.")),
  );
});

/** A request that names its host, and what it waits for. */
async function pendingName(stanzas = [stanza()], changes: Partial<DecisionContext> = {}) {
  const names = resolver();
  const current = context(stanzas, { resolveName: names.resolveName, ...changes });
  const wire = await knock({ type: 2, natAccess: "db.inner,22" });
  const decision = await decide(datagram(wire), current, NOW);
  assert.ok(decision.kind === "pending", lastLine(decision));
  return { ...names, current, wire, pending: decision satisfies Pending };
}

Deno.test("decide() claims a packet before its NAT host is looked up, and admits it with the address", async () => {
  const { asked, answer, current, pending, wire } = await pendingName();
  assert.deepEqual(asked, ["db.inner 4"]);
  assert.equal(pending.authenticated, true);
  assert.match(lastLine(await decide(datagram(wire, { sourcePort: 1 }), current, NOW)), /^Replay detected/);
  assert.equal(asked.length, 1, "a replay is looked up for nobody");
  answer(ok(ip("10.0.0.5")));
  await pending.finished;
  const decision = await pending.resume(current, NOW + 3);
  assert.ok(decision.kind === "admit");
  assert.deepEqual(decision.admission.nat, { to: ip("10.0.0.5"), port: 22 });
  assert.ok(decision.admission.digests.every((digest) => current.store.find(digest) !== undefined));
  assert.ok(
    linesOf(decision).some(({ text }) => /Resolved NAT IP in SPA message: db\.inner is 10\.0\.0\.5$/.test(text)),
  );
});

Deno.test("decide() asks for addresses of the IP version of who is let in", async () => {
  const { asked, resolveName } = resolver();
  const wire = await knock({ type: 2, natAccess: "db.inner,22", message: "2001:db8::7,tcp/22" });
  await decide(datagram(wire), context([stanza()], { resolveName }), NOW);
  assert.deepEqual(asked, ["db.inner 6"]);
});

Deno.test("decide() refuses a packet whose host is not found, without another stanza, and one that is not allowed with it", async () => {
  const two = [stanza(), stanza({ number: 2 })];
  const lost = await pendingName(two);
  lost.answer(fail("no such name"));
  const refused = await lost.pending.resume(lost.current, NOW);
  assert.equal(refused.kind, "refuse");
  assert.match(
    lastLine(refused),
    /\(stanza #1\) Unable to resolve Hostname in NAT SPA message: db\.inner: no such name$/,
  );
  assert.equal(lost.asked.length, 1);
  const denied = await pendingName([stanza({ nat: allowing("10.0.0.6") })]);
  denied.answer(ok(ip("10.0.0.5")));
  assert.match(
    lastLine(await denied.pending.resume(denied.current, NOW)),
    /NAT_ALLOW does not let a request lead to 10\.0\.0\.5/,
  );
});

Deno.test("decide() looks up no name where names are off, and none that a gate has refused already", async () => {
  const { asked, resolveName } = resolver();
  const wire = await knock({ type: 2, natAccess: "db.inner,22" });
  const { resolveName: _off, ...without } = context([stanza(), stanza({ number: 2 })]);
  const off = await decide(datagram(wire), without, NOW);
  assert.equal(off.kind, "refuse");
  assert.match(
    lastLine(off),
    /\(stanza #1\) Received Hostname in NAT SPA message, but hostname is disabled\. \(db\.inner\)$/,
  );
  const closed = context([stanza({ openPorts: [] })], { resolveName });
  assert.match(
    lastLine(await decide(datagram(await knock({ type: 2, natAccess: "db.inner,22" })), closed, NOW)),
    /denied/,
  );
  assert.deepEqual(asked, []);
});

Deno.test("a reload while a name is looked up begins anew: what is in force then decides", async () => {
  const { asked, answer, current, pending } = await pendingName();
  answer(ok(ip("10.0.0.5")));
  await pending.finished;
  const gone = await pending.resume({ ...context([stanza({ secrets: [] })]), store: current.store }, NOW);
  assert.equal(gone.kind, "refuse");
  const next = resolver();
  const after = { ...context([stanza({ number: 7 })], { resolveName: next.resolveName }), store: current.store };
  const again = await pending.resume(after, NOW);
  assert.ok(again.kind === "pending", "the new stanza looks it up itself");
  assert.deepEqual([asked.length, next.asked.length], [1, 1]);
  next.answer(ok(ip("10.0.0.6")));
  const decision = await again.resume(after, NOW);
  assert.ok(decision.kind === "admit");
  assert.deepEqual([decision.admission.stanza.number, decision.admission.nat?.to.text], [7, "10.0.0.6"]);
});
