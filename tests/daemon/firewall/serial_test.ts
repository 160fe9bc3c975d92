import assert from "node:assert/strict";
import { createSerial } from "../../../daemon/firewall/serial.ts";

Deno.test("createSerial() does one piece of work at a time, in the order of asking, failures included", async () => {
  const serial = createSerial(60_000);
  const order: string[] = [];
  const step = (name: string) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    order.push(`${name} ends`);
    if (name === "b") throw new Error("b failed");
    return name;
  };
  const [a, b, c] = await Promise.allSettled([serial(step("a")), serial(step("b")), serial(step("c"))]);
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  assert.deepEqual(a, { status: "fulfilled", value: "a" });
  assert.equal(b.status, "rejected");
  assert.deepEqual(c, { status: "fulfilled", value: "c" });
});

Deno.test("createSerial() lets others begin beside work that hangs, which still ends as it ends", async () => {
  const serial = createSerial(0);
  const hanging = Promise.withResolvers<string>();
  const first = serial(() => hanging.promise);
  assert.equal(await serial(() => Promise.resolve("second")), "second");
  hanging.resolve("first");
  assert.equal(await first, "first");
});
