import assert from "node:assert/strict";
import {
  atStanza,
  firstRefusal,
  GATES_AFTER_OPENING,
  GATES_BEFORE_OPENING,
  type OpenedPacket,
  type StanzaMatch,
  toldOfAdmitted,
} from "../../../daemon/verify/gates.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import type { Ip } from "../../../lib/net/address.ts";
import { textOf } from "../../../daemon/report/log_lines.ts";
import { open } from "../../../lib/spa/open.ts";
import type { SpaFields } from "../../../lib/wire/message.ts";
import { NO_NAT_POLICY } from "../../../daemon/grants/nat_policy.ts";
import { ip, KEYS, knock, NOW, stanza } from "../../fakes/knock.ts";

const MATCH: StanzaMatch = {
  stanza: stanza({ number: 2 }),
  source: ip("198.51.100.7"),
  destination: ip("203.0.113.1"),
  now: NOW,
};

/** A packet of these fields that passes every gate. */
async function packet(said: Partial<SpaFields> = {}): Promise<OpenedPacket> {
  const opened = await open(nobleEngine, await knock(said), KEYS);
  assert.ok(opened.ok);
  return { ...MATCH, message: opened.value, sender: MATCH.source, access: ip("192.0.2.10"), policy: { maxAge: 120 } };
}

const before = (match: StanzaMatch) => firstRefusal(GATES_BEFORE_OPENING, match)?.code ?? null;
const after = (opened: OpenedPacket) => firstRefusal(GATES_AFTER_OPENING, opened)?.code ?? null;

Deno.test("a stanza is in force up to the second at which it expires", () => {
  for (const [now, code] of [[NOW - 1, null], [NOW, null], [NOW + 1, "stanza-expired"]] as const) {
    assert.equal(before({ ...MATCH, now, stanza: stanza({ expiresAt: NOW }) }), code);
  }
  assert.equal(before(MATCH), null);
});

Deno.test("a packet passes within the time window, and says on which side of it it is", async () => {
  const opened = await packet();
  const cases = [[-121, "dated-ahead"], [-120, null], [0, null], [120, null], [121, "too-old"]] as const;
  for (const [offset, code] of cases) assert.equal(after({ ...opened, now: NOW + offset }), code, `${offset}`);
  assert.equal(after({ ...opened, now: NOW + 10_000, policy: { maxAge: null } }), null);
});

Deno.test("a packet that may be forgotten passes at no age", async () => {
  const opened = await packet();
  for (const [forgottenUntil, code] of [[NOW - 1, null], [NOW, "may-be-forgotten"]] as const) {
    assert.equal(after({ ...opened, policy: { maxAge: null, forgottenUntil } }), code);
  }
});

Deno.test("a stanza may want an address, a user and its own services", async () => {
  const ssh = { proto: "tcp" as const, port: 22 }, dns = { proto: "udp" as const, port: 22 };
  const cases = [
    [{ message: "0.0.0.0,tcp/22" }, { requireSourceAddress: true }, "no-source-address"],
    [{ message: "0.0.0.0,tcp/22" }, {}, null],
    [{}, { requireUsername: "bob" }, "other-user"],
    [{}, { requireUsername: "Alice" }, "other-user"],
    [{}, { requireUsername: "alice" }, null],
    [{}, { openPorts: [ssh] }, null],
    [{}, { openPorts: [dns] }, "service-denied"],
    [{}, { openPorts: [] }, "service-denied"],
    [{}, { openPorts: [ssh], restrictPorts: [ssh] }, "service-denied"],
    [{ message: "192.0.2.10,tcp/22,tcp/80" }, { openPorts: [ssh] }, "service-denied"],
    [{ message: "192.0.2.10,tcp/80,tcp/22" }, { restrictPorts: [ssh] }, "service-denied"],
    [{ message: "192.0.2.10,tcp/80" }, { restrictPorts: [ssh] }, null],
  ] as const;
  for (const [said, changes, code] of cases) {
    const opened = await packet(said);
    assert.equal(after({ ...opened, stanza: stanza(changes) }), code, JSON.stringify([said, changes]));
  }
});

