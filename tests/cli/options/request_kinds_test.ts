import assert from "node:assert/strict";
import { access, accessOf, natDestination } from "../../../cli/options/request_kinds.ts";
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

Deno.test("natDestination reads a host with or without a port, and gives it back as it was written", () => {
  const rows: readonly [text: string, host: string, port: number | null][] = [
    ["10.0.0.1", "10.0.0.1", null],
    ["10.0.0.1:8022", "10.0.0.1", 8022],
    ["10.0.0.1,00080", "10.0.0.1", 80],
    ["HOST.Example.", "HOST.Example.", null],
    ["my_host:1", "my_host", 1],
    ["2001:DB8::5", "2001:db8::5", null],
    ["[2001:DB8::5]", "2001:db8::5", null],
    ["[2001:db8::5]:65535", "2001:db8::5", 65_535],
    ["[2001:db8::5],22", "2001:db8::5", 22],
  ];
  for (const [text, host, port] of rows) {
    const read = natDestination.parse(text);
    assert.ok(read.ok, text);
    assert.deepEqual(read.value, { text, host, port });
    assert.equal(natDestination.format(read.value), text);
  }
});

Deno.test("natDestination refuses everything else, with the fragments that scripts match", () => {
  const rows: (readonly [text: string, fault: RegExp])[] = [
    ...["10.0.0.1:0", "10.0.0.1:22x", "10.0.0.1:", "10.0.0.1,65536", "h:22:33"].map((text) =>
      [text, /^Invalid port value in -N arg: ".*" \(Args contain invalid data\)$/] as const
    ),
    ...["10.0.0.999", "-bad", ",22", "", "a b", "a\nb", "::", "[::]:22", "[10.0.0.1", "x".repeat(64)].map((text) =>
      [text, /^Invalid NAT destination '[^]*' for -N arg \(Args contain invalid data\)$/] as const
    ),
    [`${"a".repeat(63)}.bcdefgh`, /^Invalid NAT destination '.*' for -N arg: .* 70 characters \(Error 103 - /],
  ];
  for (const [text, fault] of rows) {
    const read = natDestination.parse(text);
    assert.match(read.ok ? "taken" : read.fault, fault, text);
  }
});
