import assert from "node:assert/strict";
import { good, STANZA, wrong } from "./in_memory.ts";

/** The one problem of a stanza that begins with these lines. */
function objection(lines: string): string {
  const problems = wrong("", lines.includes("SOURCE") ? STANZA.replace("SOURCE ANY\n", lines) : STANZA + lines);
  assert.equal(problems.length, 1, problems.join("\n"));
  return problems[0]!;
}

Deno.test("a stanza whose addresses no packet can have is refused, one whose addresses meet is not", () => {
  assert.match(objection("SOURCE 0.0.0.0\n"), /SOURCE: no packet comes from 0\.0\.0\.0/);
  assert.match(objection("SOURCE 0.0.0.0, ::\n"), /SOURCE: no packet comes from/);
  assert.match(objection("SOURCE 192.0.2.0/24\nDESTINATION 2001:db8::1\n"), /DESTINATION: .*different IP versions/);
  const fine = ["SOURCE 0.0.0.0/1", "SOURCE 0.0.0.0,192.0.2.1", "SOURCE ANY\nDESTINATION 2001:db8::1"];
  for (const lines of [...fine, "SOURCE 192.0.2.1,2001:db8::2\nDESTINATION 2001:db8::1"]) {
    assert.deepEqual(wrong("", STANZA.replace("SOURCE ANY", lines)), [], lines);
  }
});

Deno.test("a stanza that leaves nothing to ask for is refused", () => {
  assert.match(objection("OPEN_PORTS tcp/0\n"), /OPEN_PORTS: no packet can ask for tcp\/0/);
  assert.match(objection("OPEN_PORTS tcp/22\nRESTRICT_PORTS tcp/22\n"), /RESTRICT_PORTS .*nothing can be opened/);
  assert.deepEqual(wrong("", `${STANZA}OPEN_PORTS tcp/22,udp/22\nRESTRICT_PORTS tcp/22\n`), []);
});

Deno.test("GUARD of a stanza that opens no door of that kind is refused", () => {
  const commands = "CMD_CYCLE_OPEN /bin/true $IP\nCMD_CYCLE_CLOSE NONE\n";
  assert.match(objection(`GUARD forward\n${commands}`), /GUARD: CMD_CYCLE_OPEN of the same stanza/);
  const nat = ["ENABLE_IPT_FORWARDING Y\n", `${STANZA}FORCE_NAT 10.0.0.5 80\nGUARD both\n`] as const;
  assert.match(wrong(...nat).join("\n"), /GUARD: FORCE_NAT of the same stanza/);
  assert.deepEqual(wrong("", `${STANZA}GUARD forward\n`), []);
});

Deno.test("REQUIRE_KEY_HINT of a stanza that no packet can name is refused", () => {
  const asked = "REQUIRE_KEY_HINT Y\n";
  assert.match(objection(`${asked}KEY_HINT N\n`), /REQUIRE_KEY_HINT: KEY_HINT N of the same stanza/);
  for (const mode of ["CTR", "OFB"]) {
    assert.match(
      objection(`HMAC_KEY abcdefghijkl\nENCRYPTION_MODE ${mode}\n${asked}`),
      /no packet can name the stanza/,
      mode,
    );
  }
  assert.match(wrong("", "SOURCE ANY\nKEY abcdefghijkl\n" + asked).join("\n"), /no packet can name the stanza/);
  for (const mode of ["CBC", "CFB", "ECB"]) {
    assert.deepEqual(wrong("", `${STANZA}HMAC_KEY abcdefghijkl\nENCRYPTION_MODE ${mode}\n${asked}`), [], mode);
  }
});

Deno.test("frames that no packet fits into are refused where frames are read", () => {
  assert.match(wrong("MAX_SNIFF_BYTES 100\n")[0]!, /MAX_SNIFF_BYTES: no packet fits into 100 bytes/);
  assert.deepEqual(wrong("MAX_SNIFF_BYTES 100\nENABLE_UDP_SERVER Y\n"), []);
});

Deno.test("one path for two things is refused", () => {
  const same = wrong("FWKNOP_PID_FILE /run/x\nDIGEST_FILE /run/x\n");
  assert.match(same.join("\n"), /FWKNOP_PID_FILE: this is also the path of DIGEST_FILE/);
  assert.match(wrong("DIGEST_FILE /a\n").join("\n"), /DIGEST_FILE: this is also the path of the file with the stanzas/);
  assert.match(wrong("FWKNOP_PID_FILE /c\n").join("\n"), /FWKNOP_PID_FILE: this is also the path of the configuration/);
  good("FWKNOP_PID_FILE /run/x\nDIGEST_FILE /run/y\n");
});

Deno.test("serverWarnings() says who is believed about whom a request is from", () => {
  const warnings = (server: string) => good(`ENABLE_SPA_OVER_HTTP Y;\n${server}`).warnings.join("\n");
  assert.match(warnings("ENABLE_X_FORWARDED_FOR Y;\n"), /whoever sends a request is believed/);
  assert.equal(warnings("ENABLE_X_FORWARDED_FOR Y;\nHTTP_PROXIES 192.0.2.1;\n"), "");
  assert.match(warnings("HTTP_PROXIES 192.0.2.1;\n"), /HTTP_PROXIES has no effect/);
  assert.equal(warnings(""), "");
});
