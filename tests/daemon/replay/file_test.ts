/** What becomes of the replay file when others move, cut, replace or share it, and when its entries grow old. */
import assert from "node:assert/strict";
import { checkCache, openFileStore, ReplayStoreError, rotateCache } from "../../../daemon/replay/file.ts";
import { CACHE_HEADER, formatEntry } from "../../../daemon/replay/cache_line.ts";
import { contentOf, digest, inFolder, line, MAX_AGE, NOW, openAt, packet } from "./scene.ts";

const MODULE = new URL("../../../daemon/replay/file.ts", import.meta.url).href;
/** What others do to the file, and what of it is still there afterwards. */
const INTERVENTIONS: Readonly<Record<string, (path: string) => void>> = {
  "moved away": (path) => Deno.renameSync(path, `${path}.elsewhere`),
  "moved away, and an empty one in its place, as logrotate does": (path) => {
    Deno.renameSync(path, `${path}.elsewhere`);
    Deno.writeTextFileSync(path, "", { mode: 0o600 });
  },
  "deleted": (path) => Deno.removeSync(path),
  "emptied in place": (path) => Deno.truncateSync(path),
  "cut in the middle of a line": (path) => Deno.truncateSync(path, CACHE_HEADER.length + 20),
  "written over with the same length": (path) =>
    Deno.writeTextFileSync(path, `${CACHE_HEADER}${"#".repeat(contentOf(path).length - CACHE_HEADER.length - 1)}\n`),
  "restored in place from an old backup": (path) => Deno.writeTextFileSync(path, CACHE_HEADER + line("older")),
  "replaced by an old backup": (path) => {
    Deno.writeTextFileSync(`${path}.backup`, CACHE_HEADER + line("older"), { mode: 0o600 });
    Deno.renameSync(`${path}.backup`, path);
  },
  "gone with its folder": (path) => Deno.removeSync(path.slice(0, path.lastIndexOf("/")), { recursive: true }),
};

for (const [what, intervene] of Object.entries(INTERVENTIONS)) {
  for (const noticed of ["while nothing is written", "at the next packet"] as const) {
    Deno.test(`a replay file that is ${what} gets back what could be repeated, noticed ${noticed}`, async () => {
      await inFolder(async (path) => {
        const lines: string[] = [];
        {
          using store = openAt(path, NOW, (level, text) => lines.push(`${level}: ${text}`));
          store.claim([digest("first")], packet(NOW));
          await store.flush();
          intervene(path);
          if (noticed === "at the next packet") {
            store.claim([digest("second")], packet(NOW));
            await store.flush();
          } else store.mend();
          store.mend();
        }
        const warnings = lines.filter((text) => /^warning: The replay file .* changed by somebody else/.test(text));
        assert.equal(warnings.length, 1, lines.join("\n"));
        assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
        using again = openAt(path);
        assert.equal(again.claim([digest("first")], packet(NOW)), false);
        if (noticed === "at the next packet") assert.equal(again.claim([digest("second")], packet(NOW)), false);
      });
    });
  }
}

Deno.test("mend() leaves a file alone that nobody touched, and one that somebody only added to", async () => {
  await inFolder(async (path) => {
    const lines: string[] = [];
    using store = openAt(path, NOW, (level, text) => lines.push(`${level}: ${text}`));
    store.claim([digest("first")], packet(NOW));
    await store.flush();
    const before = contentOf(path);
    store.mend();
    assert.equal(contentOf(path), before);
    Deno.writeTextFileSync(path, line("others"), { append: true });
    store.mend();
    assert.equal(contentOf(path), before + line("others"));
    assert.equal(store.claim([digest("others")], packet(NOW)), false, "and what they added is known");
    assert.deepEqual(lines, []);
  });
});

