import assert from "node:assert/strict";
import { chooseFirewall, formatChoice, type HostSurvey, type Preference } from "../../../daemon/firewall/choose.ts";

const AUTO: Preference = { directive: "auto", iptablesDirectives: [] };
const BARE: HostSurvey = { nftablesBlocker: null, nativeHooks: [], managedHooks: [], hasIptables: true };
const NATIVE = ["inet filter input"], MANAGED = ["ip filter INPUT"];

function choose(survey: Partial<HostSurvey>, preference: Preference = AUTO) {
  return chooseFirewall(preference, () => ({ ...BARE, ...survey }));
}

Deno.test("chooseFirewall() obeys the configuration without looking at the host", () => {
  const blind = () => assert.fail("the host was looked at");
  for (const directive of ["nftables", "iptables"] as const) {
    const choice = chooseFirewall({ directive, iptablesDirectives: ["FIREWALL_EXE"] }, blind);
    assert.ok(choice.ok);
    assert.equal(formatChoice(choice.value), `firewall: ${directive}, because FIREWALL is ${directive}`);
  }
  const configured = chooseFirewall({ directive: "auto", iptablesDirectives: ["IPT_INPUT_ACCESS"] }, blind);
  assert.ok(configured.ok);
  assert.equal(formatChoice(configured.value), "firewall: iptables, because IPT_INPUT_ACCESS is configured");
});

const ROWS: readonly [Partial<HostSurvey>, backend: string, because: RegExp, warning: RegExp | null][] = [
  [{ nativeHooks: NATIVE }, "nftables", /inet filter input can drop/, null],
  [{ nativeHooks: NATIVE, hasIptables: false }, "nftables", /inet filter input can drop/, null],
  [{ managedHooks: MANAGED }, "iptables", /ip filter INPUT is managed by iptables/, null],
  [
    { nativeHooks: NATIVE, managedHooks: MANAGED },
    "nftables",
    /inet filter input/,
    /ip filter INPUT belongs to iptables/,
  ],
  [{ nftablesBlocker: "no libnftables" }, "iptables", /no native nftables chain/, null],
  [{ nftablesBlocker: "no libnftables", nativeHooks: NATIVE }, "iptables", /no libnftables/, /can drop/],
  [{}, "iptables", /no native nftables chain/, null],
  [{ hasIptables: false }, "nftables", /iptables is not installed/, null],
];

for (const [survey, backend, because, warning] of ROWS) {
  Deno.test(`chooseFirewall() takes ${backend} where it finds ${JSON.stringify(survey)}`, () => {
    const choice = choose(survey);
    assert.ok(choice.ok);
    assert.equal(choice.value.backend, backend);
    assert.match(choice.value.because, because);
    if (warning === null) assert.equal(choice.value.warning, null);
    else assert.match(choice.value.warning ?? "", warning);
  });
}

Deno.test("chooseFirewall() says what to install where there is nothing", () => {
  const choice = choose({ hasIptables: false, nftablesBlocker: "neither libnftables nor nft is there" });
  assert.ok(!choice.ok);
  assert.match(choice.fault.message, /neither libnftables nor nft/);
  assert.match(choice.fault.hint, /install/);
});
