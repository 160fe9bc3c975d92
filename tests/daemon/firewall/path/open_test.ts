import assert from "node:assert/strict";
import { FfiError } from "../../../../ffi/errors.ts";
import { E } from "../../../../ffi/abi.ts";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { onlyInterface, openPathWatch } from "../../../../daemon/firewall/path/open.ts";

const HEAD = "Inter-|   Receive\n face |bytes    packets\n";

Deno.test("onlyInterface() is the one beside lo, if there is one", () => {
  assert.equal(onlyInterface(`${HEAD}    lo: 0 0\n  eth0: 1 2\n`), "eth0");
  assert.equal(onlyInterface(`${HEAD}    lo: 0 0\nenp0s3:1 2\nwg0: 1\n`), null);
  assert.equal(onlyInterface(`${HEAD}    lo: 0 0\n`), null);
  assert.equal(onlyInterface(null), null);
});

/** A view on a host whose packet filter cannot be asked, for that reason. */
function without(code: number) {
  return openPathWatch({
    log: () => {},
    run: () => Promise.reject(new Error("not to be run")),
    readNet: () => null,
    netlink: () => {
      throw new FfiError("no", { library: "nfnetlink", code });
    },
  });
}

Deno.test("a kernel without nf_tables has no chains of them", async () => {
  using watch = without(E.AFNOSUPPORT);
  assert.deepEqual(await watch.survey(), []);
});

Deno.test("without the right to ask, a survey says so", async () => {
  using watch = without(E.PERM);
  await assert.rejects(watch.survey(), (error) => error instanceof FirewallError && error.denied);
});
