import assert from "node:assert/strict";
import { whyNoFirewall } from "../../../daemon/start/compose.ts";
import { good, STANZA } from "../config/in_memory.ts";

Deno.test("whyNoFirewall() opens none in test mode, nor where every stanza is a command cycle", () => {
  const doors = good("").stanzas;
  const cycles = good("", `${STANZA}CMD_CYCLE_OPEN /bin/true\nCMD_CYCLE_CLOSE /bin/true\nCMD_CYCLE_TIMER 5\n`).stanzas;
  assert.equal(whyNoFirewall(doors, false), null);
  assert.match(whyNoFirewall(doors, true) ?? "", /--test/);
  assert.match(whyNoFirewall(cycles, false) ?? "", /CMD_CYCLE_OPEN/);
  assert.equal(whyNoFirewall([...cycles, ...doors], false), null);
});
