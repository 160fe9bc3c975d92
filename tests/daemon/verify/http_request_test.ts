import assert from "node:assert/strict";
import fc from "fast-check";
import { forwardedFor, parseHttpRequest, valuesOf } from "../../../daemon/verify/http_request.ts";

const request = (text: string) => parseHttpRequest(text) ?? assert.fail(`no request: ${JSON.stringify(text)}`);

Deno.test("parseHttpRequest(): the path without its slash and query, as clients and proxies write it", () => {
  assert.equal(request("GET /abc HTTP/1.1\r\n\r\n").path, "abc");
  assert.equal(request("get  /abc?x=1 HTTP/1.0\n\n").path, "abc");
  assert.equal(request("\r\nGET http://example.org:80/abc#f HTTP/1.1\r\n\r\n").path, "abc");
  assert.equal(request("GET /a%2Bb%2f%zz HTTP/1.1\r\n\r\n").path, "a+b/%zz");
  assert.equal(request("GET / HTTP/1.1\r\n\r\n").path, "");
  for (const text of ["", "POST /abc HTTP/1.1\r\n\r\n", "GET abc HTTP/1.1\r\n\r\n", "GET", "U2FsdGVkX1", " GET /a"]) {
    assert.equal(parseHttpRequest(text), null, text);
  }
});

Deno.test("parseHttpRequest(): header lines by name in any case, continued lines, up to the empty one", () => {
  const { headers, complete } = request(
    "GET /a HTTP/1.1\r\nUser-AGENT:  x \r\nA: 1\r\n\t2\r\nnonsense\r\n\r\nB: 3\r\n",
  );
  assert.deepEqual(headers, [{ name: "user-agent", value: "x" }, { name: "a", value: "1 2" }]);
  assert.equal(complete, true);
  assert.equal(request("GET /a HTTP/1.1\r\nA: 1\r\n").complete, false);
  assert.equal(request("GET /a HTTP/1.1\r\nA: 1").complete, false);
  assert.equal(request("GET /a HTTP/1.1\nA: 1\n\n").complete, true);
  assert.deepEqual(valuesOf(request("GET /a\r\nX: 1\r\nY: 2\r\nx: 3\r\n\r\n"), "x"), ["1", "3"]);
});

/** What X-Forwarded-For lines say: an address, null, or the end of a sentence. */
function forwarded(...lines: readonly string[]): string | null {
  const header = lines.map((line) => `X-Forwarded-For: ${line}\r\n`).join("");
  const answer = forwardedFor(request(`GET /a HTTP/1.1\r\n${header}\r\n`));
  return answer.ok ? answer.value?.text ?? null : answer.fault;
}

Deno.test("forwardedFor(): the last entry of the last line, which the nearest proxy wrote", () => {
  assert.equal(forwarded(), null);
  assert.equal(forwarded("192.0.2.1"), "192.0.2.1");
  assert.equal(forwarded("203.0.113.9, 192.0.2.1"), "192.0.2.1");
  assert.equal(forwarded("203.0.113.9", "192.0.2.1"), "192.0.2.1");
  assert.equal(forwarded('"[2001:db8::1]:4711"'), "2001:db8::1");
  assert.equal(forwarded("192.0.2.1:80"), "192.0.2.1");
});

Deno.test("forwardedFor(): what is no address, or not to be seen whole, is a fault and no address before it", () => {
  for (const entry of ["unknown", "192.0.2.1, nonsense", "192.0.2.1,", "0.0.0.0", "::", "192.0.2.256", "[192.0.2.1"]) {
    assert.match(forwarded(entry) ?? "", /is not an IP address$/, entry);
  }
  assert.equal(forwarded("a\x1bb"), "value 'a?b' is not an IP address");
  const cut = forwardedFor(request("GET /a HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1"));
  assert.deepEqual(cut.ok ? null : cut.fault, "the end of the header is missing");
});

Deno.test("parseHttpRequest() and forwardedFor() never throw", () => {
  const part = fc.constantFrom(
    "GET ",
    "/",
    "http://",
    "\r\n",
    "\n",
    ":",
    "X-Forwarded-For: ",
    "%4",
    " ",
    "[",
    '"',
    "1.2.3.4",
  );
  const text = fc.array(fc.oneof(part, fc.string()), { maxLength: 30 }).map((parts) => parts.join(""));
  fc.assert(fc.property(text, (given) => {
    const read = parseHttpRequest(given);
    if (read !== null) forwardedFor(read);
  }));
});
