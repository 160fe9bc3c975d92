/** What somebody's rule sends to another address or port, judged, and tried with a packet. */
import assert from "node:assert/strict";
import { labTest } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";
import { accessOf, guard, INSIDE, load, nat, type Scene } from "./sent_on_scene.ts";

interface Row extends Scene {
  readonly what: string;
  readonly shut: readonly RegExp[];
  readonly remedy?: RegExp;
  /** Nothing is said, whatever becomes of the packet. */
  readonly unknown?: true;
}

const DOCKER = [
  "iptables -t nat -N DOCKER",
  "iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
  "iptables -t nat -A DOCKER -i docker0 -j RETURN",
  "iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 22 -j DNAT --to-destination 10.78.0.2:80",
  "iptables -N DOCKER-USER",
  "iptables -A FORWARD -j DOCKER-USER",
];
const TO_USER = /^write GUARD forward in the stanza, because .* sends it on to (10\.78\.0\.2|\[fd78::2\]):80$/;

const ROWS: readonly Row[] = [
  {
    what: "DNAT before a policy",
    script: nat(INSIDE) + guard("forward", ""),
    shut: [/^inet t base drops by policy$/],
    remedy: /^write GUARD forward in the stanza, because ip n p sends it on to 10\.78\.0\.2:80$/,
  },
  { what: "DNAT that nothing drops", script: nat(INSIDE) + guard("forward", "", "accept"), shut: [] },
  { what: "DNAT, and an input chain", script: nat(INSIDE) + guard("input", ""), shut: [] },
  {
    what: "the port behind DNAT",
    script: nat(INSIDE) + guard("forward", "tcp dport 80 drop", "accept"),
    shut: [/by its rule/],
  },
  { what: "the port before DNAT", script: nat(INSIDE) + guard("forward", "tcp dport 22 drop", "accept"), shut: [] },
  {
    what: "the port that stays",
    script: nat("tcp dport 22 dnat to 10.78.0.2") + guard("forward", "tcp dport 22 accept"),
    shut: [],
  },
  {
    what: "the address behind DNAT",
    script: nat(INSIDE) + guard("forward", "ip daddr 10.78.0.2 drop", "accept"),
    shut: [/by its rule/],
  },
  {
    what: "what was sent on is let through",
    script: nat(INSIDE) + guard("forward", "ct status dnat accept"),
    shut: [],
  },
  {
    what: "a mangling chain behind DNAT",
    script: nat(INSIDE) + guard("prerouting", "tcp dport 80 drop", "accept").replace("priority 0", "priority -50"),
    shut: [/by its rule/],
    remedy: /^let base accept what ip n p sends on to 10\.78\.0\.2:80$/,
  },
  {
    what: "a ban behind DNAT",
    script: nat(INSIDE) + guard("forward", "ip saddr 10.77.0.2 drop", "accept"),
    shut: [/by its rule/],
    remedy: /^take that rule away/,
  },
  { what: "DNAT of another port", script: nat("tcp dport 23 dnat to 10.78.0.2:80") + guard("forward", ""), shut: [] },
  {
    what: "DNAT for one address, which the grant does not name",
    script: nat(`ip daddr 10.77.0.1 ${INSIDE}`) + guard("forward", ""),
    shut: [],
    unknown: true,
  },
  {
    what: "DNAT for one address",
    script: nat(`ip daddr 10.77.0.1 ${INSIDE}`) + guard("forward", ""),
    addressed: true,
    shut: [/policy/],
  },
  {
    what: "DNAT for another address",
    script: nat(`ip daddr 10.77.0.9 ${INSIDE}`) + guard("forward", ""),
    addressed: true,
    shut: [],
  },
  {
    what: "DNAT of local addresses",
    script: nat(`fib daddr type local ${INSIDE}`) + guard("forward", ""),
    shut: [/policy/],
  },
  { what: "DNAT of others", script: nat(`fib daddr type != local ${INSIDE}`) + guard("forward", ""), shut: [] },
  {
    what: "DNAT to one of several",
    script: nat("tcp dport 22 dnat to 10.78.0.2-10.78.0.3") + guard("forward", ""),
    shut: [],
    unknown: true,
  },
  {
    what: "DNAT by a map",
    script: nat("dnat to tcp dport map { 22 : 10.78.0.2, 80 : 10.78.0.3 }") + guard("forward", ""),
    shut: [],
    unknown: true,
  },
  {
    what: "DNAT at times",
    script: nat(`limit rate 1/day ${INSIDE}`) + guard("forward", ""),
    shut: [],
    unknown: true,
  },
  {
    what: "DNAT by a map of verdicts",
    script: nat("tcp dport vmap { 22 : jump x }", { others: "chain x {\nmeta l4proto tcp dnat to 10.78.0.2:80\n}" }) +
      guard("forward", ""),
    shut: [/policy/],
  },
  {
    what: "a second table that translates",
    script: nat("accept") + nat(INSIDE, { table: "inet m", priority: "-90" }).replace("dnat to", "dnat ip to") +
      guard("forward", ""),
    shut: [/policy/],
    remedy: /because inet m p sends it on/,
  },
  {
    what: "the first of two that translate",
    script: nat("tcp dport 22 redirect to :8080") + nat(INSIDE, { table: "ip m", priority: "-90" }) +
      guard("forward", ""),
    shut: [],
  },
  {
    what: "DNAT below a jump to our own",
    script: nat(`jump fwknop_prerouting\n${INSIDE}`, { others: "chain fwknop_prerouting {\n}" }) + guard("forward", ""),
    shut: [/policy/],
  },
  {
    what: "DNAT of a connection that is not followed",
    script: `table ip r {\nchain r {\ntype filter hook prerouting priority -300;\ntcp dport 22 notrack\n}\n}\n` +
      nat(INSIDE) + guard("forward", ""),
    shut: [],
  },
  {
    what: "a port that is sent to another one, which is dropped",
    script: nat("tcp dport 22 redirect to :8080") + guard("input", "jump fwknop_input"),
    shut: [/^inet t base drops by policy$/],
    remedy: /^ask for tcp\/8080, to which ip n p sends it, or take away what sends it$/,
  },
  {
    what: "a port that is sent to another one, which is let in",
    script: nat("tcp dport 22 redirect to :8080") + guard("input", "tcp dport 8080 accept"),
    shut: [],
  },
  {
    what: "a port that is sent to itself",
    script: nat("tcp dport 22 redirect") + guard("input", "jump fwknop_input"),
    shut: [],
  },
  {
    what: "DNAT to another address of this host",
    script: nat("tcp dport 22 dnat to 10.78.0.1") + guard("input", "jump fwknop_input"),
    shut: [],
  },
  {
    what: "DNAT to another address of this host, at which it is dropped",
    script: nat("tcp dport 22 dnat to 10.78.0.1") + guard("input", "ip daddr 10.78.0.1 drop", "accept"),
    shut: [/by its rule/],
  },
  {
    what: "IPv6",
    family: 6,
    script: nat("tcp dport 22 dnat ip6 to [fd78::2]:80", { table: "inet n" }) + guard("forward", ""),
    shut: [/policy/],
    remedy: TO_USER,
  },
  {
    what: "IPv6 beside DNAT of IPv4",
    family: 6,
    script: nat("tcp dport 22 dnat ip to 10.78.0.2:80", { table: "inet n" }) + guard("forward", ""),
    shut: [],
  },
  {
    what: "IPv6 of iptables",
    family: 6,
    commands: [
      "ip6tables -t nat -A PREROUTING -p tcp --dport 22 -j DNAT --to-destination [fd78::2]:80",
      "ip6tables -P FORWARD DROP",
    ],
    shut: [/^ip6tables-nft filter FORWARD drops by policy$/],
    remedy: TO_USER,
  },
  {
    what: "Docker's rules and DOCKER-USER",
    commands: [...DOCKER, "iptables -A DOCKER-USER -i eth0 -m conntrack --ctstate NEW -j DROP"],
    shut: [],
    unknown: true,
  },
  {
    what: "Docker's rules and DOCKER-USER, whichever interface",
    commands: [...DOCKER, "iptables -A DOCKER-USER ! -i docker0 -m conntrack --ctstate NEW -j DROP"],
    shut: [/^iptables-nft filter FORWARD drops it by its rule with the handle [0-9]+ in DOCKER-USER$/],
    remedy: TO_USER,
  },
  { what: "Docker's rules alone", commands: DOCKER, shut: [] },
  {
    what: "iptables' REDIRECT",
    commands: [
      "iptables -t nat -A PREROUTING -p tcp --dport 22 -j REDIRECT --to-ports 8080",
      "iptables -A INPUT -p tcp --dport 8080 -j DROP",
    ],
    shut: [/by its rule/],
    remedy: /^ask for tcp\/8080/,
  },
  {
    what: "iptables' list of ports",
    commands: [
      "iptables -t nat -A PREROUTING -p tcp --dport 22 -j DNAT --to-destination 10.78.0.2:80-81",
      "iptables -P FORWARD DROP",
    ],
    shut: [],
    unknown: true,
  },
];

for (const row of ROWS) {
  labTest(`judge() and a real packet agree about ${row.what}`, async () => {
    const lab = await load(row);
    using rig = openRig(lab);
    await rig.watch.survey();
    const found = rig.watch.judge(accessOf(row, lab));
    const said = found.map(({ chain, how }) => `${chain} ${how}`);
    assert.equal(said.length, row.shut.length, said.join("\n"));
    for (const [index, pattern] of row.shut.entries()) assert.match(said[index] ?? "", pattern);
    if (row.remedy !== undefined) assert.match(found[0]?.remedy ?? "", row.remedy);
    if (row.unknown) return;
    const probe = await lab.probe("knocker", lab.address("server", row.family ?? 4), 22, { timeoutMs: 300 });
    assert.equal(probe === "open", row.shut.length === 0, probe);
  });
}
