import assert from "node:assert/strict";
import { natAllow } from "../../../daemon/config/nat_kinds.ts";
import { forwardingWarnings } from "../../../daemon/doctor/forwarding.ts";
import { type NatPolicy, NO_NAT_POLICY } from "../../../daemon/grants/nat_policy.ts";
import { ip } from "../../fakes/knock.ts";

const ON = { forwarding: true, localNat: false };
const LOCAL = { forwarding: false, localNat: true };
const IPV4 = "/proc/sys/net/ipv4/ip_forward", IPV6 = "/proc/sys/net/ipv6/conf/all/forwarding";

/** The switches that are complained about. */
function warned(
  nat: Partial<NatPolicy>,
  switches = ON,
  { off = [IPV4, IPV6], families = [4, 6] }: {
    readonly off?: readonly string[];
    readonly families?: readonly (4 | 6)[];
  } = {},
): readonly string[] {
  const lines = forwardingWarnings(
    { switches, stanzas: [{ nat: { ...NO_NAT_POLICY, ...nat } }] },
    families,
    (path) => off.includes(path) ? "0\n" : "1\n",
  );
  return lines.map((line) =>
    /^This host does not forward (IPv[46]) packets \((\S+) is 0\): .*sysctl -w \2=1/.exec(line)?.[1] ?? line
  );
}

const allow = (text: string) => {
  const read = natAllow.parse(text);
  assert.ok(read.ok);
  return { allow: read.value };
};

Deno.test("forwardingWarnings() names each IP version that NAT leads inside in and the kernel does not forward", () => {
  assert.deepEqual(warned({}), ["IPv4", "IPv6"]);
  assert.deepEqual(warned({}, ON, { off: [IPV4] }), ["IPv4"]);
  assert.deepEqual(warned({}, ON, { off: [IPV6] }), ["IPv6"]);
  assert.deepEqual(warned({}, ON, { off: [] }), []);
  assert.deepEqual(warned({}, ON, { families: [4] }), ["IPv4"]);
});

Deno.test("forwardingWarnings() is silent where nothing leads inside, or not in that IP version", () => {
  assert.deepEqual(warned({}, LOCAL), []);
  assert.deepEqual(warned({ forceNat: { to: ip("10.0.0.5"), port: 22 } }, LOCAL), ["IPv4"]);
  assert.deepEqual(warned({ forceNat: { to: ip("fd00::5"), port: 22 } }), ["IPv6"]);
  assert.deepEqual(warned({ forceNat: { to: ip("0.0.0.0"), port: 0 } }), ["IPv4", "IPv6"]);
  assert.deepEqual(warned(allow("10.0.0.0/8:22")), ["IPv4"]);
  assert.deepEqual(warned(allow("fd00::/64")), ["IPv6"]);
  assert.deepEqual(warned(allow("ANY:22")), ["IPv4", "IPv6"]);
  assert.deepEqual(forwardingWarnings({ switches: ON, stanzas: [] }, [4, 6], () => "0"), []);
  assert.deepEqual(
    forwardingWarnings({ switches: ON, stanzas: [{ nat: NO_NAT_POLICY }] }, [4, 6], () => null),
    [],
    "a switch that is not there",
  );
});
