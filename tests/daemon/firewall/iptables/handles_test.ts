import assert from "node:assert/strict";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import { accessKey } from "../../../../daemon/firewall/firewall.ts";
import { type AddedRule, RuleHandles } from "../../../../daemon/firewall/iptables/handles.ts";
import type { ListedGrant } from "../../../../daemon/firewall/iptables/listing.ts";
import { FfiError } from "../../../../ffi/errors.ts";
import type { TableInfo } from "../../../../ffi/nfnetlink/ruleset.ts";
import type { BatchOutcome } from "../../../../ffi/nfnetlink/transact.ts";
import { address } from "../../../contract/addresses.ts";

type Netlink = NonNullable<ReturnType<ConstructorParameters<typeof RuleHandles>[1]>>;
const DONE: BatchOutcome = { ok: true, handles: new Map() };

function rule(last: number, changes: Partial<ListedGrant> = {}): ListedGrant {
  const source = address(`192.0.2.${last}`);
  const access: Access = { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } };
  const at = { family: 4, table: "filter", chain: "X" } as const;
  return { access, key: accessKey(access), expiresAt: 1000, ...at, rule: `-s ${source.text}`, ...changes };
}

function added(last: number, handle: bigint | null, changes: Partial<AddedRule> = {}): AddedRule {
  const value = Uint8Array.of(192, 0, 2, last);
  const expressions = () => [{ kind: "compare", from: 0, how: "eq", value }] as const;
  return { table: "filter", chain: "X", handle, expressions, ...changes };
}

const table = (handle: bigint, family: TableInfo["family"] = "ip"): TableInfo => ({
  ...{ family, table: "filter", handle, dormant: false, owner: null },
});

/** A packet filter with one table, and what was asked for there. */
function scene() {
  const host = { tables: [table(5n), table(9n, "ip6")], outcomes: [] as BatchOutcome[], deleted: [] as string[] };
  const netlink: Netlink = {
    generation: () => 70 + host.deleted.length,
    tables: () => host.tables,
    transact: (changes, generation) => {
      host.deleted.push(`${changes.map((change) => "handle" in change ? change.handle : change.verb)}@${generation}`);
      return host.outcomes.shift() ?? DONE;
    },
  };
  const handles = new RuleHandles(4, () => netlink);
  handles.retain([]);
  const gone: ListedGrant[] = [];
  const remove = async (rules: readonly ListedGrant[]) => {
    await handles.delete(() => rules.filter((one) => !gone.includes(one)), (some) => void gone.push(...some));
    return gone.splice(0);
  };
  return { host, handles, remove, netlink };
}

Deno.test("delete() asks for the numbers of those that are known, in one transaction for that generation", async () => {
  const { host, handles, remove } = scene();
  const rules = [rule(1), rule(2), rule(3, { chain: "Y" })];
  handles.learn(rules, [added(1, 7n), added(3, 4n, { chain: "Y" }), added(2, 8n)]);
  assert.deepEqual(handles.known([...rules, rule(4)]), rules);
  assert.deepEqual(await remove([...rules, rule(4)]), rules);
  assert.deepEqual(host.deleted, ["7,8,4@70"]);
  assert.deepEqual(await remove(rules), [], "a number is good for one");
});

Deno.test("learn() believes nothing where the number of rules, or what one is about, is another one", async () => {
  const { host, handles, remove } = scene();
  handles.learn([rule(1), rule(2)], [added(1, 7n)]);
  handles.learn([rule(1), rule(2)], [added(2, 7n), added(1, 8n)]);
  handles.learn([rule(1)], [added(1, null)]);
  handles.learn([rule(1)], [added(1, 7n, { table: "nat" })]);
  const to = address("192.0.2.9");
  const access: Access = { slot: "snat", match: { destination: to, service: { proto: "tcp", port: 1 } }, to };
  handles.learn([rule(1, { access })], [added(1, 7n)]);
  assert.deepEqual([await remove([rule(1), rule(2)]), host.deleted], [[], []]);
});

