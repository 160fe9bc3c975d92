import assert from "node:assert/strict";
import { temporaryFolder } from "./harness.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

Deno.test("the bundled client imports no node: module: each would cost every knock 20 to 35 ms", async () => {
  using folder = temporaryFolder();
  const bundle = `${folder.path}/fwknop.js`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "-o", bundle, MAIN],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const text = Deno.readTextFileSync(bundle);
  assert.ok(text.includes("SPA_SERVER_PORT"), "the bundle holds the client");
  // Imports of a bundle are hoisted: they are paid for even where they are never reached.
  assert.deepEqual(text.match(/["'`]node:[a-z_/]+["'`]/g) ?? [], []);
  assert.deepEqual(text.match(/^import .*$/gm) ?? [], []);
});
