/** How a packet came that was seen before: where that is known from, and what becomes of it. */
import assert from "node:assert/strict";
import { CACHE_HEADER, formatEntry } from "../../../daemon/replay/cache_line.ts";
import { openFileStore } from "../../../daemon/replay/file.ts";
import type { ReplayStore } from "../../../daemon/replay/store.ts";
import { contentOf, digest, inFolder, line, MAX_AGE, NOW, openAt, packet } from "./scene.ts";

/** What is told of the first sight of a digest; the packets that came after it are so many that nothing of it is in memory. */
async function afterMany(store: ReplayStore): Promise<void> {
  for (let i = 0; i < 5000; i++) store.claim([digest(`later${i}`)], packet(NOW));
  await store.flush();
}

Deno.test("how a packet came is read in the file when it is asked for, wherever its line stands by then", async () => {
  await inFolder(async (path) => {
    const came = { ...packet(NOW), source: "10.77.0.99", capturedAt: 5 };
    const { capturedAt: _moment, ...inFile } = came;
    using store = openAt(path);
    store.claim([digest("first"), `=${digest("said")}`], came);
    assert.equal(store.find(digest("first"))?.capturedAt, 5);
    await store.flush();
    await afterMany(store);
    for (const name of [digest("first"), `=${digest("said")}`]) {
      const { capturedAt, facts } = store.find(name)!;
      assert.deepEqual([capturedAt, facts()], [null, inFile]);
    }
    const earlier = store.find(digest("first"))!;
    Deno.renameSync(path, `${path}.elsewhere`);
    Deno.writeTextFileSync(path, CACHE_HEADER + "; somebody was here\n", { mode: 0o600 });
    store.mend();
    assert.deepEqual(store.find(digest("first"))?.facts(), inFile);
    assert.ok(contentOf(path).includes(`\n${formatEntry(digest("first"), came)}`), "as it was");
    assert.deepEqual([store.size, earlier.seenAt], [5001, NOW]);
    using again = openFileStore(`${path}.elsewhere`, () => {});
    assert.deepEqual(again.find(digest("first"))?.facts(), inFile);
  });
});

Deno.test("what somebody took out of the file is known, only not how it came, and stays known after a new start", async () => {
  await inFolder(async (path) => {
    {
      using store = openAt(path);
      store.claim([digest("first"), `=${digest("said")}`], packet(NOW));
      await store.flush();
      await afterMany(store);
      Deno.truncateSync(path);
      const first = store.find(digest("first"))!;
      assert.deepEqual([first.seenAt, first.facts()], [NOW, null], "before anybody has noticed");
      store.mend();
      assert.equal(store.find(digest("first"))?.facts(), null);
      assert.deepEqual(store.find(digest("later4999"))?.facts(), packet(NOW), "the last ones are in memory");
    }
    assert.match(contentOf(path), /^# <digest>.*\n[^#]/);
    assert.match(contentOf(path), /\n#~[A-Za-z0-9+/]{22} 1795300998\n/);
    for (let start = 0; start < 2; start++) {
      using again = openAt(path);
      assert.equal(again.size, 5001);
      for (const name of [digest("first"), `=${digest("said")}`]) {
        assert.equal(again.find(name)?.seenAt, NOW);
        assert.equal(again.find(name)?.facts(), null);
        assert.equal(again.claim([name], packet(NOW)), false);
      }
    }
    openAt(path, NOW + 3 * MAX_AGE)[Symbol.dispose]();
    assert.ok(!contentOf(path).includes("#~"), "and leaves the file when it is old");
  });
});

Deno.test("a file that is read while it cannot be made smaller tells how packets came all the same", async () => {
  await inFolder((path) => {
    Deno.writeTextFileSync(path, CACHE_HEADER + line("old", 1) + line("now"), { mode: 0o600 });
    Deno.mkdirSync(`${path}.new`);
    using store = openAt(path);
    assert.deepEqual(store.find(digest("now"))?.facts(), packet(NOW));
  });
});
