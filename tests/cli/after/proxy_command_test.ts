import assert from "node:assert/strict";
import { completeForGoal, portTowards, readGoal } from "../../../cli/after/proxy_command.ts";
import { accessOf } from "../../../cli/options/access_kind.ts";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { ClientError } from "../../../cli/ui/tui.ts";
import { accessTo, services } from "../../fakes/requests.ts";
import { resolveSettings } from "../../../lib/settings/resolve.ts";

const goal = { host: "gw", port: 22 };
const settings = resolveSettings(CLIENT_SETTINGS, []).values;

Deno.test("readGoal() takes a host and a port and nothing else", () => {
  assert.deepEqual(readGoal(["[2001:db8::1]", "2222"]), { host: "2001:db8::1", port: 2222 });
  for (const rest of [[], ["gw"], ["gw", "ssh"], ["gw", "0"], ["gw", "65536"], ["gw", "22", "-v"], ["", "22"]]) {
    assert.throws(() => readGoal(rest), ClientError, rest.join(" "));
  }
});

Deno.test("completeForGoal() fills in what options and stanza leave open", () => {
  const completed = completeForGoal(settings, goal);
  assert.equal(completed.server, "gw");
  assert.deepEqual(completed.access, accessOf(services("tcp/22")));
  const access = accessOf(services("tcp/80,tcp/22"));
  const given = completeForGoal({ ...settings, server: "outer", access }, goal);
  assert.equal(given.server, "outer");
  assert.equal(given.access, access);
});

Deno.test("portTowards() takes the port of ssh where it opens, and with NAT the forwarded one", () => {
  assert.equal(portTowards(accessTo("tcp/80,tcp/22"), goal), 22);
  const inside = { host: "10.0.0.5", port: 22, local: false };
  assert.equal(portTowards(accessTo("tcp/31337", inside), goal), 31_337);
  assert.throws(() => portTowards(accessTo("tcp/80"), goal), /asks for tcp\/80/);
  assert.throws(() => portTowards(accessTo("udp/22"), goal), /needs a TCP port/);
});
