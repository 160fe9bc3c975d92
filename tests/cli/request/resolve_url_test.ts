import assert from "node:assert/strict";
import { HTTP_SERVICES, HTTPS_SERVICES, parseAddressBody, parseResolveUrl } from "../../../cli/request/resolve_url.ts";

Deno.test("F14: parseResolveUrl() takes ports of five digits, IPv6 literals and URLs without a scheme", () => {
  const href = (text: string, httpOnly = false) => {
    const url = parseResolveUrl(text, { httpOnly });
    return url.ok ? url.value.href : `! ${url.fault}`;
  };
  assert.equal(href("http://127.0.0.1:18099/ip"), "http://127.0.0.1:18099/ip");
  assert.equal(href("https://[2001:db8::1]:8443/"), "https://[2001:db8::1]:8443/");
  assert.equal(href("ip.example.org/me"), "https://ip.example.org/me");
  assert.equal(href("ip.example.org:8080/me", true), "http://ip.example.org:8080/me");
  assert.match(href("https://ip.example.org", true), /https is not supported for --resolve-http-only/);
  assert.match(href("ftp://ip.example.org"), /ftp:\/\/ is not supported/);
  assert.match(href("https://"), /no URL/);
  for (const url of ["http://h:99999/", "http://h:0/", "http://h:/", "h:abc", "http://[::1]:70000/x?y:1"]) {
    assert.match(href(url), /port value is invalid, must be in \[1-65535\]/, url);
  }
});

for (const body of ["203.0.113.9", "203.0.113.9\n", " 203.0.113.9\r\n"]) {
  Deno.test(`parseAddressBody() takes ${JSON.stringify(body)}`, () => {
    const ip = parseAddressBody(body);
    assert.equal(ip.ok && ip.value.text, "203.0.113.9");
  });
}

for (
  const body of ["", "<html>1.2.3.4</html>", "1.2.3.4 1.2.3.5", "1.2.3", "1.2.3.4.5", "0.0.0.0", "::", "1.2.3.400"]
) {
  Deno.test(`parseAddressBody() refuses ${JSON.stringify(body)}`, () => assert.equal(parseAddressBody(body).ok, false));
}

Deno.test("the default services are reached by the protocol of their list", () => {
  assert.ok(HTTPS_SERVICES.length > 1 && HTTPS_SERVICES.every((url) => new URL(url).protocol === "https:"));
  assert.ok(HTTP_SERVICES.length > 1 && HTTP_SERVICES.every((url) => new URL(url).protocol === "http:"));
});
