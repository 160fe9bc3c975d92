/**
 * The rules of the C daemon and ours, side by side: the same request leads to the same lines of `iptables -S`, apart from
 * the epoch; and each daemon's rules are the other's to close.
 */
import assert from "node:assert/strict";
import { DEFAULT_CHAINS } from "../../daemon/firewall/iptables/chain_specs.ts";
import { activeSlots } from "../../daemon/firewall/slots.ts";
import type { IptablesOptions } from "../../daemon/firewall/iptables/backend.ts";
import { type GrantOptions, planGrants } from "../../daemon/grants/grants.ts";
import { type NatPolicy, NO_NAT_POLICY } from "../../daemon/grants/nat_policy.ts";
import type { Firewall, Grant } from "../../daemon/firewall/firewall.ts";
import type { Service } from "../../lib/net/service.ts";
import type { MessageType } from "../../lib/wire/message.ts";
import { address } from "../contract/addresses.ts";
import { type IptablesRig, iptablesRig } from "../contract/iptables_rig.ts";
import {
  C_CLIENT,
  C_DAEMON,
  C_PROGRAMS,
  type Directives,
  keyArgs,
  knock,
  labTest,
  newKeys,
  startDaemon,
} from "../lab/mod.ts";

const SERVER = "10.77.0.1", KNOCKER = "10.77.0.2";

interface Row {
  readonly name: string;
  /** Directives of fwknopd.conf. */
  readonly server?: Directives;
  /** Further directives of the stanza. */
  readonly stanza?: Directives;
  /** What the client says. */
  readonly client: readonly string[];
  /** The same for our planner. */
  readonly type: MessageType;
  readonly services: readonly Service[];
  readonly nat?: { readonly to: string; readonly port: number };
  readonly policy?: Partial<NatPolicy>;
  readonly options?: Partial<GrantOptions>;
  readonly iptables?: Partial<IptablesOptions>;
  /** A rule that only ours makes. */
  readonly more?: RegExp;
}

const tcp = (port: number): Service => ({ proto: "tcp", port });
const udp = (port: number): Service => ({ proto: "udp", port });

const NAT_ON = { ENABLE_IPT_FORWARDING: "Y", ENABLE_IPT_LOCAL_NAT: "Y" };
const SNAT_ON = { ...NAT_ON, ENABLE_IPT_SNAT: "Y" };
const NAT_SLOTS = {
  active: activeSlots({ output: false, forwarding: true, localNat: true, snat: false, published: false }),
};
const SNAT_SLOTS = {
  active: activeSlots({ output: false, forwarding: true, localNat: true, snat: true, published: false }),
};
const INSIDE = { to: "10.78.0.2", port: 80 };
const FORCED = { forceNat: { to: address("10.78.0.2"), port: 81 } };
const NAT_CLIENT = ["-A", "tcp/8080", "-N", "10.78.0.2:80"];

