import assert from "node:assert/strict";
import { bundleSplit, bundleWhole } from "../../.ci/bundle.ts";
import { temporaryFolder } from "../cli/harness.ts";

const NODE = /["'`]node:[a-z_/]+["'`]/;

Deno.test("bundleWhole() keeps modules of node away from every start of the daemon, and in it what sends mail", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/fwknopd.js`;
  await bundleWhole("fwknopd", path);
  const text = Deno.readTextFileSync(path);
  assert.ok(text.includes("EMAIL_ADDRESSES"), "the bundle holds the daemon");
  assert.doesNotMatch(text, NODE);
  assert.deepEqual(text.match(/(?:^|;)import[\s{*"].*/gm) ?? [], []);
  const [, part = ""] = /import\("data:text\/javascript;base64,([^"]+)"\)/.exec(text) ?? [];
  assert.match(atob(part), NODE);
  assert.match(atob(part), /STARTTLS/);
});

Deno.test("bundleSplit() has modules of node in the file that sends mail, and in no other", async () => {
  using folder = temporaryFolder();
  await bundleSplit("fwknopd", folder.path);
  const files = [...Deno.readDirSync(`${folder.path}/split`)].map(({ name }) => name);
  const withNode = files.filter((name) => NODE.test(Deno.readTextFileSync(`${folder.path}/split/${name}`)));
  assert.deepEqual(withNode, ["smtp.js"]);
});
