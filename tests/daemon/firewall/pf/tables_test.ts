import assert from "node:assert/strict";
import { accessThrough, type Door, parseClients, tableName } from "../../../../daemon/firewall/pf/tables.ts";
import { parseIp } from "../../../../lib/net/address.ts";
import { pfctl, pfState } from "../../../fakes/pfctl.ts";

function door(family: 4 | 6, port: number, to: string | null): Door {
  const service = { proto: "udp", port } as const;
  if (to === null) return { family, service, destination: null };
  const destination = parseIp(to);
  assert.ok(destination.ok);
  return { family, service, destination: destination.value };
}

Deno.test("tableName() says service, family and address, and pf takes the longest one", () => {
  assert.equal(tableName(door(4, 53, null)), "fwknop_udp_53");
  assert.equal(tableName(door(6, 53, null)), "fwknop6_udp_53");
  assert.equal(tableName(door(4, 53, "10.77.0.1")), "fwknop_udp_53_0a4d0001");
  const longest = tableName(door(6, 65_535, "2001:db8:1:2:3:4:5:6"));
  const state = pfState('anchor "fwknop"\n');
  assert.equal(pfctl(state, ["-a", "fwknop", "-t", longest, "-T", "add", "10.0.0.1"]).code, 0, longest);
  assert.equal(pfctl(state, ["-a", "fwknop", "-t", "x".repeat(32), "-T", "add", "10.0.0.1"]).code, 1);
});

Deno.test("parseClients() reads what a table prints, with counters too, and an address in its usual form", () => {
  const state = pfState('anchor "fwknop"\n');
  const words = ["10.0.0.1/32", "10.1.0.0/16", "!10.1.0.1", "fd77::1", "fd78::/64"];
  assert.equal(pfctl(state, ["-a", "fwknop", "-t", "t", "-T", "add", "-f", "-"], words.join("\n")).code, 0);
  const read = ["10.0.0.1", "10.1.0.0/16", "!10.1.0.1", "fd77::1", "fd78::/64"];
  for (const verbose of [[], ["-v"]]) {
    const { stdout } = pfctl(state, ["-a", "fwknop", ...verbose, "-t", "t", "-T", "show"]);
    assert.deepEqual(parseClients(stdout), read);
  }
  assert.deepEqual(parseClients("   FD77::0:1\n"), ["fd77::1"]);
  assert.deepEqual(parseClients(""), []);
});

Deno.test("accessThrough() is for one address of the family of the rule", () => {
  const at = (client: string, family: 4 | 6 = 4) => accessThrough(door(family, 53, null), client)?.source.text ?? null;
  assert.deepEqual(["10.0.0.1", "10.0.0.0/8", "!10.0.0.1", "fd77::1", "x", ""].map((client) => at(client)), [
    ...["10.0.0.1", null, null, null, null, null],
  ]);
  assert.equal(at("fd77::1", 6), "fd77::1");
});

Deno.test("a pfctl says when an entry came, and takes out what is older", () => {
  const state = pfState('anchor "fwknop"\n');
  state.now = 1_700_000_000;
  const table = (...words: readonly string[]) => pfctl(state, ["-a", "fwknop", "-t", "t", ...words]);
  assert.deepEqual(table("-T", "show"), { code: 255, stdout: "", stderr: "pfctl: Table does not exist.\n" });
  assert.equal(table("-T", "delete", "10.0.0.1").code, 255);
  assert.equal(table("-T", "add", "10.0.0.1").code, 0);
  state.now += 10;
  assert.equal(table("-T", "add", "10.0.0.1", "10.0.0.2").code, 0);
  assert.match(
    table("-v", "-T", "show").stdout,
    /^ {3}10\.0\.0\.1\n\tCleared: {5}Tue Nov 14 22:13:20 2023\n\tIn\/Block: /,
  );
  assert.equal(table("-T", "expire", "9").code, 0);
  assert.equal(table("-T", "show").stdout, "   10.0.0.2\n");
  assert.equal(table("-T", "show", "10.0.0.2").code, 1);
  assert.equal(table("-T", "vanish").code, 1);
  assert.equal(table("-T", "add", "nowhere").code, 255);
  // Made by `add`, it persists; a table of a file goes with the rule that names it.
  assert.equal(pfctl(state, ["-a", "fwknop", "-f", "-"], "table <u> { 10.0.0.9 }\npass in from <u> to any\n").code, 0);
  assert.equal(pfctl(state, ["-a", "fwknop", "-s", "Tables"]).stdout, "t\nu\n");
  assert.equal(pfctl(state, ["-a", "fwknop", "-f", "-"], "table <u>\npass in from <u> to any\n").code, 0);
  assert.equal(pfctl(state, ["-a", "fwknop", "-t", "u", "-T", "show"]).stdout, "   10.0.0.9\n");
  assert.equal(pfctl(state, ["-a", "fwknop", "-F", "rules"]).code, 0);
  assert.equal(pfctl(state, ["-a", "fwknop", "-s", "Tables"]).stdout, "t\n");
});
