import assert from "node:assert/strict";
import { lineText } from "../../../lib/log.ts";
import {
  type AccessRequest,
  type GrantOptions,
  isLocalNatType,
  isNatType,
  planGrants,
} from "../../../daemon/grants/grants.ts";
import { type NatPolicy, NO_NAT_POLICY } from "../../../daemon/grants/nat_policy.ts";
import type { Access } from "../../../daemon/firewall/firewall.ts";
import { openedLine } from "../../../daemon/report/log_lines.ts";
import type { MessageType } from "../../../lib/wire/message.ts";
import { address } from "../../contract/addresses.ts";

const source = address("192.0.2.7"), server = address("192.0.2.1"), inside = address("10.78.0.2");
const source6 = address("2001:db8::7"), server6 = address("2001:db8::1"), inside6 = address("fd78::2");
const ssh = { proto: "tcp", port: 22 } as const, dns = { proto: "udp", port: 53 } as const;
const NAT = { to: inside, port: 80 };

interface Case {
  readonly request?: Partial<AccessRequest>;
  readonly policy?: Partial<NatPolicy>;
  readonly options?: Partial<GrantOptions>;
  readonly guard?: "input" | "forward" | "both";
}

function plan({ request, policy, options, guard = "input" }: Case) {
  return planGrants({
    request: { messageType: 1, source, services: [ssh], packetDestination: server, nat: null, ...request },
    policy: { ...NO_NAT_POLICY, ...policy },
    options: { destinationRule: false, output: false, ...options },
    expiresAt: 1000,
    guard,
  });
}

function accesses(given: Case): readonly Access[] {
  const planned = plan(given);
  if (!planned.ok) assert.fail(planned.fault);
  return planned.value.map((grant) => {
    assert.equal(grant.expiresAt, 1000);
    return grant.access;
  });
}

function fault(given: Case): string {
  const planned = plan(given);
  assert.ok(!planned.ok);
  return planned.fault;
}

Deno.test("isNatType() and isLocalNatType() follow the message types", () => {
  const types: readonly MessageType[] = [0, 1, 2, 3, 4, 5, 6];
  assert.deepEqual(types.filter(isNatType), [2, 4, 5, 6]);
  assert.deepEqual(types.filter(isLocalNatType), [5, 6]);
});

Deno.test("planGrants() opens every service of a plain request, for both families", () => {
  assert.deepEqual(accesses({ request: { services: [ssh, dns] } }), [
    { slot: "input", source, destination: null, service: ssh },
    { slot: "input", source, destination: null, service: dns },
  ]);
  assert.deepEqual(accesses({ request: { source: source6, messageType: 3 } }), [
    { slot: "input", source: source6, destination: null, service: ssh },
  ]);
});

Deno.test("planGrants() adds the answers where output is filtered, and the destination where it is asked for", () => {
  const options = { output: true, destinationRule: true };
  assert.deepEqual(accesses({ options, request: { services: [ssh] } }), [
    { slot: "input", source, destination: server, service: ssh },
    { slot: "output", source, destination: server, service: ssh },
  ]);
  assert.deepEqual(accesses({ options, request: { source: source6, packetDestination: server6 } })[0], {
    slot: "input",
    source: source6,
    destination: server6,
    service: ssh,
  });
});

Deno.test("planGrants() opens nothing wider than a destination rule would", () => {
  const options = { destinationRule: true };
  assert.match(fault({ options, request: { packetDestination: null } }), /destination of the packet is not known/);
  assert.match(fault({ options, request: { source: source6 } }), /different address families/);
  assert.match(fault({ request: { services: [] } }), /no service/);
});

