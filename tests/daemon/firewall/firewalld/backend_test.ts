import assert from "node:assert/strict";
import { firewalldBackend, type FirewalldOptions } from "../../../../daemon/firewall/firewalld/backend.ts";
import type { Access, Grant } from "../../../../daemon/firewall/firewall.ts";
import type { PathChain } from "../../../../daemon/firewall/path/model.ts";
import { address } from "../../../contract/addresses.ts";
import { inputChain } from "../../../fakes/packet_filter.ts";
import { fakeFirewalld } from "./fake_firewalld.ts";

const NOW = 1_800_000_000;
const SSH = { proto: "tcp", port: 22 } as const;
const source = address("192.0.2.1"), inside = address("10.0.0.5");
const ssh: Access = { slot: "input", source, destination: null, service: SSH };
const until = (expiresAt: number, access: Access = ssh): Grant => ({ access, expiresAt });
const FIREWALLD: PathChain = inputChain({ owner: "firewalld", table: "firewalld" });

function setUp(options: Partial<FirewalldOptions> = {}, chains: readonly PathChain[] = []) {
  const service = fakeFirewalld(NOW);
  const log: string[] = [];
  const backend = firewalldBackend(service, {
    ...{ slots: ["input", "forward", "dnat"], zones: [], output: false, snat: false },
    ...{ hears: false, flushAtInit: true, flushAtExit: true, path: { chains, survey: () => Promise.resolve(chains) } },
    ...{ log: (level, text) => void log.push(`${level}: ${text}`), clock: () => service.now },
    ...options,
  });
  return { service, backend, log, rules: (zone = "public") => [...service.rulesOf.get(zone)?.keys() ?? []] };
}

Deno.test("grant() lets firewalld end the rule, a second after the daemon would", async () => {
  const { backend, service } = setUp();
  assert.deepEqual(await backend.grant([until(NOW + 30)], [], NOW), [{ ok: true, alreadyOpen: false }]);
  assert.deepEqual([...service.rulesOf.get("public")?.values() ?? []], [NOW + 31]);
});

Deno.test("grant() renews by adding the new rule before it takes the earlier one away", async () => {
  const { backend, service, rules } = setUp();
  await backend.grant([until(NOW + 30)], [], NOW);
  service.calls.length = 0;
  await backend.grant([until(NOW + 60)], [], NOW);
  assert.deepEqual(service.calls.filter((call) => !/list|active|default/.test(call)), ["add public", "remove public"]);
  assert.equal(rules().length, 1);
});

Deno.test("grant() renews a rule whose new end has the same mark", async () => {
  const { backend, service, rules } = setUp();
  await backend.grant([until(NOW + 30)], [], NOW);
  const end = NOW + 30 + 15_000;
  service.now = NOW + 25;
  service.rulesOf.get("public")?.set(rules()[0] ?? "", NOW + 90_000);
  service.now = end - 13_000;
  assert.deepEqual(await backend.grant([until(end)], [], service.now), [{ ok: true, alreadyOpen: false }]);
  assert.deepEqual([...service.rulesOf.get("public")?.values() ?? []], [end + 1]);
});

Deno.test("grant() puts back the grants that firewalld lost, with the time that is left", async () => {
  const { backend, service } = setUp();
  const live = [until(NOW + 600, { ...ssh, service: { proto: "udp", port: 53 } })];
  await backend.grant([until(NOW + 30)], live, NOW);
  assert.deepEqual([...service.rulesOf.get("public")?.values() ?? []].sort(), [NOW + 31, NOW + 601]);
});

Deno.test("grant() opens in all zones of a client or in none", async () => {
  const { backend, service, rules } = setUp();
  service.active = [{ name: "dmz", interfaces: ["eth1"], sources: [] }];
  await backend.grant([until(NOW + 30)], [], NOW);
  assert.deepEqual([rules("dmz").length, rules("public").length], [1, 1]);
  service.active = [{ name: "public", interfaces: ["eth0"], sources: [] }, {
    name: "gone",
    interfaces: ["eth2"],
    sources: [],
  }];
  const [outcome] = await backend.grant([until(NOW + 60)], [], NOW);
  assert.deepEqual(outcome, { ok: false, reason: "firewalld: zone" });
  assert.equal(rules("public").some((rule) => rule.includes("1060")), false);
});

Deno.test("grant() has a reason for each grant where firewalld does not answer, and asks no more", async () => {
  for (const refuse of ["absent", "no bus", "unsure", "denied"] as const) {
    const { backend, service } = setUp();
    service.refuse = refuse;
    const outcomes = await backend.grant([until(NOW + 30), until(NOW + 30, { ...ssh, source: inside })], [], NOW);
    assert.deepEqual(outcomes, Array(2).fill({ ok: false, reason: `firewalld: ${refuse}` }));
    assert.equal(service.calls.length, 1);
  }
});

Deno.test("grant() opens a way through this host with the port that is forwarded, and not without", async () => {
  const { backend, rules } = setUp();
  const forward: Access = { slot: "forward", source, target: inside, service: SSH };
  const asked = { proto: "tcp", port: 2222 } as const;
  const dnat: Access = { slot: "dnat", source, destination: null, service: asked, to: inside, toPort: 22 };
  const [alone] = await backend.grant([until(NOW + 30, forward)], [], NOW);
  assert.equal(alone?.ok, false);
  const both = await backend.grant([until(NOW + 30, forward), until(NOW + 30, dnat)], [], NOW);
  assert.deepEqual(both, Array(2).fill({ ok: true, alreadyOpen: false }));
  assert.equal(rules().length, 1);
});

