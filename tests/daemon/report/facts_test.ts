import assert from "node:assert/strict";
import { createFacts } from "../../../daemon/report/facts.ts";

Deno.test("createFacts() says a fact when it becomes true, and again when it became true again", () => {
  const said: string[] = [];
  const log = (level: string, text: string) => void said.push(`${level} ${text}`);
  const facts = createFacts();
  const dry = { level: "warning", text: "the well is dry" } as const;
  const cold = { level: "info", text: "it is cold" } as const;
  facts("well", [dry], log);
  facts("well", [dry], log);
  facts("well", [dry, cold], log);
  facts("weather", [], log);
  assert.deepEqual(said, ["warning the well is dry", "info it is cold"]);
  facts("well", [cold], log);
  facts("well", [cold, dry], log);
  assert.deepEqual(said.slice(2), ["warning the well is dry"]);
});