Deno.test("planGrants() forwards to the inside host, every service to the one port, each with its protocol", () => {
  const web = { proto: "tcp", port: 8080 } as const;
  for (const messageType of [2, 4] as const) {
    assert.deepEqual(accesses({ request: { messageType, services: [ssh, dns, web, ssh], nat: NAT } }), [
      { slot: "forward", source, target: null, service: { proto: "tcp", port: 80 } },
      { slot: "dnat", source, destination: null, service: ssh, to: inside, toPort: 80 },
      { slot: "forward", source, target: null, service: { proto: "udp", port: 80 } },
      { slot: "dnat", source, destination: null, service: dns, to: inside, toPort: 80 },
      { slot: "dnat", source, destination: null, service: web, to: inside, toPort: 80 },
    ]);
  }
  const strict = accesses({ request: { messageType: 2, nat: NAT }, options: { strictForward: true } });
  assert.deepEqual(strict[0], { slot: "forward", source, target: inside, service: { proto: "tcp", port: 80 } });
});

Deno.test("planGrants() lets a local NAT request in on the inside port, FORCE_NAT or not", () => {
  for (const messageType of [5, 6] as const) {
    assert.deepEqual(
      accesses({ request: { messageType, nat: { to: server, port: 22 }, services: [{ ...ssh, port: 60001 }] } }),
      [
        { slot: "input", source, destination: null, service: ssh },
        { slot: "dnat", source, destination: null, service: { ...ssh, port: 60001 }, to: server, toPort: 22 },
      ],
    );
    const forced = accesses({ request: { messageType, nat: NAT }, policy: { forceNat: { to: inside, port: 81 } } });
    assert.deepEqual(forced.map(({ slot }) => slot), ["input", "dnat"]);
  }
});

Deno.test("planGrants() grants plain requests where GUARD says that they are met", () => {
  const published = { slot: "published", source, destination: server, service: ssh } as const;
  const options = { destinationRule: true, output: true };
  assert.deepEqual(accesses({ guard: "forward", options }), [published]);
  assert.deepEqual(accesses({ guard: "both", options }).map(({ slot }) => slot), ["input", "output", "published"]);
  const nat = accesses({ guard: "forward", request: { messageType: 2, nat: NAT } });
  assert.deepEqual(nat.map(({ slot }) => slot), ["forward", "dnat"]);
});

Deno.test("planGrants() puts FORCE_NAT in the place of what is asked for, on plain requests too", () => {
  const policy = { forceNat: { to: inside, port: 81 } };
  for (const request of [{}, { messageType: 2, nat: { to: server, port: 9 } } as const]) {
    assert.deepEqual(accesses({ policy, request }), [
      { slot: "forward", source, target: null, service: { proto: "tcp", port: 81 } },
      { slot: "dnat", source, destination: null, service: ssh, to: inside, toPort: 81 },
    ]);
  }
});

Deno.test("planGrants() leaves out the DNAT door with DISABLE_DNAT, and FORWARD_ALL means every service", () => {
  const request = { messageType: 2, nat: NAT } as const;
  assert.deepEqual(accesses({ request, policy: { disableDnat: true } }).map(({ slot }) => slot), ["forward"]);
  assert.deepEqual(accesses({ request, policy: { forwardAll: true } }), [
    { slot: "forward", source, target: null, service: null },
    { slot: "dnat", source, destination: null, service: null, to: inside, toPort: null },
  ]);
  assert.deepEqual(accesses({ policy: { forwardAll: true } }).map(({ slot }) => slot), ["input"]);
});

Deno.test("planGrants() chooses between SNAT and masquerading in the order of the C daemon", () => {
  const own = address("10.78.0.1"), other = address("10.78.0.9");
  const match = { destination: inside, service: { proto: "tcp", port: 80 } } as const;
  const rows: readonly [Partial<NatPolicy>, Partial<GrantOptions>, Access | undefined][] = [
    [{}, {}, undefined],
    [{}, { snatTranslate: [own] }, undefined],
    [{}, { snat: true }, { slot: "masquerade", match, toPort: 22 }],
    [{}, { snat: true, snatTranslate: [own] }, { slot: "snat", match, to: own }],
    [{ forceSnat: other }, { snat: true, snatTranslate: [own] }, { slot: "snat", match, to: other }],
    [{ forceSnat: other, forceMasquerade: true }, {}, { slot: "snat", match, to: other }],
    [{ forceMasquerade: true }, { snat: true, snatTranslate: [own] }, { slot: "masquerade", match, toPort: 22 }],
    [{ forwardAll: true }, { snat: true }, { slot: "masquerade", match: { source }, toPort: null }],
    [{ forwardAll: true, forceSnat: other }, {}, { slot: "snat", match: { source }, to: other }],
    // FORCE_MASQUERADE loses here, as in the C daemon.
    [{ forwardAll: true, forceMasquerade: true }, { snatTranslate: [own] }, {
      slot: "snat",
      match: { source },
      to: own,
    }],
  ];
  for (const [policy, options, expected] of rows) {
    assert.deepEqual(accesses({ request: { messageType: 2, nat: NAT }, policy, options })[2], expected);
  }
});

