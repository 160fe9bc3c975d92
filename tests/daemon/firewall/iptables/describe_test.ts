import assert from "node:assert/strict";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { describeRules } from "../../../../daemon/firewall/iptables/describe.ts";
import { findTools } from "../../../../daemon/firewall/iptables/tools.ts";
import type { Run } from "../../../../lib/host/run.ts";

const TOOLS = [findTools("/usr/sbin/iptables", 4), findTools("/usr/sbin/iptables", 6)];
const RESULT = { code: 0, stdout: "", stderr: "", timedOut: false, truncated: false, pid: 1 };

/** Notes what is run, and answers with it; a program that is listed as missing cannot be started. */
function runner(calls: string[], missing: readonly string[] = []): Run {
  return (program, args) => {
    if (missing.includes(program)) return Promise.reject(new Deno.errors.NotFound());
    calls.push([program, ...args].join(" "));
    return Promise.resolve({ ...RESULT, stdout: `<${program}>\n`, stderr: "complaint\n" });
  };
}

Deno.test("describeRules() lists our chains of the slots in use, of both families, complaints included", async () => {
  const calls: string[] = [];
  const text = await describeRules(runner(calls), TOOLS, {
    chains: DEFAULT_CHAINS,
    active: ["input", "dnat"],
    all: false,
  });
  assert.deepEqual(calls, [
    "/usr/sbin/iptables -t filter -L FWKNOP_INPUT --line-numbers -n",
    "/usr/sbin/iptables -t nat -L FWKNOP_PREROUTING --line-numbers -n",
    "/usr/sbin/ip6tables -t filter -L FWKNOP_INPUT --line-numbers -n",
    "/usr/sbin/ip6tables -t nat -L FWKNOP_PREROUTING --line-numbers -n",
  ]);
  assert.match(text, /^Listing rules in fwknopd iptables chains\.\.\.\n\n<\/usr\/sbin\/iptables>\ncomplaint\n/);
  assert.match(text, /\nListing rules in fwknopd ip6tables chains\.\.\./);
});

Deno.test("describeRules() lists whole tables where all is asked for", async () => {
  const calls: string[] = [];
  const text = await describeRules(runner(calls), TOOLS.slice(0, 1), {
    chains: DEFAULT_CHAINS,
    active: ["input"],
    all: true,
  });
  assert.deepEqual(calls, ["/usr/sbin/iptables -t filter -v -n -L --line-numbers"]);
  assert.match(text, /^Listing all iptables rules in applicable tables\.\.\./);
});

Deno.test("describeRules() goes on without ip6tables, and fails without iptables", async () => {
  const options = { chains: DEFAULT_CHAINS, active: ["input"] as const, all: false };
  const text = await describeRules(runner([], ["/usr/sbin/ip6tables"]), TOOLS, options);
  assert.match(text, /Cannot run \/usr\/sbin\/ip6tables/);
  await assert.rejects(describeRules(runner([], ["/usr/sbin/iptables"]), TOOLS, options), FirewallError);
});
