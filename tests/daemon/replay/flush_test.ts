/** A flush for which another thread waits: what is in the file when, and what others do to it meanwhile. */
import assert from "node:assert/strict";
import { CACHE_HEADER } from "../../../daemon/replay/cache_line.ts";
import { ReplayStoreError } from "../../../daemon/replay/file.ts";
import { contentOf, digest, inFolder, line, NOW, openAt, packet } from "./scene.ts";

Deno.test('flush("elsewhere") writes at once, and what is claimed meanwhile with the next flush', async () => {
  await inFolder(async (path) => {
    const lines: string[] = [];
    using store = openAt(path, NOW, (_level, text) => lines.push(text));
    store.claim([digest("first")], packet(NOW));
    const flushing = store.flush("elsewhere");
    assert.equal(contentOf(path), CACHE_HEADER + line("first"));
    store.claim([digest("second")], packet(NOW));
    await flushing;
    assert.equal(contentOf(path), CACHE_HEADER + line("first"));
    store.mend();
    await store.flush("elsewhere");
    assert.equal(contentOf(path), CACHE_HEADER + line("first") + line("second"));
    assert.deepEqual(lines, [], "the file is as we left it");
  });
});

Deno.test('flush("elsewhere") knows afterwards where in the file the lines are', async () => {
  await inFolder(async (path) => {
    using store = openAt(path);
    for (let i = 0; i < 5000; i++) store.claim([digest(`${i}`)], { ...packet(NOW), sourcePort: i });
    await store.flush("elsewhere");
    for (const i of [0, 1, 17, 4999]) assert.equal(store.find(digest(`${i}`))?.facts()?.sourcePort, i);
  });
});

/** What others do to the file while the disk is busy. */
const MEANWHILE: Readonly<Record<string, (path: string) => void>> = {
  "moved away": (path) => Deno.renameSync(path, `${path}.elsewhere`),
  "deleted": (path) => Deno.removeSync(path),
  "emptied": (path) => Deno.truncateSync(path),
  "added to": (path) => Deno.writeTextFileSync(path, line("others"), { append: true }),
};

for (const [what, intervene] of Object.entries(MEANWHILE)) {
  for (const noticed of ["a flush", "a look"] as const) {
    Deno.test(`a replay file that is ${what} while the disk is busy holds all that could be repeated after ${noticed}`, async () => {
      await inFolder(async (path) => {
        {
          using store = openAt(path);
          store.claim([digest("first")], packet(NOW));
          const flushing = store.flush("elsewhere");
          store.claim([digest("second")], packet(NOW));
          intervene(path);
          await flushing;
          if (noticed === "a flush") await store.flush("elsewhere");
          else store.mend();
          if (what === "added to") assert.equal(store.claim([digest("others")], packet(NOW)), false);
          await store.flush();
        }
        using again = openAt(path);
        for (const name of ["first", "second"]) assert.equal(again.claim([digest(name)], packet(NOW)), false, name);
      });
    });
  }
}

Deno.test('flush("elsewhere") rejects where the file cannot be written, and a later one writes the same', async () => {
  await inFolder(async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    using store = openAt(path);
    Deno.removeSync(folder, { recursive: true });
    Deno.writeTextFileSync(folder, "a file where the folder was");
    store.claim([digest("first")], packet(NOW));
    await assert.rejects(store.flush("elsewhere"), ReplayStoreError);
    store.claim([digest("second")], packet(NOW));
    Deno.removeSync(folder);
    await store.flush("elsewhere");
    for (const name of ["first", "second"]) assert.ok(contentOf(path).includes(line(name)), name);
  });
});
