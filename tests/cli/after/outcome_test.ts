import assert from "node:assert/strict";
import { formatMilliseconds, likelyCauses, openedLine, shutSentence } from "../../../cli/after/outcome.ts";
import type { PortState } from "../../../cli/after/knock_and_wait.ts";
import type { Seen } from "../../../cli/after/connect_race.ts";
import { CLIENT_SETTINGS, type ClientSettings } from "../../../cli/options/table.ts";
import { resolveSettings } from "../../../lib/settings/resolve.ts";

const SILENCE: Seen = { refusedBefore: false, refusedAfter: null, lastError: null };
const settings: ClientSettings = { ...resolveSettings(CLIENT_SETTINGS, []).values, resolveIp: true };

function shut(port: number, seen: Partial<Seen> = {}): PortState {
  return { port, open: false, seen: { ...SILENCE, ...seen } };
}

Deno.test("formatMilliseconds() keeps a digit below ten", () => {
  assert.deepEqual([0.84, 9.96, 12.4, 1234.5].map(formatMilliseconds), ["0.8 ms", "10.0 ms", "12 ms", "1235 ms"]);
});

Deno.test("shutSentence() names the ports that are still shut and what was tried", () => {
  const doors = [shut(22), shut(443)];
  assert.equal(
    shutSentence(doors, { host: "gw", seconds: 5, knocks: 4 }),
    "tcp/22 and tcp/443 of gw did not open within 5 s and 4 knocks",
  );
});

Deno.test("likelyCauses() speaks of the way, keys, address and clock when nothing answered", () => {
  const causes = likelyCauses([shut(22)], settings).join("\n");
  for (const word of ["log", "-R", "keys", "clocks", "udp to port 62201"]) assert.ok(causes.includes(word), word);
});

Deno.test("likelyCauses() knows that C servers understand no IPv6 address", () => {
  const ip = { family: 6, bytes: new Uint8Array(16), text: "2001:db8::1" } as const;
  const causes = (allowIp: typeof settings.allowIp) => likelyCauses([shut(22)], { ...settings, allowIp }).join("\n");
  assert.match(causes({ kind: "address", ip }), /C program understand no IPv6 address/);
  assert.doesNotMatch(causes({ kind: "source" }), /IPv6/);
});

Deno.test("likelyCauses() says nothing of them when the door is open and nobody listens", () => {
  const causes = likelyCauses([shut(22, { refusedAfter: 3.2, lastError: 111 })], settings);
  assert.deepEqual(causes, [
    "tcp/22 refuses connections since 3.2 ms after the knock: the door is open, but no service listens",
  ]);
});

Deno.test("likelyCauses() leaves open who refuses when that was so before the knock", () => {
  const [first] = likelyCauses([shut(22, { refusedBefore: true, refusedAfter: 1, lastError: 111 })], settings);
  assert.match(first ?? "", /before the knock too/);
});

Deno.test("likelyCauses() names the error of the machine", () => {
  const [first] = likelyCauses([shut(22, { lastError: 113 })], settings);
  assert.equal(first, "connecting to tcp/22 failed: No route to host");
});

Deno.test("openedLine() tells an open port from one that was open before", () => {
  const open = { port: 22, open: true, milliseconds: 1.25, before: false } as PortState & { readonly open: true };
  assert.equal(openedLine(open, "gw"), "tcp/22 of gw opened 1.3 ms after the knock");
  assert.equal(openedLine({ ...open, before: true }, "gw"), "tcp/22 of gw was open before the knock");
});
