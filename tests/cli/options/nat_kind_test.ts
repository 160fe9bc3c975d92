import assert from "node:assert/strict";
import { natDestination } from "../../../cli/options/nat_kind.ts";

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
