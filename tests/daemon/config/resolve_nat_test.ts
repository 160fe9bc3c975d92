import assert from "node:assert/strict";
import { good, STANZA, wrong } from "./in_memory.ts";

const ON = "ENABLE_IPT_FORWARDING Y\n";
const PLACE = "/a:5: ";

/** What is wrong with a stanza of these lines, without its place; the first line is line 5. */
function problems(lines: readonly string[], server = ON): readonly string[] {
  return wrong(server, STANZA + lines.join("\n") + "\n").map((line) => line.replace(/^\/[ac]:[0-9]+: /, ""));
}

const policy = (lines: readonly string[], server = ON) =>
  good(server, STANZA + lines.join("\n") + "\n").stanzas[0]!.nat;

Deno.test("resolveNat() makes a policy of what was written", () => {
  assert.deepEqual(policy([]), {
    forceNat: null,
    forceSnat: null,
    forceMasquerade: false,
    disableDnat: false,
    forwardAll: false,
    allow: null,
  });
  const { forceNat, forceSnat, forceMasquerade, disableDnat, forwardAll, allow } = policy([
    ...["FORCE_NAT 10.0.0.5 22", "FORCE_SNAT 10.0.0.1", "FORCE_MASQUERADE y", "DISABLE_DNAT Y", "FORWARD_ALL Y"],
    "NAT_ALLOW 10.0.0.0/24",
  ]);
  assert.deepEqual([forceNat?.to.text, forceNat?.port, forceSnat?.text], ["10.0.0.5", 22, "10.0.0.1"]);
  assert.deepEqual([forceMasquerade, disableDnat, forwardAll, allow?.length], [true, true, true, 1]);
  assert.equal(
    policy(["FORCE_NAT fd00::5 22", "FORCE_SNAT fd00::1"], "ENABLE_IPT_LOCAL_NAT Y\n").forceNat?.to.family,
    6,
  );
});

Deno.test("resolveNat() takes FORWARD_ALL with a forced source for every host, as the C daemon does", () => {
  for (const source of ["FORCE_SNAT 10.0.0.1", "FORCE_MASQUERADE Y"]) {
    const { forceNat } = policy([source, "FORWARD_ALL Y"]);
    assert.deepEqual([forceNat?.to.text, forceNat?.port], ["0.0.0.0", 0]);
  }
  assert.equal(policy(["FORWARD_ALL Y"]).forceNat, null);
  assert.equal(policy(["FORCE_NAT 0.0.0.0 0", "FORWARD_ALL Y"]).forceNat?.to.text, "0.0.0.0");
});

Deno.test("resolveNat() refuses what no packet could get, in the words of the C daemon", () => {
  const requires = (name: string) =>
    `${name} requires either ENABLE_IPT_FORWARDING or ENABLE_IPT_LOCAL_NAT in fwknopd.conf (set ENABLE_IPT_FORWARDING Y there)`;
  const alone =
    "FORCE_SNAT/FORCE_MASQUERADE requires either FORCE_NAT or FORWARD_ALL: 'ANY' (Data error in access file) (add one of them, or remove the line)";
  const rows: readonly (readonly [readonly string[], readonly string[], string?])[] = [
    [["FORCE_NAT 10.0.0.5 22"], [requires("FORCE_NAT")], ""],
    [["FORCE_SNAT 10.0.0.5", "FORWARD_ALL Y"], [requires("FORCE_SNAT")], ""],
    [["FORCE_MASQUERADE Y", "FORWARD_ALL Y"], [requires("FORCE_MASQUERADE")], ""],
    [["FORWARD_ALL Y"], [], ""],
    [["NAT_ALLOW ANY"], [], ""],
    [["FORCE_SNAT 10.0.0.1"], [alone]],
    [["FORCE_MASQUERADE Y"], [alone]],
    [["FORCE_NAT 0.0.0.0 22"], ["FORCE_NAT: 0.0.0.0 is no host (invalid FORCE_NAT IP) (name the inside host)"]],
    [["FORCE_NAT 224.0.0.1 22"], ["FORCE_NAT: 224.0.0.1 is no host (invalid FORCE_NAT IP) (name the inside host)"]],
    [["FORCE_NAT 10.0.0.5 0"], [
      "FORCE_NAT: invalid FORCE_NAT port 0: no packet goes there (name the port of the inside host)",
    ]],
    [["FORCE_NAT 10.0.0.5 0", "FORWARD_ALL Y"], []],
    [["FORCE_NAT 10.0.0.5 22", "FORCE_SNAT fd00::1"], [
      "FORCE_SNAT: fd00::1 and 10.0.0.5 of FORCE_NAT are of different IP versions " +
      "(name an address of this host of the same version)",
    ]],
    [["FORCE_NAT 10.0.0.5 22", "FORCE_SNAT 255.255.255.255"], [
      "FORCE_SNAT: 255.255.255.255 is the address of no host (invalid FORCE_SNAT IP) (name an address of this host)",
    ]],
    [["FORCE_NAT 10.0.0.5 22", "NAT_ALLOW 10.0.0.5:22"], []],
    [["FORCE_NAT 10.0.0.5 22", "NAT_ALLOW 10.0.0.5:23, 10.0.0.6"], [
      "NAT_ALLOW: it does not list where FORCE_NAT leads: 10.0.0.5, port 22 (add it, or remove NAT_ALLOW: nothing else is reached)",
    ]],
    [["FORCE_NAT 10.0.0.5 22", "NAT_ALLOW 10.0.0.5:22", "FORWARD_ALL Y"], [
      "NAT_ALLOW: it does not list where FORCE_NAT leads: 10.0.0.5, every port (FORWARD_ALL) " +
      "(add it, or remove NAT_ALLOW: nothing else is reached)",
    ]],
    [["FORCE_MASQUERADE Y", "FORWARD_ALL Y", "NAT_ALLOW ANY"], [
      "NAT_ALLOW: FORWARD_ALL without an inside host leads to every host, which this would limit " +
      "(name the inside host with FORCE_NAT, or remove NAT_ALLOW)",
    ]],
  ];
  for (const [lines, expected, server] of rows) assert.deepEqual(problems(lines, server), expected, lines.join("; "));
  assert.ok(wrong("", `${STANZA}FORCE_NAT 10.0.0.5 22\n`)[0]?.startsWith(PLACE));
});

