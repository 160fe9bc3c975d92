import assert from "node:assert/strict";
import { createShutGrants } from "../../../daemon/grants/shut.ts";
import { address } from "../../contract/addresses.ts";

const BLOCK = { chain: "inet block input", how: "drops by policy", remedy: "let it in" };
const BAN = { chain: "inet ban input", how: "drops it by its set", remedy: "take it out" };

function scene() {
  const lines: string[] = [];
  const shut = createShutGrants();
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const access = (port: number) =>
    ({
      slot: "input",
      source: address("192.0.2.7"),
      destination: null,
      service: { proto: "tcp", port },
    }) as const;
  const said = () => lines.splice(0).map((line) => line.replace(/192\.0\.2\.7 -> 0\.0\.0\.0\/0 /, ""));
  const judged = (port: number, ...shutBy: (typeof BLOCK)[]) => ({
    access: access(port),
    containerOf: () => "C",
    shutBy,
  });
  return { shut, log, access, judged, said };
}

Deno.test("createShutGrants() tells once when a door is shut by others, when that is another, and when it is over", () => {
  const { shut, log, judged, said } = scene();
  shut.begin()([judged(22), judged(80)], log);
  assert.deepEqual(said(), []);
  shut.begin()([judged(22, BLOCK), judged(80)], log);
  assert.deepEqual(said(), [
    "warning: tcp/22 is open in C, but inet block input keeps it shut: it drops by policy; let it in",
  ]);
  shut.begin()([judged(22, BLOCK), judged(80)], log);
  assert.deepEqual(said(), []);
  shut.begin()([judged(22, BAN), judged(80)], log);
  assert.match(said().join(), /^warning: tcp\/22 is open in C, but inet ban input/);
  shut.begin()([judged(22), judged(80)], log);
  assert.deepEqual(said(), ["info: tcp/22 is open in C, and nothing else keeps it shut any more"]);
});

Deno.test("createShutGrants() does not repeat what was told at the opening, and forgets what is closed", () => {
  const { shut, log, access, judged, said } = scene();
  shut.note(access(22), [BLOCK]);
  shut.begin()([judged(22, BLOCK)], log);
  assert.deepEqual(said(), []);
  shut.begin()([], log);
  assert.deepEqual(said(), [], "nobody asks why a door is shut that is closed");
  shut.begin()([judged(22, BLOCK)], log);
  assert.equal(said().length, 1);
  shut.note(access(22), []);
  shut.begin()([judged(22)], log);
  assert.deepEqual(said(), [], "the line about the opening said that it is open");
});

Deno.test("createShutGrants() does not flood the log where one change shuts many doors", () => {
  const { shut, log, judged, said } = scene();
  const many = Array.from({ length: 1000 }, (_, port) => judged(port + 1, BLOCK));
  shut.begin()(many, log);
  const lines = said();
  assert.equal(lines.length, 51);
  assert.equal(lines.at(-1), "warning: The same is true of 950 more open doors");
  shut.begin()(many, log);
  assert.deepEqual(said(), []);
});

Deno.test("createShutGrants() leaves alone what was opened while the others were judged", () => {
  const { shut, log, access, judged, said } = scene();
  shut.note(access(80), [BLOCK]);
  const tell = shut.begin();
  shut.note(access(22), [BLOCK]);
  shut.note(access(80), []);
  tell([judged(80, BLOCK)], log);
  assert.deepEqual(said(), [], "it was judged before it was opened anew");
  shut.begin()([judged(22, BLOCK), judged(80)], log);
  assert.deepEqual(said(), [], "both were told at the opening");
});
