import assert from "node:assert/strict";
import { writeAtomically } from "../../../lib/host/atomic_file.ts";

function folder(): { readonly path: string; names(): string[] } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "fwknop-test-" });
  return {
    path,
    names: () => [...Deno.readDirSync(path)].map(({ name }) => name).sort(),
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

Deno.test("writeAtomically() puts a new file in the place: who has the old one open reads it to its end", () => {
  using place = folder();
  const path = `${place.path}/rc`;
  Deno.writeTextFileSync(path, "old\n", { mode: 0o644 });
  Deno.linkSync(path, `${place.path}/link`);
  writeAtomically(path, "new\n");
  assert.equal(Deno.readTextFileSync(path), "new\n");
  assert.equal(Deno.readTextFileSync(`${place.path}/link`), "old\n");
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(place.names(), ["link", "rc"]);
});

Deno.test("writeAtomically() leaves what was there, and nothing beside it, when it fails", () => {
  using place = folder();
  Deno.mkdirSync(`${place.path}/taken`);
  assert.throws(() => writeAtomically(`${place.path}/taken`, "new\n"));
  assert.deepEqual(place.names(), ["taken"]);
});

Deno.test("writeAtomically() follows a symbolic link, which stays one", () => {
  using place = folder();
  Deno.writeTextFileSync(`${place.path}/kept`, "old\n");
  Deno.symlinkSync("kept", `${place.path}/rc`);
  writeAtomically(`${place.path}/rc`, "new\n");
  assert.ok(Deno.lstatSync(`${place.path}/rc`).isSymlink);
  assert.equal(Deno.readTextFileSync(`${place.path}/kept`), "new\n");
});

Deno.test("writeAtomically() puts no file in the place of a device, pipe or folder, by its name or by a link", () => {
  using place = folder();
  assert.ok(new Deno.Command("mkfifo", { args: [`${place.path}/pipe`] }).outputSync().success);
  Deno.mkdirSync(`${place.path}/folder`);
  Deno.symlinkSync("pipe", `${place.path}/link`);
  for (const name of ["pipe", "folder", "link"]) {
    assert.throws(() => writeAtomically(`${place.path}/${name}`, "keys\n"), /not a regular file/, name);
  }
  assert.equal(Deno.statSync(`${place.path}/link`).isFifo, true);
  assert.deepEqual([...Deno.readDirSync(place.path)].map(({ name }) => name).toSorted(), ["folder", "link", "pipe"]);
});
