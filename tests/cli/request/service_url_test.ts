import assert from "node:assert/strict";
import { parseServiceUrl, shownUrl } from "../../../cli/request/service_url.ts";

Deno.test("F14: parseServiceUrl() takes ports of five digits, IPv6 literals and URLs without a scheme", () => {
  const rows: readonly [text: string, https: string | null, http: string | null][] = [
    ["http://127.0.0.1:18099/ip", null, "http://127.0.0.1:18099/ip"],
    ["https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/", null],
    ["HTTPS://ip.example.org", "https://ip.example.org/", null],
    ["ip.example.org/me", "https://ip.example.org/me", "http://ip.example.org/me"],
    ["ip.example.org:8080/me", "https://ip.example.org:8080/me", "http://ip.example.org:8080/me"],
    ["ip.example.org:443/", "https://ip.example.org/", "http://ip.example.org:443/"],
  ];
  for (const [text, https, http] of rows) {
    const url = parseServiceUrl(text);
    assert.ok(url.ok, text);
    assert.deepEqual([url.value.https?.href ?? null, url.value.http?.href ?? null], [https, http]);
    assert.equal(url.value.text, text);
  }
});

Deno.test("parseServiceUrl() refuses other schemes, what is no URL, and ports that are none", () => {
  const fault = (text: string) => {
    const url = parseServiceUrl(text);
    return url.ok ? "taken" : url.fault;
  };
  assert.equal(fault("ftp://ip.example.org"), "ftp:// is not supported");
  assert.equal(fault("https://"), "it is no URL");
  assert.match(fault("http://a_b!c/"), /neither a name nor an address/);
  for (const url of ["http://h:99999/", "http://h:0/", "http://h:/", "h:abc", "http://[::1]:70000/x?y:1"]) {
    assert.match(fault(url), /port value is invalid, must be in \[1-65535\]/, url);
  }
});

Deno.test("shownUrl() hides user and password, with a scheme or without", () => {
  assert.equal(shownUrl("https://joe:s3cret@h/x@y"), "https://********@h/x@y");
  assert.equal(shownUrl("joe:s3cret@h"), "********@h");
  assert.equal(shownUrl("https://h/x@y"), "https://h/x@y");
});
