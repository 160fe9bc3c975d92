import assert from "node:assert/strict";
import { isWorthALine, levelOf, lineOf, textOf } from "../../../daemon/report/log_lines.ts";
import type { Finding } from "../../../daemon/verify/findings.ts";
import { refusal, REFUSALS } from "../../../daemon/verify/refusals.ts";
import { remark, REMARKS } from "../../../daemon/verify/remarks.ts";
import { lineText } from "../../../lib/log.ts";
import { ip } from "../../fakes/knock.ts";

const at = { source: ip("192.0.2.1"), stanza: 1 };

Deno.test("levelOf() and textOf() are folds over both tables", () => {
  const expired = refusal("stanza-expired", at);
  assert.equal(levelOf(expired), "info");
  assert.equal(textOf(expired), "[192.0.2.1] (stanza #1) Access stanza has expired");
  const text = remark("packet-text", { wire: "abc" });
  assert.equal(levelOf(text), "debug");
  assert.equal(textOf(text), "SPA Packet: 'abc'");
});

Deno.test("no code is in both tables", () => {
  assert.deepEqual(Object.keys(REFUSALS).filter((code) => Object.hasOwn(REMARKS, code)), []);
});

Deno.test("lineOf() makes the text when the line is read, and not before", () => {
  let made = 0;
  const counting: Finding = {
    code: "packet-text",
    facts: {
      get wire() {
        return `${++made}`;
      },
    },
  };
  const line = lineOf(counting);
  assert.equal(isWorthALine(counting), false);
  assert.equal(line.level, "debug");
  assert.equal(made, 0);
  assert.equal(lineText(line), "SPA Packet: '1'");
});

Deno.test("isWorthALine() leaves out what is for a log that was asked to be verbose", () => {
  assert.equal(isWorthALine(refusal("not-spa-data", at)), false);
  assert.equal(isWorthALine(refusal("stanza-expired", at)), true);
  assert.equal(isWorthALine(refusal("not-opened", { ...at, reason: "why" })), true);
});
