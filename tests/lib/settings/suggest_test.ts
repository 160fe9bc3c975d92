import assert from "node:assert/strict";
import { didYouMean, nearest } from "../../../lib/settings/suggest.ts";

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

Deno.test("didYouMean() also knows words in another order, and words that a name holds", () => {
  const names = ["--key-base64-rijndael", "--key-base64-hmac", "--key-gen", "--get-key", "--stanza-list", "--rc-file"];
  const table: [string, string | undefined][] = [
    ["--hmac-key-base64", "--key-base64-hmac"],
    ["--gen-key", "--key-gen"],
    ["--key_gen", "--key-gen"],
    ["--get-kye", "--get-key"],
    ["--list-stanzas", "--stanza-list"],
    ["--base64-key", "--key-base64-rijndael or --key-base64-hmac"],
    ["--key", undefined],
    ["--of-no-use", undefined],
    ["", undefined],
  ];
  for (const [word, expected] of table) {
    assert.equal(didYouMean(word, names), expected === undefined ? undefined : `did you mean ${expected}?`, word);
  }
});
