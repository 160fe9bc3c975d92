import assert from "node:assert/strict";
import { didYouMean, nearest } from "../../../lib/spec/suggest.ts";

Deno.test("nearest() finds slips of the finger and nothing else", () => {
  const names = ["PCAP_INTF", "PCAP_FILTER", "KEY", "HMAC_KEY", "SOURCE"];
  const table: [string, string | null][] = [
    ["PCAP_INFT", "PCAP_INTF"],
    ["PCAPINTF", "PCAP_INTF"],
    ["pcap-filter", "PCAP_FILTER"],
    ["SOURC", "SOURCE"],
    ["SUORCE", "SOURCE"],
    ["KYE", "KEY"],
    ["HMACKEY", "HMAC_KEY"],
    ["DESTINATION", null],
    ["X", null],
    ["", null],
  ];
  for (const [word, expected] of table) assert.equal(nearest(word, names), expected, word);
  assert.equal(didYouMean("KYE", names), "did you mean KEY?");
  assert.equal(didYouMean("zzzzzz", names), undefined);
});
