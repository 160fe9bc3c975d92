import assert from "node:assert/strict";
import { joinWords, splitPlain, splitWords } from "../../../cli/ui/shell_words.ts";

const LISTS: readonly (readonly string[])[] = [
  ["fwknop", "-C", "id -u; echo 'hi'"],
  ["", "a", ""],
  ['with "double"', "back\\slash", "tab\there", "line\nfeed"],
  ["-A", "tcp/22", "user@host:1"],
];

for (const words of LISTS) {
  Deno.test(`splitWords() reads back what joinWords() wrote: ${JSON.stringify(words)}`, () => {
    assert.deepEqual(splitWords(joinWords(words)), words);
  });
}

Deno.test("splitWords() reads shell quoting", () => {
  assert.deepEqual(splitWords(`pass show "gw key" it\\'s a'b'c `), ["pass", "show", "gw key", "it's", "abc"]);
});

Deno.test("splitWords() gives null for a quote that is never closed", () => {
  assert.equal(splitWords("-C it's"), null);
  assert.deepEqual(splitPlain("-C it's  x "), ["-C", "it's", "x"]);
});

Deno.test("joinWords() leaves plain words as the C client writes them", () => {
  assert.equal(joinWords(["fwknop", "-A", "tcp/22,udp/53", "-a", "1.2.3.4"]), "fwknop -A tcp/22,udp/53 -a 1.2.3.4");
});
