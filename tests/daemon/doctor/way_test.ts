import assert from "node:assert/strict";
import { doorFindings, knockFindings } from "../../../daemon/doctor/way.ts";
import type { PathChain, Step } from "../../../daemon/firewall/path/model.ts";
import type { PathWatch } from "../../../daemon/firewall/path/watch.ts";
import { formatFinding } from "../../../lib/finding.ts";
import type { Service } from "../../../lib/net/service.ts";

const SSH: Service = { proto: "tcp", port: 22 };
const WEB: Service = { proto: "tcp", port: 80 };

function chain(table: string, how: Partial<PathChain> = {}): PathChain {
  return {
    ...{ owner: "nftables", family: "inet", table, chain: "input", hook: "input", priority: 0, devices: [] },
    ...{ locked: false, drops: "default", acceptsEstablished: true, acceptsNeighbourDiscovery: true },
    ...how,
  };
}

const RAW = chain("raw", { chain: "pre", hook: "prerouting", priority: -300, drops: "some" });
const OURS = chain("filter");
const OTHER = chain("other", { priority: 10 });
const SHUT = { chain: "inet other input", how: "drops by policy", remedy: "let it in there" };

/** Chains that treat each packet as `how` says; those that it does not name let it through. */
function walking(chains: readonly PathChain[], how: Readonly<Record<string, Step["does"]>>): PathWatch["walk"] {
  return ({ family, service, granted = true }, enters) =>
    chains.map((one): Step => {
      const entered = granted && (enters?.(one) ?? false);
      const names = [`${one.table} ${service.port} ${family}`, `${one.table} ${service.port}`, one.table];
      const does = entered ? "opens" : how[names.find((name) => name in how) ?? ""] ?? "passes";
      return { chain: one, does, obstruction: does === "shuts" ? SHUT : null };
    });
}

function doors(services: readonly Service[], walk: PathWatch["walk"]): readonly string[] {
  const all = services.flatMap((service) => ([4, 6] as const).map((family) => ({ service, family })));
  return doorFindings(all, { walk, enters: (one) => one === OURS }).map(formatFinding);
}

Deno.test("doorFindings() has a line for each chain in the order of the way, for all packets that it treats alike", () => {
  assert.deepEqual(
    doors([SSH, WEB], walking([RAW, OURS, OTHER], { raw: "picks", filter: "shuts", "other 80": "shuts" })),
    [
      "ok   inet raw pre: may drop tcp/22, tcp/80 over IPv4 and IPv6: it picks packets by their source, state or the like",
      "ok   inet filter input: opens tcp/22, tcp/80 over IPv4 and IPv6 with a knock",
      "ok   inet other input: lets tcp/22 over IPv4 and IPv6 through",
      "fail inet other input: keeps tcp/80 over IPv4 and IPv6 shut (drops by policy): let it in there",
    ],
  );
});

Deno.test("doorFindings() sorts chains by hook and priority where families pass different ones", () => {
  const v4 = chain("only4", { family: "ip", priority: 5 });
  const walk: PathWatch["walk"] = (packet, enters) =>
    walking(packet.family === 4 ? [OURS, v4] : [OURS, OTHER], { filter: "shuts", other: "shuts" })(packet, enters);
  assert.deepEqual(doors([SSH], walk), [
    "ok   inet filter input: opens tcp/22 over IPv4 and IPv6 with a knock",
    "ok   ip only4 input: lets tcp/22 over IPv4 through",
    "fail inet other input: keeps tcp/22 over IPv6 shut (drops by policy): let it in there",
  ]);
});

Deno.test("doorFindings() warns of doors that stand open to everybody", () => {
  const lines = doors([SSH, WEB], walking([OTHER], { "other 22 4": "shuts", "other 22 6": "picks" }));
  assert.match(
    lines.at(-1) ?? "",
    /^warn tcp\/80 over IPv4 and IPv6: open already, with or without a knock: .*: give the/,
  );
  assert.match(doors([SSH], walking([], {})).join("\n"), /^warn tcp\/22 over IPv4 and IPv6: open already/);
});

Deno.test("doorFindings() says of doors to hosts inside that nothing but the translation stands before them", () => {
  const inside = { service: WEB, family: 4, forwarded: true } as const;
  const found = (walk: PathWatch["walk"]) =>
    doorFindings([inside, { service: SSH, family: 4 }], { walk, enters: () => false }).map(formatFinding);
  assert.match(
    found(walking([], {})).join("\n"),
    /^warn tcp\/22 over IPv4: open already.*\nok {3}tcp\/80 over IPv4 of hosts inside: a knock leads there/,
  );
  assert.doesNotMatch(found(walking([OTHER], { other: "shuts" })).join("\n"), /hosts inside/);
});

Deno.test("doorFindings() says how to shut what others publish to everybody", () => {
  const published = { service: WEB, family: 4, published: true } as const;
  const [line] = doorFindings([published], { walk: walking([], {}), enters: () => false }).map(formatFinding);
  assert.match(line ?? "", /^warn tcp\/80 over IPv4 as published by others: open already.*DOCKER-USER/);
});

Deno.test("knockFindings() asks whether the knock itself arrives, which no grant helps", () => {
  const legacy = chain("filter", { owner: "iptables-legacy", family: "ip6", chain: "INPUT", priority: 1 });
  const walk = walking([OURS, legacy], { "filter 62201 6": "shuts" });
  assert.deepEqual(knockFindings(62201, [4, 6], walk).map(formatFinding), [
    "ok   inet filter input: lets knocks over IPv4 through",
    'fail inet filter input: drops knocks over IPv6 (drops by policy): add "udp dport 62201 accept" above what drops them',
    "ok   ip6tables-legacy filter INPUT: lets knocks over IPv4 through",
    "fail ip6tables-legacy filter INPUT: drops knocks over IPv6 (drops by policy): let them in (ip6tables-legacy -t filter -I INPUT -p udp --dport 62201 -j ACCEPT)",
  ]);
});
