import assert from "node:assert/strict";
import { FfiError } from "../../../../ffi/errors.ts";
import { E } from "../../../../ffi/abi.ts";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { arrivalBy, openPathWatch } from "../../../../daemon/firewall/path/open.ts";

const HEAD = "Inter-|   Receive\n face |bytes    packets\n";

Deno.test("arrivalBy() tells by which interfaces packets come in, and by which they do not", () => {
  const row = (...names: readonly string[]) =>
    arrivalBy(`${HEAD}    lo: 0 0\n${names.map((name) => `  ${name}:1 2\n`).join("")}`);
  assert.deepEqual(row("eth0"), { only: "eth0", never: [] });
  assert.deepEqual(row("enp0s3", "wg0"), { only: null, never: [] });
  assert.deepEqual(row(), { only: null, never: [] });
  assert.deepEqual(arrivalBy(null), { only: null, never: [] });
  const docker = ["docker0", "br-0123456789ab", "vethe1f2a3b"];
  assert.deepEqual(row("eth0", ...docker), { only: "eth0", never: docker });
  assert.deepEqual(row("eth0", "wg0", ...docker), { only: null, never: docker });
  assert.deepEqual(row("br-lan", "br0"), { only: null, never: [] }, "bridges that lead outside");
  assert.deepEqual(row("veth0"), { only: "veth0", never: [] }, "it may be a container itself");
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
