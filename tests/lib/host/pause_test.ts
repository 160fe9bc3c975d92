import assert from "node:assert/strict";
import { createPause, letOthers } from "../../../lib/host/pause.ts";

Deno.test("createPause() lets others have their turn amid long work, and not amid short work", async () => {
  const pause = createPause();
  let turns = 0;
  const timer = setInterval(() => void turns++, 0);
  try {
    for (let step = 0; turns === 0; step++) {
      assert.ok(step < 1e8, "nobody else had a turn");
      await pause();
    }
    await pause();
  } finally {
    clearInterval(timer);
  }
});

Deno.test("letOthers() comes after what others have been told to do", async () => {
  const order: string[] = [];
  const channel = new MessageChannel();
  channel.port2.onmessage = () => void order.push("message");
  channel.port1.postMessage(null);
  for (let turns = 0; order.length === 0 && turns < 1e6; turns++) await letOthers();
  channel.port1.close();
  channel.port2.close();
  assert.deepEqual(order, ["message"]);
});
