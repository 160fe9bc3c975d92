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
    return { path, source: openCaptureFileSource({ path, filter, from: "begin" }) };
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
  assert.deepEqual(source.read(10), { datagrams: [], taken: 3, more: false, ended: true, again: 100 });
});

/** A file that grows. `write`: appends bytes. */
function growing(first: Uint8Array, from: "begin" | "end" = "begin") {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/packets.pcap`;
  Deno.writeFileSync(path, first);
  const source = openCaptureFileSource({ path, filter: "", from });
  return {
    path,
    source,
    write: (bytes: Uint8Array) => Deno.writeFileSync(path, bytes, { append: true }),
    payloads: () => {
      const found: number[] = [];
      for (let turn = 0; turn < 10; turn++) {
        found.push(...source.read(2).datagrams.map(({ payload }) => payload.length));
      }
      return found;
    },
    [Symbol.dispose]: () => {
      source[Symbol.dispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

const frameOf = (length: number) => ethernet(0x0800, ipv4(udp(payloadOf(length))));
const fileOf = (...lengths: readonly number[]) => captureFile(lengths.map(frameOf), { linkType: 1 });
/** The same without the header of the file. */
const recordsOf = (...lengths: readonly number[]) => fileOf(...lengths).subarray(fileOf().length);

test("openCaptureFileSource() takes what is appended, and waits for the rest of what is half written", () => {
  using file = growing(fileOf(200, 201, 202));
  assert.deepEqual(file.payloads(), [200, 201, 202]);
  const next = recordsOf(203, 204);
  file.write(next.subarray(0, 3));
  assert.deepEqual(file.payloads(), [], "the header of a record");
  file.write(next.subarray(3, 40));
  assert.deepEqual(file.payloads(), [], "a packet");
  file.write(next.subarray(40, next.length - 1));
  assert.deepEqual(file.payloads(), [203]);
  file.write(next.subarray(next.length - 1));
  assert.deepEqual(file.payloads(), [204]);
  assert.deepEqual(file.source.read(10), { datagrams: [], taken: 0, more: false, ended: true, again: 100 });
});

test("openCaptureFileSource() begins at the end where that is wanted", () => {
  using file = growing(fileOf(200, 201), "end");
  assert.deepEqual(file.payloads(), []);
  file.write(recordsOf(202));
  assert.deepEqual(file.payloads(), [202]);
});

test("openCaptureFileSource() goes on with the file that takes the place of another, or is written anew", () => {
  using file = growing(fileOf(200, 201), "end");
  assert.deepEqual(file.payloads(), []);
  Deno.renameSync(file.path, `${file.path}.1`);
  assert.deepEqual(file.payloads(), []);
  Deno.writeFileSync(`${file.path}.1`, recordsOf(202), { append: true });
  assert.deepEqual(file.payloads(), [202], "its writer may not know yet");
  Deno.writeFileSync(file.path, fileOf(203).subarray(0, 10));
  assert.deepEqual(file.payloads(), []);
  file.write(fileOf(203).subarray(10));
  assert.deepEqual(file.payloads(), [203], "another file is read from its begin");
  Deno.truncateSync(file.path);
  assert.deepEqual(file.payloads(), []);
  file.write(fileOf(204));
  assert.deepEqual(file.payloads(), [204]);
});

test("openCaptureFileSource() says once what is wrong with a file, and waits for another", () => {
  using file = growing(fileOf(200));
  assert.deepEqual(file.payloads(), [200]);
  file.write(new Uint8Array(64).fill(0xff));
  const warnings = [1, 2, 3].flatMap(() => file.source.read(10).warnings ?? []);
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(warnings[0] ?? "", /^Cannot read from capture file .*: waiting for another file in its place$/);
  Deno.removeSync(file.path);
  Deno.writeFileSync(file.path, fileOf(201));
  assert.deepEqual(file.payloads(), [201]);
});

test("openCaptureFileSource() refuses what is no file instead of waiting for it", () => {
  const folder = Deno.makeTempDirSync();
  const pipe = `${folder}/pipe`;
  assert.ok(new Deno.Command("mkfifo", { args: [pipe] }).outputSync().success);
  for (const path of [pipe, folder]) {
    assert.throws(() => openCaptureFileSource({ path, filter: "", from: "begin" }), /it is not a regular file/);
  }
  assert.throws(() => openCaptureFileSource({ path: `${folder}/none`, filter: "", from: "begin" }), (error) => {
    return error instanceof FfiError && /Cannot read capture file .*No such file/.test(error.message);
  });
  Deno.removeSync(folder, { recursive: true });
});
