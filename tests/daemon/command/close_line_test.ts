import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDone, formatPending, parseCloseLine, type PendingClose } from "../../../daemon/command/close_line.ts";
import { ip } from "../../fakes/knock.ts";

const CLOSE: PendingClose = {
  id: "0a1b-2c",
  due: 1_795_868_752_576,
  stanza: 3,
  template: 'close "$IP" $PORT',
  facts: {
    access: ip("2001:db8::1"),
    packetSource: ip("192.0.2.7"),
    packetDestination: null,
    service: { proto: "udp", port: 53 },
    insidePort: null,
    timestamp: 1_795_868_749,
    seconds: 30,
  },
  opened: "open 2001:db8::1 53",
};

const read = (text: string) => parseCloseLine(text.replace(/\n$/, ""));

Deno.test("parseCloseLine() reads what formatPending() and formatDone() write", () => {
  assert.deepEqual(read(formatPending(CLOSE)), { kind: "pending", close: CLOSE });
  const facts = { ...CLOSE.facts, packetDestination: ip("203.0.113.1"), insidePort: 8022 };
  assert.deepEqual(read(formatPending({ ...CLOSE, opened: null })), {
    kind: "pending",
    close: { ...CLOSE, opened: null },
  });
  assert.deepEqual(read(formatPending({ ...CLOSE, facts })), { kind: "pending", close: { ...CLOSE, facts } });
  assert.deepEqual(read(formatDone(CLOSE.id)), { kind: "done", id: CLOSE.id });
});

Deno.test("parseCloseLine() takes no part of a line", () => {
  const line = formatPending(CLOSE).trimEnd();
  for (let length = 0; length < line.length; length++) assert.equal(parseCloseLine(line.slice(0, length)), null);
});

Deno.test("parseCloseLine() takes each value as what it is, and nothing else", () => {
  const bad: readonly (readonly [string, unknown])[] = [
    ...["", "x y", 7, null, "0".repeat(41), undefined].map((value) => ["id", value] as const),
    ...["access", "source", "destination"].flatMap((key) =>
      ["$(id)", "-s 0.0.0.0/0", "192.0.2.1 -j ACCEPT", 5, {}, ["192.0.2.1"]].map((value) => [key, value] as const)
    ),
    ...["access", "source"].map((key) => [key, null] as const),
    ...["icmp", "TCP", "tcp; id", 6, null].map((value) => ["proto", value] as const),
    ...["port", "inside", "due", "stanza", "timestamp", "seconds"].flatMap((key) =>
      [-1, 1.5, "22", 1e300, true].map((value) => [key, value] as const)
    ),
    ...["", 5, null, ["close"]].map((value) => ["template", value] as const),
    ...[5, ["open"], undefined].map((value) => ["opened", value] as const),
  ];
  const good = JSON.parse(formatPending(CLOSE));
  for (const [key, value] of bad) {
    assert.equal(parseCloseLine(JSON.stringify({ ...good, [key]: value })), null, `${key}: ${JSON.stringify(value)}`);
  }
});

Deno.test("parseCloseLine() throws for no text", () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
    parseCloseLine(text);
  }));
});
