import assert from "node:assert/strict";
import { openFileStore } from "../../../daemon/replay/file.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { testReplayStore } from "../../contract/replay_contract.ts";
import { sharedStore } from "../../fakes/shared_store.ts";

const STILL = { clock: () => 1_795_300_998_000, steady: () => 0 };

testReplayStore({ name: "memoryStore()", open: () => memoryStore(STILL) });

testReplayStore({
  name: "openFileStore()",
  open: () => {
    const folder = Deno.makeTempDirSync();
    const store = openFileStore(`${folder}/digest.cache`, () => {}, { clocks: STILL });
    const close = store[Symbol.dispose];
    return Object.defineProperty(store, Symbol.dispose, {
      value: () => {
        close();
        Deno.removeSync(folder, { recursive: true });
      },
    });
  },
});

testReplayStore({ name: "a store that is shared", open: () => sharedStore("one", new Map()) });

Deno.test("a store that is shared tells who was not the first", async () => {
  const shared = new Map();
  const [one, two] = [sharedStore("one", shared), sharedStore("two", shared)];
  const packet = { protocol: 17, source: "a", sourcePort: 1, destination: "b", destinationPort: 2, seenAt: 3 };
  for (const store of [one, two]) assert.equal(store.claim(["same"], packet), true, "nobody knows yet");
  two.claim(["other"], packet);
  assert.deepEqual([...await one.flush()], []);
  for (let i = 0; i < 2; i++) assert.deepEqual([...await two.flush()], ["same"], "now and later");
});

Deno.test("a store that is shared tells of a flush under way what was lost, and of a claim meanwhile at the next one", async () => {
  const shared = new Map();
  const [one, two] = [sharedStore("one", shared), sharedStore("two", shared)];
  const packet = { protocol: 17, source: "a", sourcePort: 1, destination: "b", destinationPort: 2, seenAt: 3 };
  for (const digest of ["first", "second"]) one.claim([digest], packet);
  await one.flush();
  two.claim(["first"], packet);
  const flushing = two.flush("elsewhere");
  two.claim(["second"], packet);
  assert.deepEqual([...await flushing], ["first"]);
  assert.deepEqual([...await two.flush()], ["first", "second"]);
});