/** The observed rule sets of facts/firewall 3, and a few more. */
const ROWS: readonly Row[] = [
  { name: "tcp/22,udp/53", client: ["-A", "tcp/22,udp/53"], type: 1, services: [tcp(22), udp(53)] },
  {
    name: "OUTPUT, destination rule, prepend",
    server: { ENABLE_IPT_OUTPUT: "Y", ENABLE_DESTINATION_RULE: "Y", ENABLE_RULE_PREPEND: "Y" },
    client: ["-A", "tcp/22,udp/53"],
    type: 1,
    services: [tcp(22), udp(53)],
    options: { output: true, destinationRule: true },
    iptables: {
      active: activeSlots({ output: true, forwarding: false, localNat: false, snat: false, published: false }),
      prepend: true,
    },
  },
  {
    name: "OUTPUT without destination rule",
    server: { ENABLE_IPT_OUTPUT: "Y" },
    client: ["-A", "tcp/22"],
    type: 1,
    services: [tcp(22)],
    options: { output: true },
    iptables: {
      active: activeSlots({ output: true, forwarding: false, localNat: false, snat: false, published: false }),
    },
  },
  {
    name: "another target, chain and position",
    server: { IPT_INPUT_ACCESS: "DROP, filter, INPUT, 2, MY_CH, 7" },
    client: ["-A", "tcp/22"],
    type: 1,
    services: [tcp(22)],
    iptables: {
      chains: {
        ...DEFAULT_CHAINS,
        input: { target: "DROP", table: "filter", from: "INPUT", jumpPosition: 2, to: "MY_CH", rulePosition: 7 },
      },
    },
  },
  { name: "NAT", server: NAT_ON, client: NAT_CLIENT, type: 2, services: [tcp(8080)], nat: INSIDE, iptables: NAT_SLOTS },
  {
    name: "NAT with two ports",
    server: NAT_ON,
    client: ["-A", "tcp/8080,tcp/8081", "-N", "10.78.0.2:80"],
    type: 2,
    services: [tcp(8080), tcp(8081)],
    nat: INSIDE,
    // The C daemon takes the first.
    more: /^-A FWKNOP_PREROUTING .*--dport 8081 .*-j DNAT --to-destination 10\.78\.0\.2:80\n/m,
    iptables: NAT_SLOTS,
  },
  {
    name: "local NAT",
    server: NAT_ON,
    client: ["-A", "tcp/22", "--nat-local", "--nat-port", "60001"],
    type: 5,
    services: [tcp(60001)],
    nat: { to: SERVER, port: 22 },
    iptables: NAT_SLOTS,
  },
  {
    name: "NAT and SNAT",
    server: SNAT_ON,
    client: NAT_CLIENT,
    type: 2,
    services: [tcp(8080)],
    nat: INSIDE,
    options: { snat: true },
    iptables: SNAT_SLOTS,
  },
  {
    name: "local NAT and SNAT",
    server: SNAT_ON,
    client: ["-A", "tcp/22", "--nat-local", "--nat-port", "60001"],
    type: 5,
    services: [tcp(60001)],
    nat: { to: SERVER, port: 22 },
    options: { snat: true },
    iptables: SNAT_SLOTS,
  },
  {
    name: "NAT and SNAT_TRANSLATE_IP",
    server: { ...SNAT_ON, SNAT_TRANSLATE_IP: "10.78.0.1" },
    client: NAT_CLIENT,
    type: 2,
    services: [tcp(8080)],
    nat: INSIDE,
    options: { snat: true, snatTranslate: [address("10.78.0.1")] },
    iptables: SNAT_SLOTS,
  },
  {
    name: "FORCE_NAT and FORCE_SNAT on a plain request",
    server: SNAT_ON,
    stanza: { FORCE_NAT: "10.78.0.2 81", FORCE_SNAT: "10.78.0.1" },
    client: ["-A", "tcp/8080"],
    type: 1,
    services: [tcp(8080)],
    policy: { ...FORCED, forceSnat: address("10.78.0.1") },
    options: { snat: true },
    iptables: SNAT_SLOTS,
  },
  {
    name: "FORCE_NAT and FORCE_MASQUERADE",
    server: { ...SNAT_ON, SNAT_TRANSLATE_IP: "10.78.0.1" },
    stanza: { FORCE_NAT: "10.78.0.2 81", FORCE_MASQUERADE: "Y" },
    client: ["-A", "tcp/8080"],
    type: 1,
    services: [tcp(8080)],
    policy: { ...FORCED, forceMasquerade: true },
    options: { snat: true, snatTranslate: [address("10.78.0.1")] },
    iptables: SNAT_SLOTS,
  },
  {
    name: "FORCE_NAT and DISABLE_DNAT",
    server: NAT_ON,
    stanza: { FORCE_NAT: "10.78.0.2 81", DISABLE_DNAT: "Y" },
    client: ["-A", "tcp/8080"],
    type: 1,
    services: [tcp(8080)],
    policy: { ...FORCED, disableDnat: true },
    iptables: NAT_SLOTS,
  },
  {
    name: "FORCE_NAT takes the place of what the message asks for",
    server: NAT_ON,
    stanza: { FORCE_NAT: "10.78.0.2 81" },
    client: ["-A", "tcp/8080", "-N", "10.78.0.7:99"],
    type: 2,
    services: [tcp(8080)],
    nat: { to: "10.78.0.7", port: 99 },
    policy: FORCED,
    iptables: NAT_SLOTS,
  },
  {
    name: "FORWARD_ALL and SNAT",
    server: SNAT_ON,
    stanza: { FORWARD_ALL: "Y" },
    client: NAT_CLIENT,
    type: 2,
    services: [tcp(8080)],
    nat: INSIDE,
    policy: { forwardAll: true },
    options: { snat: true },
    iptables: SNAT_SLOTS,
  },
  {
    name: "FORWARD_ALL, FORCE_SNAT and DISABLE_DNAT",
    server: SNAT_ON,
    stanza: { FORWARD_ALL: "Y", FORCE_SNAT: "10.78.0.1", DISABLE_DNAT: "Y" },
    client: ["-A", "tcp/8080"],
    type: 1,
    services: [tcp(8080)],
    policy: {
      forceNat: { to: address("0.0.0.0"), port: 0 },
      forwardAll: true,
      forceSnat: address("10.78.0.1"),
      disableDnat: true,
    },
    options: { snat: true },
    iptables: SNAT_SLOTS,
  },
  {
    name: "FORWARD_ALL on a plain request without FORCE_NAT",
    server: NAT_ON,
    stanza: { FORWARD_ALL: "Y" },
    client: ["-A", "tcp/8080"],
    type: 1,
    services: [tcp(8080)],
    policy: { forwardAll: true },
    iptables: NAT_SLOTS,
  },
];

for (const row of ROWS) {
  labTest(`iptablesFirewall() makes the rules of the C daemon: ${row.name}`, async () => {
    await using rig = await iptablesRig();
    const theirs = await rulesOfC(rig, row);
    await rig.reload();
    await rig.lab.must("server", ["nft", "flush", "ruleset"]);
    await rig.reload();
    const firewall = rig.start(row.iptables);
    await firewall.prepare();
    await giveOurs(firewall, row, rig.now());
    assert.match(theirs, /_exp_N/);
    const ours = await rulesText(rig);
    if (row.more !== undefined) assert.match(ours, row.more);
    assert.equal(row.more === undefined ? ours : ours.replace(row.more, ""), theirs);
  }, { needs: C_PROGRAMS });
}

