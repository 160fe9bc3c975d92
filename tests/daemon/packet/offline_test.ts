import assert from "node:assert/strict";
import { openCaptureFileSource } from "../../../daemon/packet/offline.ts";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { FfiError } from "../../../ffi/errors.ts";
import {
  captureFile,
  type CaptureFileOptions,
  cooked,
  cooked2,
  ethernet,
  ipv4,
  ipv6,
  join,
  payloadOf,
  pppoe,
  udp,
} from "../../lib/net/frame_bytes.ts";

const PAYLOAD = payloadOf(200);
const V4 = ipv4(udp(PAYLOAD));
const V6 = ipv6(udp(PAYLOAD));

function test(name: string, fn: () => void): void {
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  Deno.test({ name, fn, sanitizeResources: false });
}

/** Opens a source over a file with these bytes; the file itself is gone again at once. */
function openBytes(bytes: Uint8Array, filter = ""): { readonly path: string; readonly source: PacketSource } {
  const path = Deno.makeTempFileSync({ suffix: ".pcap" });
  try {
    Deno.writeFileSync(path, bytes);
    return { path, source: openCaptureFileSource({ path, filter }) };
  } finally {
    Deno.removeSync(path);
  }
}

function openFrames(frames: readonly Uint8Array[], options: CaptureFileOptions, filter = ""): PacketSource {
  return openBytes(captureFile(frames, options), filter).source;
}

test("openCaptureFileSource() finds the knocks in files of every link type", () => {
  /** Numbers as they stand in files (LINKTYPE_), some of which libpcap translates. */
  const files: readonly (readonly [linkType: number, frames: readonly Uint8Array[]])[] = [
    [1, [ethernet(0x0800, V4), ethernet(0x86dd, V6, [[0x8100, 7]])]],
    [113, [cooked(0x0800, V4), cooked(0x86dd, V6)]],
    [276, [cooked2(0x0800, V4), cooked2(0x86dd, V6)]],
    [101, [V4, V6]],
    [228, [V4, V4]],
    [229, [V6, V6]],
    [0, [join([2, 0, 0, 0], V4), join([0, 0, 0, 30], V6)]],
    [108, [join([0, 0, 0, 2], V4), join([0, 0, 0, 24], V6)]],
    [51, [pppoe(0x21, V4), pppoe(0x57, V6)]],
  ];
  for (const [linkType, frames] of files) {
    using source = openFrames(frames, { linkType });
    const { datagrams, taken } = source.read(10);
    assert.equal(taken, 2);
    assert.deepEqual(datagrams.map(({ payload }) => payload), [PAYLOAD, PAYLOAD], `link type ${linkType}`);
  }
});

test("openCaptureFileSource() lets the filter decide, and announces both as the C program does", () => {
  const other = ethernet(0x0800, ipv4(udp(PAYLOAD, { destinationPort: 53 })));
  const bytes = captureFile([other, ethernet(0x0800, V4)], { linkType: 1 });
  const { path, source } = openBytes(bytes, "udp port 62201");
  assert.deepEqual(source.banner, [`Reading pcap file: ${path}`, "PCAP filter is: 'udp port 62201'"]);
  assert.deepEqual(source.read(10).datagrams.map((each) => each.destinationPort), [62201]);
  source[Symbol.dispose]();
});

test("openCaptureFileSource() goes through a file of frames that nobody understands", () => {
  using source = openFrames([payloadOf(50), payloadOf(0), payloadOf(500)], { linkType: 147 });
  assert.deepEqual(source.read(10), { datagrams: [], taken: 3, more: false, ended: true });
});

test("openCaptureFileSource() hands on what a cut file still has, then says that it is cut, then is at its end", () => {
  const whole = captureFile([ethernet(0x0800, V4), ethernet(0x86dd, V6)], { linkType: 1 });
  const { source } = openBytes(whole.subarray(0, whole.length - 1));
  const batch = source.read(10);
  assert.deepEqual([batch.datagrams.length, batch.taken, batch.more, batch.ended], [1, 1, true, false]);
  assert.throws(() => source.read(10), (error) => error instanceof FfiError && /truncated/.test(error.message));
  assert.deepEqual(source.read(10), { datagrams: [], taken: 0, more: false, ended: true });
  source[Symbol.dispose]();
});
