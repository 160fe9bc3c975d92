import assert from "node:assert/strict";
import { weakenings } from "../../../daemon/config/weakening.ts";
import { good, STANZA } from "./in_memory.ts";

const ON = "ENABLE_IPT_FORWARDING Y\n";

/** What is weaker from one stanza to the other, and from one fwknopd.conf to the other. */
function lost(before: string, after: string, server: readonly [string, string] = ["", ""]): readonly string[] {
  const read = (more: string, lines: string) => good(ON + more, `${STANZA}${lines}\n`);
  return weakenings(read(server[0], before), read(server[1], after)).map((line) =>
    line.replace(/^.* the one in force: /, "")
  );
}

Deno.test("a reload says where NAT reaches further than before", () => {
  const rows = [
    ["NAT_ALLOW 10.0.0.5:22", "", ["NAT_ALLOW was 10.0.0.5:22, is every host"]],
    ["NAT_ALLOW 10.0.0.5:22", "NAT_ALLOW 10.0.0.5", ["NAT_ALLOW was 10.0.0.5:22, is 10.0.0.5"]],
    ["NAT_ALLOW 10.0.0.5:22", "NAT_ALLOW 10.0.0.5:22-23", ["NAT_ALLOW was 10.0.0.5:22, is 10.0.0.5:22-23"]],
    ["NAT_ALLOW 10.0.0.5", "NAT_ALLOW 10.0.0.0/24", ["NAT_ALLOW was 10.0.0.5, is 10.0.0.0/24"]],
    ["NAT_ALLOW 10.0.0.0/24:20-30", "NAT_ALLOW 10.0.0.5:22,25", []],
    ["NAT_ALLOW 10.0.0.0/24", "NAT_ALLOW 10.0.0.5:22", []],
    ["", "NAT_ALLOW 10.0.0.5", []],
    ["FORCE_NAT 10.0.0.5 22", "", ["FORCE_NAT was 10.0.0.5 22, is what the client asks for"]],
    ["FORCE_NAT 10.0.0.5 22", "FORCE_NAT 10.0.0.6 22", ["FORCE_NAT was 10.0.0.5 22, is 10.0.0.6 22"]],
    ["", "FORCE_NAT 10.0.0.5 22", []],
    ["", "FORWARD_ALL Y", ["FORWARD_ALL was N, is Y"]],
    ["FORWARD_ALL Y", "", []],
    ["GUARD forward", "GUARD both", ["GUARD was forward, is both"]],
    ["GUARD both", "GUARD forward", []],
  ] as const;
  for (const [before, after, expected] of rows) assert.deepEqual(lost(before, after), expected, `${before} / ${after}`);
});

Deno.test("a reload says where names and every inside host are reached that were not", () => {
  assert.deepEqual(lost("", "", ["ENABLE_NAT_DNS N\n", ""]), ["ENABLE_NAT_DNS was N, is Y"]);
  assert.deepEqual(lost("", "", ["", "ENABLE_FORWARD_ANY_HOST Y\n"]), ["ENABLE_FORWARD_ANY_HOST was N, is Y"]);
  assert.deepEqual(lost("", "", ["ENABLE_FORWARD_ANY_HOST Y\n", ""]), []);
  assert.deepEqual(weakenings(good("ENABLE_NAT_DNS N\n"), good("")), [], "without NAT there are no names");
});
