import assert from "node:assert/strict";
import fc from "fast-check";
import { readCache } from "../../../daemon/replay/cache_reader.ts";
import { ShortDigest } from "../../../daemon/replay/short_digest.ts";
import { parseEntry, parseForgotten } from "../../../daemon/replay/cache_line.ts";

/** A file that is held in memory. */
function fileOf(text: string) {
  const content = new TextEncoder().encode(text);
  return {
    read(bytes: Uint8Array<ArrayBuffer>, offset: number) {
      const part = content.subarray(offset, offset + bytes.length);
      bytes.set(part);
      return part.length;
    },
  };
}

type Story = (readonly [string, ...unknown[]])[];

function told(text: string, since: number): Story {
  const story: Story = [];
  readCache(fileOf(text), since, {
    entry({ line, seenAt, shortDigest }) {
      const entry = parseEntry(line);
      story.push(["entry", seenAt, [...shortDigest.words], entry]);
    },
    old: (seenAt) => void story.push(["old", seenAt]),
    forgotten: (until) => void story.push(["forgotten", until]),
    comment: (line) => void story.push(["comment", line]),
    invalid: (line, number) => void story.push(["invalid", line, number]),
  });
  return story;
}

/** The naive twin: every line becomes text and goes through the one parser. */
function toldByTwin(text: string, since: number): Story {
  return text.split("\n").flatMap((line, index): Story => {
    const until = parseForgotten(line);
    if (until !== null) return [["forgotten", until]];
    const entry = parseEntry(line);
    if (entry === "invalid") return [["invalid", line, index + 1]];
    if (entry === null) return line.trim() === "" ? [] : [["comment", line]];
    return entry.packet.seenAt < since
      ? [["old", entry.packet.seenAt]]
      : [["entry", entry.packet.seenAt, [...new ShortDigest().read(entry.digest).words], entry]];
  });
}

const SINCE = 1_795_300_000;
const digest = fc.string({ unit: fc.constantFrom(..."ABCxyz019+/=#"), minLength: 42, maxLength: 45 });
const field = fc.oneof(fc.nat({ max: 70_000 }).map(String), fc.constantFrom("", "x", "1e3", "-1", "0017", "17\t"));
const address = fc.constantFrom("10.77.0.2", "2001:db8::1", "", "ü");
const time = fc.oneof(
  fc.integer({ min: SINCE - 2, max: SINCE + 2 }).map(String),
  fc.constantFrom("0", "", "1795300000x", "999999999999999", "9999999999999999", "1795300000\r", "17953000 00"),
);
const entryLike = fc.tuple(digest, field, address, field, address, field, time, fc.constantFrom("", " more", "\r", " "))
  .map(([key, proto, source, from, destination, to, at, rest]) =>
    `${key} ${proto} ${source} ${from} ${destination} ${to} ${at}${rest}`
  );
const good = fc.tuple(fc.constantFrom("", "#=", "\0\0", "\uFEFF"), fc.constantFrom("A", "b"), time).map((
  [mark, name, at],
) => `${mark}${name.repeat(43)} 17 10.77.0.2 33069 10.77.0.1 62201 ${at}`);
const other = fc.constantFrom(
  ...["", "\r", "# comment", "; comment", "#", "#=", "nonsense", "# <digest> <proto>"],
  "# fwknopd: packets dated up to 1795300118 may have been seen before: they are refused",
);

Deno.test("readCache() tells of every line what the one parser says of it", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(entryLike, good, other), { maxLength: 30 }), (lines) => {
      const text = lines.join("\n");
      assert.deepEqual(told(text, SINCE), toldByTwin(text, SINCE));
    }),
    { numRuns: 500 },
  );
});

Deno.test("readCache() takes no comment for an entry, even where its first word is as long as a digest", () => {
  for (const sign of ["#", ";"]) {
    const line = `${sign}${"A".repeat(42)} 17 10.77.0.2 33069 10.77.0.1 62201 ${SINCE}`;
    assert.deepEqual(told(line, SINCE), [["comment", line]]);
    assert.deepEqual(told(line, SINCE + 1), [["comment", line]]);
  }
});

Deno.test("readCache() reads on where a chunk ends in the middle of a line, and lines longer than a chunk", () => {
  const line = (index: number) => `${String(index).padEnd(43, "x")} 17 10.77.0.2 33069 10.77.0.1 62201 ${SINCE}`;
  const lines = Array.from({ length: 30_000 }, (_, index) => line(index));
  lines.splice(20_000, 0, "\0".repeat(3 * 2 ** 20) + line(1e6));
  lines.splice(5, 0, "nonsense");
  const text = lines.join("\n");
  const story = told(text, SINCE);
  assert.deepEqual(story, toldByTwin(text, SINCE));
  assert.equal(story.length, 30_002);
  assert.equal(told(`${text}\n`, SINCE + 1).filter(([kind]) => kind === "old").length, 30_001);
});

Deno.test("readCache() never throws", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => void told(text, SINCE)));
});
