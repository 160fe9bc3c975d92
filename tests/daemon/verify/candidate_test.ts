import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAddressList } from "../../../lib/net/cidr.ts";
import { type CandidateFault, findCandidate as find, type HttpPolicy } from "../../../daemon/verify/candidate.ts";
import { REFUSALS } from "../../../daemon/verify/refusals.ts";
import { ip } from "../../fakes/knock.ts";

/** Of a packet from this address. */
const findCandidate = (payload: Uint8Array, http: HttpPolicy, source = "203.0.113.9") =>
  find({ payload, source: ip(source) }, http);

const NO_HTTP: HttpPolicy = { enabled: false, anyUserAgent: false, trustForwardedFor: false, proxies: null };
const HTTP: HttpPolicy = { enabled: true, anyUserAgent: false, trustForwardedFor: true, proxies: null };
const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const BODY = "9SXgFlrs6x/IZ6Yqxd1x5Vq+".repeat(8); // 192 characters

const request = (path: string, headers = "User-Agent: Fwknop/2.6.11\r\n") =>
  bytes(`GET /${path} HTTP/1.1\r\n${headers}Host: gw\r\n\r\n`);
const inUrl = (wire: string) => wire.replaceAll("+", "-").replaceAll("/", "_");

function faultOf(payload: Uint8Array, http = NO_HTTP): number | null {
  const result = findCandidate(payload, http);
  return result.ok ? null : REFUSALS[result.fault.code].number;
}

function reasonOf(fault: CandidateFault): string | null {
  return fault.code === "proxy-header" ? fault.reason : null;
}

