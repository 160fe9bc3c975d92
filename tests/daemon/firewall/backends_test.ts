import assert from "node:assert/strict";
import { DUMPED, SERVER_SETTINGS } from "../../../daemon/config/settings.ts";
import {
  BACKENDS,
  type FirewallConfig,
  firewallProgram,
  keysWithoutEffect,
  openFirewall,
  permittedPrograms,
  withBackendRows,
} from "../../../daemon/firewall/backends.ts";
import { DEFAULT_CHAINS } from "../../../daemon/firewall/iptables/chain_specs.ts";
import type { PathChain } from "../../../daemon/firewall/path/model.ts";
import { fakePath, inputChain, iptablesChain } from "../../fakes/packet_filter.ts";
import { resolveSettings } from "../../../lib/settings/resolve.ts";
import { yesNo } from "../../../lib/settings/kinds.ts";

const ROW = { kind: yesNo, group: "g", doc: "d" } as const;
const TABLE = { first: ROW, second: ROW } as const;

function settings(after: string, key: string) {
  return { settings: [{ after, rows: { [key]: ROW } }] };
}

Deno.test("withBackendRows() puts the rows of each packet filter behind the row that they name", () => {
  const table = withBackendRows(TABLE, [settings("first", "a"), settings("first", "b"), settings("second", "c")]);
  assert.deepEqual(Object.keys(table), ["first", "a", "b", "second", "c"]);
});

Deno.test("withBackendRows() refuses rows that would be lost: behind no row, or with a key that is taken", () => {
  assert.throws(() => withBackendRows(TABLE, [settings("third", "a")]), /"after" expected a key.*"third"/);
  assert.throws(() => withBackendRows(TABLE, [settings("second", "first")]), /"first" twice/);
  assert.throws(() => withBackendRows(TABLE, [settings("first", "a"), settings("second", "a")]), /"a" twice/);
});

Deno.test("fwknopd.conf has every row of every packet filter once, and its dump those that C does not have last", () => {
  for (const { settings, inDumpOfC } of BACKENDS) {
    const keys = settings.flatMap(({ rows }) => Object.keys(rows));
    assert.notEqual(keys.length, 0);
    const end = DUMPED.slice(DUMPED.indexOf("firewall"));
    for (const key of keys) {
      assert.ok(key in SERVER_SETTINGS, key);
      assert.equal(DUMPED.filter((one) => one === key).length, 1, key);
      assert.equal(end.includes(key), !inDumpOfC, key);
    }
  }
});

Deno.test("FIREWALL takes auto and the name of each packet filter", () => {
  assert.deepEqual(SERVER_SETTINGS.firewall.kind.choices, ["auto", ...BACKENDS.map(({ name }) => name)]);
});

Deno.test("each packet filter makes plain data of the built-in values, which a reload can compare", () => {
  const { values } = resolveSettings(SERVER_SETTINGS, []);
  for (const backend of BACKENDS) {
    const config = backend.configure(values);
    assert.deepEqual(JSON.parse(JSON.stringify(config)), config, backend.name);
  }
});

Deno.test("what decides for a packet filter are rows of its own", () => {
  for (const { name, settings, decisive } of BACKENDS) {
    for (const key of decisive) assert.ok(settings.some(({ rows }) => key in rows), `${name}: ${key}`);
  }
});

Deno.test("firewallProgram() is FIREWALL_EXE, and its built-in value without a configuration", () => {
  assert.equal(firewallProgram(null), "/usr/sbin/iptables");
  const { values } = resolveSettings(SERVER_SETTINGS, []);
  const given = { ...values, firewallExe: "/sbin/iptables-nft" };
  const backends = Object.fromEntries(BACKENDS.map((backend) => [backend.name, backend.configure(given)]));
  assert.equal(firewallProgram({ ...CONFIG, backends }), "/sbin/iptables-nft");
});

const CONFIG: FirewallConfig = {
  directive: "auto",
  decisive: [],
  destinationRule: false,
  switches: { output: false, forwarding: false, localNat: false, snat: false, published: false },
  nat: { snat: false, snatTranslate: [], strictForward: true, masqueradeAnyPort: false },
  backends: {},
};

Deno.test("permittedPrograms() are those of every packet filter, by absolute path and each once", () => {
  const paths = permittedPrograms();
  assert.equal(new Set(paths).size, paths.length);
  for (const name of BACKENDS.flatMap(({ programs }) => programs)) assert.ok(paths.includes(`/usr/sbin/${name}`), name);
  for (const path of paths) assert.match(path, /^\/(usr\/)?sbin\/[a-z0-9-]+$/);
});

/** What each makes of the built-in values. */
function configs(given: Readonly<Record<string, unknown>> = {}) {
  const { values } = resolveSettings(SERVER_SETTINGS, []);
  return Object.fromEntries(BACKENDS.map((backend) => [backend.name, backend.configure({ ...values, ...given })]));
}

/** A host with these chains. */
function host(...chains: readonly PathChain[]) {
  const { path, state } = fakePath(chains);
  let isOurs: (chain: string) => boolean = () => false;
  return {
    state,
    ours: (chain: string) => isOurs(chain),
    openPath: (_log: unknown, asked: (chain: string) => boolean) => {
      isOurs = asked;
      return path;
    },
    openListener: () => null,
  };
}

