import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { closeFd } from "../../../ffi/libc/fd.ts";
import {
  makeTrustedFolder,
  openTrusted,
  removeTrusted,
  renameTrusted,
  type TrustedOpening,
} from "../../../ffi/libc/trusted_file.ts";
import { labTest } from "../../lab/mod.ts";

/** Nobody's numbers. */
const STRANGER = 65534;

function inFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/run`, { mode: 0o700 });
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Opens and closes. True when there was something to open. */
function opens(path: string, opening: TrustedOpening = { create: "always" }): boolean {
  const fd = openTrusted(path, opening);
  if (fd !== null) closeFd(fd);
  return fd !== null;
}

function refuses(path: string, why: RegExp, opening?: TrustedOpening): void {
  assert.throws(() => opens(path, opening), (error: unknown) => {
    assert.ok(error instanceof FfiError);
    assert.match(error.message, why);
    assert.ok((error.details.hint ?? "").length > 10, "with a remedy");
    return true;
  }, `${path} ${why}`);
}

function modeOf(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}

Deno.test("openTrusted() makes a file for its owner alone, and takes the right to write from others", () => {
  inFolder((folder) => {
    const path = `${folder}/run/file`;
    assert.equal(opens(path, { create: "never" }), false);
    assert.equal(opens(path), true);
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

labTest("openTrusted() refuses files, folders and links of another user", () => {
  inFolder((folder) => {
    Deno.chmodSync(folder, 0o755);
    Deno.writeTextFileSync(`${folder}/run/file`, "");
    Deno.chownSync(`${folder}/run/file`, STRANGER, STRANGER);
    refuses(`${folder}/run/file`, /belongs to uid 65534/);
    refuses(`${folder}/run/file`, /belongs to uid 65534/, { create: "always", folderOf: "anybody" });
    Deno.mkdirSync(`${folder}/theirs/below`, { recursive: true, mode: 0o755 });
    Deno.chownSync(`${folder}/theirs`, STRANGER, STRANGER);
    refuses(`${folder}/theirs/file`, /the folder .*\/theirs belongs to uid 65534/);
    refuses(`${folder}/theirs/below/file`, /the folder .*\/theirs belongs to uid 65534/);
    refuses(`${folder}/theirs/below/file`, /belongs to uid/, { create: "never", folderOf: "owner" });
    assert.throws(() => makeTrustedFolder(`${folder}/theirs/new`), /belongs to uid 65534/);
    Deno.symlinkSync("run", `${folder}/link`);
    assert.equal(new Deno.Command("chown", { args: ["-h", "65534", `${folder}/link`] }).outputSync().code, 0);
    refuses(`${folder}/link/other`, /"?.*\/link"? is a link that belongs to uid 65534/);
    assert.throws(() => makeTrustedFolder(`${folder}/link/new`), /belongs to uid 65534/);
    assert.deepEqual([...Deno.readDirSync(`${folder}/run`)].map(({ name }) => name), ["file"]);
  });
  return Promise.resolve();
});

labTest("openTrusted() for asking takes the folder of a daemon that runs as another user, and only its files", () => {
  inFolder((folder) => {
    Deno.chmodSync(folder, 0o755);
    const run = `${folder}/run`;
    Deno.writeTextFileSync(`${run}/theirs`, "");
    Deno.chownSync(`${run}/theirs`, STRANGER, STRANGER);
    Deno.writeTextFileSync(`${run}/third`, "");
    Deno.chownSync(`${run}/third`, STRANGER - 1, STRANGER - 1);
    Deno.chownSync(run, STRANGER, STRANGER);
    const asking: TrustedOpening = { create: "never", folderOf: "owner" };
    assert.equal(opens(`${run}/theirs`, asking), true);
    refuses(`${run}/third`, /belongs to uid 65533/, asking);
    refuses(`${run}/theirs`, /folder .* belongs to uid 65534/, { create: "never" });
  });
  return Promise.resolve();
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
