import assert from "node:assert/strict";
import {
  formatNoLongerShut,
  formatPutBack,
  formatShut,
  isWorthALine,
  levelOf,
  lineOf,
  openedLine,
  textOf,
} from "../../../daemon/report/log_lines.ts";
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

const POLICY = { chain: "inet f2b input", how: "drops by policy", remedy: "let it in there too" };
const BAN = { chain: "ip raw PREROUTING", how: "drops it by its rule with the handle 7", remedy: "take the rule away" };
const SSH = { slot: "input", source: ip("192.0.2.7"), destination: null, service: { proto: "tcp", port: 22 } } as const;

Deno.test("openedLine() has no word of success for what others keep shut: who does it, and the remedy", () => {
  const grant = { access: SSH, expiresAt: 1000, kind: "access", items: "tcp/22" } as const;
  assert.equal(openedLine(grant, "C", []).level, "info");
  assert.deepEqual(openedLine(grant, "C", [POLICY]), {
    level: "warning",
    text: "Opened access for 192.0.2.7 -> 0.0.0.0/0 tcp/22 in C, but inet f2b input keeps it shut: it drops by " +
      "policy; let it in there too",
  });
  assert.equal(
    lineText(openedLine(grant, "C", [BAN, POLICY])),
    "Opened access for 192.0.2.7 -> 0.0.0.0/0 tcp/22 in C, but ip raw PREROUTING keeps it shut: it drops it by " +
      "its rule with the handle 7; take the rule away, and inet f2b input keeps it shut: it drops by policy; let it in there too",
  );
});

Deno.test("formatShut() and formatNoLongerShut() name what is open by what it lets through", () => {
  assert.equal(
    formatShut(SSH, "C", [POLICY]),
    "192.0.2.7 -> 0.0.0.0/0 tcp/22 is open in C, but inet f2b input keeps it shut: it drops by policy; let it in there too",
  );
  assert.equal(
    formatNoLongerShut({ slot: "forward", source: ip("2001:db8::1"), target: null, service: null }, "C"),
    "2001:db8::1 -> ::/0 */* is open in C, and nothing else keeps it shut any more",
  );
  const masquerade = { slot: "masquerade", match: { source: ip("192.0.2.7") }, toPort: null } as const;
  assert.match(formatNoLongerShut(masquerade, "C"), /^192\.0\.2\.7 -> 0\.0\.0\.0\/0 is open in C/);
});

Deno.test("formatPutBack() names the packet filter", () => {
  assert.match(formatPutBack("nftables"), /put back what belongs to fwknopd \(nftables\)$/);
});
