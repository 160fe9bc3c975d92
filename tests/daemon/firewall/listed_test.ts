import assert from "node:assert/strict";
import { type Access, FirewallError, type Grant } from "../../../daemon/firewall/firewall.ts";
import { inputOnly } from "../../../daemon/firewall/input_only.ts";
import { type Change, listedBackend, type ListedRules } from "../../../daemon/firewall/listed.ts";
import { parseIp } from "../../../lib/net/address.ts";

function grantOf(port: number, expiresAt: number): Grant {
  const source = parseIp("10.0.0.1");
  assert.ok(source.ok);
  const access: Access = { slot: "input", source: source.value, destination: null, service: { proto: "tcp", port } };
  return { access, expiresAt };
}

/** Rules in memory, and what was asked. `refuse`: ports that are not opened. */
function memory(refuse: readonly number[] = []) {
  const state = { grants: [] as readonly Grant[], changes: [] as Change<Grant>[], stuck: false };
  const rules: ListedRules<Grant> = {
    require: () => Promise.resolve(),
    read: () => Promise.resolve(state.grants),
    change: (change) => {
      state.changes.push(change);
      if (state.stuck) return Promise.resolve();
      const opened = change.open.filter(({ access }) =>
        !(access.slot === "input" && refuse.includes(access.service.port))
      );
      state.grants = [...state.grants.filter((grant) => !change.close.includes(grant)), ...opened];
      return opened.length < change.open.length ? Promise.reject(new FirewallError("no room", "")) : Promise.resolve();
    },
    setUp: () => Promise.resolve(),
    cleanUp: () => Promise.resolve(),
    describe: () => Promise.resolve(""),
  };
  const backend = listedBackend({
    ...{ name: "pf", owner: "pf", closesAtExit: true, flushAtInit: true, slots: ["input"], rules },
    refusal: (slot) => inputOnly("pf", slot),
    containerOf: () => "there",
    numberOf: () => null,
    commandOf: () => "",
  });
  return { state, backend };
}

Deno.test("a grant is open where the listing has it afterwards, whatever became of the others", async () => {
  const { backend } = memory([23]);
  assert.deepEqual(await backend.grant([grantOf(22, 100), grantOf(23, 100)], [], 1), [
    { ok: true, alreadyOpen: false },
    { ok: false, reason: "no room" },
  ]);
});

Deno.test("a change that is said to be done and is not in the listing opens nothing and closes nothing", async () => {
  const { backend, state } = memory();
  await backend.grant([grantOf(22, 100)], [], 1);
  state.stuck = true;
  assert.deepEqual(await backend.grant([grantOf(23, 100)], [], 1), [
    { ok: false, reason: "it is not in the listing after it was added" },
  ]);
  await assert.rejects(backend.revoke([grantOf(22, 100)]), /Cannot close 1 doors: they are still in the listing/);
});

Deno.test("grants that are open and were lost are opened in the same change, those that are over are not", async () => {
  const { backend, state } = memory();
  await backend.grant([grantOf(22, 100)], [grantOf(80, 200), grantOf(81, 5)], 5);
  assert.deepEqual(state.changes.map(({ open }) => open.length), [2]);
  assert.equal(await backend.repair([grantOf(80, 200)], 100), "restored");
  assert.deepEqual(state.grants.map(({ expiresAt }) => expiresAt), [200]);
  assert.equal(await backend.repair([grantOf(80, 200)], 100), "intact");
});
