/** Files of other users. */
import assert from "node:assert/strict";
import { makeTrustedFolder, type TrustedOpening } from "../../../ffi/libc/trusted_file.ts";
import { labTest } from "../../lab/mod.ts";
import { inFolder, opens, refuses } from "./trusted_paths.ts";

/** Nobody's numbers. */
const STRANGER = 65534;

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
