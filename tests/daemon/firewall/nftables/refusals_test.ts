import assert from "node:assert/strict";
import { BUSY, isOwned, reasonOf } from "../../../../daemon/firewall/nftables/refusals.ts";
import { E } from "../../../../ffi/abi.ts";

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