Deno.test("where the kernel tells of changes no knock and no end of a door lists what is open, and a doubt does", async () => {
  const { backend, service, rules } = setUp({ hears: true }, [FIREWALLD]);
  const read: string[] = [];
  const live = {
    *[Symbol.iterator]() {
      read.push("live");
      yield until(NOW + 600);
    },
  };
  const listed = () => service.calls.splice(0).filter((call) => call.startsWith("list"));
  const other = { ...ssh, source: inside };
  await backend.grant([until(NOW + 30)], live, NOW);
  assert.equal(listed().length, 1, "nothing is known yet");
  assert.equal(rules().length, 1);
  read.length = 0;
  assert.deepEqual(await backend.grant([until(NOW + 60, other)], live, NOW), [{ ok: true, alreadyOpen: false }]);
  assert.deepEqual(await backend.grant([until(NOW + 50, other)], live, NOW), [{ ok: true, alreadyOpen: true }]);
  assert.deepEqual(await backend.grant([until(NOW + 900, other)], live, NOW), [{ ok: true, alreadyOpen: false }]);
  await backend.revoke([until(NOW + 600)]);
  assert.deepEqual([listed(), read], [[], []]);
  assert.deepEqual([...service.rulesOf.get("public")?.values() ?? []], [NOW + 901]);
  service.rulesOf.get("public")?.clear();
  assert.equal(await backend.repair([until(NOW + 900, other)], NOW), "restored");
  assert.equal(listed().length, 1);
  service.refuse = "unsure";
  await backend.grant([until(NOW + 30)], live, NOW);
  service.refuse = null;
  await backend.grant([until(NOW + 30)], live, NOW);
  assert.equal(listed().length, 1);
});

Deno.test("where the kernel tells of nothing, or firewalld has no table, each knock lists what is open", async () => {
  for (const [hears, chains] of [[false, [FIREWALLD]], [true, []]] as const) {
    const { backend, service } = setUp({ hears }, chains);
    for (let n = 0; n < 2; n++) await backend.grant([until(NOW + 30 + n)], [], NOW);
    assert.equal(service.calls.filter((call) => call.startsWith("list")).length, 2);
  }
});

Deno.test("revoke() and cleanup() take nothing for closed that nobody ends", async () => {
  for (const work of ["revoke", "cleanup"] as const) {
    const stopped = setUp();
    stopped.service.refuse = "absent";
    await stopped.backend[work]([until(NOW + 30)]);
    const left = setUp({}, [FIREWALLD]);
    left.service.refuse = "absent";
    await assert.rejects(left.backend[work]([until(NOW + 30)]), /not running, but its rules are in force/);
    left.service.refuse = "no bus";
    await assert.rejects(left.backend[work]([until(NOW + 30)]), /no bus/);
  }
});

Deno.test("repair() says why it cannot put anything back; adapt() leaves that to it", async () => {
  const { backend, service, log } = setUp();
  service.refuse = "absent";
  assert.equal(await backend.repair([], NOW), "intact");
  await assert.rejects(backend.repair([until(NOW + 30)], NOW), /absent/);
  assert.equal(await backend.adapt([until(NOW + 30)], NOW), false);
  service.refuse = null;
  assert.equal(await backend.adapt([until(NOW + 30)], NOW), true);
  assert.match(log.join("\n"), /put back/);
});

Deno.test("cleanup() takes our rules out of every zone, and nobody else's", async () => {
  const { backend, service, rules } = setUp();
  await backend.grant([until(NOW + 30)], [], NOW);
  const [ours = ""] = rules();
  service.rulesOf.get("dmz")?.set(ours, NOW + 30);
  const theirs = ours.replace("/32", "");
  service.rulesOf.get("public")?.set(theirs, NOW + 999);
  await backend.cleanup();
  assert.deepEqual([rules("dmz"), rules()], [[], [theirs]]);
});

Deno.test("prepare() refuses what firewalld cannot do, a zone that is not there, and a user who may change nothing", async () => {
  await assert.rejects(
    setUp({ snat: true }).backend.prepare(),
    /Cannot use firewalld: it has no rule .* rewrites sources/,
  );
  await assert.rejects(setUp({ slots: ["input", "published"] }).backend.check(), /GUARD forward/);
  await assert.rejects(setUp({ zones: ["nowhere"] }).backend.prepare(), /the zone "nowhere" of FIREWD_ZONE/);
  const { backend, service } = setUp();
  const { removeRule } = service;
  Object.assign(service, { removeRule: () => (service.refuse = "denied", removeRule("public", "")) });
  await assert.rejects(backend.prepare(), /denied/);
});

Deno.test("commandOf() and containerOf() name the zone", async () => {
  const { backend } = setUp({ zones: ["dmz"] });
  await backend.prepare();
  assert.equal(backend.containerOf(ssh), "firewalld zone dmz");
  const rule =
    `'rule priority="1030" family="ipv4" source address="192.0.2.1/32" port port="22" protocol="tcp" accept'`;
  assert.equal(
    backend.commandOf(until(NOW + 30), "add"),
    `Same as: firewall-cmd --zone=dmz --add-rich-rule=${rule} --timeout=31`,
  );
  assert.equal(
    backend.commandOf(until(NOW + 30), "delete"),
    `Same as: firewall-cmd --zone=dmz --remove-rich-rule=${rule}`,
  );
});