Deno.test("planGrants() builds no DNAT to nowhere", () => {
  const policy = { forceNat: { to: address("0.0.0.0"), port: 0 }, forwardAll: true, forceMasquerade: true };
  assert.deepEqual(accesses({ policy }), [
    { slot: "forward", source, target: null, service: null },
    { slot: "masquerade", match: { source }, toPort: null },
  ]);
  assert.match(fault({ policy: { forceNat: policy.forceNat } }), /is no host/);
  assert.match(fault({ policy: { forceNat: { to: inside, port: 0 } } }), /has no port/);
  assert.match(fault({ request: { messageType: 2 } }), /no NAT target/);
});

Deno.test("planGrants() keeps the addresses of a door in one family", () => {
  const request = { messageType: 2, source: source6, packetDestination: server6 } as const;
  assert.match(fault({ request: { ...request, nat: NAT } }), /different address families/);
  const nat = { to: inside6, port: 80 };
  assert.match(fault({ request: { ...request, nat }, policy: { forceSnat: inside } }), /FORCE_SNAT/);
  const match = { destination: inside6, service: { proto: "tcp", port: 80 } } as const;
  assert.deepEqual(accesses({ request: { ...request, nat }, options: { snat: true, snatTranslate: [inside] } }), [
    { slot: "forward", source: source6, target: null, service: match.service },
    { slot: "dnat", source: source6, destination: null, service: ssh, to: inside6, toPort: 80 },
    { slot: "masquerade", match, toPort: 22 },
  ]);
});

Deno.test("openedLine() says it in the words of the C daemon", () => {
  const say = (given: Case) => {
    const planned = plan(given);
    if (!planned.ok) assert.fail(planned.fault);
    return planned.value.map((grant) => lineText(openedLine(grant, "C", [])));
  };
  assert.deepEqual(
    say({ request: { services: [ssh, dns] } })[0],
    "Added access rule to C for 192.0.2.7 -> 0.0.0.0/0 tcp/22,udp/53, expires at 1000",
  );
  assert.deepEqual(say({ options: { output: true, destinationRule: true } }), [
    "Added access rule to C for 192.0.2.7 -> 192.0.2.1 tcp/22, expires at 1000",
    "Added OUTPUT rule to C for 192.0.2.7 -> 192.0.2.1 tcp/22, expires at 1000",
  ]);
  assert.deepEqual(
    say({ request: { messageType: 2, nat: NAT }, policy: { forwardAll: true }, options: { snat: true } }),
    [
      "Added FORWARD ALL rule to C for 192.0.2.7 -> 0.0.0.0/0 */*, expires at 1000",
      "Added DNAT ALL rule to C for 192.0.2.7 -> 0.0.0.0/0 */*, expires at 1000",
      "Added SNAT ALL rule to C for 192.0.2.7 -> 0.0.0.0/0 */*, expires at 1000",
    ],
  );
  assert.deepEqual(
    say({ request: { messageType: 5, nat: { to: server, port: 22 } } })[0],
    "Added local NAT rule to C for 192.0.2.7 -> 0.0.0.0/0 tcp/22, expires at 1000",
  );
  assert.match(say({ request: { source: source6 } })[0] ?? "", /for 2001:db8::7 -> ::\/0 tcp\/22/);
});
