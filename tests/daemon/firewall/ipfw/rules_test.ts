import assert from "node:assert/strict";
import { denyingBefore, parseDynamic, parseRules } from "../../../../daemon/firewall/ipfw/rules.ts";

Deno.test("parseRules() reads numbers, sets, our tables and ends", () => {
  const listing = [
    "00100 set 0 allow ip from any to any via lo0",
    "10000 set 1 allow tcp from table(fwknop_tcp_22) to me dst-port 22 setup keep-state :default",
    "10001 set 1 allow tcp from 10.0.0.9 to me dst-port 22 setup keep-state :default // _exp_1700000000",
    "# DISABLED 10002 set 2 allow udp from table(fwknop_udp_53) to me dst-port 53 keep-state :default",
    "10003 set 1 deny tcp from table(fwknop_tcp_23) to me",
    "10004 set 1 allow tcp from table(theirs) to me",
    "## Dynamic rules (1 128):",
    "",
  ].join("\n");
  const rules = parseRules(listing).map(({ number, set, disabled, table, expiresAt }) => [
    number,
    set,
    disabled,
    table,
    expiresAt,
  ]);
  assert.deepEqual(rules, [
    [100, 0, false, null, null],
    [10000, 1, false, "fwknop_tcp_22", null],
    [10001, 1, false, null, 1_700_000_000],
    [10002, 2, true, "fwknop_udp_53", null],
    [10003, 1, false, null, null],
    [10004, 1, false, null, null],
  ]);
});

Deno.test("parseDynamic() has the numbers below the heading, and no other", () => {
  const listing = "10001 allow ip from any to any\n## Dynamic rules (2 256):\n" +
    "10000 7 420 (298s) STATE tcp 10.77.0.2 50000 <-> 10.77.0.1 22 :default\n10007 1 60 (1s) STATE udp 1.2.3.4 5 <-> 6.7.8.9 53\n";
  assert.deepEqual([...parseDynamic(listing)], [10000, 10007]);
  assert.deepEqual([...parseDynamic("10001 allow ip from any to any\n")], []);
});

Deno.test("denyingBefore() is a rule that nothing gets by, and comes before ours", () => {
  const find = (...lines: readonly string[]) => denyingBefore(parseRules(lines.join("\n")), 10_000)?.number ?? null;
  assert.equal(find("00500 set 0 deny ip from any to any"), 500);
  assert.equal(find("00500 set 0 deny log logamount 5 ip from any to any in"), 500);
  assert.equal(find("00500 set 0 unreach port ip from any to any // all"), 500);
  assert.equal(find("10000 set 0 deny ip from any to any"), null);
  assert.equal(find("# DISABLED 00500 set 3 deny ip from any to any"), null);
  assert.equal(find("00500 set 0 deny tcp from any to any", "00600 set 0 deny ip from any to any out"), null);
  assert.equal(find("00500 set 0 deny ip from 10.0.0.0/8 to any", "00600 set 0 deny ip from any to any via em1"), null);
  assert.equal(find("00400 set 0 skipto 9000 tcp from any to me", "00500 set 0 deny ip from any to any"), null);
});
