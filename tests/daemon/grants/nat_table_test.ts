/**
 * Every combination of message, switches and directives of NAT, against a naive twin: the rows of facts/firewall 3 written down
 * one by one, with what is mended and nothing shared with the planner.
 */
import assert from "node:assert/strict";
import { planGrants } from "../../../daemon/grants/grants.ts";
import type { NatEnd } from "../../../daemon/grants/nat_policy.ts";
import type { Access } from "../../../daemon/firewall/firewall.ts";
import { address } from "../../contract/addresses.ts";
import type { MessageType } from "../../../lib/wire/message.ts";
import type { Service } from "../../../lib/net/service.ts";

const BOTH = [false, true] as const;
const TYPES: readonly MessageType[] = [1, 2, 3, 4, 5, 6];
const SERVICES: readonly (readonly Service[])[] = [
  [{ proto: "tcp", port: 8080 }],
  [{ proto: "tcp", port: 8080 }, { proto: "udp", port: 53 }, { proto: "tcp", port: 8081 }],
];
const HOSTS = {
  4: {
    source: address("192.0.2.7"),
    packet: address("192.0.2.1"),
    inside: address("10.78.0.2"),
    own: address("10.78.0.1"),
    snat: address("10.78.0.9"),
  },
  6: {
    source: address("2001:db8::7"),
    packet: address("2001:db8::1"),
    inside: address("fd78::2"),
    own: address("fd78::1"),
    snat: address("fd78::9"),
  },
};
const NOWHERE: NatEnd = { to: address("0.0.0.0"), port: 0 };

/** One combination. */
interface Row {
  readonly family: 4 | 6;
  readonly type: MessageType;
  readonly services: readonly Service[];
  readonly forceNat: "no" | "inside" | "nowhere";
  readonly forceSnat: boolean;
  readonly forceMasquerade: boolean;
  readonly disableDnat: boolean;
  readonly forwardAll: boolean;
  readonly allow: boolean;
  readonly destinationRule: boolean;
  readonly output: boolean;
  readonly snat: boolean;
  readonly snatTranslate: boolean;
  readonly strictForward: boolean;
  readonly masqueradeAnyPort: boolean;
}

function* rows(): Generator<Row> {
  // Each property multiplies the rows.
  const choices: { readonly [Key in keyof Row]: readonly Row[Key][] } = {
    family: [4, 6],
    type: TYPES,
    services: SERVICES,
    forceNat: ["no", "inside", "nowhere"],
    forceSnat: BOTH,
    forceMasquerade: BOTH,
    disableDnat: BOTH,
    forwardAll: BOTH,
    allow: BOTH,
    destinationRule: BOTH,
    output: BOTH,
    snat: BOTH,
    snatTranslate: BOTH,
    strictForward: BOTH,
    masqueradeAnyPort: BOTH,
  };
  const names = Object.keys(choices) as (keyof Row)[];
  const total = names.reduce((product, name) => product * choices[name].length, 1);
  for (let number = 0; number < total; number++) {
    let rest = number;
    const row: Record<string, unknown> = {};
    for (const name of names) {
      row[name] = choices[name][rest % choices[name].length];
      rest = Math.floor(rest / choices[name].length);
    }
    yield row as unknown as Row;
  }
}

/** The rules, or that nothing is opened. */
function twin(row: Row): readonly string[] | "nothing" {
  const { source, packet, inside } = HOSTS[row.family];
  const S = source.text, D = row.destinationRule ? packet.text : "any";
  const isNat = row.type === 2 || row.type === 4 || row.type === 5 || row.type === 6;
  const isLocal = row.type === 5 || row.type === 6;
  const lines: string[] = [];
  const say = (line: string) => void (lines.includes(line) || lines.push(line));
  if (!isNat && row.forceNat === "no") {
    for (const { proto, port } of row.services) {
      say(`INPUT ${proto} ${S} to ${D} ${port}`);
      if (row.output) say(`OUTPUT ${proto} ${D} ${port} to ${S}`);
    }
    return lines;
  }
  const nowhere = row.forceNat === "nowhere";
  // FORCE_NAT takes the place of host and port of the message.
  const NI = inside.text, NP = row.forceNat === "inside" ? 81 : 80;
  // No DNAT and no local NAT to 0.0.0.0.
  if (nowhere && (isLocal || !row.forwardAll)) return "nothing";
  const each = row.forwardAll ? [row.services[0]!] : row.services;
  for (const { proto, port } of each) {
    const named = (row.strictForward || row.allow) && !nowhere ? NI : "any";
    if (isLocal) say(`INPUT ${proto} ${S} to ${D} ${NP}`);
    else say(row.forwardAll ? `FORWARD ${S} to ${named}` : `FORWARD ${proto} ${S} to ${named} ${NP}`);
    if (row.disableDnat || nowhere) continue;
    say(row.forwardAll ? `DNAT ${S} to ${D} becomes ${NI}` : `DNAT ${proto} ${S} to ${D} ${port} becomes ${NI}:${NP}`);
  }
  return [...lines, ...twinSources(row, each, `${NI} ${NP}`)];
}

