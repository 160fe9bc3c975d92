import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CACHE_HEADER,
  formatEntry,
  formatForgotten,
  formatTrace,
  parseEntry,
  parseForgotten,
  parseTrace,
} from "../../../daemon/replay/cache_line.ts";
import { contentKey, type SeenPacket } from "../../../daemon/replay/store.ts";

const PACKET: SeenPacket = {
  protocol: 17,
  source: "10.77.0.2",
  sourcePort: 33069,
  destination: "10.77.0.1",
  destinationPort: 62201,
  seenAt: 1795300998,
};
const DIGEST = "F6OkeN62FWzy7sX98qC8alt4HfzW1sPpCnvYVdQ8Xgk";
/** The example line of facts/replay 1, written by the C daemon. */
const C_LINE = `${DIGEST} 17 10.77.0.2 33069 10.77.0.1 62201 1795300998`;

Deno.test("formatEntry() and parseEntry() speak the format of the C daemon", () => {
  assert.equal(formatEntry(DIGEST, PACKET), `${C_LINE}\n`);
  assert.deepEqual(parseEntry(C_LINE), { digest: DIGEST, packet: PACKET });
  assert.deepEqual(parseEntry(`${C_LINE} further fields`), { digest: DIGEST, packet: PACKET });
  for (const blank of ["", "\r", "# comment", "; comment", CACHE_HEADER]) assert.equal(parseEntry(blank), null);
  for (const bad of ["x", "a b c d e f g", C_LINE.replace("33069", "70000"), C_LINE.slice(0, 60), "x".repeat(65)]) {
    assert.equal(parseEntry(bad), "invalid", bad);
  }
});

Deno.test("formatEntry() and parseEntry() take IPv6 addresses in the same columns", () => {
  const packet = { ...PACKET, source: "2001:db8::2", destination: "2001:db8::1" };
  const line = `${DIGEST} 17 2001:db8::2 33069 2001:db8::1 62201 1795300998`;
  assert.equal(formatEntry(DIGEST, packet), `${line}\n`);
  assert.deepEqual(parseEntry(line), { digest: DIGEST, packet });
});

Deno.test("parseEntry() finds an entry behind the NULs that a crash left, so that it cannot be replayed", () => {
  assert.deepEqual(parseEntry(`${"\0".repeat(300)}${C_LINE}`), { digest: DIGEST, packet: PACKET });
  assert.equal(parseEntry("\0\0\0"), null);
});

Deno.test("parseEntry() never throws", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (line) => void parseEntry(line)));
});

Deno.test("formatEntry() hides what a packet says from the C daemon in a comment, and parseEntry() finds it there", () => {
  const said = contentKey(DIGEST);
  const line = formatEntry(said, PACKET);
  assert.equal(line, `#=${C_LINE}\n`);
  assert.deepEqual(parseEntry(line.trimEnd()), { digest: said, packet: PACKET });
});

Deno.test("formatForgotten() is a comment to the C daemon, which parseForgotten() reads and no other", () => {
  const line = formatForgotten(1795300998);
  assert.match(line, /^#[^\n]*\n$/);
  assert.equal(parseEntry(line.trimEnd()), null);
  assert.equal(parseForgotten(line.trimEnd()), 1795300998);
  for (const other of [CACHE_HEADER, C_LINE, "# fwknopd: packets dated up to x may", ""]) {
    assert.equal(parseForgotten(other), null, other);
  }
});

Deno.test("parseTrace() reads what formatTrace() writes, and nothing else; to others it is a comment", () => {
  const shortDigest = "F6OkeN62FWzy7sX98qC8ag";
  for (const isContent of [false, true]) {
    const line = formatTrace(shortDigest, { seenAt: 1795300998, isContent });
    assert.equal(line, `#~${isContent ? "=" : ""}${shortDigest} 1795300998\n`);
    assert.deepEqual(parseTrace(line.trimEnd()), { shortDigest, seenAt: 1795300998, isContent });
    assert.equal(parseEntry(line.trimEnd()), null);
  }
  for (const line of ["#~", `#~${shortDigest}`, `#~${shortDigest} x`, `~${shortDigest} 1`, `#~${shortDigest}A 1`, ""]) {
    assert.equal(parseTrace(line), null, line);
  }
});