Deno.test("findCandidate() takes what a client sends, unchanged", () => {
  const result = findCandidate(bytes(BODY), NO_HTTP);
  assert.deepEqual(result, { ok: true, value: { wire: BODY, bytes: bytes(BODY), forwardedFor: null } });
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

Deno.test("findCandidate() takes the request line in every form that clients and proxies write", () => {
  const url = inUrl(BODY);
  const percent = url.replaceAll("-", "%2d").replaceAll("_", "%2F");
  const lines = [
    `GET /${url} HTTP/1.0`,
    `get /${url} HTTP/1.1`,
    `GET /${url}`,
    `GET http://gw/${url} HTTP/1.1`,
    `GET HTTP://gw.example.org:80/${url} HTTP/1.1`,
    `GET http://[2001:db8::1]:8080/${url} HTTP/1.1`,
    `GET /${url}?from=cache HTTP/1.1`,
    `GET /${percent} HTTP/1.1`,
    `\r\nGET  /${url} HTTP/1.1`,
  ];
  for (const line of lines) {
    for (const end of ["\r\n", "\n"]) {
      const found = findCandidate(bytes([line, "uSER-aGENT:Fwknop/2.6.11", "", ""].join(end)), HTTP);
      assert.equal(found.ok && found.value.wire, BODY, line);
    }
  }
  for (const line of [`POST /${url} HTTP/1.1`, `GET ${url} HTTP/1.1`, `GET http://gw?/${url}`, `GET ftp://gw/${url}`]) {
    assert.notEqual(faultOf(bytes(`${line}\r\nUser-Agent: Fwknop\r\n\r\n`), HTTP), null, line);
  }
});

Deno.test("findCandidate() finds the user agent in its header line only", () => {
  for (const line of ["Referer: /?User-Agent: Fwknop", "X: y\r\n User-Agent: Fwknop", "User-Agent: curl Fwknop"]) {
    assert.equal(faultOf(request(inUrl(BODY), `${line}\r\n`), HTTP), 4096, line);
  }
  assert.equal(faultOf(request(inUrl(BODY), "USER-AGENT : Fwknop/1\r\n"), HTTP), null);
});

/** What becomes of these header lines: the address of the client, or the warning of a refusal. */
function claimed(lines: string, http = HTTP, source?: string): string | null {
  const found = findCandidate(request(inUrl(BODY), `User-Agent: Fwknop/2.6.11\r\n${lines}`), http, source);
  return found.ok ? found.value.forwardedFor?.text ?? null : reasonOf(found.fault);
}

Deno.test("findCandidate() takes the last entry of the last X-Forwarded-For line, in each of its forms", () => {
  const cases: [lines: string, address: string | null][] = [
    ["X-Forwarded-For: 192.0.2.9\r\n", "192.0.2.9"],
    ["x-forwarded-for:192.0.2.9 \t\r\n", "192.0.2.9"],
    ["X-FORWARDED-FOR: 192.0.2.9\n", "192.0.2.9"],
    ["X-Forwarded-For : 192.0.2.9\r\n", "192.0.2.9"],
    ["X-Forwarded-For: 198.51.100.1, 192.0.2.9\r\n", "192.0.2.9"],
    ["X-Forwarded-For: unknown,192.0.2.9\r\n", "192.0.2.9"],
    ["X-Forwarded-For: 198.51.100.1,\r\n  192.0.2.9\r\n", "192.0.2.9"],
    ["X-Forwarded-For:\r\n\t192.0.2.9\r\n", "192.0.2.9"],
    ["X-Forwarded-For: 198.51.100.1\r\nAccept: */*\r\nx-forwarded-for: 192.0.2.9\r\n", "192.0.2.9"],
    ["X-Forwarded-For: 192.0.2.9:4711\r\n", "192.0.2.9"],
    ['X-Forwarded-For: "192.0.2.9:4711"\r\n', "192.0.2.9"],
    ["X-Forwarded-For: 2001:db8::9\r\n", "2001:db8::9"],
    ["X-Forwarded-For: [2001:DB8::9]\r\n", "2001:db8::9"],
    ["X-Forwarded-For: [2001:db8::9]:443\r\n", "2001:db8::9"],
    ['X-Forwarded-For: "[2001:db8::9]:443"\r\n', "2001:db8::9"],
    ["X-Forwarded-For: ::ffff:192.0.2.9\r\n", "192.0.2.9"],
    ["Referer: X-Forwarded-For: 192.0.2.9\r\n", null],
    ["Referer: /\r\n X-Forwarded-For: 192.0.2.9\r\n", null],
    ["Not-X-Forwarded-For: 192.0.2.9\r\n", null],
    ["", null],
  ];
  for (const [lines, address] of cases) assert.equal(claimed(lines), address, JSON.stringify(lines));
  assert.equal(claimed("X-Forwarded-For: nonsense\r\n", { ...HTTP, trustForwardedFor: false, proxies: null }), null);
});

Deno.test("findCandidate() believes the proxies that are listed, and takes the last entry that is none of them", () => {
  const list = parseAddressList("198.51.100.0/24, 2001:db8:1::/48");
  assert.ok(list.ok);
  const http = { ...HTTP, proxies: list.value };
  const from = (source: string, ...values: readonly string[]) =>
    claimed(values.map((value) => `X-Forwarded-For: ${value}\r\n`).join(""), http, source);
  assert.equal(from("198.51.100.7", "192.0.2.9"), "192.0.2.9");
  assert.equal(from("198.51.100.7", "192.0.2.1, 192.0.2.9"), "192.0.2.9", "what the client claims counts nothing");
  assert.equal(from("198.51.100.7", "192.0.2.1, 192.0.2.9, 198.51.100.8"), "192.0.2.9", "two proxies in a row");
  assert.equal(from("198.51.100.7", "192.0.2.9, 2001:db8:1::8", "198.51.100.8"), "192.0.2.9", "three, and two lines");
  assert.equal(from("2001:db8:1::7", "2001:db8:2::9"), "2001:db8:2::9");
  assert.equal(from("192.0.2.66"), null, "without the header the sender is who it is");
  const refused = (source: string, ...values: readonly string[]) => {
    const said = from(source, ...values);
    assert.match(said ?? "", /^Error parsing X-Forwarded-For header: /);
    return said?.slice("Error parsing X-Forwarded-For header: ".length);
  };
  assert.equal(refused("192.0.2.66", "192.0.2.9"), "it comes from 192.0.2.66, which is none of HTTP_PROXIES");
  assert.equal(refused("198.51.100.7"), "the proxy 198.51.100.7 says of nobody whom the request is from");
  assert.equal(refused("198.51.100.7", "198.51.100.8, 198.51.100.9"), "it names only proxies");
  assert.match(refused("198.51.100.7", "192.0.2.9, unknown, 198.51.100.8") ?? "", /'unknown' is not an IP address/);
  assert.match(refused("198.51.100.7", "192.0.2.9, 0.0.0.0") ?? "", /is not an IP address/);
});

Deno.test("findCandidate() refuses a request whose X-Forwarded-For tells no address, and never falls back", () => {
  const values = [
    "",
    " ",
    "unknown",
    "_hidden",
    "192.0.2.9,",
    "192.0.2.9, unknown",
    "192.0.2",
    "192.0.2.09",
    "0.0.0.0",
  ];
  const more = [
    "::",
    "192.0.2.9:x",
    "192.0.2.9:",
    "[192.0.2.9]",
    "[2001:db8::9",
    "[2001:db8::9]x",
    "fe80::1%eth0",
    "gw",
  ];
  for (const value of [...values, ...more]) {
    for (const earlier of ["", "X-Forwarded-For: 198.51.100.1\r\n"]) {
      const remark = claimed(`${earlier}X-Forwarded-For: ${value}\r\n`) ?? "";
      assert.match(remark, /^Error parsing X-Forwarded-For header: value '.*' is not an IP address$/, value);
    }
  }
  assert.match(claimed(`X-Forwarded-For: \x1b[2J${"\x80".repeat(99)}\r\n`) ?? "", /value '\?\[2J\?{60}' is not/);
});

Deno.test("findCandidate() refuses a request that is cut in its header, where a header decides", () => {
  const whole = `GET /${inUrl(BODY)} HTTP/1.1\r\nUser-Agent: Fwknop\r\nX-Forwarded-For: 192.0.2.99\r\n\r\n`;
  for (let length = whole.indexOf("\r") + 21; length < whole.length - 1; length++) {
    const found = findCandidate(bytes(whole.slice(0, length)), HTTP);
    assert.match(
      found.ok ? "" : reasonOf(found.fault) ?? "",
      /^Error parsing X-Forwarded-For header: the end of the header/,
    );
    const trusting = findCandidate(bytes(whole.slice(0, length)), { ...HTTP, trustForwardedFor: false, proxies: null });
    assert.equal(trusting.ok, true);
  }
  assert.equal(findCandidate(bytes(whole), HTTP).ok, true);
});

Deno.test("findCandidate() never throws and never yields a text outside the alphabet", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1600 }), fc.boolean(), (payload, wrap) => {
    const input = wrap ? new Uint8Array([...bytes("GET /"), ...payload]) : payload;
    const found = findCandidate(input, { ...HTTP, anyUserAgent: true });
    if (found.ok) assert.match(found.value.wire, /^[A-Za-z0-9+/]{140,1499}$/);
  }));
});

Deno.test("findCandidate() names no address that stands in no X-Forwarded-For line", () => {
  const piece = fc.constantFrom(
    "X-Forwarded-For",
    ":",
    " ",
    "192.0.2.9",
    "\r\n",
    "\n",
    "\t",
    ",",
    "\r",
    "[",
    "]",
    '"',
    "a",
  );
  const header = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  fc.assert(fc.property(header, (lines) => {
    const found = findCandidate(request(inUrl(BODY), `User-Agent: Fwknop\r\n${lines}\r\n\r\n`), HTTP);
    const told = /(?:^|\n)X-Forwarded-For *[ \t]*:/.test(lines);
    if (found.ok && found.value.forwardedFor !== null) assert.ok(told, "an address out of nowhere");
    if (found.ok && found.value.forwardedFor === null) {
      assert.ok(!/^X-Forwarded-For:/.test(lines), "a claim passed over");
    }
    if (!found.ok) assert.match(reasonOf(found.fault) ?? "", /^Error parsing X-Forwarded-For/);
  }));
});
