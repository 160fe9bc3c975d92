import assert from "node:assert/strict";
import { bundleSplit, bundleWhole } from "../../.ci/bundle.ts";
import { temporaryFolder } from "./harness.ts";

/** The files that a module of the bundle loads at once, itself included. */
function staticClosure(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const folder = path.slice(0, path.lastIndexOf("/"));
  const imported = Deno.readTextFileSync(path).matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g);
  for (const [, name] of imported) staticClosure(`${folder}/${name}`, seen);
  return seen;
}

Deno.test("the bundled client imports no node: module: each would cost every knock 20 to 35 ms", async () => {
  using folder = temporaryFolder();
  const bundle = `${folder.path}/fwknop.js`;
  await bundleWhole("fwknop", bundle);
  const text = Deno.readTextFileSync(bundle);
  assert.ok(text.includes("SPA_SERVER_PORT"), "the bundle holds the client");
  // Imports of a bundle are hoisted: they are paid for even where they are never reached.
  assert.deepEqual(text.match(/["'`]node:[a-z_/]+["'`]/g) ?? [], []);
  assert.deepEqual(text.match(/(?:^|;)import[\s{*"].*/gm) ?? [], []);
});

/** A library as large as all the rest; a word of it that survives minifying. */
const APART = { file: "library.js", word: "nonDeterministicSignaturesViaNotation" };

Deno.test("the ordinary knock reads its own files of the bundle, everything else is one more, and OpenPGP a third", async () => {
  using folder = temporaryFolder();
  const main = await bundleSplit("fwknop", folder.path);
  const first = staticClosure(main);
  const all = [...Deno.readDirSync(`${folder.path}/split`)].map(({ name }) => `${folder.path}/split/${name}`);
  assert.equal(all.length - first.size, 2, all.join(" "));
  assert.ok(first.size <= 2, "a file more costs a quarter of a millisecond");
  const needed = [...first].map((path) => Deno.readTextFileSync(path)).join("\n");
  const others = all.filter((path) => !first.has(path) && !path.endsWith(`/${APART.file}`));
  const rest = others.map((path) => Deno.readTextFileSync(path)).join("\n");
  assert.ok(Deno.readTextFileSync(`${folder.path}/split/${APART.file}`).includes(APART.word));
  assert.ok(!`${needed}${rest}`.includes("SEIPD"), "the library is read by others than those who use it");
  // Names that survive minifying: of the stanza, keys, UDP, and of looking up a server, because most are named and the rest
  // costs 9 ms; then of prompts, commands and -R, and of modes (cli/modes.ts).
  for (const word of ["SPA_SERVER_PORT", "KEY_BASE64", "AES-CBC", "freeaddrinfo"]) {
    assert.ok(needed.includes(word), word);
  }
  const modes = ["COMP_WORDS", "HostName ", "A knock would be", "Last fwknop client", "unknown directive "];
  for (const word of ["tcgetattr", "execvp", "createHttpClient", ...modes]) {
    assert.ok(!needed.includes(word), `${word} is read by every knock`);
    assert.ok(rest.includes(word), word);
  }
});
