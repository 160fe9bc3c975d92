/** The sample files that are installed: as they are, and with every line in force. */
import assert from "node:assert/strict";
import { good, STANZA, wrong } from "./in_memory.ts";

const FOLDER = new URL("../../../packaging/conf/", import.meta.url);

function sample(name: string): string {
  return Deno.readTextFileSync(new URL(name, FOLDER));
}

/** Takes the `#` from every line that is a directive and not a sentence. */
function inForce(text: string): string {
  return text.replace(/^#(?=[A-Z%])/gm, "");
}

Deno.test("the sample fwknopd.conf means the defaults", () => {
  assert.deepEqual(good(sample("fwknopd.conf")).config, good("").config);
});

Deno.test("the sample fwknopd.conf is right in every line", () => {
  const files = { "/etc/fwknop/local.conf": "", "/etc/fwknop/access.d/a.conf": STANZA };
  assert.deepEqual(wrong(inForce(sample("fwknopd.conf")), STANZA, { files }), []);
});

Deno.test("the sample access.conf opens nothing until somebody writes a stanza and keys", () => {
  assert.match(wrong("", sample("access.conf")).join(), /could not find any valid access.conf stanzas/);
  const problems = wrong("", inForce(sample("access.conf")));
  assert.ok(problems.length > 0);
  for (const problem of problems) assert.match(problem, /__CHANGEME__/);
});
