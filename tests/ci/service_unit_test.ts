import assert from "node:assert/strict";

const UNIT = new URL("../../packaging/systemd/fwknopd.service", import.meta.url);

Deno.test("the service unit lets no core dump of the daemon be written", () => {
  assert.match(Deno.readTextFileSync(UNIT), /^\[Service\]$[^[]*^LimitCORE=0$/m);
});
