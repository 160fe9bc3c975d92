import assert from "node:assert/strict";
import { ClientError, forgiving, formatTold, type Terminal, type Told } from "../../../cli/ui/tui.ts";
import { jsonAnswer, type JsonObject } from "../../../cli/ui/json_answer.ts";
import { realWorld, type World, worldOn } from "../../../cli/ui/world.ts";

/** A world that keeps its lines. */
function listener(): { readonly world: World; readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  return { world: worldOn({ ...realWorld(), out: keep, err: keep }), lines };
}

Deno.test("formatTold() gives the message and every hint a line of its own, with the server they are about", () => {
  assert.equal(formatTold({ level: "warning", message: "loose mode" }), "fwknop: warning: loose mode");
  assert.equal(
    formatTold({ level: "error", message: "no such name", hint: "check it" }),
    "fwknop: error: no such name\nfwknop: hint: check it",
  );
  assert.equal(
    formatTold({ level: "error", message: "shut", hint: ["one", "two"], server: "gw" }),
    "fwknop: error: gw: shut\nfwknop: hint: gw: one\nfwknop: hint: gw: two",
  );
});

Deno.test("formatTold() keeps a message on its line, and shows what cannot be seen", () => {
  assert.equal(
    formatTold({ level: "error", message: "a\nfwknop: error: forged", hint: "\x1b[2J" }),
    "fwknop: error: a\\x0afwknop: error: forged\nfwknop: hint: \\x1b[2J",
  );
});

Deno.test("jsonAnswer() answers with the errors that were told, and not with what only looks like one", () => {
  const { world, lines } = listener();
  const answers: JsonObject[] = [];
  const answer = jsonAnswer(world, (value) => answers.push(value));
  answer.world.err("fwknop: error: a line of -v");
  answer.world.tell({ level: "warning", message: "weak", hint: "mend it" });
  answer.world.tell({ level: "error", message: "gone\x07", hint: ["one", "two"] });
  answer.finish(1);
  assert.deepEqual(answers, [{ errors: [{ message: "gone\\x07", hints: ["one", "two"] }] }]);
  assert.equal(lines.at(-1), "fwknop: error: gone\\x07\nfwknop: hint: one\nfwknop: hint: two");
});

Deno.test("forgiving() warns once of an output that takes nothing, and lets other failures through", () => {
  const told: Told[] = [];
  const refused = new ClientError("Cannot write to standard output: no space");
  const broken = (error: unknown) =>
    forgiving<Terminal>({
      out: () => {
        throw error;
      },
      err: () => {},
      tell: (one: Told) => void told.push(one),
    });
  const terminal = broken(refused);
  terminal.out("a");
  terminal.out("b");
  assert.deepEqual(told, [{ level: "warning", message: refused.message }]);
  assert.throws(() => broken(new TypeError("a bug")).out("c"), TypeError);
});
