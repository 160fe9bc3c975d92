import assert from "node:assert/strict";
import { handedOver } from "../../../daemon/service/handed_over.ts";

Deno.test("handedOver() takes what is meant for this process, and nothing else", () => {
  assert.deepEqual(handedOver({ LISTEN_PID: "7", LISTEN_FDS: "2" }, 7), [3, 4]);
  assert.deepEqual(handedOver({ LISTEN_PID: "8", LISTEN_FDS: "2" }, 7), []);
  assert.deepEqual(handedOver({ LISTEN_FDS: "2" }, 7), []);
  for (const odd of ["", "0", "-1", "1.5", "x", "99999"]) {
    assert.deepEqual(handedOver({ LISTEN_PID: "7", LISTEN_FDS: odd }, 7), [], odd);
  }
});
