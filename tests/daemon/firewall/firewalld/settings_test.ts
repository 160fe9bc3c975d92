import assert from "node:assert/strict";
import { good, STANZA } from "../../config/in_memory.ts";
import type { FirewalldConfig } from "../../../../daemon/firewall/firewalld/settings.ts";

function configured(text: string) {
  const { firewall } = good(`PCAP_INTF lo\n${text}`, STANZA).config;
  return { firewall, own: firewall.backends.firewalld as FirewalldConfig };
}

Deno.test("configureFirewalld() has the zones of the client and flushes at start and exit unless told otherwise", () => {
  assert.deepEqual(configured("").own, { zones: [], output: false, snat: false, flushAtInit: true, flushAtExit: true });
  const { own, firewall } = configured("FIREWD_ZONE dmz, work,dmz\nFLUSH_FIREWD_AT_INIT N\nFLUSH_FIREWD_AT_EXIT N");
  assert.deepEqual(own, { zones: ["dmz", "work"], output: false, snat: false, flushAtInit: false, flushAtExit: false });
  assert.deepEqual(firewall.decisive, [{ backend: "firewalld", directive: "FIREWD_ZONE" }]);
});

Deno.test("ENABLE_FIREWD_* switch what ENABLE_IPT_* switch", () => {
  const { own, firewall } = configured(
    ["FORWARDING", "LOCAL_NAT", "SNAT", "OUTPUT"].map((what) => `ENABLE_FIREWD_${what} Y\n`).join(""),
  );
  const { forwarding, localNat, snat, output } = firewall.switches;
  assert.deepEqual([forwarding, localNat, snat, output], [true, true, true, true]);
  assert.deepEqual([own.output, own.snat], [true, true]);
});
