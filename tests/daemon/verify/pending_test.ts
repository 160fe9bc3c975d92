/** Packets that are opened by something slow: what is decided meanwhile, and what when it is done. */
import assert from "node:assert/strict";
import { decide } from "../../../daemon/verify/decide.ts";
import type { Decision, DecisionContext, Pending } from "../../../daemon/verify/decision.ts";
import { isAuthentic } from "../../../daemon/verify/findings.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { open } from "../../../lib/spa/open.ts";
import type { SpaFields, SpaMessage } from "../../../lib/wire/message.ts";
import { datagram, decisionContext, KEYS, knock, lastLine, linesOf, NOW, stanza } from "../../fakes/knock.ts";
import { SLOW, SLOW_WITHOUT_HMAC, slowOpener, slowPacket } from "../../fakes/slow_opener.ts";

const slow = (number: number, changes = {}) => stanza({ number, secrets: [SLOW], ...changes });

/** What a packet says that the opener opened. */
async function message(changes: Partial<SpaFields> = {}): Promise<SpaMessage> {
  const opened = await open(nobleEngine, await knock(changes), KEYS);
  assert.ok(opened.ok);
  return opened.value;
}

function pending(decision: Decision): Pending {
  assert.ok(decision.kind === "pending", `pending, not ${lastLine(decision)}`);
  return decision;
}

function bench(stanzas = [slow(1)], changes: Partial<DecisionContext> = {}) {
  const { asked, open } = slowOpener();
  const context = decisionContext(stanzas, { openSlowly: open, ...changes });
  return { asked, context, store: context.store };
}

const numberOf = (decision: Decision) => decision.kind === "admit" ? decision.admission.stanza.number : decision.kind;

Deno.test("decide() answers pending for a packet that is opened slowly, and claims nothing until it is open", async () => {
  const { asked, context, store } = bench();
  const wire = await slowPacket();
  const waiting = pending(await decide(datagram(wire), context, NOW));
  assert.equal(waiting.authenticated, true);
  assert.deepEqual(asked.map(({ body, stanza }) => [body, stanza]), [[wire.slice(0, 500), 1]]);
  assert.equal(store.size, 0);
  asked[0]!.answer(await message());
  await waiting.finished;
  assert.equal(store.size, 0, "what is open is claimed when it is taken up");
  const decision = await waiting.resume(context, NOW);
  assert.equal(numberOf(decision), 1);
  assert.equal(store.size, 1);
  assert.ok(decision.kind === "admit");
  assert.ok(decision.admission.digests.length > 0 && decision.admission.digests.every((one) => store.find(one)));
  assert.match(lastLine(await decide(datagram(wire, { sourcePort: 1 }), context, NOW)), /^Replay detected/);
  assert.equal(asked.length, 1, "a replay is not opened");
});

Deno.test("decide() asks nobody for a packet whose HMAC is wrong, nor where there is nobody to ask", async () => {
  const { asked, context } = bench();
  const wire = await slowPacket();
  const forged = wire.slice(0, -1) + (wire.endsWith("A") ? "B" : "A");
  assert.match(lastLine(await decide(datagram(forged), context, NOW)), /Non-corresponding HMAC/);
  assert.equal(asked.length, 0);
  const { openSlowly: _nobody, ...without } = context;
  assert.match(lastLine(await decide(datagram(wire), without, NOW)), /No stanza encryption mode match .* type: 2\./);
});

Deno.test("decide() tells of a pending packet without an HMAC that anybody could have sent it", async () => {
  const { context } = bench([slow(1, { secrets: [SLOW_WITHOUT_HMAC] })]);
  const wire = await slowPacket(SLOW_WITHOUT_HMAC);
  assert.equal(pending(await decide(datagram(wire), context, NOW)).authenticated, false);
});

Deno.test("resume() goes on with the next stanza until one admits, each asked in its turn", async () => {
  const { asked, context } = bench([slow(1), stanza({ number: 2 }), slow(3, { requireUsername: "bob" }), slow(4)]);
  let waiting = pending(await decide(datagram(await slowPacket()), context, NOW));
  const said = await message();
  for (const [i, answer] of [null, said, said].entries()) {
    assert.equal(asked.length, i + 1);
    asked[i]!.answer(answer);
    await waiting.finished;
    const decision = await waiting.resume(context, NOW);
    if (i < 2) waiting = pending(decision);
    else assert.equal(numberOf(decision), 4);
  }
  assert.deepEqual(asked.map(({ stanza }) => stanza), [1, 3, 4]);
});

