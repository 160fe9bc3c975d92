import assert from "node:assert/strict";
import { accessKey } from "../../../daemon/firewall/firewall.ts";
import { accountOfTurn } from "../../../daemon/grants/held.ts";
import { createLedger } from "../../../daemon/grants/ledger.ts";
import { access, NOW } from "./scene.ts";

const grant = (port: number, stanza: number) => ({ access: access(port), expiresAt: NOW + 30, stanza });

Deno.test("accountOfTurn() counts what is open, what closes by a command, and what the turn is about to open, each once", () => {
  const ledger = createLedger();
  ledger.record([grant(22, 1), grant(23, 2)]);
  const commands = { heldBy: (stanza: number) => new Set(stanza === 1 ? ["close 1"] : []) };
  const account = accountOfTurn({ ledger, commands });
  account.note([grant(22, 1), grant(80, 1), grant(80, 1), grant(81, 2)], NOW);
  const held = account.heldBy(1, NOW);
  assert.equal(held.size, 3);
  const keys = [accessKey(access(22)), "close 1", accessKey(access(80)), accessKey(access(81)), accessKey(access(23))];
  assert.deepEqual(keys.map((key) => held.has(key)), [true, true, true, false, false]);
  assert.equal(account.heldBy(2, NOW).size, 2);
  assert.equal(account.heldBy(3, NOW).size, 0);
  assert.equal(account.heldBy(1, NOW + 30).size, 2, "what is over is not open");
});

Deno.test("accountOfTurn() needs no commands", () => {
  const account = accountOfTurn({ ledger: createLedger() });
  assert.equal(account.heldBy(1, NOW).size, 0);
  assert.equal(account.heldBy(1, NOW).has("close 1"), false);
});
