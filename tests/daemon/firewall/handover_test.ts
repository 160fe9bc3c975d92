import assert from "node:assert/strict";
import { type Access, FirewallError, type Grant } from "../../../daemon/firewall/firewall.ts";
import { createHolder, type Held } from "../../../daemon/firewall/handover.ts";
import type { OpenedBackend } from "../../../daemon/firewall/backend.ts";
import { address } from "../../contract/addresses.ts";
import { fakeBackend } from "../../fakes/packet_filter.ts";

const NOW = 1000;
const now = () => NOW;
const access = (port: number): Access => ({
  slot: "input",
  source: address("192.0.2.7"),
  destination: null,
  service: { proto: "tcp", port },
});
const grant = (port: number, seconds = 30): Grant => ({ access: access(port), expiresAt: NOW + seconds });

function held(backend: OpenedBackend): Held {
  return { choice: { backend: backend.name, owner: backend.owner, because: "of the test" }, backend };
}

async function scene(before: Partial<OpenedBackend> = {}, after: Partial<OpenedBackend> = {}) {
  const old = fakeBackend("nftables", now, before);
  const next = fakeBackend("iptables-nft", now, after);
  const lines: string[] = [];
  const holder = createHolder(held(old.backend), (level, text) => void lines.push(`${level}: ${text}`));
  await old.recording.prepare();
  return { old, next, lines, holder };
}

Deno.test("handOver() opens what is open in the next one, with the time that is left, before the old one goes", async () => {
  const { old, next, holder, lines } = await scene();
  const live = [grant(22), grant(80, 60)];
  await holder.grant(live, [], NOW);
  const count = await holder.handOver(held(next.backend), { live: () => live, now });
  assert.equal(count, 2);
  assert.equal(holder.held.backend, next.backend);
  assert.deepEqual(next.calls, ["prepare", `grant 22@${NOW + 30},80@${NOW + 60}`]);
  assert.equal(old.recording.admits(access(22)), true, "until it is retired nothing of it is taken away");
  await holder.retire();
  assert.deepEqual(old.calls.slice(1), ["cleanup", "dispose"]);
  await holder.retire();
  assert.deepEqual(old.calls.slice(1), ["cleanup", "dispose"], "once");
  assert.deepEqual(lines, []);
});

Deno.test("handOver() carries over neither what is over nor the rules of others, which only the old one has", async () => {
  const { next, holder } = await scene();
  const foreign: Access = { slot: "foreign", family: 4, table: "filter", chain: "FWKNOP_INPUT", rule: "-j ACCEPT" };
  const live = [grant(22, 0), { access: foreign, expiresAt: NOW + 30 }];
  assert.equal(await holder.handOver(held(next.backend), { live: () => live, now }), 0);
  assert.deepEqual(next.calls, ["prepare"]);
});

Deno.test("handOver() carries over what is opened while the next one is prepared, and opens nothing in between", async () => {
  const slow = Promise.withResolvers<void>();
  const { old, next, holder } = await scene({}, {
    prepare: async () => {
      await slow.promise;
      return await next.recording.prepare();
    },
  });
  const live: Grant[] = [];
  const change = holder.handOver(held(next.backend), { live: () => live, now });
  assert.deepEqual(await holder.grant([grant(22)], [], NOW), [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  assert.equal(old.recording.admits(access(22)), true);
  slow.resolve();
  assert.equal(await change, 1);
  assert.equal(next.recording.admits(access(22)), true);
});

Deno.test("grant() that the old one still works on ends in the next one, and the old one is retired after it", async () => {
  const hanging = Promise.withResolvers<void>();
  const { old, next, holder } = await scene({
    grant: async () => {
      await hanging.promise;
      return [{ ok: false, reason: "my chains are gone" }];
    },
  });
  const knock = holder.grant([grant(22)], [], NOW);
  assert.equal(await holder.handOver(held(next.backend), { live: () => [], now }), 1);
  assert.equal(next.recording.admits(access(22)), true);
  const retired = holder.retire();
  await Promise.resolve();
  assert.ok(!old.calls.includes("cleanup"), "what it still opens would stay behind");
  hanging.resolve();
  const [outcome] = await knock;
  assert.equal(outcome?.ok, true);
  await retired;
  assert.ok(old.calls.includes("cleanup"));
});

Deno.test("handOver() to one that cannot be used changes nothing, and leaves nothing of it behind", async () => {
  const { old, next, holder } = await scene({}, {
    prepare: () => Promise.reject(new FirewallError("Cannot run iptables", "install it")),
  });
  await assert.rejects(holder.handOver(held(next.backend), { live: () => [grant(22)], now }), FirewallError);
  assert.equal(holder.held.backend, old.backend);
  assert.deepEqual(next.calls, ["cleanup", "dispose"]);
  await holder.retire();
  assert.deepEqual(old.calls, []);
});

Deno.test("handOver() and retire() say what they could not do, and go on", async () => {
  const { next, holder, lines } = await scene({ cleanup: () => Promise.reject(new Error("the table is gone")) }, {
    grant: (batch) =>
      Promise.resolve(batch.map((_, i) => i === 0 ? { ok: false, reason: "no" } : { ok: true, alreadyOpen: false })),
  });
  assert.equal(await holder.handOver(held(next.backend), { live: () => [grant(22), grant(23)], now }), 1);
  await holder.retire();
  assert.deepEqual(lines, [
    "error: Cannot open 1 doors in iptables that were open: no",
    "error: Cannot take what belongs to fwknopd out of nftables: the table is gone",
  ]);
});

Deno.test("isOwn() knows the backend that counts and the one before: the events of its end come later", async () => {
  const { next, holder } = await scene({ isOwn: (port) => port === 7 }, { isOwn: (port) => port === 8 });
  assert.deepEqual([7, 8].map(holder.isOwn), [true, false]);
  await holder.handOver(held(next.backend), { live: () => [], now });
  assert.deepEqual([7, 8, 9].map(holder.isOwn), [true, true, false]);
});
