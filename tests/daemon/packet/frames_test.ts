/** Frames of a capture that is made up become datagrams, and its failure comes after what it gave before. */
import assert from "node:assert/strict";
import { readFrames } from "../../../daemon/packet/frames.ts";
import type { Capture, FrameVisitor } from "../../../ffi/pcap/frames.ts";
import { ethernet, ipv4, payloadOf, udp } from "../../lib/net/frame_bytes.ts";

const knock = (length: number, seed = 0) =>
  ethernet(0x0800, ipv4(udp(payloadOf(length, seed), { destinationPort: 62201 })));

/** A capture that shows these frames; `broken` is thrown after the first `breaksAfter` of them. */
function capture(frames: readonly Uint8Array<ArrayBuffer>[], breaksAfter = Infinity): Capture {
  let next = 0, broken = false;
  return {
    ...{
      fd: null,
      linkType: 1,
      inboundOnly: false,
      directionProblem: null,
      statistics: () => null,
      next: () => [],
      check: () => null,
      place: null,
    },
    get ended() {
      return next === frames.length;
    },
    drain(limit: number, visit: FrameVisitor) {
      for (let taken = 0; taken < limit; taken++) {
        if (next === breaksAfter && !broken) {
          broken = true;
          throw new Error("the interface went down");
        }
        const frame = frames[next];
        if (frame === undefined) return taken;
        visit(frame, frame.length, 1000 + next++);
      }
      return limit;
    },
    [Symbol.dispose]: () => {},
  };
}

Deno.test("readFrames(): datagrams with time and ports, each with bytes of its own; the rest is counted only", () => {
  const read = readFrames(capture([knock(200), knock(3), ethernet(0x0806, new Uint8Array(200)), knock(200, 9)]));
  const { datagrams, taken, more, ended } = read(10);
  assert.deepEqual([datagrams.length, taken, more, ended], [2, 4, false, true]);
  assert.deepEqual(datagrams.map(({ receivedAt }) => receivedAt), [1000, 1003]);
  assert.deepEqual(datagrams.map(({ destinationPort }) => destinationPort), [62201, 62201]);
  assert.deepEqual(datagrams.map(({ payload }) => [...payload]), [[...payloadOf(200)], [...payloadOf(200, 9)]]);
});

Deno.test("readFrames(): there is more while the limit is reached, and the end comes once", () => {
  const read = readFrames(capture([knock(200), knock(200), knock(200)]));
  const answers = [read(2), read(2), read(2)].map(({ taken, more, ended }) => [taken, more, ended]);
  assert.deepEqual(answers, [[2, true, false], [1, false, true], [0, false, true]]);
});

Deno.test("readFrames(): what came before a failure is handed on first, then it is thrown, once", () => {
  const read = readFrames(capture([knock(200), knock(200)], 1));
  const first = read(10);
  assert.deepEqual([first.datagrams.length, first.more, first.ended], [1, true, false]);
  assert.throws(() => read(10), /the interface went down/);
  assert.equal(read(10).datagrams.length, 1);
});

Deno.test("readFrames(): a failure before anything came is thrown at once, and reading goes on after it", () => {
  const read = readFrames(capture([knock(200)], 0));
  assert.throws(() => read(10), /the interface went down/);
  assert.equal(read(10).datagrams.length, 1);
});
