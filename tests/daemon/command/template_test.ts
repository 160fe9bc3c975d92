import assert from "node:assert/strict";
import fc from "fast-check";
import { expandTemplate, MAX_EXPANSION, MAX_TEMPLATE, type TemplateFacts } from "../../../daemon/command/template.ts";
import { ip } from "../../fakes/knock.ts";

const FACTS: TemplateFacts = {
  access: ip("192.0.2.10"),
  packetSource: ip("198.51.100.7"),
  packetDestination: ip("203.0.113.1"),
  service: { proto: "tcp", port: 22 },
  insidePort: null,
  timestamp: 1000,
  seconds: 30,
};

function expanded(template: string, changes: Partial<TemplateFacts> = {}): string {
  const text = expandTemplate(template, { ...FACTS, ...changes });
  return text.ok ? text.value : `refused: ${text.fault}`;
}

Deno.test("expandTemplate() knows every token of the C daemon, with and without something behind it", () => {
  const table: readonly (readonly [string, string])[] = [
    ["$IP $SRC", "192.0.2.10 192.0.2.10"],
    ["$PKT_SRC $DST", "198.51.100.7 203.0.113.1"],
    ["$PORT/$PROTO", "22/6"],
    ["$TIMEOUT $CLIENT_TIMEOUT", "1030 30"],
    ["a$SRCb $IPX $PORTAL", "a192.0.2.10b 192.0.2.10X 22AL"],
    // What follows a $ that is no token stays, the $ does not.
    ["$BOGUS $$SRC $ $src 5$", "BOGUS 192.0.2.10  src 5"],
    ["", ""],
  ];
  for (const [template, text] of table) assert.equal(expanded(template), text, template);
});

Deno.test("expandTemplate() writes $DST_PORT: where a NAT request leads to, else the port itself", () => {
  assert.equal(expanded("$DST:$DST_PORT"), "203.0.113.1:22");
  assert.equal(expanded("$DST:$DST_PORT $PORT", { insidePort: 8022 }), "203.0.113.1:8022 22");
});

Deno.test("expandTemplate() writes 17 for udp, IPv6 as it is, and 0.0.0.0 for a destination that nobody knows", () => {
  const changes = { service: { proto: "udp", port: 53 }, access: ip("2001:db8::1"), packetDestination: null } as const;
  assert.equal(expanded("$IP $PROTO $PORT $DST", changes), "2001:db8::1 17 53 0.0.0.0");
});

Deno.test("expandTemplate() refuses what would be longer than its limit", () => {
  const room = MAX_EXPANSION - "192.0.2.10".length;
  assert.equal(expanded(`${"x".repeat(room)}$IP`).length, MAX_EXPANSION);
  assert.equal(
    expanded(`${"x".repeat(room + 1)}$IP`),
    "refused: it would have 1024 characters, and at most 1023 are taken",
  );
  // The template of facts/configuration 10 after which the C daemon writes beyond its memory.
  assert.equal(expanded("$SRC ".repeat(48)).length, 48 * 11);
});

Deno.test("expandTemplate() never puts a blank, a quote or a $ where the template has none", () => {
  const template = fc.string({ unit: fc.constantFrom(..."$IPSRCDTOKEUM_x".split("")), maxLength: MAX_TEMPLATE });
  fc.assert(fc.property(template, (text) => {
    const made = expandTemplate(text, FACTS);
    if (made.ok) assert.match(made.value, /^[A-Z_x0-9.]*$/);
  }));
});