/** The rules for the source addresses: for each protocol one, by its first port. */
function twinSources(row: Row, services: readonly Service[], inside: string): readonly string[] {
  const { source, own, snat } = HOSTS[row.family];
  if (!row.snat && !row.forceSnat && !row.forceMasquerade) return [];
  const lines: string[] = [];
  const seen: string[] = [];
  for (const { proto, port } of services) {
    if (seen.includes(proto)) continue;
    seen.push(proto);
    const match = row.forwardAll ? source.text : `${proto} to ${inside}`;
    const pin = row.forwardAll || row.masqueradeAnyPort ? "" : ` port ${port}`;
    if (row.forceSnat) lines.push(`SNAT ${match} becomes ${snat.text}`);
    else if (row.forceMasquerade && !row.forwardAll) lines.push(`MASQUERADE ${match}${pin}`);
    else if (row.snatTranslate) lines.push(`SNAT ${match} becomes ${own.text}`);
    else lines.push(`MASQUERADE ${match}${pin}`);
  }
  return lines;
}

/** A grant in the words of the twin. */
function lineOf(access: Access): string {
  const any = "any";
  const port = (service: Service | null) => service === null ? "" : ` ${service.port}`;
  const proto = (service: Service | null) => service === null ? "" : ` ${service.proto}`;
  switch (access.slot) {
    case "input":
      return `INPUT${proto(access.service)} ${access.source.text} to ${access.destination?.text ?? any}${
        port(access.service)
      }`;
    case "output":
      return `OUTPUT${proto(access.service)} ${access.destination?.text ?? any}${
        port(access.service)
      } to ${access.source.text}`;
    case "forward":
      return `FORWARD${proto(access.service)} ${access.source.text} to ${access.target?.text ?? any}${
        port(access.service)
      }`;
    case "dnat": {
      const to = access.toPort === null ? access.to.text : `${access.to.text}:${access.toPort}`;
      return `DNAT${proto(access.service)} ${access.source.text} to ${access.destination?.text ?? any}${
        port(access.service)
      } becomes ${to}`;
    }
    case "snat":
    case "masquerade": {
      const { match } = access;
      const what = "source" in match
        ? match.source.text
        : `${match.service.proto} to ${match.destination.text} ${match.service.port}`;
      if (access.slot === "snat") return `SNAT ${what} becomes ${access.to.text}`;
      return `MASQUERADE ${what}${access.toPort === null ? "" : ` port ${access.toPort}`}`;
    }
    case "published":
    case "foreign":
      return assert.fail("never planned");
  }
}

function planned(row: Row): readonly string[] | "nothing" {
  const { source, packet, inside, own, snat } = HOSTS[row.family];
  const isNat = row.type === 2 || row.type >= 4;
  const plan = planGrants({
    request: {
      messageType: row.type,
      source,
      services: row.services,
      packetDestination: packet,
      nat: isNat && row.forceNat === "no" ? { to: inside, port: 80 } : null,
    },
    policy: {
      forceNat: { no: null, inside: { to: inside, port: 81 }, nowhere: NOWHERE }[row.forceNat],
      forceSnat: row.forceSnat ? snat : null,
      forceMasquerade: row.forceMasquerade,
      disableDnat: row.disableDnat,
      forwardAll: row.forwardAll,
      allow: row.allow ? [{ hosts: { text: "ANY", any: true, ranges: [] }, ports: null }] : null,
    },
    options: {
      destinationRule: row.destinationRule,
      output: row.output,
      snat: row.snat,
      snatTranslate: row.snatTranslate ? [HOSTS[4].own, own].slice(row.family === 4 ? 1 : 0) : [],
      strictForward: row.strictForward,
      masqueradeAnyPort: row.masqueradeAnyPort,
    },
    expiresAt: 1000,
  });
  return plan.ok ? plan.value.map(({ access }) => lineOf(access)) : "nothing";
}

Deno.test("planGrants() is the table of NAT in every combination of it", () => {
  let count = 0;
  let opened = 0;
  for (const row of rows()) {
    const [expected, found] = [twin(row), planned(row)];
    count++;
    if (found !== "nothing") opened++;
    // Comparing texts is what makes so many rows quick.
    if (String(expected) !== String(found)) assert.deepEqual(found, expected, JSON.stringify(row));
  }
  assert.equal(count, 2 * 6 * 2 * 3 * 2 ** 11);
  assert.ok(opened > count / 2);
});
