import assert from "node:assert/strict";
import { encodeMessages } from "../../../ffi/nfnetlink/codec.ts";
import type { StructureChange } from "../../../ffi/nfnetlink/ruleset.ts";
import { structureStep } from "../../../ffi/nfnetlink/write_ruleset.ts";

const TABLE = { family: "ip", table: "t" } as const;
/** nfgenmsg, and the name of the table. */
const IN_T = "02000000" + "0600010074000000";

/** Message and flags of the step, and the body as the kernel gets it. */
function written(change: StructureChange, number = 1): readonly [number, number, string] {
  const { message, flags, attributes } = structureStep(change, number);
  const bytes = encodeMessages([{ type: 0, flags: 0, seq: 0, family: 2, attributes }]);
  return [message, flags, bytes.subarray(16).toHex()];
}

const CREATE = 0x400;

Deno.test("tables and chains are written as nft does", () => {
  assert.deepEqual(written({ verb: "add table", ...TABLE }), [0, CREATE, `${IN_T}0800020000000000`]);
  assert.deepEqual(written({ verb: "delete table", ...TABLE }), [2, 0, IN_T]);
  const chain = { ...TABLE, chain: "c" };
  assert.deepEqual(written({ verb: "add chain", ...chain, base: null }), [3, CREATE, `${IN_T}0600030063000000`]);
  assert.deepEqual(written({ verb: "add chain", ...chain, base: { type: "nat", hook: 0, priority: -105 } }), [
    3,
    CREATE,
    `${IN_T}0600030063000000` + "080007006e617400" + "14000480" + "0800010000000000" + "08000200ffffff97",
  ]);
  assert.deepEqual(written({ verb: "flush chain", ...chain }), [8, 0, `${IN_T}0600020063000000`]);
  assert.deepEqual(written({ verb: "delete chain", ...chain }), [5, 0, `${IN_T}0600030063000000`]);
});

Deno.test("rules are written at head or tail, and their handles asked for", () => {
  const rule = { verb: "add rule", ...TABLE, chain: "b" } as const;
  const expressions = [{ kind: "verdict", verdict: { kind: "jump", chain: "c" } }] as const;
  const body = `${IN_T}0600020062000000` + "3c000480" + "38000180" + "0e000100696d6d656469617465000000" + "24000280" +
    "0800010000000000" + "18000280" + "14000280" + "08000100fffffffd" + "0600020063000000";
  assert.deepEqual(written({ ...rule, at: "head", expressions }), [6, CREATE | 8, body]);
  assert.deepEqual(written({ ...rule, at: "tail", expressions }), [6, CREATE | 8 | 0x800, body]);
  assert.deepEqual(written({ verb: "delete rule", ...TABLE, chain: "b", handle: 0x1_0000_0002n }), [
    8,
    0,
    `${IN_T}0600020062000000` + "0c0003000000000100000002",
  ]);
});

Deno.test("sets and maps are written with types, lengths and byte orders that nft lists them by", () => {
  const set = { verb: "add set", ...TABLE, set: "s" } as const;
  const service = ["ipv4_addr", "inet_proto", "inet_service"] as const;
  assert.deepEqual(written({ ...set, key: service, value: [] }), [
    9,
    CREATE,
    `${IN_T}0600020073000000` + "0800030000000010" + "080004000000730d" + "080005000000000c" + "08000a0000000001" +
    "0a000d00" + "000400000000" + "0000",
  ]);
  assert.deepEqual(written({ ...set, key: service, value: ["ipv4_addr", "inet_service"] }, 2), [
    9,
    CREATE,
    `${IN_T}0600020073000000` + "0800030000000018" + "080004000000730d" + "080005000000000c" + "08000600000001cd" +
    "0800070000000008" + "08000a0000000002" + "10000d00" + "000400000000" + "010400000000",
  ]);
  assert.deepEqual(written({ ...set, key: ["ipv6_addr"], value: ["ipv6_addr"] }), [
    9,
    CREATE,
    `${IN_T}0600020073000000` + "0800030000000018" + "0800040000000008" + "0800050000000010" + "0800060000000008" +
    "0800070000000010" + "08000a0000000001" + "10000d00" + "000402000000" + "010402000000",
  ]);
  assert.deepEqual(written({ verb: "delete set", ...TABLE, set: "s" }), [11, 0, `${IN_T}0600020073000000`]);
});
