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

Deno.test("the sample access.conf opens nothing until somebody puts keys in", () => {
  for (const text of [sample("access.conf"), inForce(sample("access.conf"))]) {
    const problems = wrong("", text);
    assert.equal(problems.length, 2, problems.join("\n"));
    for (const problem of problems) {
      assert.match(problem, /KEY_BASE64 value is not properly set: replace __CHANGEME__/);
    }
  }
});

Deno.test("a script that looks for a key, its placeholder or what is in force finds the one line that means it", () => {
  const lines = sample("access.conf").split("\n");
  const found = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
  assert.deepEqual(found(/KEY/), [
    "KEY_BASE64                  __CHANGEME__",
    "HMAC_KEY_BASE64             __CHANGEME__",
  ]);
  assert.equal(found(/__CHANGEME__/).length, 2);
  for (const name of ["SOURCE", "OPEN_PORTS", "REQUIRE_SOURCE_ADDRESS"]) {
    assert.equal(found(new RegExp(`\\b${name}\\b`)).length, 1, name);
  }
});

Deno.test("in the samples each name stands at the beginning of one line at most, and of no line of a comment's text", () => {
  for (const file of ["access.conf", "fwknopd.conf"]) {
    const seen = new Set<string>();
    for (const line of sample(file).split("\n")) {
      const name = /^[# ]*([A-Z][A-Z0-9_]+) {2,}\S/.exec(line)?.[1];
      if (name === undefined) continue;
      assert.ok(!seen.has(name), `${file}: ${line}`);
      seen.add(name);
    }
    assert.ok(seen.size > 5, file);
  }
});
