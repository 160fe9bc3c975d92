/** The program under test of spare_memory_test.ts: says how garbage was collected, where the runtime can be asked for that. */
import { giveBackStart } from "../../../daemon/start/spare_memory.ts";

const calls: unknown[] = [];
const there = "gc" in globalThis;
if (there) Object.assign(globalThis, { gc: (how: unknown) => void calls.push(how) });
const kept = Array.from({ length: 100 }, (_, i) => `kept ${i}`);
giveBackStart();
console.log(JSON.stringify({ there, calls, kept: new Set(kept).size }));
