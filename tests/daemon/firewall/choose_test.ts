import assert from "node:assert/strict";
import type { Survey } from "../../../daemon/firewall/backend.ts";
import { chooseByConfiguration, chooseByHost, formatChoice } from "../../../daemon/firewall/choose.ts";

const CAN: Survey = { blocker: null, dropping: [] };
const NATIVE = { chain: "inet filter input", owner: "nftables" },
  MANAGED = { chain: "ip filter INPUT", owner: "iptables" };
const NO_NFT = "nftables cannot be used (no libnftables)", NO_IPTABLES = "iptables is not installed";

/** The host as both packet filters see it. */
function choose(nftables: Partial<Survey>, iptables: Partial<Survey>) {
  return chooseByHost([
    { backend: { name: "nftables", otherwise: null }, survey: { ...CAN, ...nftables } },
    { backend: { name: "iptables", otherwise: "no native chain" }, survey: { ...CAN, ...iptables } },
  ]);
}

Deno.test("chooseByConfiguration() obeys FIREWALL, then a variable that only one packet filter has a use for", () => {
  const decisive = [{ backend: "iptables", directive: "IPT_INPUT_ACCESS" }];
  for (const directive of ["nftables", "iptables"]) {
    const choice = chooseByConfiguration({ directive, decisive });
    assert.ok(choice);
    assert.equal(formatChoice(choice), `firewall: ${directive}, because FIREWALL is ${directive}`);
  }
  const configured = chooseByConfiguration({ directive: "auto", decisive });
  assert.ok(configured);
  assert.equal(formatChoice(configured), "firewall: iptables, because IPT_INPUT_ACCESS is configured");
  assert.equal(chooseByConfiguration({ directive: "auto", decisive: [] }), null);
});

type Row = readonly [
  nftables: Partial<Survey>,
  iptables: Partial<Survey>,
  backend: string,
  because: RegExp,
  warning: RegExp | null,
];

const ROWS: readonly Row[] = [
  [{ dropping: [NATIVE] }, {}, "nftables", /^inet filter input can drop$/, null],
  [{ dropping: [NATIVE] }, { blocker: NO_IPTABLES }, "nftables", /^inet filter input can drop$/, null],
  [{ dropping: [MANAGED] }, {}, "iptables", /^ip filter INPUT is managed by iptables$/, null],
  [
    { dropping: [NATIVE, MANAGED] },
    {},
    "nftables",
    /inet filter input/,
    /^ip filter INPUT belongs to iptables and can drop too: what it drops stays shut, whatever nftables lets in$/,
  ],
  [{ dropping: [MANAGED] }, { blocker: NO_IPTABLES }, "nftables", /is not installed/, /belongs to iptables/],
  [{ blocker: NO_NFT }, {}, "iptables", /^no native chain$/, null],
  [{ blocker: NO_NFT, dropping: [NATIVE] }, {}, "iptables", /no libnftables/, /inet filter input belongs to nftables/],
  [{}, {}, "iptables", /^no native chain$/, null],
  [{}, { blocker: NO_IPTABLES }, "nftables", /^iptables is not installed$/, null],
];

for (const [nftables, iptables, backend, because, warning] of ROWS) {
  Deno.test(`chooseByHost() takes ${backend} where they find ${JSON.stringify([nftables, iptables])}`, () => {
    const choice = choose(nftables, iptables);
    assert.ok(choice.ok);
    assert.equal(choice.value.backend, backend);
    assert.match(choice.value.because, because);
    if (warning === null) assert.equal(choice.value.warning, null);
    else assert.match(choice.value.warning ?? "", warning);
  });
}

Deno.test("chooseByHost() says of each why it cannot be used", () => {
  const choice = choose({ blocker: NO_NFT }, { blocker: NO_IPTABLES });
  assert.ok(!choice.ok);
  assert.equal(choice.fault, "iptables is not installed, and nftables cannot be used (no libnftables)");
});
