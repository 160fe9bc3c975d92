import assert from "node:assert/strict";
import { makeTrustedFolder, removeTrusted, renameTrusted } from "../../../ffi/libc/trusted_file.ts";
import { inFolder, opens, refuses } from "./trusted_paths.ts";

function modeOf(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}

Deno.test("openTrusted() makes a file for its owner alone, and takes the right to write from others", () => {
  inFolder((folder) => {
    const path = `${folder}/run/file`;
    assert.equal(opens(path, { create: "never" }), false);
    assert.equal(opens(path), true);
    assert.equal(opens(`${path}/below`, { create: "never" }), false, "nothing is below a file");
    assert.throws(() => opens(`${path}/below`), /Not a directory/);
    assert.equal(modeOf(path), 0o600);
    assert.throws(() => opens(path, { create: "new" }), /File exists/);
    for (const [before, after] of [[0o666, 0o600], [0o664, 0o600], [0o644, 0o644]] as const) {
      Deno.chmodSync(path, before);
      assert.equal(opens(path), true);
      assert.equal(modeOf(path), after);
    }
    assert.equal(opens(path, { create: "always", folderOf: "anybody" }), true);
    assert.equal(modeOf(path), 0o600, "keys are nobody else's to read");
  });
});

Deno.test("openTrusted() refuses whatever is not a regular file with one name", () => {
  inFolder((folder) => {
    const victim = `${folder}/victim`;
    Deno.writeTextFileSync(victim, "precious");
    Deno.symlinkSync(victim, `${folder}/run/link`);
    Deno.symlinkSync(`${folder}/nowhere`, `${folder}/run/dangling`);
    Deno.linkSync(victim, `${folder}/run/hard`);
    Deno.mkdirSync(`${folder}/run/folder`);
    for (const create of ["always", "never"] as const) {
      for (const folderOf of [undefined, "owner", "anybody"] as const) {
        refuses(`${folder}/run/link`, /symbolic link/, { create, folderOf });
        refuses(`${folder}/run/dangling`, /symbolic link/, { create, folderOf });
        refuses(`${folder}/run/hard`, /2 names/, { create, folderOf });
        refuses(`${folder}/run/folder`, /not a regular file/, { create, folderOf });
      }
    }
    assert.equal(Deno.readTextFileSync(victim), "precious");
    assert.throws(() => Deno.statSync(`${folder}/nowhere`), Deno.errors.NotFound);
  });
});

Deno.test("openTrusted() refuses a folder that others can write, but for a sticky one", () => {
  inFolder((folder) => {
    const run = `${folder}/run`;
    const modes = [[0o777, /others may write/], [0o707, /others may write/], [0o775, /its group may write/]] as const;
    for (const [mode, why] of modes) {
      Deno.chmodSync(run, mode);
      refuses(`${run}/file`, why);
      refuses(`${run}/file`, why, { create: "never", folderOf: "owner" });
    }
    for (const mode of [0o1777, 0o755, 0o700]) {
      Deno.chmodSync(run, mode);
      assert.equal(opens(`${run}/file-${mode}`), true);
    }
    Deno.mkdirSync(`${run}/below`, { mode: 0o700 });
    Deno.chmodSync(run, 0o777);
    refuses(`${run}/below/file`, /others may write in the folder .*\/run$/);
    assert.equal(opens(`${run}/below/keys`, { create: "always", folderOf: "anybody" }), true);
  });
});

Deno.test("openTrusted() follows links on the way that root or we made, by name and from the root", () => {
  inFolder((folder) => {
    Deno.symlinkSync("run", `${folder}/relative`);
    Deno.symlinkSync(`${folder}/run`, `${folder}/absolute`);
    Deno.symlinkSync("../relative", `${folder}/run/up`);
    for (const way of ["relative", "absolute", "absolute/up", "run/../run/.", "/run//"]) {
      assert.equal(opens(`${folder}/${way}/file`), true, way);
    }
    assert.deepEqual([...Deno.readDirSync(`${folder}/run`)].map(({ name }) => name).sort(), ["file", "up"]);
    Deno.symlinkSync("circle", `${folder}/circle`);
    refuses(`${folder}/circle/file`, /leads nowhere/);
    assert.throws(() => opens(`${folder}/run/file/below`), /Not a directory/);
    assert.throws(() => opens(`${folder}/nowhere/file`), /No such file or directory/);
    assert.equal(opens(`${folder}/nowhere/file`, { create: "never" }), false);
  });
});

Deno.test("makeTrustedFolder() makes what is missing with mode 0700, and says whether it did", () => {
  inFolder((folder) => {
    assert.equal(makeTrustedFolder(`${folder}/a/b/c`), true);
    assert.equal(makeTrustedFolder(`${folder}/a/b/c`), false);
    for (const path of ["a", "a/b", "a/b/c"]) assert.equal(modeOf(`${folder}/${path}`), 0o700);
    Deno.writeTextFileSync(`${folder}/file`, "");
    assert.throws(() => makeTrustedFolder(`${folder}/file/below`), /Not a directory/);
  });
});

Deno.test("renameTrusted() and removeTrusted() touch the name, not what it links to", () => {
  inFolder((folder) => {
    const victim = `${folder}/victim`;
    Deno.writeTextFileSync(victim, "precious");
    Deno.writeTextFileSync(`${folder}/run/file`, "mine");
    Deno.symlinkSync(victim, `${folder}/run/file-old`);
    renameTrusted(`${folder}/run/file`, "file-old");
    assert.equal(Deno.readTextFileSync(`${folder}/run/file-old`), "mine");
    Deno.symlinkSync(victim, `${folder}/run/link`);
    removeTrusted(`${folder}/run/link`);
    removeTrusted(`${folder}/run/link`);
    assert.equal(Deno.readTextFileSync(victim), "precious");
  });
});
