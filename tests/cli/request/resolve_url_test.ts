import assert from "node:assert/strict";
import { HTTP_SERVICES, HTTPS_SERVICES, parseAddressBody } from "../../../cli/request/resolve_url.ts";

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
