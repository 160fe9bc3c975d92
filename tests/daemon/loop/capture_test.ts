import assert from "node:assert/strict";
import type { Batch, Datagram, PacketSource } from "../../../daemon/packet/datagram.ts";
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
    recover: (_current, { source }) => ({ ...source }),
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
      recover: (_current, { source }, error) => {
        asked.push(error);
        const { absent: _absent, ...there } = source;
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
    recover: (_current, { source }, error) => {
      asked.push(error !== null);
      return asked.length < 3 ? "later" : { ...source };
    },
  });
  assert.deepEqual(asked, [true, false, false]);
  assert.deepEqual(waits, [60_000, 30_000, 1000, 1000, 30_000, 30_000]);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
  assert.ok(lines.some((line) => line.includes("Removed rule 1 from")));
});

/** A source beside the first: knocks on descriptor 8, or what `read` does. */
function besideOf(read: () => Batch, more: Partial<PacketSource> = {}): PacketSource {
  return { banner: [], fd: 8, read, statistics: () => null, [Symbol.dispose]: () => {}, ...more };
}

const batchOf = (...datagrams: readonly Datagram[]): Batch => ({
  datagrams,
  taken: datagrams.length,
  more: false,
  ended: false,
});

Deno.test("runLoop() reads each source when it is ready, and what one brings does not depend on another", async () => {
  const reads: string[] = [];
  const packet = datagram(await knock());
  const beside = besideOf(() => (reads.push("beside"), batchOf(packet)));
  const { firewall } = await play([{ ready: [8] }, {}], {}, {
    beside: [beside],
    from: { read: () => (reads.push("first"), batchOf()) },
  });
  assert.deepEqual(reads, ["beside"]);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), true);
});

Deno.test("runLoop() goes on with one source while another is broken, and tries that one again every second", async () => {
  const packet = datagram(await knock());
  const asked: (number | string)[] = [];
  const { ending, firewall, lines } = await play(
    [{ broken: true, ready: [8] }, { seconds: 1 }, { seconds: 1 }],
    {
      recover: (_current, { spec }, error) => {
        asked.push(error === null ? "again" : error.message, spec.kind === "udp" ? spec.port : 0);
        return "later";
      },
    },
    { beside: [besideOf(() => batchOf(packet))] },
  );
  assert.deepEqual(asked, ["the interface disappeared", 1, "again", 1, "again", 1]);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), true, lines.join("\n"));
  assert.deepEqual(ending, { reason: "SIGTERM" });
});

Deno.test("runLoop() opens once what two sources bring in one turn", async () => {
  const packet = datagram(await knock());
  const { lines } = await play([{ packets: [packet], ready: [8] }], {}, { beside: [besideOf(() => batchOf(packet))] });
  assert.equal(lines.filter((line) => line.includes("Added access rule")).length, 1, lines.join("\n"));
  assert.ok(!lines.some((line) => /^warning: .*Replay detected/.test(line)), lines.join("\n"));
});

Deno.test("runLoop() asks sources once a second whether they are still there, and says what is new", async () => {
  const answers = [[], ["Interface wg0 is up again"]];
  const broken = new Error("it has another name now");
  const check = () => {
    const answer = answers.shift();
    if (answer === undefined) throw broken;
    return answer;
  };
  const asked: unknown[] = [];
  const { lines, waits } = await play([{ seconds: 1 }, { seconds: 1 }, { seconds: 1 }, {}], {
    recover: (_current, _broken, error) => (asked.push(error), "later"),
  }, { beside: [besideOf(() => batchOf(), { check })] });
  assert.ok(waits.slice(0, 3).every((wait) => wait <= 1000));
  assert.ok(lines.includes("info: Interface wg0 is up again"), lines.join("\n"));
  assert.deepEqual(asked, [broken]);
});

Deno.test("runLoop() reads a source again when its last batch asked for it, and not before", async () => {
  const reads: number[] = [];
  const beside = besideOf(() => (reads.push(reads.length), { ...batchOf(), again: 2000 }), { fd: null });
  const { waits } = await play([{}, { seconds: 1 }, { seconds: 1 }, {}], {}, { beside: [beside] });
  assert.deepEqual(reads, [0, 1]);
  assert.deepEqual(waits.slice(0, 4), [0, 2000, 1000, 2000]);
});

Deno.test("runLoop() takes larger batches from a source while more waits, within a limit, and small ones afterwards", async () => {
  const asked: number[] = [];
  const read = (limit: number): Batch => {
    asked.push(limit);
    return { datagrams: [], taken: limit, more: asked.length % 6 !== 0, ended: false };
  };
  await play([{ packets: [] }, {}, {}, {}, {}, {}, { packets: [] }, {}], {}, { from: { read } });
  assert.deepEqual(asked, [100, 200, 400, 400, 400, 400, 100, 200, 400]);
});
