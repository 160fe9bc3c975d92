import assert from "node:assert/strict";
import fc from "fast-check";
import { collect, type Collection, MOST_TOLD, NOTHING } from "../../../daemon/report/mail_events.ts";
import { formatMail, mailableHost, mailLines, mailSubject } from "../../../daemon/report/mail_text.ts";

const FACTS = {
  host: "gw.example.org",
  from: "fwknopd@gw.example.org",
  to: ["root@localhost", "ops@example.org"],
  now: Date.UTC(2026, 10, 28, 20, 10, 5),
  unique: "0123",
  failed: null,
};

function many(count: number, said = "Replay detected"): Collection {
  let collection: Collection = NOTHING;
  for (let i = 0; i < count; i++) collection = collect(collection, "replays", { at: 0, text: () => said });
  return collection;
}

Deno.test("formatMail() writes a message of RFC 5322, with grants before what others can send", () => {
  const events = collect(many(MOST_TOLD + 2), "grants", { at: 1000, text: () => "Added access rule" });
  const lines = formatMail(events, FACTS).split("\r\n");
  assert.deepEqual(lines.slice(0, 12), [
    "Date: Sat, 28 Nov 2026 20:10:05 +0000",
    "From: fwknopd@gw.example.org",
    "To: root@localhost,",
    " ops@example.org",
    `Subject: [fwknopd] gw.example.org: 1 grant, ${MOST_TOLD + 2} replays`,
    "Message-ID: <0123@gw.example.org>",
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    `fwknopd on gw.example.org reports ${MOST_TOLD + 3} events.`,
  ]);
  assert.deepEqual(lines.slice(12, 18), [
    "",
    "Opened, or a command started (1):",
    "  1970-01-01T00:00:01Z  Added access rule",
    "",
    `Packets that were seen before, and opened nothing (${MOST_TOLD + 2}):`,
    "  1970-01-01T00:00:00Z  Replay detected",
  ]);
  assert.equal(lines.at(-2), "  and 2 more, see the log of fwknopd");
});

Deno.test("formatMail() lets no character of an event end a line, stand in a header or fill a line of mail", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (said) => {
    const lines = formatMail(many(1, said), FACTS).split(/\r\n|[\r\n]/);
    const plain = formatMail(many(1, "x"), FACTS).split("\r\n");
    assert.equal(lines.length, plain.length);
    assert.deepEqual(lines.slice(0, 11), plain.slice(0, 11));
    // deno-lint-ignore no-control-regex
    for (const line of lines) assert.doesNotMatch(line, /[\x00-\x08\x0a-\x1f\x7f\u202e]/);
    for (const line of lines) assert.ok(new TextEncoder().encode(line).length <= 998, line);
  }));
  const evil = "x\r\nBcc: a@b\r\n\r\n.\r\nMAIL FROM:<a@b>\x1b[2J";
  assert.ok(
    mailLines(many(1, evil), FACTS).includes(
      "  1970-01-01T00:00:00Z  x\\x0d\\x0aBcc: a@b\\x0d\\x0a\\x0d\\x0a.\\x0d\\x0aMAIL FROM:<a@b>\\x1b[2J",
    ),
  );
});

Deno.test("mailLines() tells how often it could not be sent before, and why", () => {
  const lines = mailLines(many(1), { host: "gw", failed: { count: 3, reason: "connect ECONNREFUSED\n" } });
  assert.equal(lines[0], "fwknopd on gw reports 1 event.");
  assert.equal(lines.at(-1), "3 attempts to send this failed before, the last one so: connect ECONNREFUSED\\x0a");
});

Deno.test("mailSubject() has one and many", () => {
  assert.equal(mailSubject(many(1), "gw"), "[fwknopd] gw: 1 replay");
  assert.equal(
    mailSubject(collect(many(2), "errors", { at: 0, text: () => "" }), "gw"),
    "[fwknopd] gw: 2 replays, 1 error",
  );
});

Deno.test("mailableHost() makes of every name one that a header and EHLO can carry", () => {
  const table = [["gw\n", "gw"], ["gw.example.org", "gw.example.org"], ["", "localhost"], ["-\r\n", "localhost"], [
    "a b\nc",
    "a-b-c",
  ]];
  for (const [name, host] of table) assert.equal(mailableHost(name!), host);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
    assert.match(mailableHost(name), /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/);
  }));
});
