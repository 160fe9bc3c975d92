import assert from "node:assert/strict";
import {
  allowsEnd,
  isHostAddress,
  isLoopback,
  isUnspecified,
  NO_NAT_POLICY,
} from "../../../daemon/grants/nat_policy.ts";
import { natAllow } from "../../../daemon/config/nat_kinds.ts";
import { ip } from "../../fakes/knock.ts";

function allows(list: string | null, to: string, port: number, forwardAll = false): boolean {
  const read = list === null ? null : natAllow.parse(list);
  if (read?.ok === false) assert.fail(read.fault);
  return allowsEnd({ ...NO_NAT_POLICY, forwardAll, allow: read?.value ?? null }, { to: ip(to), port });
}

Deno.test("allowsEnd() asks for host and port together, and without NAT_ALLOW for nothing", () => {
  assert.ok(allows(null, "10.0.0.5", 22));
  assert.ok(allows("10.0.0.5:22", "10.0.0.5", 22));
  assert.ok(!allows("10.0.0.5:22", "10.0.0.5", 23));
  assert.ok(!allows("10.0.0.5:22", "10.0.0.6", 22));
  assert.ok(allows("10.0.0.0/24:80-90,443", "10.0.0.9", 90));
  assert.ok(!allows("10.0.0.0/24:80-90,443", "10.0.0.9", 91));
  assert.ok(!allows("10.0.0.5:22, 10.0.0.6:23", "10.0.0.5", 23), "a port of another item");
  assert.ok(allows("[fd00::/64]:22", "fd00::1", 22));
  assert.ok(!allows("10.0.0.0/8", "fd00::1", 22));
  assert.ok(allows("ANY:22", "fd00::1", 22));
});

Deno.test("allowsEnd() takes only an item without ports where FORWARD_ALL leads to every port", () => {
  assert.ok(!allows("10.0.0.5:22", "10.0.0.5", 22, true));
  assert.ok(!allows("10.0.0.5:1-65535", "10.0.0.5", 22, true), "other protocols have no ports");
  assert.ok(allows("10.0.0.5", "10.0.0.5", 22, true));
});

Deno.test("addresses of no host, of many and of this machine are told apart", () => {
  const rows = [
    ["0.0.0.0", "none"],
    ["::", "none"],
    ["224.0.0.1", "many"],
    ["239.255.255.255", "many"],
    ["255.255.255.255", "many"],
    ["ff02::1", "many"],
    ["127.0.0.1", "loopback"],
    ["127.1.2.3", "loopback"],
    ["::1", "loopback"],
    ["10.0.0.255", "host"],
    ["223.255.255.255", "host"],
    ["240.0.0.1", "host"],
    ["::2", "host"],
    ["fe80::1", "host"],
  ] as const;
  for (const [text, what] of rows) {
    const it = ip(text);
    assert.equal(isUnspecified(it), what === "none", text);
    assert.equal(isHostAddress(it), what === "loopback" || what === "host", text);
    assert.equal(isLoopback(it), what === "loopback", text);
  }
});
