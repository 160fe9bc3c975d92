import assert from "node:assert/strict";
import { makeRunDirectory, openStore, parseDigestCache, takePidFile } from "../../../daemon/start/run_directory.ts";
import { StartError } from "../../../daemon/start/start_error.ts";

/** A folder of its own, and what is logged. */
async function scene() {
  const folder = await Deno.makeTempDir();
  const lines: string[] = [];
  return {
    folder,
    lines,
    log: (level: string, text: string) => void lines.push(`${level}: ${text}`),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const ENTRY = `${"A".repeat(43)} 17 192.0.2.1 40000 203.0.113.1 62201 1700000000\n`;

Deno.test("makeRunDirectory() makes what is missing, for its owner alone, and says so; what is there it leaves", async () => {
  await using where = await scene();
  const path = `${where.folder}/run`;
  makeRunDirectory(path, where.log);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o700);
  assert.deepEqual(where.lines, [
    `warning: Run directory: ${path} does not exist. Attempting to create it.`,
    `info: Successfully created Run directory: ${path}`,
  ]);
  makeRunDirectory(path, where.log);
  assert.equal(where.lines.length, 2);
});

Deno.test("makeRunDirectory() ends the start where a file is in its place", async () => {
  await using where = await scene();
  const path = `${where.folder}/run`;
  await Deno.writeTextFile(path, "");
  assert.throws(() => makeRunDirectory(path, where.log), (error: unknown) => {
    assert.ok(error instanceof StartError);
    assert.match(error.message, /it is NOT a directory$/);
    assert.match(error.hint ?? "", /FWKNOP_RUN_DIR/);
    return true;
  });
});

Deno.test("takePidFile() writes our number, and its end takes the file away", async () => {
  await using where = await scene();
  const path = `${where.folder}/fwknopd.pid`;
  const held = takePidFile(path);
  assert.equal(await Deno.readTextFile(path), `${Deno.pid}\n`);
  held.retire();
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("openStore() begins with what the file holds, or with an empty one when that is asked for", async () => {
  await using where = await scene();
  const file = `${where.folder}/digest.cache`;
  const config = { maxAge: null, replay: { persist: true, file } };
  await Deno.writeTextFile(file, ENTRY, { mode: 0o600 });
  {
    using store = openStore(config, false, where.log);
    assert.equal(store.size, 1);
  }
  assert.deepEqual(where.lines, [`info: Using Digest Cache: '${file}' (entry count = 1)`]);
  using fresh = openStore(config, true, where.log);
  assert.equal(fresh.size, 0);
  assert.ok(where.lines.includes("info: Rotating digest cache file."), where.lines.join("\n"));
});

Deno.test("openStore() warns that what is not kept in a file is forgotten", async () => {
  await using where = await scene();
  const file = `${where.folder}/digest.cache`;
  using store = openStore({ maxAge: 120, replay: { persist: false, file } }, false, where.log);
  assert.equal(store.size, 0);
  assert.match(where.lines[0] ?? "", /^warning: ENABLE_DIGEST_PERSISTENCE is N: /);
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
});

Deno.test("parseDigestCache() counts the entries and changes nothing", async () => {
  await using where = await scene();
  const file = `${where.folder}/digest.cache`;
  await Deno.writeTextFile(file, ENTRY, { mode: 0o600 });
  assert.equal(parseDigestCache({ maxAge: 120, replay: { persist: true, file } }, false, where.log), 0);
  assert.equal(await Deno.readTextFile(file), ENTRY);
  assert.deepEqual(where.lines, [
    `info: Using Digest Cache: '${file}' (entry count = 1)`,
    "info: Digest cache parsed, exiting.",
  ]);
});

Deno.test("parseDigestCache() begins a new file where that is asked for too, which then holds what could still be repeated", async () => {
  await using where = await scene();
  const file = `${where.folder}/digest.cache`;
  await Deno.writeTextFile(file, ENTRY, { mode: 0o600 });
  assert.equal(parseDigestCache({ maxAge: null, replay: { persist: true, file } }, true, where.log), 0);
  assert.equal(await Deno.readTextFile(`${file}-old`), ENTRY);
  assert.deepEqual((await Deno.readTextFile(file)).split("\n").filter((line) => !line.startsWith("#")), [""]);
  assert.deepEqual(where.lines.slice(-2), [
    `info: Using Digest Cache: '${file}' (entry count = 0)`,
    "info: Digest cache parsed, exiting.",
  ]);
});

Deno.test("takePidFile() says what is wrong with the file, in the words of the C daemon too, and what else to do", async () => {
  await using where = await scene();
  assert.throws(() => takePidFile(`${where.folder}/none/pid`), (error: StartError) => {
    assert.match(
      error.message,
      /^Cannot use the PID file .*\/none\/pid: .*No such file or directory \(PID file error\)$/,
    );
    assert.match(error.hint ?? "", /FWKNOP_PID_FILE \(option -p\)/);
    return true;
  });
});
