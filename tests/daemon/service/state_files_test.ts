import assert from "node:assert/strict";
import { createFacts } from "../../../daemon/report/facts.ts";
import { watchStateFiles } from "../../../daemon/service/state_files.ts";

Deno.test("watchStateFiles() looks every second while there is something to lose, else seldom", () => {
  let now = 0;
  const store = { size: 0, mend: () => {} };
  const files = watchStateFiles({ store, pidFile: { mend: () => {} }, facts: createFacts(), steady: () => now });
  assert.equal(files.dueAt, 1000);
  now = 1000;
  files.look(() => {});
  assert.equal(files.dueAt, 11_000);
  store.size = 1;
  now = 11_000;
  files.look(() => {});
  assert.equal(files.dueAt, 12_000);
});

Deno.test("watchStateFiles() says what is wrong when it becomes true, and looks after each by itself", () => {
  const lines: string[] = [];
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  let wrong: string | null = "the folder is gone";
  let looks = 0;
  const store = {
    size: 0,
    mend: () => {
      if (wrong !== null) throw new Error(wrong);
    },
  };
  const files = watchStateFiles({
    store,
    pidFile: { mend: () => void looks++ },
    facts: createFacts(),
    steady: () => 0,
  });
  for (const reason of ["the folder is gone", "the folder is gone", "no room", "no room", null, null, "no room"]) {
    wrong = reason;
    files.look(log);
  }
  assert.deepEqual(lines, [
    "error: the folder is gone",
    "error: no room",
    "error: no room",
  ]);
  assert.equal(looks, 7);
});
