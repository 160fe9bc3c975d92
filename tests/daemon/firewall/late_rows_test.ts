import assert from "node:assert/strict";
import { lateObjections, lateSettings, lateValues } from "../../../daemon/firewall/late_rows.ts";
import { integer, yesNo } from "../../../lib/settings/kinds.ts";
import { resolveSettings } from "../../../lib/settings/resolve.ts";

const ROWS = {
  count: { kind: integer(1, 9), directive: "COUNT", fallback: 3, doc: "how many" },
  loud: { kind: yesNo, directive: "LOUD", fallback: false, doc: "whether", detail: "More." },
} as const;

Deno.test("lateSettings() take any text, and say in the documents what is legal", () => {
  const table = lateSettings("things", ROWS);
  const given = [{ key: "count", text: "many", name: "COUNT", origin: { file: "/c", line: 1 } }];
  const { values, problems } = resolveSettings(table, given);
  assert.deepEqual(problems, []);
  assert.deepEqual(values, { count: "many", loud: "N" });
  assert.deepEqual(table["count"]?.kind.expects, "a number from 1 to 9");
  assert.deepEqual([table["loud"]?.kind.choices, table["loud"]?.detail], [["Y", "N"], "More."]);
});

Deno.test("lateValues() are what the texts mean, and the built-in values where they mean nothing", () => {
  assert.deepEqual(lateValues(ROWS, { count: "9", loud: "yes" }), { count: 9, loud: true });
  assert.deepEqual(lateValues(ROWS, { count: "10", loud: "on" }), { count: 3, loud: false });
});

Deno.test("lateObjections() say of each wrong text what is legal, or what to write", () => {
  assert.deepEqual(lateObjections(ROWS, { count: "9", loud: "n" }), []);
  assert.deepEqual(lateObjections(ROWS, { count: "10", loud: "on" }), [
    {
      key: "count",
      message: "COUNT: value is out of range: not in the range 1-9",
      hint: "it must be a number from 1 to 9",
    },
    { key: "loud", message: "LOUD: expected Y or N", hint: "write Y" },
  ]);
});
