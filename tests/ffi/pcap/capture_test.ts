import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { lazyLibrary } from "../../../ffi/loader.ts";
import { openCaptureFile, openLiveCapture } from "../../../ffi/pcap/capture.ts";
import type { Capture } from "../../../ffi/pcap/frames.ts";
import { LIBPCAP } from "../../../ffi/pcap/symbols.ts";
import {
  captureFile,
  type CaptureFileOptions,
  cooked2,
  ethernet,
  ipv4,
  payloadOf,
  udp,
} from "../../lib/net/frame_bytes.ts";

function test(name: string, fn: () => void, ignore = false): void {
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  Deno.test({ name, fn, ignore, sanitizeResources: false });
}

const FRAMES = [150, 160, 170].map((length) => ethernet(0x0800, ipv4(udp(payloadOf(length)))));

/** Opens a file with these bytes; the file itself is gone again at once. */
function openBytes(bytes: Uint8Array, filter = ""): Capture {
  const path = Deno.makeTempFileSync({ suffix: ".pcap" });
  try {
    Deno.writeFileSync(path, bytes);
    const capture = openCaptureFile({ path, filter });
    assert.ok(capture !== null, "its header is whole");
    return capture;
  } finally {
    Deno.removeSync(path);
  }
}

function openFrames(frames: readonly Uint8Array[], options: Partial<CaptureFileOptions> = {}, filter = ""): Capture {
  return openBytes(captureFile(frames, { linkType: 1, ...options }), filter);
}

/** The error of a call that must fail. */
function failureOf(call: () => unknown): FfiError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof FfiError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "expected an FfiError" });
}

test("openCaptureFile() hands on bytes, lengths and times, and ends", () => {
  using capture = openFrames(FRAMES, { start: 1_700_000_000 });
  assert.deepEqual([capture.fd, capture.linkType, capture.ended, capture.statistics()], [null, 1, false, null]);
  assert.deepEqual(capture.next(2).map(({ bytes }) => bytes), FRAMES.slice(0, 2));
  const [last, ...more] = capture.next(10);
  assert.deepEqual(more, []);
  assert.deepEqual(last, { bytes: FRAMES[2], wireLength: FRAMES[2]?.length, timestampMs: 1_700_000_000_002.5 });
  assert.equal(capture.ended, true);
  assert.deepEqual(capture.next(10), []);
});

test("openCaptureFile() reads either byte order, nanoseconds, and dates after 2038", () => {
  for (const bigEndian of [false, true]) {
    for (const nanoseconds of [false, true]) {
      using capture = openFrames(FRAMES, { bigEndian, nanoseconds, start: 3_000_000_000 });
      const times = capture.next(10).map(({ timestampMs }) => timestampMs);
      assert.deepEqual(times, [3_000_000_000_000, 3_000_000_000_001.25, 3_000_000_000_002.5]);
    }
  }
});

test("openCaptureFile() says how long a frame was that the capture cut", () => {
  using capture = openFrames(FRAMES.slice(0, 1), { snaplen: 100 });
  const [frame] = capture.next(1);
  assert.deepEqual([frame?.bytes.length, frame?.wireLength], [100, FRAMES[0]?.length]);
});

test("openCaptureFile() lets through what the filter does", () => {
  const other = ethernet(0x0800, ipv4(udp(payloadOf(150), { destinationPort: 53 })));
  using capture = openFrames([other, FRAMES[0] ?? other, other], {}, "udp port 62201");
  assert.deepEqual(capture.next(10).map(({ bytes }) => bytes), [FRAMES[0]]);
  using broadcasts = openFrames(FRAMES, {}, "ip broadcast");
  assert.deepEqual(broadcasts.next(10), []);
});

test("openCaptureFile() reads frames larger than its first buffer, and cooked v2", () => {
  const large = cooked2(0x0800, ipv4(udp(payloadOf(9000))));
  using capture = openFrames([large], { linkType: 276 });
  assert.equal(capture.linkType, 276);
  assert.deepEqual(capture.next(1)[0]?.bytes, large);
});

test("drain() shows each frame once and copies nothing: the bytes are the next frame's a moment later", () => {
  using capture = openFrames(FRAMES.slice(0, 2).map((frame) => frame.subarray(0, 60)));
  const shown: Uint8Array[] = [];
  assert.equal(capture.drain(10, (bytes) => shown.push(bytes)), 2);
  assert.equal(shown[0]?.buffer, shown[1]?.buffer);
});

test("a file that is not one or is not there is an error that names it, and one that ends in the middle waits", () => {
  const missing = failureOf(() => openCaptureFile({ path: "/nowhere/x.pcap", filter: "" }));
  assert.equal(missing.message, 'Cannot read capture file "/nowhere/x.pcap": No such file or directory');
  assert.match(
    failureOf(() => openBytes(payloadOf(100))).message,
    /Cannot read capture file ".*": unknown file format/,
  );
  const empty = Deno.makeTempFileSync();
  assert.equal(openCaptureFile({ path: empty, filter: "" }), null);
  Deno.removeSync(empty);

  const whole = captureFile(FRAMES, { linkType: 1 });
  using cut = openBytes(whole.subarray(0, whole.length - 10));
  const shown: number[] = [];
  assert.equal(cut.drain(10, (bytes) => shown.push(bytes.length)), 2);
  assert.deepEqual(shown, FRAMES.slice(0, 2).map((frame) => frame.length));
  assert.deepEqual([cut.ended, cut.next(1)], [true, []]);
});

test("a bad filter is quoted with what libpcap says of it", () => {
  const error = failureOf(() => openFrames(FRAMES, {}, "udp prot 62201"));
  assert.match(error.message, /^Cannot use the PCAP filter 'udp prot 62201': ./);
  assert.match(error.details.hint ?? "", /pcap-filter\(7\)/);
  assert.throws(() => openFrames(FRAMES, {}, "udp\0port 53"), RangeError);
});

test("a closed capture says so, and closing twice is closing once", () => {
  const capture = openFrames(FRAMES);
  capture[Symbol.dispose]();
  capture[Symbol.dispose]();
  assert.match(failureOf(() => capture.next(1)).message, /the capture is closed/);
});

// Without the right to sniff the kernel does not even look at the name.
test("an unknown interface is named, with the way to list them", () => {
  const options = { filter: "", snaplen: 1500, promiscuous: false, direction: "in" } as const;
  const error = failureOf(() => openLiveCapture({ ...options, device: "nowhere0" }));
  assert.equal(error.message, 'Cannot listen on interface "nowhere0": No such device exists (pcap_open_live error)');
  assert.match(error.details.hint ?? "", /ip -brief link/);
}, Deno.uid() !== 0);

test("a missing libpcap is named with the Debian package that has it", () => {
  const absent = lazyLibrary({ ...LIBPCAP, sonames: ["libpcap.so.absent"] }, {});
  const error = failureOf(absent);
  assert.match(error.message, /^Cannot load libpcap.so.absent: it is in none of \/usr\/lib\//);
  assert.match(error.details.hint ?? "", /libpcap0\.8/);
});
