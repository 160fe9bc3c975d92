import assert from "node:assert/strict";
import { FirewallError } from "../../../daemon/firewall/firewall.ts";
import { asFirewallError } from "../../../daemon/firewall/socket_error.ts";
import { E } from "../../../ffi/abi.ts";
import { FfiError } from "../../../ffi/errors.ts";

const ATTEMPT = { what: "Cannot look", hint: "look elsewhere" };

Deno.test("asFirewallError() keeps the hint, and whether the right is missing; what is no failure of the sockets stays", () => {
  const error = asFirewallError(
    new FfiError("refused", { library: "nfnetlink", code: E.PERM, hint: "run it as root" }),
    ATTEMPT,
  );
  assert.ok(error instanceof FirewallError);
  assert.deepEqual([error.message, error.hint, error.denied], ["Cannot look: refused", "run it as root", true]);
  const other = asFirewallError(new FfiError("odd answer", { library: "nfnetlink" }), ATTEMPT);
  assert.ok(other instanceof FirewallError && !other.denied);
  assert.equal(other.hint, ATTEMPT.hint);
  const own = new TypeError("a mistake");
  assert.equal(asFirewallError(own, ATTEMPT), own);
});
