import assert from "node:assert/strict";
import { nftables } from "../../../../daemon/firewall/nftables/nftables.ts";

const CONFIG = { flushAtInit: false, flushAtExit: true, chains: {} };

Deno.test("nftables has no program that --version could name, and no variable that decides for it", () => {
  assert.equal(nftables.program(null), null);
  assert.equal(nftables.program(CONFIG), null);
  assert.deepEqual(nftables.decisive, []);
  assert.deepEqual(nftables.programs, ["nft"]);
});
