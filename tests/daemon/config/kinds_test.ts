import assert from "node:assert/strict";
import {
  addressList,
  base64Key,
  epochSeconds,
  expiryDate,
  hostMidnight,
  packetUsername,
  passphrase,
  serviceList,
} from "../../../daemon/config/kinds.ts";
import { fault, value } from "../../lib/settings/read_value.ts";

/** Every day at noon of UTC, so that no zone of the host counts. */
const expiry = expiryDate((year, month, day) => Date.UTC(year, month - 1, day, 12) / 1000);
const noon = (iso: string) => Date.parse(`${iso}T12:00:00Z`) / 1000;

Deno.test("expiryDate(): month, day and year of the calendar, and no date that is none", () => {
  assert.equal(value(expiry, "02/29/2028"), noon("2028-02-29"));
  assert.equal(value(expiry, "1/2/26"), noon("2026-01-02"));
  for (const given of ["02/29/2027", "13/01/2027", "00/01/2027", "04/31/2027", "01/01/0000"]) {
    assert.match(fault(expiry, given), /there is no such day/, given);
  }
  for (const given of ["", "2027-01-01", "1/1/123", "1/1/2027 ", "01.01.2027"]) {
    assert.match(fault(expiry, given), /expected MM\/DD\/YYYY/, given);
  }
});

Deno.test("expiryDate(): other ways to write a date are told how", () => {
  const remedies = [
    ["2027-03-04", "write 03/04/2027: the month comes first, the year last"],
    ["24.12.2027", "the month comes first: 12/24/2027"],
    ["01.02.2027", "write 01/02/2027, with the month first"],
    ["never", "leave the line out: the stanza never ends then"],
    ["soon", undefined],
  ] as const;
  for (const [given, remedy] of remedies) assert.equal(expiry.remedy?.(given), remedy, given);
});

Deno.test("hostMidnight() is the beginning of that day where the program runs", () => {
  const date = new Date(hostMidnight(2027, 7, 9) * 1000);
  assert.deepEqual([date.getFullYear(), date.getMonth(), date.getDate(), date.getHours()], [2027, 6, 9, 0]);
});

Deno.test("serviceList: protocol and port, each once, port 0 only as the number", () => {
  assert.deepEqual(value(serviceList, "tcp/22, UDP/53,tcp/22"), [
    { proto: "tcp", port: 22 },
    { proto: "udp", port: 53 },
  ]);
  assert.match(fault(serviceList, "icmp/1"), /Invalid protocol/);
  assert.match(fault(serviceList, "tcp/65536"), /Invalid port/);
  for (const given of ["", "tcp/", "tcp/22,", "tcp/ssh", "22", "tcp/22/udp", "tcp/-1"]) {
    assert.match(fault(serviceList, given), /Parse error/, given);
  }
});

Deno.test("addressList: the item that cannot be read is named", () => {
  assert.equal(value(addressList, "ANY").any, true);
  assert.equal(value(addressList, "192.0.2.0/24, 2001:db8::/32").ranges.length, 2);
  assert.match(fault(addressList, "192.0.2.1,nonsense"), /^"nonsense" /);
});

Deno.test("packetUsername: only names that a packet can carry", () => {
  assert.equal(value(packetUsername, "alice"), "alice");
  assert.match(fault(packetUsername, "a:b"), /printable ASCII/);
  assert.match(fault(packetUsername, "x".repeat(49)), /at most 48/);
  assert.equal(value(packetUsername, "x".repeat(48)).length, 48);
});

Deno.test("keys: their bytes, their length, and no word of them in a refusal or a dump", () => {
  assert.deepEqual(value(passphrase(8), "ä7"), new TextEncoder().encode("ä7"));
  assert.match(fault(passphrase(2), "s3c"), /^Invalid key length: the key has 3 bytes, at most 2/);
  assert.match(fault(passphrase(32), "__CHANGEME__"), /replace __CHANGEME__/);
  assert.deepEqual(value(base64Key(8), "AQID"), new Uint8Array([1, 2, 3]));
  assert.deepEqual(value(base64Key(8), "AQI"), new Uint8Array([1, 2]));
  assert.match(fault(base64Key(2), "AQID"), /^Invalid decoded key length/);
  assert.match(fault(base64Key(8), ""), /empty/);
  for (const given of ["s3cret_pass-phrase", "s3cret pass", "s3cret!"]) {
    assert.equal(fault(base64Key(64), given), "the value doesn't look like base64-encoded data");
    assert.ok(!base64Key(64).remedy!(given)!.includes("s3cret"));
  }
  assert.equal(base64Key(8).format(new Uint8Array([1])), passphrase(8).format(new Uint8Array([2])));
});

Deno.test("base64Key(): the remedy says what is wrong with the text", () => {
  const remedy = (given: string) => base64Key(64).remedy!(given);
  assert.match(remedy("abc-def_")!, /alphabet of URLs/);
  assert.match(remedy("abc def")!, /without blanks/);
  assert.match(remedy("pass!phrase")!, /belongs in KEY or HMAC_KEY/);
  assert.equal(remedy("__CHANGEME__"), undefined);
});

Deno.test("epochSeconds begins with the sentence that scripts know", () => {
  assert.equal(value(epochSeconds, "1700000000"), 1700000000);
  assert.match(fault(epochSeconds, "tomorrow"), /^invalid epoch seconds value/);
});
