import assert from "node:assert/strict";
import { httpProxy, serviceUrl } from "../../../cli/options/host_kinds.ts";

Deno.test("httpProxy takes what -H takes, and gives it back as it was written", () => {
  const rows: readonly [text: string, host: string, port: number | null][] = [
    ["proxy", "proxy", null],
    ["HTTP://proxy:3128", "proxy", 3128],
    ["http://10.0.0.1:8080/", "10.0.0.1", 8080],
    ["proxy:80x", "proxy", 80],
    ["http://proxy/", "proxy", null],
    ["[2001:db8::1]:3128", "2001:db8::1", 3128],
  ];
  for (const [text, host, port] of rows) {
    const read = httpProxy.parse(text);
    assert.ok(read.ok, text);
    assert.deepEqual(read.value, { text, host, port });
    assert.equal(httpProxy.format(read.value), text);
  }
});

Deno.test("httpProxy refuses what names no host or a port that is none, and tells no password", () => {
  const rows: (readonly [text: string, fault: RegExp])[] = [
    ...["proxy:", "proxy:0", "proxy:65536", "proxy:x"].map((text) =>
      [text, /^proxy port value is invalid, must be in \[1-65535\]: "/] as const
    ),
    ...[":3128", "http://", "a b", "h\r\nX: y"].map((text) => [text, /^--http-proxy names no host: "/] as const),
    ["joe:hidden@proxy:3128", /"\*{8}@proxy:3128"$/],
    ["", /expected a value/],
  ];
  for (const [text, fault] of rows) {
    const read = httpProxy.parse(text);
    assert.match(read.ok ? "taken" : read.fault, fault, text);
  }
});

Deno.test("serviceUrl gives a URL back as it was written, and tells no password of one that is none", () => {
  for (const text of ["https://ip.example.org/?a=b", "ip.example.org:8080/me"]) {
    const read = serviceUrl.parse(text);
    assert.equal(read.ok && serviceUrl.format(read.value), text);
  }
  const refused = serviceUrl.parse("joe:hidden@ip.example.org:0/");
  assert.equal(
    refused.ok ? "taken" : refused.fault,
    'Error parsing resolve-url "********@ip.example.org:0/": its port value is invalid, must be in [1-65535]',
  );
});
