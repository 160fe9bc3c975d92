import assert from "node:assert/strict";
import {
  allow,
  base64Key,
  decodeKey,
  digest,
  hostPort,
  mode,
  protocol,
  rawKey,
  verbosity,
  yesNo,
} from "../../../cli/options/kinds.ts";
import type { Kind } from "../../../lib/settings/setting.ts";

/** Kind, text, and what it is written as again; null where it must be refused. */
const ROWS: readonly [string, Kind<never> | Kind<unknown>, string, string | null][] = [
  ["digest", digest("digest"), "Sha3_256", "SHA3_256"],
  ["digest", digest("digest"), "sha3", null],
  ["mode", mode, "cTr", "CTR"],
  ["mode", mode, "LEGACY", "legacy"],
  ["mode", mode, "asymmetric", "Asymmetric"],
  ["mode", mode, "pcbc", null],
  ["protocol", protocol, "UDPraw", "udpraw"],
  ["protocol", protocol, "sctp", null],
  ["yesNo", yesNo, "y", "Y"],
  ["yesNo", yesNo, "no", "N"],
  ["yesNo", yesNo, "yes", null],
  ["yesNo", yesNo, "1", null],
  ["verbosity", verbosity, "Y", "Y"],
  ["verbosity", verbosity, "3", "3"],
  ["verbosity", verbosity, "0", "N"],
  ["verbosity", verbosity, "5", null],
  ["allow", allow, "1.2.3.4", "1.2.3.4"],
  ["allow", allow, "0.0.0.0", "source"],
  ["allow", allow, "SOURCE", "source"],
  ["allow", allow, "Resolve", "resolve"],
  ["allow", allow, "2001:DB8:0::1", "2001:db8::1"],
  ["allow", allow, "::ffff:1.2.3.4", "1.2.3.4"],
  ["allow", allow, "host.example", "host.example"],
  ["allow", allow, "1.2.3.256", null],
  ["allow", allow, "192.168.100.2000", null],
  ["allow", allow, "fe80::1%eth0", null],
  ["allow", allow, "", null],
  ["allow", allow, "a b", null],
  ["hostPort", hostPort, "127.0.0.1:9050", "127.0.0.1:9050"],
  ["hostPort", hostPort, "[::1]:9050", "[::1]:9050"],
  ["hostPort", hostPort, "::1:9050", null],
  ["hostPort", hostPort, "host", null],
  ["hostPort", hostPort, "host:0", null],
  ["rawKey", rawKey(4), "kéy", "kéy"],
  ["rawKey", rawKey(4), "kééy", null],
  ["rawKey", rawKey(4), "", null],
  ["base64Key", base64Key(3), "YWJj", "YWJj"],
  ["base64Key", base64Key(3), "YWI=", "YWI="],
  ["base64Key", base64Key(3), "YWJjZA==", null],
  ["base64Key", base64Key(3), "YW J", null],
  ["base64Key", base64Key(3), "=", null],
];

for (const [name, kind, text, written] of ROWS) {
  Deno.test(`${name} ${written === null ? "refuses" : "takes"} ${JSON.stringify(text)}`, () => {
    const parsed = (kind as Kind<unknown>).parse(text);
    assert.equal(parsed.ok ? (kind as Kind<unknown>).format(parsed.value) : null, written);
  });
}

Deno.test("decodeKey() gives the bytes with and without padding, and those of loose low bits as C does", () => {
  assert.deepEqual(decodeKey("YWI="), Uint8Array.of(97, 98));
  assert.deepEqual(decodeKey("YWI"), Uint8Array.of(97, 98));
  assert.deepEqual(decodeKey("YWJ"), Uint8Array.of(97, 98));
  assert.equal(decodeKey("a*b="), null);
});