Deno.test("mend() and flush() throw while nothing can be put back, and all is there when it can", async () => {
  await inFolder(async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    {
      using store = openAt(path);
      store.claim([digest("first")], packet(NOW));
      await store.flush();
      Deno.removeSync(folder, { recursive: true });
      Deno.writeTextFileSync(folder, "a file where the folder was");
      assert.throws(() => store.mend(), ReplayStoreError);
      store.claim([digest("second")], packet(NOW));
      await assert.rejects(() => store.flush(), ReplayStoreError);
      Deno.removeSync(folder);
      store.mend();
    }
    using again = openAt(path);
    for (const name of ["first", "second"]) assert.equal(again.claim([digest(name)], packet(NOW)), false, name);
  });
});

Deno.test("a link in the place of the replay file is not followed, at the start or later", async () => {
  await inFolder(async (path) => {
    const victim = `${path}.victim`;
    Deno.writeTextFileSync(victim, "precious");
    {
      using store = openAt(path);
      store.claim([digest("first")], packet(NOW));
      Deno.removeSync(path);
      Deno.symlinkSync(victim, path);
      await assert.rejects(() => store.flush(), /symbolic link/);
    }
    assert.throws(() => openAt(path), /symbolic link/);
    assert.throws(() => rotateCache(path), /symbolic link/);
    assert.throws(() => checkCache(path, () => {}), /symbolic link/);
    assert.equal(contentOf(victim), "precious");
  });
});

/** What another process says when it opens the file, rotates it or checks it. */
async function elsewhere(path: string, call: string): Promise<string> {
  const code = `import { checkCache, openFileStore, rotateCache } from ${JSON.stringify(MODULE)};
    const path = ${JSON.stringify(path)};
    try { console.log(String(${call})); } catch (error) { console.log(error.message + "; " + error.hint); }`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped", stderr: "inherit" });
  return new TextDecoder().decode((await child.output()).stdout).trim();
}

Deno.test("a second daemon with the same replay file does not start, whatever the first has read and put back", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/digest.cache`;
  const held = new RegExp(
    `Cannot use the replay file .*: another fwknopd \\(PID=${Deno.pid}\\) keeps it.*; stop that one, or .*DIGEST_FILE`,
  );
  try {
    {
      using store = openAt(path);
      store.claim([digest("first")], packet(NOW));
      await store.flush();
      const isHeld = async (when: string) =>
        assert.match(await elsewhere(path, "openFileStore(path, () => {}).size"), held, when);
      await isHeld("after a start");
      assert.match(await elsewhere(path, "rotateCache(path)"), held, "rotation takes it from nobody");
      assert.equal(await elsewhere(path, "checkCache(path, () => {})"), "1", "looking is allowed");
      // By another process: our own closing it would give up the lock.
      new Deno.Command("truncate", { args: ["-s", "0", path] }).outputSync();
      store.mend();
      await isHeld("after it was cut");
      Deno.renameSync(path, `${path}.1`);
      store.mend();
      await isHeld("after it was moved");
      assert.equal(await elsewhere(`${path}.1`, "openFileStore(path, () => {}).size"), "1", "the old one is free");
    }
    assert.equal(await elsewhere(path, "openFileStore(path, () => {}).size"), "1", "free when the daemon is gone");
    assert.equal(await elsewhere(path, "rotateCache(path)"), `${path}-old`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("entries that are too old to be repeated leave the file at the start, and memory and file keep the others", async () => {
  await inFolder((path) => {
    const limit = NOW - 2 * MAX_AGE;
    const kept = [
      line("limit", limit),
      line("now"),
      line("ahead", NOW + 86400),
      `#${formatEntry("=content".padEnd(44, "y"), packet(NOW))}`.slice(1),
    ];
    const odd = `${digest("odd")}  17 10.77.0.2 33069 10.77.0.1 62201 ${NOW} and more\n`;
    const old = [
      line("old", limit - 1),
      line("first", 1),
      `${digest("spaced")}  17 1.2.3.4 1 1.2.3.4 2 ${limit - 1}\n`,
    ];
    Deno.writeTextFileSync(path, CACHE_HEADER + old.join("") + kept.join("") + odd, { mode: 0o600 });
    const inode = Deno.statSync(path).ino;
    {
      using store = openAt(path);
      assert.equal(store.size, 4);
      assert.equal(store.claim([digest("old")], packet(NOW)), true);
      assert.notEqual(Deno.statSync(path).ino, inode, "as a whole, in its place");
      assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
      assert.deepEqual([...Deno.readDirSync(path.slice(0, path.lastIndexOf("/")))].length, 1, "nothing left beside it");
    }
    assert.deepEqual(
      contentOf(path).split("\n").slice(2).sort(),
      [...kept, odd, "\n"].join("").split("\n").sort().slice(1),
    );
    using again = openAt(path);
    assert.equal(again.size, 4);
    for (const name of ["limit", "now", "ahead", "odd"]) {
      assert.equal(again.claim([digest(name)], packet(NOW)), false, name);
    }
  });
});

