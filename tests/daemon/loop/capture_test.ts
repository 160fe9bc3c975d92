import assert from "node:assert/strict";
import { datagram, knock } from "../../fakes/knock.ts";
import { access, play } from "./play.ts";

Deno.test("runLoop() stops at the packet limit, junk included", async () => {
  const junk = datagram("junk");
  const { ending, lines } = await play([{ packets: [junk, junk] }, { packets: [junk] }, { packets: [junk] }], {
    packetLimit: 3,
  });
  assert.deepEqual(ending, { reason: "packet limit" });
  assert.ok(lines.includes("warning: * Incoming packet count limit of 3 reached"));
});

Deno.test("runLoop() goes on with another source when the capture breaks, and ends when there is none", async () => {
  assert.deepEqual((await play([{ broken: true }])).ending, { reason: "capture broken" });
  const replaced = await play([{ broken: true }, {}], {
    recover: (current) => ({ ...current.source }),
  });
  assert.deepEqual(replaced.ending, { reason: "SIGTERM" });
  assert.deepEqual(replaced.disposed, ["source"]);
});

Deno.test("runLoop() asks every second for a source whose interface is not there yet, and then knocks open", async () => {
  const asked: (Error | null)[] = [];
  const packets = [datagram(await knock())];
  const { firewall, ending } = await play(
    [{}, { seconds: 1 }, { seconds: 0.5 }, { seconds: 0.5 }, { packets }],
    {
      recover: (current, error) => {
        asked.push(error);
        const { absent: _absent, ...there } = current.source;
        return asked.length < 3 ? "later" : there;
      },
    },
    { from: { absent: true } },
  );
  assert.deepEqual(asked, [null, null, null]);
  assert.deepEqual(ending, { reason: "SIGTERM" });
  assert.equal(firewall.admits(access("192.0.2.10", 22)), true);
});

Deno.test("runLoop() closes doors on time while it waits for a capture that broke, and tries it every second", async () => {
  const asked: boolean[] = [];
  const { lines, firewall, waits } = await play([
    { packets: [datagram(await knock())] },
    { broken: true },
    { seconds: 1 },
    { seconds: 29 },
    {},
  ], {
    recover: (current, error) => {
      asked.push(error !== null);
      return asked.length < 3 ? "later" : { ...current.source };
    },
  });
  assert.deepEqual(asked, [true, false, false]);
  assert.deepEqual(waits, [60_000, 30_000, 1000, 1000, 30_000, 30_000]);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
  assert.ok(lines.some((line) => line.includes("Removed rule 1 from")));
});
