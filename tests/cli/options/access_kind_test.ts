import assert from "node:assert/strict";
import { access, accessOf } from "../../../cli/options/access_kind.ts";
import { services } from "../../fakes/requests.ts";

Deno.test("K5: access reads services, and gives them back as they were written", () => {
  const rows: readonly [text: string, meaning: string][] = [
    ["tcp/22", "tcp/22"],
    ["tcp/22,udp/53,tcp/22", "tcp/22,udp/53,tcp/22"],
    ["udp/00053", "udp/53"],
  ];
  for (const [text, meaning] of rows) {
    const read = access.parse(text);
    assert.ok(read.ok, text);
    assert.deepEqual(read.value.services, services(meaning));
    assert.equal(access.format(read.value), text);
  }
  assert.equal(access.format(accessOf(services("tcp/22,udp/53"))), "tcp/22,udp/53");
});

Deno.test("access refuses everything else, with the fragments that scripts match", () => {
  const rows: (readonly [text: string, fault: RegExp])[] = [
    ["icmp/8", /^Invalid SPA access message: "icmp\/8": the protocol must be tcp or udp$/],
    ["TCP/22", /^Invalid SPA access message: "TCP\/22": the protocol/],
    ["tcp/22,", /^Invalid SPA access message: "": Expecting <proto>\/<port> for -A arg$/],
    ["tcp", /Expecting <proto>\/<port> for -A arg/],
    ["tcp/22, udp/53", /" udp\/53": the protocol/],
    ["tcp/0", /Invalid port value/],
    ["tcp/65536", /Invalid port value/],
    ["tcp/22x", /Invalid port value/],
    ["tcp/22/3", /Invalid port value/],
    ["", /expected a value/],
    ["tcp/22\0", /without NUL/],
  ];
  for (const [text, fault] of rows) {
    const read = access.parse(text);
    assert.match(read.ok ? "taken" : read.fault, fault, text);
  }
});
