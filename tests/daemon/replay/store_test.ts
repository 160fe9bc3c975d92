import assert from "node:assert/strict";
import { openFileStore, ReplayStoreError, rotateCache } from "../../../daemon/replay/file.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { CACHE_HEADER, formatEntry } from "../../../daemon/replay/cache_line.ts";
import { contentKey, type SeenPacket } from "../../../daemon/replay/store.ts";

const PACKET: SeenPacket = {
  protocol: 17,
  source: "10.77.0.2",
  sourcePort: 33069,
  destination: "10.77.0.1",
  destinationPort: 62201,
  seenAt: 1795300998,
};
const DIGEST = "F6OkeN62FWzy7sX98qC8alt4HfzW1sPpCnvYVdQ8Xgk";
/** The example line of facts/replay 1, written by the C daemon. */
const C_LINE = `${DIGEST} 17 10.77.0.2 33069 10.77.0.1 62201 1795300998`;

async function inFolder(test: (path: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await test(`${folder}/digest.cache`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const silent = () => {};
/** The last moment at which {@link PACKET} could be repeated. */
const LATER = { maxAge: 120, clocks: { clock: () => (PACKET.seenAt + 240) * 1000, steady: () => 0 } };

Deno.test("a claim is of all digests of a packet or of none", async () => {
  await inFolder(async (path) => {
    const said = contentKey("A".repeat(43));
    for (const store of [memoryStore(), openFileStore(path, silent)]) {
      using held = store;
      assert.equal(held.claim([DIGEST, said], PACKET), true);
      assert.equal(held.claim(["another wrapping", said], PACKET), false);
      assert.equal(held.find("another wrapping"), undefined);
      assert.equal(held.find("A".repeat(43)), undefined, "what is said is no text of a packet");
      assert.equal(held.size, 1, "one packet, as the C daemon counts");
      await held.flush();
    }
    const line = "17 10.77.0.2 33069 10.77.0.1 62201 1795300998";
    assert.equal(Deno.readTextFileSync(path), `${CACHE_HEADER}${DIGEST} ${line}\n#=${"A".repeat(43)} ${line}\n`);
    using again = openFileStore(path, silent);
    assert.equal(again.claim(["another wrapping", said], PACKET), false, "known after a restart too");
    const rotated = rotateCache(path);
    assert.ok(rotated !== null);
    openFileStore(path, silent, LATER)[Symbol.dispose]();
    using fresh = openFileStore(path, silent);
    assert.deepEqual(
      [fresh.find(DIGEST)?.facts(), fresh.find(said)?.facts()],
      [PACKET, PACKET],
      "and after a rotation",
    );
  });
});

Deno.test("openFileStore() makes a 0600 file with the header, and finds its entries again", async () => {
  await inFolder(async (path) => {
    {
      using store = openFileStore(path, silent);
      store.claim([DIGEST], PACKET);
      assert.equal(Deno.readTextFileSync(path), CACHE_HEADER, "nothing is written before flush");
      await store.flush();
    }
    assert.equal(Deno.readTextFileSync(path), `${CACHE_HEADER}${C_LINE}\n`);
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    using again = openFileStore(path, silent);
    assert.deepEqual(again.find(DIGEST)?.facts(), PACKET);
    assert.equal(again.claim([DIGEST], PACKET), false);
  });
});

Deno.test("openFileStore() skips lines it cannot read, names them, and never glues an entry to a broken one", async () => {
  await inFolder(async (path) => {
    Deno.writeTextFileSync(path, `${CACHE_HEADER}nonsense\n${C_LINE}\nhalf a li`, { mode: 0o600 });
    const lines: string[] = [];
    {
      using store = openFileStore(path, (_level, text) => lines.push(text));
      assert.equal(store.size, 1);
      store.claim(["other"], PACKET);
      await store.flush();
    }
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /\*Skipping invalid digest file entry in .*digest\.cache at line 2\./);
    assert.ok(Deno.readTextFileSync(path).endsWith("\nother 17 10.77.0.2 33069 10.77.0.1 62201 1795300998\n"));
  });
});

Deno.test("openFileStore() goes on in a new file of mode 0600 when the old one was moved away", async () => {
  await inFolder(async (path) => {
    using store = openFileStore(path, silent);
    store.claim([DIGEST], PACKET);
    await store.flush();
    Deno.renameSync(path, `${path}.1`);
    store.claim(["second"], PACKET);
    await store.flush();
    assert.equal(
      Deno.readTextFileSync(path),
      CACHE_HEADER + C_LINE + formatEntry("\nsecond", PACKET),
      "what could be repeated too",
    );
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    assert.equal(store.claim([DIGEST], PACKET), false, "what was seen stays seen");
  });
});

Deno.test("flush() rejects when the disk refuses, keeps the claim, and writes it when the disk is back", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/sub/digest.cache`;
    assert.throws(() => openFileStore(path, silent), ReplayStoreError);
    Deno.mkdirSync(`${folder}/sub`);
    using store = openFileStore(path, silent);
    Deno.removeSync(`${folder}/sub`, { recursive: true });
    store.claim([DIGEST], PACKET);
    await assert.rejects(() => store.flush(), ReplayStoreError);
    assert.equal(store.claim([DIGEST], PACKET), false);
    Deno.mkdirSync(`${folder}/sub`);
    await store.flush();
    assert.match(Deno.readTextFileSync(path), new RegExp(DIGEST.slice(0, 20)));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("openFileStore() refuses a path that is not a file, with a remedy", () => {
  const folder = Deno.makeTempDirSync();
  try {
    assert.throws(() => openFileStore(folder, silent), (error: unknown) => {
      assert.ok(error instanceof ReplayStoreError);
      assert.match(error.message, /not a regular file/);
      assert.match(error.hint, /DIGEST_FILE/);
      return true;
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("rotateCache() moves the file to -old, and says when there is none", async () => {
  await inFolder((path) => {
    assert.equal(rotateCache(path), null);
    Deno.writeTextFileSync(path, "x");
    assert.equal(rotateCache(path), `${path}-old`);
    assert.equal(Deno.readTextFileSync(`${path}-old`), "x");
  });
});

Deno.test("openFileStore() carries over from a rotated file what could still be repeated, and only that", async () => {
  await inFolder((path) => {
    const old = { ...PACKET, seenAt: PACKET.seenAt - 1 };
    Deno.writeTextFileSync(path, `${formatEntry(DIGEST, PACKET)}${formatEntry("A".repeat(43), old)}`);
    const rotated = rotateCache(path);
    assert.ok(rotated !== null);
    openFileStore(path, silent, LATER)[Symbol.dispose]();
    assert.equal(Deno.readTextFileSync(path), `${CACHE_HEADER}${formatEntry(DIGEST, PACKET)}`);
    using store = openFileStore(path, silent);
    assert.equal(store.size, 1);
    assert.deepEqual(store.find(DIGEST)?.facts(), PACKET);
  });
});

Deno.test("rotateCache() says what stands in the way", async () => {
  await inFolder((path) => {
    Deno.writeTextFileSync(path, CACHE_HEADER);
    Deno.mkdirSync(`${path}-old`);
    assert.throws(
      () => rotateCache(path),
      (error) => error instanceof ReplayStoreError && /-old.*Unable to rename digest file/.test(error.message),
    );
  });
});
