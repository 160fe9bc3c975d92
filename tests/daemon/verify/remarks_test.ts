import assert from "node:assert/strict";
import { remark, REMARKS } from "../../../daemon/verify/remarks.ts";
import { textOf } from "../../../daemon/report/log_lines.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { open } from "../../../lib/spa/open.ts";
import { ip, KEYS, knock } from "../../fakes/knock.ts";

const at = { source: ip("198.51.100.7"), stanza: 2 };

Deno.test("remarks speak in the words that scripts match", () => {
  assert.equal(
    textOf(remark("source-match", at)),
    "(stanza #2) SPA Packet from IP: 198.51.100.7 received with access source match",
  );
  assert.equal(textOf(remark("packet-text", { wire: "abc" })), "SPA Packet: 'abc'");
  assert.equal(
    textOf(remark("opening-failed", { ...at, reason: "why" })),
    "[198.51.100.7] (stanza #2) Error creating fko context: why",
  );
  assert.equal(
    textOf(remark("nat-resolved", { ...at, host: "db.example.org", to: ip("10.0.0.5") })),
    "[198.51.100.7] (stanza #2) Resolved NAT IP in SPA message: db.example.org is 10.0.0.5",
  );
  assert.equal(
    textOf(remark("lets-in-another", { ...at, access: ip("192.0.2.10"), sender: at.source })),
    "[198.51.100.7] (stanza #2) The packet asks to let in 192.0.2.10, but came from 198.51.100.7",
  );
});

Deno.test("of what is in a packet, a log says no more than addresses unless it was asked to be verbose", () => {
  const levels = Object.entries(REMARKS).map(([code, { level }]) => [code, level]);
  assert.deepEqual(levels.filter(([, level]) => level !== "debug").map(([code]) => code), [
    "source-match",
    "signed-by",
    "nat-resolved",
    "system-seen",
    "lets-in-another",
  ]);
});

Deno.test("remark() of a decoded packet holds no key for whoever writes its facts down as they are", async () => {
  const wire = await knock();
  const opened = await open(nobleEngine, wire, KEYS);
  assert.ok(opened.ok);
  const decoded = remark("decoded", { ...at, wire, message: opened.value, opener: { secrets: () => KEYS } });
  assert.match(textOf(decoded), /^\[198\.51\.100\.7\] \(stanza #2\) SPA Decode \(res=0\):\n/);
  const written: unknown[] = [];
  JSON.stringify(decoded, (_name, value) => {
    written.push(value);
    return value;
  });
  assert.ok(written.includes(opened.value.username), "the facts are written");
  for (const secret of [KEYS, KEYS.cipher, KEYS.cipher.key, KEYS.hmac, KEYS.hmac?.key]) {
    assert.ok(!written.includes(secret));
  }
  const [cipher, hmac] = [KEYS.cipher.key, KEYS.hmac!.key].map((key) => new TextDecoder().decode(key));
  for (const key of [cipher!, hmac!]) assert.ok(!textOf(decoded).includes(key));
});
