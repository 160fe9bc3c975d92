import assert from "node:assert/strict";
import { anchorTrouble, isAnchorAbsent, isPfOff } from "../../../../daemon/firewall/pf/main_rules.ts";

const ANCHOR = 'anchor "fwknop" all';
const MISSING = /^anchor is not active: pf\.conf needs: anchor "fwknop"$/;
const SHUT = /^pf\.conf blocks everything before its anchor "fwknop": block/;

const TABLE: readonly (readonly [what: string, lines: readonly string[], trouble: RegExp | null])[] = [
  ["nothing but the anchor", [ANCHOR], null],
  ["an anchor for what comes in", ['anchor "fwknop" in on em0 proto tcp all'], null],
  ["all anchors", ['anchor "*" all'], null],
  ["a block that a later rule overrules", ["block drop in all", ANCHOR], null],
  ["a block of some", ["block drop in quick on em1 all", "block drop in quick inet6 all", ANCHOR], null],
  ["a block after it", [ANCHOR, "block drop in quick all"], null],
  ["a block of what goes out", ["block drop out quick all", ANCHOR], null],
  ["no rule", [], MISSING],
  ["another anchor", ['anchor "fwknop2" all', 'anchor "relayd/*" all'], MISSING],
  ["the anchor for what goes out", ['anchor "fwknop" out all'], MISSING],
  ["translation only", ['rdr-anchor "fwknop" all'], MISSING],
  ["a block of everything", ["block drop in quick all", ANCHOR], SHUT],
  ["a logged block of both ways", ["block return log quick all", ANCHOR], SHUT],
];

for (const [what, lines, trouble] of TABLE) {
  Deno.test(`anchorTrouble() of ${what}`, () => {
    const found = anchorTrouble(lines.map((line) => `${line}\n`).join(""), "fwknop");
    if (trouble === null) assert.equal(found, null);
    else {
      assert.match(found?.message ?? "", trouble);
      assert.notEqual(found?.hint, "");
    }
  });
}

Deno.test("anchorTrouble() finds an anchor in another one by its path", () => {
  assert.equal(anchorTrouble('anchor "com.apple/*" all\n', "com.apple/fwknop"), null);
  assert.notEqual(anchorTrouble('anchor "com.apple/*" all\n', "fwknop"), null);
  assert.notEqual(anchorTrouble('anchor "*" all\n', "com.apple/fwknop"), null);
});

Deno.test("isPfOff() and isAnchorAbsent() read what pfctl says", () => {
  assert.ok(isPfOff("Status: Disabled for 0 days 00:00:07   Debug: Urgent\n"));
  assert.ok(!isPfOff("Status: Enabled for 0 days 00:00:07   Debug: Urgent\n"));
  assert.ok(isAnchorAbsent("/sbin/pfctl failed: pfctl: DIOCGETRULES: Invalid argument"));
  assert.ok(!isAnchorAbsent("/sbin/pfctl failed: pfctl: /dev/pf: Permission denied"));
});
