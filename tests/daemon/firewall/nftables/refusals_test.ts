import assert from "node:assert/strict";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { asFirewallError, BUSY, isOwned, reasonOf } from "../../../../daemon/firewall/nftables/refusals.ts";
import { E } from "../../../../ffi/abi.ts";
import { FfiError } from "../../../../ffi/errors.ts";

Deno.test("isOwned(): EPERM of one change is about its table, EPERM of all is about the capability", () => {
  assert.ok(isOwned({ code: E.PERM, index: 0, text: "" }));
  assert.ok(!isOwned({ code: E.PERM, index: null, text: "" }));
  assert.ok(!isOwned({ code: E.NOENT, index: 0, text: "" }));
  assert.ok(!isOwned(undefined));
});

Deno.test("reasonOf() has words for what the kernel answers, and its own where it says more", () => {
  assert.match(reasonOf({ code: E.PERM, index: 1, text: "" }), /belongs to another process/);
  assert.match(reasonOf({ code: E.PERM, index: null, text: "" }), /CAP_NET_ADMIN/);
  assert.equal(reasonOf({ code: 23, index: 0, text: "" }), "the packet filter refused: our set is full");
  assert.match(reasonOf({ code: BUSY, index: 0, text: "in use" }), /refers to it.* \(in use\)$/);
  assert.equal(reasonOf({ code: 250, index: 0, text: "" }), "the packet filter refused: errno 250");
  assert.equal(reasonOf(undefined), "the packet filter refused");
});

Deno.test("asFirewallError() keeps the hint, and whether the right is missing; what is no failure of the sockets stays", () => {
  const error = asFirewallError(
    new FfiError("refused", { library: "nfnetlink", code: E.PERM, hint: "run it as root" }),
  );
  assert.ok(error instanceof FirewallError);
  assert.deepEqual([error.message, error.hint, error.denied], ["nftables: refused", "run it as root", true]);
  const other = asFirewallError(new FfiError("odd answer", { library: "nfnetlink" }));
  assert.ok(other instanceof FirewallError && !other.denied);
  const own = new TypeError("a mistake");
  assert.equal(asFirewallError(own), own);
});
