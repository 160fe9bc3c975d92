import assert from "node:assert/strict";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { openNftables } from "../../../../daemon/firewall/nftables/open.ts";

const PATH = { chains: [], survey: () => Promise.reject(new Error("nobody should ask")) };

Deno.test("openNftables() needs no right to open, and check() asks the way of packets alone", async () => {
  const options = { slots: ["input"], flushAtInit: false, flushAtExit: true, log: () => {}, path: PATH } as const;
  {
    using any = openNftables({ ...options, chains: {} });
    await any.check();
    assert.ok(any.closesAtExit && any.kernelTimed);
  }
  using named = openNftables({ ...options, chains: { input: [{ family: "inet", table: "f", chain: "in" }] } });
  await assert.rejects(named.check(), (error: unknown) => {
    assert.ok(error instanceof FirewallError);
    assert.match(error.message, /base chain "inet f in": it is not on the input hook/);
    return true;
  });
});