Deno.test("SNAT_TRANSLATE_IP is looked at where ENABLE_IPT_SNAT is on", () => {
  assert.deepEqual(problems([], `${ON}SNAT_TRANSLATE_IP __CHANGEME__\n`), []);
  for (const bad of ["__CHANGEME__", "0.0.0.0", "192.0.2.1,192.0.2.2"]) {
    const [said = ""] = problems([], `${ON}ENABLE_IPT_SNAT Y\nSNAT_TRANSLATE_IP ${bad}\n`);
    assert.match(said, /^SNAT_TRANSLATE_IP: Invalid IPv4 addr for SNAT_TRANSLATE_IP, nor one of IPv6: /);
  }
  const { nat, switches } = good(`${ON}ENABLE_IPT_SNAT Y\nSNAT_TRANSLATE_IP 192.0.2.1,fd00::1\n`).config.firewall;
  assert.deepEqual([nat.snat, nat.snatTranslate.map(({ text }) => text)], [true, ["192.0.2.1", "fd00::1"]]);
  assert.deepEqual([switches.snat, good(ON).config.firewall.switches.snat], [true, true], "a stanza may force it");
});

Deno.test("natWarnings() says where masquerading lets one connection at a time through", () => {
  const warned = (server: string, lines: readonly string[] = []) =>
    good(ON + server, STANZA + lines.join("\n") + "\n").warnings.some((line) => line.startsWith("Masquerading gives"));
  const forced = ["FORCE_NAT 10.0.0.5 22", "FORCE_MASQUERADE Y"];
  assert.ok(warned("ENABLE_IPT_SNAT Y\n"));
  assert.ok(warned("", forced));
  assert.ok(!warned(""));
  assert.ok(!warned("ENABLE_IPT_SNAT Y\nSNAT_TRANSLATE_IP 10.0.0.1\n"));
  assert.ok(!warned("", [...forced, "FORCE_SNAT 10.0.0.1"]));
  assert.ok(!warned("", [...forced, "FORWARD_ALL Y"]));
  assert.ok(!warned("ENABLE_IPT_SNAT Y\nENABLE_MASQUERADE_ANY_PORT Y\n", forced));
});

Deno.test("resolveNat() takes with STRICT N what the C daemon takes, although nothing comes of it", () => {
  for (const lines of ["FORCE_NAT 0.0.0.0 22", "FORCE_NAT 10.0.0.5 0"]) {
    const { warnings } = good(`STRICT N\n${ON}`, `${STANZA}${lines}\n`);
    assert.ok(warnings.some((line) => line.includes("STRICT is N: nothing will be opened")), lines);
  }
  good("STRICT N\n", `${STANZA}FORCE_MASQUERADE Y\nFORWARD_ALL Y\n`);
  assert.equal(wrong("STRICT N\n", `${STANZA}FORCE_NAT 10.0.0.5 22\n`).length, 1);
});