Deno.test("a stanza may want a system: one of those that the sender seems to have, and none is not one of them", async () => {
  const opened = await packet();
  const seen = (...names: (string | null)[]) => names.map((name) => ({ name, syn: "ttl=64", age: 1 }));
  const cases = [
    [undefined, "other-system"],
    [[], "other-system"],
    [seen(null), "other-system"],
    [seen("Windows 10"), "other-system"],
    [seen("Linux 6.x"), null],
    [seen(null, "Windows 10", "Linux 6.x"), null],
  ] as const;
  for (const [systems, code] of cases) {
    const policy = { maxAge: 120, ...systems === undefined ? {} : { systemsOf: () => systems } };
    const asked = { ...opened, policy };
    assert.equal(after({ ...asked, stanza: stanza({ requireSystem: /^linux/i }) }), code, JSON.stringify(systems));
    assert.equal(after({ ...asked, stanza: stanza() }), null);
  }
  const newest = seen("Linux 6.x", "Linux 2.x");
  const asked: string[] = [];
  const policy = { maxAge: 120, systemsOf: ({ text }: Ip) => (asked.push(text), newest) };
  const told = (one: OpenedPacket) => toldOfAdmitted(one).map(textOf);
  assert.deepEqual(told({ ...opened, access: opened.sender, policy, stanza: stanza() }), []);
  assert.deepEqual(asked, [], "a stanza that asks for no system costs nothing");
  assert.deepEqual(told({ ...opened, policy, stanza: stanza({ requireSystem: /linux/i }) }), [
    "[198.51.100.7] (stanza #1) The packet asks to let in 192.0.2.10, but came from 198.51.100.7",
    "[198.51.100.7] (stanza #1) It may come from Linux 6.x, by a TCP SYN 1 s ago (a hint, no proof)",
  ]);
  assert.deepEqual(asked, ["198.51.100.7"]);
});

Deno.test("a NAT request passes where its own switch is on, and FORCE_NAT is no switch", async () => {
  const forced = stanza({ nat: { ...NO_NAT_POLICY, forceNat: { to: ip("10.0.0.5"), port: 22 } } });
  for (const type of [1, 2, 3, 4, 5, 6] as const) {
    const opened = await packet({ type, natAccess: [1, 3].includes(type) ? null : "10.0.0.1,22" });
    for (const forwarding of [true, false]) {
      for (const localNat of [true, false]) {
        const policy = { maxAge: 120, nat: { forwarding, localNat } };
        const passes = { 1: true, 3: true, 2: forwarding, 4: forwarding, 5: localNat, 6: localNat }[type];
        const code = passes ? null : "nat-not-enabled";
        assert.equal(after({ ...opened, policy }), code, `${type} ${forwarding} ${localNat}`);
        assert.equal(after({ ...opened, policy, stanza: forced }), code);
      }
    }
  }
  assert.equal(after(await packet({ type: 2, natAccess: "10.0.0.1,22" })), "nat-not-enabled", "by default");
});

Deno.test("commands do not pass, and an unspecified address opens for nobody", async () => {
  assert.equal(after(await packet({ type: 0, message: "192.0.2.10,id" })), "command-not-allowed");
  for (const access of ["0.0.0.0", "::"]) {
    assert.equal(after({ ...await packet(), access: ip(access) }), "nobody-to-let-in");
  }
});

Deno.test("commands pass where the stanza takes them, and a cycle wants services that it may open", async () => {
  const commands = { runAs: null, prefix: [] };
  const cycle = { open: "open", close: null, timer: null };
  const [command, access] = [await packet({ type: 0, message: "192.0.2.10,tcp/22" }), await packet()];
  const at = (opened: OpenedPacket, changes: Parameters<typeof stanza>[0]) =>
    after({ ...opened, stanza: stanza(changes) });
  assert.equal(at(command, { commands }), null);
  assert.equal(at(command, { commands, openPorts: [] }), null);
  assert.equal(at(command, { commands, cycle }), "cycle-not-built");
  assert.equal(at(access, { cycle }), null);
  assert.equal(at(access, { cycle, openPorts: [{ proto: "udp", port: 22 }] }), "service-denied");
  assert.equal(at(access, { cycle, restrictPorts: [{ proto: "tcp", port: 22 }] }), "service-denied");
});

Deno.test("firstRefusal() gives the first in the order of the gates", async () => {
  const opened = await packet({ type: 0, message: "0.0.0.0,id" });
  const strict = { ...opened, stanza: stanza({ requireUsername: "bob", requireSourceAddress: true }) };
  assert.equal(after({ ...strict, now: NOW + 121 }), "too-old");
  assert.equal(after(strict), "no-source-address");
  assert.equal(after({ ...opened, stanza: stanza({ requireUsername: "bob" }) }), "other-user");
  assert.equal(firstRefusal([], opened), null);
});

Deno.test("atStanza() is the sender and the number of the stanza", () => {
  assert.deepEqual(atStanza(MATCH), { source: ip("198.51.100.7"), stanza: 2 });
});
