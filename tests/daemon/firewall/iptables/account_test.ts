import assert from "node:assert/strict";
import { Account } from "../../../../daemon/firewall/iptables/account.ts";
import type { ListedGrant } from "../../../../daemon/firewall/iptables/listing.ts";
import { address } from "../../../contract/addresses.ts";

function rule(key: string, expiresAt: number, place: Partial<ListedGrant> = {}): ListedGrant {
  const source = address("10.77.0.2");
  const access = { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } } as const;
  return { access, key, expiresAt, family: 4, table: "filter", chain: "A", rule: `${key} ${expiresAt}`, ...place };
}

Deno.test("Account finds the rules of a grant, and forgets each for itself", () => {
  const account = new Account();
  const [first, second, other] = [rule("a", 10), rule("a", 20), rule("b", 30)];
  account.replace([first, other]);
  account.add(second);
  assert.deepEqual(account.of("a"), [first, second]);
  assert.deepEqual(account.all(), [first, other, second]);
  account.remove(first);
  account.remove(first);
  assert.deepEqual(account.of("a"), [second]);
  account.remove(second);
  assert.deepEqual(account.of("a"), []);
  assert.deepEqual(account.all(), [other]);
  account.replace([]);
  assert.deepEqual(account.all(), []);
});

Deno.test("Account names one live rule of each chain, the oldest, but for those that are to go", () => {
  const account = new Account();
  const over = rule("a", 10), doomed = rule("b", 50), first = rule("c", 50), second = rule("d", 50);
  const nat = rule("e", 50, { table: "nat" });
  account.replace([over, doomed, first, second, nat]);
  assert.deepEqual(account.canaries(10, new Set([doomed])), [first, nat]);
  assert.deepEqual(account.canaries(50, new Set()), []);
});

Deno.test("Account knows the tables that hold rules", () => {
  const account = new Account();
  const nat = rule("a", 10, { table: "nat" });
  account.replace([nat, rule("b", 10)]);
  assert.deepEqual([...account.tables()].sort(), ["filter", "nat"]);
  account.remove(nat);
  assert.deepEqual([...account.tables()], ["filter"]);
});
