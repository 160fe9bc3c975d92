import assert from "node:assert/strict";
import fc from "fast-check";
import { findCandidate, type HttpPolicy } from "../../../daemon/verify/candidate.ts";

const NO_HTTP: HttpPolicy = { enabled: false, anyUserAgent: false, trustForwardedFor: false };
const HTTP: HttpPolicy = { enabled: true, anyUserAgent: false, trustForwardedFor: true };
const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const BODY = "9SXgFlrs6x/IZ6Yqxd1x5Vq+".repeat(8); // 192 characters

const request = (path: string, headers = "User-Agent: Fwknop/2.6.11\r\n") =>
  bytes(`GET /${path} HTTP/1.1\r\n${headers}Host: gw\r\n\r\n`);
const inUrl = (wire: string) => wire.replaceAll("+", "-").replaceAll("/", "_");

function faultOf(payload: Uint8Array, http = NO_HTTP): number | null {
  const result = findCandidate(payload, http);
  return result.ok ? null : result.fault.number;
}

Deno.test("findCandidate() takes what a client sends, unchanged", () => {
  const result = findCandidate(bytes(BODY), NO_HTTP);
  assert.deepEqual(result, { ok: true, value: { wire: BODY, forwardedFor: null, remark: null } });
});

Deno.test("findCandidate() refuses every other shape with the number of the C daemon", () => {
  const cases: [string, string, number | null][] = [
    ["139 characters", "A".repeat(139), 4096],
    ["140 characters", "A".repeat(140), null],
    ["1499 characters", "A".repeat(1499), null],
    ["1500 characters", "A".repeat(1500), 4096],
    ["the prefix that clients cut off", `U2FsdGVkX1${BODY}`, 4096],
    ["the GPG prefix on a long text", `hQ${"A".repeat(399)}`, 4096],
    ["hQ on a short text is ordinary base64", `hQ${BODY}`, null],
    ["an equals sign at the end", `${BODY}=`, 4098],
    ["an equals sign inside", `${BODY}=${BODY}`, 4098],
    ["a newline at the end", `${BODY}\n`, 4098],
    ["a NUL", `${BODY}\0`, 4098],
    ["url-safe base64 outside HTTP", `${BODY}-_`, 4098],
    ["a byte that windows-1252 maps above 255", `${BODY}\x89`, 4098],
    ["an HTTP request while HTTP is off", `GET /${inUrl(BODY)} HTTP/1.1\r\n`, 4098],
  ];
  for (const [what, text, number] of cases) assert.equal(faultOf(bytes(text)), number, what);
});

Deno.test("findCandidate() unwraps an HTTP request and tests the prefix after that", () => {
  const found = findCandidate(request(inUrl(BODY)), HTTP);
  assert.equal(found.ok && found.value.wire, BODY);
  assert.equal(faultOf(request(`U2FsdGVkX1${inUrl(BODY)}`), HTTP), 4096, "the prefix re-added inside the URL");
  assert.equal(faultOf(request(inUrl(BODY), "User-Agent: curl/8\r\n"), HTTP), 4096, "another user agent");
  const any = { ...HTTP, anyUserAgent: true };
  assert.equal(faultOf(request(inUrl(BODY), "User-Agent: curl/8\r\n"), any), null, "any user agent when allowed");
  assert.equal(faultOf(request("short"), HTTP), 4096, "too little text in the path");
  assert.equal(faultOf(request(`${inUrl(BODY)}=`), HTTP), 4098, "an equals sign in the path");
});

Deno.test("findCandidate() reads one X-Forwarded-For address when told to trust it", () => {
  const agent = "User-Agent: Fwknop/2.6.11\r\n";
  const forwarded = (value: string, http = HTTP) => {
    const found = findCandidate(request(inUrl(BODY), `${agent}X-Forwarded-For: ${value}\r\n`), http);
    assert.ok(found.ok);
    return found.value;
  };
  assert.equal(forwarded("192.0.2.9").forwardedFor?.text, "192.0.2.9");
  assert.equal(forwarded("2001:db8::9").forwardedFor?.text, "2001:db8::9");
  assert.equal(forwarded("192.0.2.9", { ...HTTP, trustForwardedFor: false }).forwardedFor, null);
  const list = forwarded("192.0.2.9, 192.0.2.10");
  assert.equal(list.forwardedFor, null);
  assert.match(list.remark ?? "", /Error parsing X-Forwarded-For header: value '192\.0\.2\.9,' is not an IP address/);
});

Deno.test("findCandidate() never throws and never yields a text outside the alphabet", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1600 }), fc.boolean(), (payload, wrap) => {
    const input = wrap ? new Uint8Array([...bytes("GET /"), ...payload]) : payload;
    const found = findCandidate(input, { ...HTTP, anyUserAgent: true });
    if (found.ok) assert.match(found.value.wire, /^[A-Za-z0-9+/]{140,1499}$/);
  }));
});
