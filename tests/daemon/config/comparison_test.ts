import assert from "node:assert/strict";
import { compare, row } from "../../../daemon/config/comparison.ts";

interface Thing {
  readonly doors: number;
  readonly locked: boolean;
}

const ROWS = [
  row<Thing, number>({
    name: "DOORS",
    key: "openPorts",
    value: ({ doors }) => doors,
    isLoss: (was, is, { locked }) => is > was && !locked,
    show: (doors) => `${doors} doors`,
  }),
  row<Thing, boolean>({
    name: "LOCKED",
    key: "source",
    value: ({ locked }) => locked,
    isLoss: (was, is) => was && !is,
    show: String,
  }),
];

Deno.test("compare() gives the rows that lost something, in their order, with both values as text", () => {
  assert.deepEqual(compare(ROWS, { doors: 1, locked: true }, { doors: 2, locked: false }), [
    { name: "DOORS", key: "openPorts", was: "1 doors", is: "2 doors" },
    { name: "LOCKED", key: "source", was: "true", is: "false" },
  ]);
  assert.deepEqual(
    compare(ROWS, { doors: 1, locked: true }, { doors: 2, locked: true }),
    [],
    "the thing itself counts",
  );
  assert.deepEqual(compare(ROWS, { doors: 2, locked: false }, { doors: 1, locked: true }), []);
});