labTest("iptablesFirewall() takes over the C daemon's doors and foreign rules, and closes them", async () => {
  await using rig = await iptablesRig();
  const keys = newKeys();
  {
    const server = { FLUSH_IPT_AT_INIT: "N", FLUSH_IPT_AT_EXIT: "N" };
    await using daemon = await startDaemon(rig.lab, {
      program: C_DAEMON,
      server,
      access: [{ ...keys, FW_ACCESS_TIMEOUT: 300 }],
    });
    await knock(rig.lab, ["-A", "tcp/22", "-a", KNOCKER, "-D", SERVER, ...keyArgs(keys)], { program: C_CLIENT });
    await daemon.program.waitFor(/Added access rule/);
    await daemon.stop();
  }
  const end = rig.now() + 200;
  const foreign = ["-p", "icmp", "-m", "comment", "--comment", `let me ping _exp_${end}`, "-j", "ACCEPT"];
  await rig.lab.must("server", ["iptables", "-A", "FWKNOP_INPUT", ...foreign]);
  await rig.lab.must("server", ["iptables", "-A", "FWKNOP_INPUT", "-s", "192.0.2.1", "-j", "DROP"]);
  const firewall = rig.start({ flushAtInit: false });
  const found = await firewall.prepare();
  assert.deepEqual(found.map(({ access }) => access.slot), ["input", "foreign"]);
  assert.ok(await rig.admits({ from: "knocker", family: 4, service: tcp(22) }));
  assert.equal(found[1]?.expiresAt, end);
  await firewall.revoke(found);
  assert.ok(!await rig.admits({ from: "knocker", family: 4, service: tcp(22) }));
  const left = await rig.lab.must("server", ["iptables", "-S", "FWKNOP_INPUT"]);
  assert.equal(left, "-N FWKNOP_INPUT\n-A FWKNOP_INPUT -s 192.0.2.1/32 -j DROP\n");
}, { needs: C_PROGRAMS });

labTest("the C daemon closes our doors in its turn", async () => {
  await using rig = await iptablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  const grant: Grant = {
    access: { slot: "input", source: address(KNOCKER), destination: null, service: tcp(22) },
    expiresAt: rig.now() - 1,
  };
  assert.deepEqual(await firewall.grant([grant], [], rig.now() - 60), [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  // Debian 13's looks after its rules without a packet only as a UDP server.
  const server = { FLUSH_IPT_AT_INIT: "N", RULES_CHECK_THRESHOLD: 1, ENABLE_UDP_SERVER: "Y" };
  await using daemon = await startDaemon(rig.lab, { program: C_DAEMON, server, access: [{ ...newKeys() }] });
  await daemon.program.waitFor(new RegExp(`Removed rule 1 from FWKNOP_INPUT with expire time of ${grant.expiresAt}`));
  assert.deepEqual(await firewall.list(), []);
}, { needs: C_PROGRAMS });

async function rulesOfC(rig: IptablesRig, row: Row): Promise<string> {
  const keys = newKeys();
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 300, ...row.stanza }];
  await using daemon = await startDaemon(rig.lab, {
    program: C_DAEMON,
    access,
    server: { ...row.server, FLUSH_IPT_AT_EXIT: "N" },
    folder: `c-${crypto.randomUUID()}`,
  });
  await knock(rig.lab, [...row.client, "-a", KNOCKER, "-D", SERVER, ...keyArgs(keys)], { program: C_CLIENT });
  await daemon.program.waitFor(/Added .* rule to/);
  // It ends only when it is through with the packet, and leaves its rules.
  await daemon.stop();
  return await rulesText(rig);
}

async function giveOurs(firewall: Firewall, row: Row, now: number): Promise<void> {
  const planned = planGrants({
    request: {
      messageType: row.type,
      source: address(KNOCKER),
      services: row.services,
      packetDestination: address(SERVER),
      nat: row.nat === undefined ? null : { to: address(row.nat.to), port: row.nat.port },
    },
    policy: { ...NO_NAT_POLICY, ...row.policy },
    options: { destinationRule: false, output: false, ...row.options },
    expiresAt: now + 300,
  });
  if (!planned.ok) assert.fail(planned.fault);
  for (const outcome of await firewall.grant(planned.value, [], now)) {
    assert.deepEqual(outcome, { ok: true, alreadyOpen: false, shutBy: [] });
  }
}

async function rulesText(rig: IptablesRig): Promise<string> {
  const filter = await rig.lab.must("server", ["iptables", "-S"]);
  const nat = await rig.lab.must("server", ["iptables", "-t", "nat", "-S"]);
  return (filter + nat).replace(/_exp_\d+/g, "_exp_N");
}
