import assert from "node:assert/strict";
import fc from "fast-check";
import { commandWords, MAX_WORDS } from "../../../daemon/command/words.ts";

Deno.test("commandWords() cuts at every blank of C, and at nothing else", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["ls", ["ls"]],
    ["  ls\t-l \n /tmp\v\f\r/ ", ["ls", "-l", "/tmp", "/"]],
    [`sh -c 'a "b" \\ c; $(id) > /x'`, ["sh", "-c", "'a", '"b"', "\\", "c;", "$(id)", ">", "/x'"]],
    ["a\u00a0b\u2003c", ["a\u00a0b\u2003c"]],
  ];
  for (const [text, words] of table) assert.deepEqual(commandWords(text), { ok: true, value: words }, text);
});

Deno.test("commandWords() refuses nothing, too much, and what acts on a terminal", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(" ");
  const fault = (text: string, prefix: readonly string[] = []) => {
    const words = commandWords(text, prefix);
    return words.ok ? words.value.length : words.fault;
  };
  assert.equal(fault(" \t"), "it holds no word");
  assert.equal(fault(" ", ["sudo", "--"]), "it holds no word");
  assert.equal(fault(many(MAX_WORDS)), 28);
  assert.equal(fault(many(29)), "it has 29 words, and at most 28 are taken");
  assert.equal(fault(many(27), ["sudo", "--"]), "it has 29 words, and at most 28 are taken");
  for (const control of ["\0", "\x07", "\x1b[2J", "\x7f"]) {
    assert.equal(fault(`echo ${control}`), "it holds control characters", JSON.stringify(control));
  }
});

Deno.test("commandWords() puts what stands before the command in front of it, as it is", () => {
  assert.deepEqual(commandWords("-u root id", ["/opt/a b/sudo", "-u", "bob", "--"]), {
    ok: true,
    value: ["/opt/a b/sudo", "-u", "bob", "--", "-u", "root", "id"],
  });
});

Deno.test("commandWords() adds nothing, loses nothing, and throws for no text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
    const words = commandWords(text);
    if (words.ok) assert.equal(words.value.join(""), text.replace(/[ \t\n\v\f\r]/g, ""));
  }));
});
