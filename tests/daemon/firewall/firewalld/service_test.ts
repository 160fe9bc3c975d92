import assert from "node:assert/strict";
import { createService, FirewalldError } from "../../../../daemon/firewall/firewalld/service.ts";
import type { Bus, MethodCall, Reply } from "../../../../ffi/dbus/bus.ts";
import { FfiError } from "../../../../ffi/errors.ts";

const ZONE = "org.fedoraproject.FirewallD1.zone";
const refused = (name: string, text: string): Reply => ({ ok: false, name, text });
const exception = (text: string) => refused("org.fedoraproject.FirewallD1.Exception", text);
const failure = (code: number) => new FfiError("Cannot do it", { library: "libsystemd", symbol: "sd_bus_call", code });

/** A bus that answers each call with the next of these. */
function setUp(...answers: readonly (Reply | Error | Promise<Reply>)[]) {
  const calls: MethodCall[] = [];
  const opened: { closed: boolean }[] = [];
  const rest = [...answers];
  const service = createService((): Bus => {
    const state = { closed: false };
    opened.push(state);
    return {
      isBusy: false,
      call(call) {
        calls.push(call);
        const answer = rest.shift() ?? { ok: true, values: [] };
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      [Symbol.dispose]: () => void (state.closed = true),
    };
  });
  return { service, calls, opened };
}

Deno.test("addRule() and removeRule() are the methods of firewalld's zones", async () => {
  const { service, calls } = setUp();
  await service.addRule("public", "rule", 31);
  await service.removeRule("public", "rule");
  assert.deepEqual(calls.map(({ interface: face, member, args }) => [face, member, args]), [
    [ZONE, "addRichRule", ["public", "rule", 31]],
    [ZONE, "removeRichRule", ["public", "rule"]],
  ]);
});

Deno.test("a refusal of firewalld is one line with what it means", async () => {
  const rows: readonly (readonly [Reply, FirewalldError["refusal"], RegExp])[] = [
    [exception("ALREADY_ENABLED: 'x' already in 'public'"), "already", /^firewalld: it refused: ALREADY_ENABLED/],
    [exception("NOT_ENABLED: x"), "not there", /NOT_ENABLED/],
    [exception("INVALID_ZONE: x"), "zone", /INVALID_ZONE: x/],
    [exception("COMMAND_FAILED: a\n  b"), "other", /COMMAND_FAILED: a b$/],
    [refused("org.fedoraproject.FirewallD1.NotAuthorizedException", "x"), "denied", /NOT_AUTHORIZED/],
    [refused("org.freedesktop.DBus.Error.AccessDenied", "x"), "denied", /NOT_AUTHORIZED/],
    [refused("org.freedesktop.DBus.Error.ServiceUnknown", "x"), "absent", /^firewalld: it is not running$/],
    [refused("org.freedesktop.DBus.Error.NameHasNoOwner", "x"), "absent", /not running/],
    [refused("org.freedesktop.DBus.Error.NoReply", "x"), "unsure", /ended before/],
  ];
  for (const [reply, refusal, message] of rows) {
    const { service } = setUp(reply);
    await assert.rejects(service.addRule("public", "rule", 1), (error) => {
      assert.ok(error instanceof FirewalldError);
      assert.equal(error.refusal, refusal);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
});

Deno.test("owner() is null where nobody is firewalld", async () => {
  assert.equal(await setUp({ ok: true, values: [":1.5"] }).service.owner(), ":1.5");
  assert.equal(await setUp(refused("org.freedesktop.DBus.Error.NameHasNoOwner", "x")).service.owner(), null);
  await assert.rejects(setUp(failure(111), failure(111)).service.owner(), /Cannot do it/);
});

Deno.test("a connection that broke is made anew once, and the call made again", async () => {
  const { service, calls, opened } = setUp(failure(104), { ok: true, values: ["public"] });
  assert.equal(await service.defaultZone(), "public");
  assert.deepEqual([calls.length, opened.map(({ closed }) => closed)], [2, [true, false]]);
});

Deno.test("a call without an answer is not made again, and what waited behind it is not tried", async () => {
  const { service, calls, opened } = setUp(failure(110), { ok: true, values: ["public"] });
  const first = service.addRule("public", "rule", 1);
  const second = service.defaultZone();
  await assert.rejects(first, (error) => error instanceof FirewalldError && error.refusal === "unsure");
  await assert.rejects(second, /does not answer in time/);
  assert.equal(calls.length, 1);
  assert.equal(await service.defaultZone(), "public");
  assert.equal(opened.length, 2);
});

Deno.test("one call at a time", async () => {
  const slow = Promise.withResolvers<Reply>();
  const { service, calls } = setUp(slow.promise, { ok: true, values: [["rule"]] });
  const both = Promise.all([service.zones(), service.richRules("public")]);
  await Promise.resolve();
  assert.equal(calls.length, 1);
  slow.resolve({ ok: true, values: [["public", "dmz"]] });
  assert.deepEqual(await both, [["public", "dmz"], ["rule"]]);
});

Deno.test("after the end nothing is asked", async () => {
  const { service, opened } = setUp();
  await service.zones();
  service[Symbol.dispose]();
  assert.equal(opened[0]?.closed, true);
  await assert.rejects(service.zones(), /is closed/);
});