Deno.test("resume() refuses what no stanza opens, whether the opener says so, rejects or throws", async () => {
  for (const how of ["says so", "rejects", "throws"] as const) {
    const { asked, context, store } = bench([slow(1)], {
      ...(how === "throws" && {
        openSlowly: () => {
          throw new Error("no such program");
        },
      }),
    });
    const waiting = pending(await decide(datagram(await slowPacket()), context, NOW));
    if (how === "rejects") asked[0]!.reject();
    if (how === "says so") asked[0]!.answer(null);
    await waiting.finished;
    const decision = await waiting.resume(context, NOW);
    assert.equal(decision.kind, "refuse", how);
    assert.match(lastLine(decision), /\(stanza #1\) Error creating fko context: /, how);
    assert.equal(decision.kind === "refuse" && isAuthentic(decision.findings), false, how);
    assert.equal(store.size, 0, how);
  }
});

Deno.test("resume() admits one of two copies that came while the first was pending, whichever is done first", async () => {
  for (const order of [[0, 1], [1, 0]] as const) {
    const { asked, context } = bench();
    const wire = await slowPacket();
    const copies: Pending[] = [];
    for (const sourcePort of [40000, 40001]) {
      copies.push(pending(await decide(datagram(wire, { sourcePort }), context, NOW)));
    }
    const said = await message();
    for (const { answer } of asked) answer(said);
    const decisions: Decision[] = [];
    for (const i of order) decisions.push(await copies[i]!.resume(context, NOW));
    assert.deepEqual(decisions.map(({ kind }) => kind), ["admit", "refuse"]);
    assert.match(lastLine(decisions[1]!), /^Replay detected from source IP: /);
  }
});

Deno.test("resume() admits one of two copies that are taken up at the same time", async () => {
  const { asked, context, store } = bench();
  const wire = await slowPacket();
  const copies: Pending[] = [];
  for (let i = 0; i < 2; i++) copies.push(pending(await decide(datagram(wire), context, NOW)));
  const said = await message();
  for (const { answer } of asked) answer(said);
  await Promise.all(copies.map(({ finished }) => finished));
  const decisions = await Promise.all(copies.map((copy) => copy.resume(context, NOW)));
  assert.deepEqual(decisions.map(({ kind }) => kind).sort(), ["admit", "refuse"]);
  assert.equal(store.size, 1);
});

Deno.test("resume() admits one of two wrappings of the same message", async () => {
  const { asked, context } = bench();
  const [one, two] = [await slowPacket(), await slowPacket()];
  const waiting = [];
  for (const wire of [one, two]) waiting.push(pending(await decide(datagram(wire), context, NOW)));
  const said = await message();
  for (const { answer } of asked) answer(said);
  const kinds = [];
  for (const { finished, resume } of waiting) {
    await finished;
    kinds.push((await resume(context, NOW)).kind);
  }
  assert.deepEqual(kinds, ["admit", "refuse"]);
});

Deno.test("resume() raises no alarm for one packet that was captured twice while it was pending", async () => {
  const { asked, context } = bench();
  const wire = await slowPacket();
  const copies: Pending[] = [];
  for (let i = 0; i < 2; i++) copies.push(pending(await decide(datagram(wire), context, NOW)));
  const said = await message();
  for (const { answer } of asked) answer(said);
  for (const { finished } of copies) await finished;
  assert.equal((await copies[0]!.resume(context, NOW)).kind, "admit");
  const again = linesOf(await copies[1]!.resume(context, NOW));
  assert.deepEqual(again.map(({ level }) => level), ["debug"]);
  assert.match(again[0]!.text, /captured twice/);
});

Deno.test("resume() admits nothing for a stanza that a reload took away", async () => {
  const { asked, context, store } = bench();
  const waiting = pending(await decide(datagram(await slowPacket()), context, NOW));
  asked[0]!.answer(await message());
  await waiting.finished;
  const { openSlowly } = context;
  const reloaded = decisionContext([stanza({ number: 1 })], { store, ...(openSlowly && { openSlowly }) });
  const decision = await waiting.resume(reloaded, NOW);
  assert.equal(decision.kind, "refuse");
  assert.equal(asked.length, 1);
  assert.equal(store.size, 0);
  assert.equal((await waiting.resume(decisionContext([], { store }), NOW)).kind, "refuse");
});

Deno.test("resume() begins anew after a reload, with the stanzas that are in force then", async () => {
  const { asked, context, store } = bench([slow(1)]);
  const wire = await slowPacket();
  const waiting = pending(await decide(datagram(wire), context, NOW));
  asked[0]!.answer(await message());
  await waiting.finished;
  const { openSlowly } = context;
  const reloaded = decisionContext([stanza(), slow(2, { requireUsername: "alice" })], {
    store,
    ...(openSlowly && { openSlowly }),
  });
  const again = pending(await waiting.resume(reloaded, NOW));
  assert.deepEqual(asked.map(({ stanza }) => stanza), [1, 2]);
  asked[1]!.answer(await message());
  await again.finished;
  assert.equal(numberOf(await again.resume(reloaded, NOW)), 2);
});

Deno.test("resume() takes no packet for its own replay when a reload comes after a stanza of two has opened it", async () => {
  const stanzas = [slow(1, { requireUsername: "bob" }), slow(2)];
  const { asked, context, store } = bench(stanzas);
  const wire = await slowPacket();
  const first = pending(await decide(datagram(wire), context, NOW));
  const said = await message();
  asked[0]!.answer(said);
  await first.finished;
  const second = pending(await first.resume(context, NOW));
  assert.equal(store.size, 1, "claimed by what the first stanza opened");
  const copy = await decide(datagram(wire, { sourcePort: 1 }), context, NOW);
  assert.match(lastLine(copy), /^Replay detected/);
  asked[1]!.answer(said);
  await second.finished;
  const { openSlowly } = context;
  const reloaded = decisionContext([slow(2)], { store, ...(openSlowly && { openSlowly }) });
  const third = pending(await second.resume(reloaded, NOW));
  asked[2]!.answer(said);
  await third.finished;
  const decision = await third.resume(reloaded, NOW);
  assert.equal(numberOf(decision), 2);
  assert.ok(decision.kind === "admit" && decision.admission.digests.length > 0);
});

Deno.test("resume() measures the age of a packet when it is taken up", async () => {
  const { asked, context } = bench();
  const waiting = pending(await decide(datagram(await slowPacket()), context, NOW));
  asked[0]!.answer(await message());
  await waiting.finished;
  assert.match(lastLine(await waiting.resume(context, NOW + 121)), /too great \(121 seconds\)/);
});

Deno.test("decide() lets a packet that opens in memory pass while others are pending", async () => {
  const { asked, context } = bench([slow(1), stanza({ number: 2 })]);
  for (let i = 0; i < 100; i++) pending(await decide(datagram(await slowPacket()), context, NOW));
  assert.equal(asked.length, 100);
  assert.equal(numberOf(await decide(datagram(await knock()), context, NOW)), 2);
});