Deno.test("openFirewall() opens the one that FIREWALL names, with its own configuration, and touches nothing", async () => {
  const backends = configs({ flushIptAtExit: false });
  const there = host(inputChain());
  const opened = await openFirewall({ ...CONFIG, directive: "iptables", backends }, () => {}, there);
  assert.equal(opened.firewall.name, "iptables");
  assert.equal(opened.firewall.closesAtExit, false);
  assert.deepEqual(opened.firewall.needs, ["run"]);
  assert.equal(opened.reason, "firewall: iptables, because FIREWALL is iptables");
  assert.equal(there.state.surveys, 1);
});

Deno.test("openFirewall() takes by itself the packet filter whose chain drops, and keeps the rights for all of them", async () => {
  const opened = await openFirewall(
    { ...CONFIG, backends: configs() },
    () => {},
    host(iptablesChain("iptables-legacy")),
  );
  assert.equal(opened.reason, "firewall: iptables, because iptables-legacy filter INPUT is managed by iptables");
  assert.equal(opened.firewall.enters(iptablesChain("iptables-legacy")), true);
  assert.equal(opened.firewall.enters(iptablesChain("iptables-nft")), false);
  assert.deepEqual(opened.firewall.needs, ["run"]);
});

Deno.test("openFirewall() chooses the flavour of iptables by its chains also where FIREWALL names it", async () => {
  const config = { ...CONFIG, directive: "iptables", backends: configs() };
  const { firewall } = await openFirewall(config, () => {}, host(inputChain(), iptablesChain("iptables-legacy")));
  assert.equal(firewall.enters(iptablesChain("iptables-legacy")), true);
});

Deno.test("openFirewall() lets the way of packets know which chains are ours", async () => {
  const chains = { ...DEFAULT_CHAINS, input: { ...DEFAULT_CHAINS.input, to: "MY_INPUT" } };
  const there = host();
  await openFirewall(
    { ...CONFIG, directive: "iptables", backends: configs({ inputChain: chains.input }) },
    () => {},
    there,
  );
  assert.deepEqual(["MY_INPUT", "FWKNOP_FORWARD", "fwknop_input", "INPUT"].map(there.ours), [true, true, true, false]);
});

Deno.test("openFirewall() finds what is ours in the packet filters beside the one that works, by their own names for it", async () => {
  const there = host(inputChain());
  const { firewall, leftovers } = await openFirewall({ ...CONFIG, backends: configs() }, () => {}, there);
  assert.equal(firewall.name, "nftables");
  assert.deepEqual(await leftovers(), []);
  there.state.ours = [
    { owner: "nftables", chain: "fwknop_input" },
    { owner: "nftables", chain: "FWKNOP_INPUT" },
    { owner: "iptables-nft", chain: "fwknop_input" },
    { owner: "iptables-legacy", chain: "FWKNOP_INPUT" },
    { owner: "iptables-legacy", chain: "FWKNOP_FORWARD" },
  ];
  assert.deepEqual((await leftovers()).map(({ name, owner }) => [name, owner]), [["iptables", "iptables-legacy"]]);
});

Deno.test("FIREWALL auto never takes a packet filter of another system, even where its program is", async () => {
  for (const { name, systems } of BACKENDS) {
    const isHere = (systems ?? ["linux"]).includes("linux");
    assert.equal(isHere, !["pf", "ipfw"].includes(name), name);
  }
  // Programs that are there, of every packet filter.
  const backends = configs();
  for (const own of [backends["pf"], backends["ipfw"]]) Object.assign(own as object, { program: "/bin/sh" });
  Object.assign(backends["iptables"] as object, { firewallExe: "/nowhere/iptables" });
  const { reason } = await openFirewall({ ...CONFIG, backends }, () => {}, host());
  assert.doesNotMatch(reason, /pf|ipfw/);
});

Deno.test("FIREWALL pf and ipfw are opened by name, run programs, and are what --version names", async () => {
  for (const [name, program] of [["pf", "/sbin/pfctl"], ["ipfw", "/sbin/ipfw"]] as const) {
    const config = { ...CONFIG, directive: name, backends: configs() };
    const { firewall, reason } = await openFirewall(config, () => {}, host(inputChain()));
    assert.equal(firewall.name, name);
    assert.equal(reason, `firewall: ${name}, because FIREWALL is ${name}`);
    assert.deepEqual(firewall.needs, ["run"]);
    assert.equal(firewallProgram(config), program);
  }
});

Deno.test("keysWithoutEffect() are the rows of packet filters of other systems, but of the one that FIREWALL names", () => {
  assert.ok(keysWithoutEffect("auto").has("pfAnchor") && keysWithoutEffect("auto").has("ipfwStart"));
  assert.ok(!keysWithoutEffect("pf").has("pfAnchor") && keysWithoutEffect("pf").has("ipfwStart"));
  assert.ok(!keysWithoutEffect("auto").has("firewallExe"));
});