Deno.test("a file without old entries is not written again, and lines of others outlive the old entries", async () => {
  await inFolder((path) => {
    const foreign = "root:x:0:0:root:/root:/bin/bash\n; our comment\n\n";
    const content = CACHE_HEADER + foreign + line("now");
    Deno.writeTextFileSync(path, content, { mode: 0o600 });
    openAt(path)[Symbol.dispose]();
    assert.equal(contentOf(path), content);
    Deno.writeTextFileSync(path, content + line("old", 1), { mode: 0o600 });
    openAt(path)[Symbol.dispose]();
    const [header, forgotten, ...rest] = contentOf(path).split("\n");
    assert.match(`${header} ${forgotten}`, /^# <digest>.* # fwknopd: packets dated up to 121 may/);
    assert.deepEqual(rest.join("\n"), foreign.trimEnd() + "\n" + line("now"));
    Deno.writeTextFileSync(path, line("old", 1), { mode: 0o600 });
    openFileStore(path, () => {})[Symbol.dispose]();
    assert.equal(contentOf(path), line("old", 1), "without a largest age everything could be repeated");
  });
});

Deno.test("a file that cannot be made smaller is used as it is", async () => {
  await inFolder(async (path) => {
    const content = CACHE_HEADER + line("old", 1) + line("now");
    Deno.writeTextFileSync(path, content, { mode: 0o600 });
    Deno.mkdirSync(`${path}.new`);
    const lines: string[] = [];
    using store = openAt(path, NOW, (_level, text) => lines.push(text));
    assert.match(lines.join(), /cannot be made smaller/);
    store.claim([digest("second")], packet(NOW));
    await store.flush();
    assert.equal(contentOf(path), content + line("second"));
  });
});

Deno.test("what is left out is remembered as a date: a greater age, or a clock set back, makes no copy new", async () => {
  await inFolder((path) => {
    Deno.writeTextFileSync(path, line("old", NOW - 1000), { mode: 0o600 });
    {
      using store = openAt(path);
      assert.equal(store.forgottenUntil, NOW - 1000 + MAX_AGE);
    }
    assert.match(contentOf(path), /^# <digest>.*\n# fwknopd: packets dated up to 1795300118 may have been seen/);
    using without = openFileStore(path, () => {});
    assert.equal(without.forgottenUntil, NOW - 1000 + MAX_AGE, "also after a start without a largest age");
    Deno.removeSync(path);
    without.mend();
    assert.match(contentOf(path), /packets dated up to 1795300118/, "and in a file that is made again");
  });
});

Deno.test("a packet of a file that was moved away a moment before the start is known", () => {
  for (const suffix of ["-old", ".1"]) {
    inFolder((path) => {
      Deno.writeTextFileSync(path + suffix, line("now") + line("old", 1), { mode: 0o600 });
      {
        using store = openAt(path);
        assert.equal(store.claim([digest("now")], packet(NOW)), false, suffix);
      }
      assert.equal(contentOf(path), CACHE_HEADER + line("now"));
    });
  }
  inFolder((path) => {
    Deno.symlinkSync("/etc/passwd", `${path}.1`);
    openAt(path)[Symbol.dispose]();
    assert.equal(contentOf(path), CACHE_HEADER, "no file of ours");
  });
});