Deno.test("delete() deletes nothing in a table that is another one now, or of which no number is told", async () => {
  for (const now of [[table(6n)], [table(5n, "ip6")], []]) {
    const { host, handles, remove } = scene();
    handles.learn([rule(1)], [added(1, 7n)]);
    host.tables = now;
    assert.deepEqual([await remove([rule(1)]), host.deleted], [[], []]);
  }
  const { host, handles, remove } = scene();
  host.tables = [table(0n)];
  handles.retain([]);
  handles.learn([rule(1)], [added(1, 7n)]);
  assert.deepEqual([await remove([rule(1)]), host.deleted], [[], []]);
});

Deno.test("delete() begins again where the ruleset changed meanwhile, and leaves to iptables what is refused", async () => {
  const { host, handles, remove } = scene();
  handles.learn([rule(1), rule(2)], [added(1, 7n), added(2, 8n)]);
  host.outcomes = [{ ok: false, stale: true }, { ok: false, stale: true }];
  assert.deepEqual(await remove([rule(1)]), [rule(1)]);
  assert.deepEqual(host.deleted, ["7@70", "7@71", "7@72"]);
  host.outcomes = [{ ok: false, stale: false, refusals: [{ index: null, code: 1, text: "" }] }];
  assert.deepEqual(await remove([rule(2)]), []);
  host.outcomes = [1, 2, 3].map(() => ({ ok: false, stale: true }));
  assert.deepEqual(await remove([rule(2)]), []);
  assert.equal(host.deleted.length, 7);
});

Deno.test("delete() leaves a rule to iptables that is not there under its number, and deletes the others", async () => {
  const { host, handles, remove } = scene();
  const rules = [rule(1), rule(2), rule(3)];
  handles.learn(rules, [added(1, 7n), added(2, 8n), added(3, 9n)]);
  host.outcomes = [{ ok: false, stale: false, refusals: [{ index: 1, code: 2, text: "" }] }];
  assert.deepEqual(await remove(rules), [rule(1), rule(3)]);
  assert.deepEqual(host.deleted, ["7,8,9@70", "7,9@71"]);
  assert.deepEqual(handles.known(rules), []);
});

Deno.test("delete() does not tell two equal rules from each other, and takes many in turns", async () => {
  const { host, handles, remove } = scene();
  handles.learn([rule(1)], [added(1, 7n)]);
  assert.deepEqual(await remove([rule(1), rule(1, { rule: "-s 192.0.2.1 -j X" })]), []);
  const many = Array.from({ length: 300 }, (_, index) => rule(1, { expiresAt: index }));
  handles.learn(many, many.map((_, index) => added(1, BigInt(index))));
  assert.deepEqual(await remove(many), many);
  assert.deepEqual(host.deleted.map((text) => text.split(",").length), [256, 44]);
});

Deno.test("retain() and forget() leave no number of what is gone, and none of a table that was made anew", async () => {
  const { host, handles, remove } = scene();
  const rules = [rule(1), rule(2), rule(3)];
  handles.learn(rules, [added(1, 7n), added(2, 8n), added(3, 9n)]);
  handles.forget(rule(1));
  handles.retain([rule(1), rule(2)]);
  handles.retain(rules);
  assert.deepEqual(await remove(rules), [rule(2)]);
  handles.learn([rule(1)], [added(1, 7n)]);
  host.tables = [table(6n)];
  handles.retain(rules);
  assert.deepEqual(await remove(rules), []);
});

Deno.test("RuleHandles leave everything to iptables without netlink, and where it does not answer", async () => {
  const without = new RuleHandles(4, () => null);
  without.retain([]);
  without.learn([rule(1)], [added(1, 7n)]);
  await without.delete(() => [rule(1)], () => assert.fail("said to be gone"));
  const { host, handles, remove, netlink } = scene();
  handles.learn([rule(1)], [added(1, 7n)]);
  netlink.generation = netlink.tables = () => {
    throw new FfiError("nobody answers", { library: "nfnetlink", code: 0 });
  };
  assert.deepEqual([await remove([rule(1)]), host.deleted], [[], []]);
  handles.retain([rule(1)]);
});
