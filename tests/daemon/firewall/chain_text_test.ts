import assert from "node:assert/strict";
import { chainSpec } from "../../../daemon/firewall/chain_text.ts";

const SPEC = { target: "ACCEPT", table: "filter", from: "INPUT", jumpPosition: 3, to: "MY_INPUT", rulePosition: 1 };

Deno.test("chainSpec reads six fields, blanks anywhere, and writes them again", () => {
  for (const text of ["ACCEPT,filter,INPUT,3,MY_INPUT,1", " ACC EPT, filter ,INPUT, 3 ,MY_INPUT,  1 "]) {
    assert.deepEqual(chainSpec.parse(text), { ok: true, value: SPEC });
  }
  const text = chainSpec.format(SPEC);
  assert.equal(text, "ACCEPT, filter, INPUT, 3, MY_INPUT, 1");
  assert.deepEqual(chainSpec.parse(text), { ok: true, value: SPEC });
});

const WRONG: readonly [text: string, fault: RegExp][] = [
  ["ACCEPT,filter,INPUT,1,X", /expected six fields/],
  ["ACCEPT,filter,INPUT,1,X,1,1", /expected six fields/],
  ["ACCEPT,,INPUT,1,X,1", /expected six fields/],
  ["ACCEPT,filter,IN-PUT,1,X,1", /only letters, digits/],
  ["ACCEPT,filter,INPUT,65537,X,1", /jump rule position/],
  ["ACCEPT,filter,INPUT,1,X,x", /to_chain rule position/],
  [`ACCEPT,filter,INPUT,1,${"X".repeat(29)},1`, /longer than the 28/],
  ["ACCEPT,filter,INPUT,1,FORWARD,1", /one of its own/],
  ["ACCEPT,filter,MINE,1,MINE,1", /one of its own/],
];

for (const [text, fault] of WRONG) {
  Deno.test(`chainSpec refuses ${text}`, () => {
    const read = chainSpec.parse(text);
    assert.ok(!read.ok);
    assert.match(read.fault, fault);
  });
}

Deno.test("chainSpec knows the remedy for a line of fwknop 1.x and for names that it cannot take", () => {
  assert.match(
    chainSpec.remedy?.("ACCEPT, src, filter, INPUT, 1, X, 1") ?? "",
    /write ACCEPT, filter, INPUT, 1, X, 1$/,
  );
  assert.match(chainSpec.remedy?.("ACCEPT,filter,IN-PUT,1,X,1") ?? "", /another name/);
  assert.equal(chainSpec.remedy?.("ACCEPT,filter"), undefined);
});
