import assert from "node:assert/strict";
import { FirewallError, IncompleteListing } from "../../../../daemon/firewall/firewall.ts";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { describeRules } from "../../../../daemon/firewall/iptables/describe.ts";
import { findTools } from "../../../../daemon/firewall/iptables/tools.ts";
import type { Run } from "../../../../lib/host/run.ts";

const TOOLS = [findTools("/usr/sbin/iptables", 4), findTools("/usr/sbin/iptables", 6)];
const RESULT = { code: 0, stdout: "", stderr: "", timedOut: false, truncated: false, pid: 1 };

const SAVED = "*filter\n:FWKNOP_INPUT - [0:0]\nCOMMIT\n*nat\n:FWKNOP_PREROUTING - [0:0]\nCOMMIT\n";

/** Notes what is run, and answers with it; a program that is listed as missing cannot be started. */
function runner(calls: string[], how: { readonly missing?: readonly string[]; readonly saved?: string } = {}): Run {
  return (program, args) => {
    if (how.missing?.includes(program)) return Promise.reject(new Deno.errors.NotFound());
    calls.push([program, ...args].join(" "));
    if (program.endsWith("-save")) return Promise.resolve({ ...RESULT, stdout: how.saved ?? SAVED });
    return Promise.resolve({ ...RESULT, stdout: `<${program}>\n`, stderr: "complaint\n" });
  };
}

Deno.test("describeRules() lists our chains of the slots in use, of both families, complaints included", async () => {
  const calls: string[] = [];
  const text = await describeRules(runner(calls), TOOLS, {
    chains: DEFAULT_CHAINS,
    active: ["input", "output", "dnat"],
    all: false,
  });
  // Both families at the same time, the chains of each one after the other.
  calls.sort((a, b) => Number(a.includes("ip6")) - Number(b.includes("ip6")));
  assert.deepEqual(calls, [
    "/usr/sbin/iptables-save",
    "/usr/sbin/iptables -t filter -L FWKNOP_INPUT --line-numbers -n",
    "/usr/sbin/iptables -t nat -L FWKNOP_PREROUTING --line-numbers -n",
    "/usr/sbin/ip6tables-save",
    "/usr/sbin/ip6tables -t filter -L FWKNOP_INPUT --line-numbers -n",
    "/usr/sbin/ip6tables -t nat -L FWKNOP_PREROUTING --line-numbers -n",
  ]);
  assert.match(text, /^Listing rules in fwknopd iptables chains\.\.\.\n\n<\/usr\/sbin\/iptables>\ncomplaint\n/);
  assert.match(text, /\nListing rules in fwknopd ip6tables chains\.\.\./);
});

Deno.test("describeRules() says that nothing is open where there are no chains of ours, and asks for none", async () => {
  const calls: string[] = [];
  const options = { chains: DEFAULT_CHAINS, active: ["input", "output"] as const, all: false };
  assert.equal(
    await describeRules(runner(calls, { saved: "*filter\n:INPUT DROP [0:0]\nCOMMIT\n" }), TOOLS, options),
    "Listing rules in fwknopd iptables chains...\n\nnothing is open\n\n" +
      "Listing rules in fwknopd ip6tables chains...\n\nnothing is open\n",
  );
  assert.deepEqual(calls, ["/usr/sbin/iptables-save", "/usr/sbin/ip6tables-save"]);
});

Deno.test("describeRules() shows what iptables says of a table that it cannot read, instead of calling it empty", async () => {
  const calls: string[] = [];
  const saved = "# Table `filter' is incompatible, use 'nft' tool.\n";
  const options = { chains: DEFAULT_CHAINS, active: ["input"] as const, all: false };
  const text = await describeRules(runner(calls, { saved }), TOOLS.slice(0, 1), options);
  assert.match(text, /complaint/);
  assert.doesNotMatch(text, /nothing is open/);
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

Deno.test("describeRules() fails with what it could list where a program fails, is killed or does not end", async () => {
  const options = { chains: DEFAULT_CHAINS, active: ["input"] as const, all: true };
  for (const bad of [{ code: 1, stderr: "no lock\n" }, { code: 137 }, { code: 137, timedOut: true }]) {
    for (const broken of ["iptables", "ip6tables"]) {
      const run: Run = (program) =>
        Promise.resolve(
          program.endsWith(`/${broken}`) ? { ...RESULT, ...bad } : { ...RESULT, stdout: "Chain INPUT\n" },
        );
      await assert.rejects(describeRules(run, TOOLS, options), (error) => {
        assert.ok(error instanceof IncompleteListing);
        assert.match(error.message, new RegExp(`^/usr/sbin/${broken} failed: `));
        assert.match(error.text, /Listing all iptables [^]*Listing all ip6tables /);
        assert.match(error.text, /Chain INPUT/);
        return true;
      });
    }
  }
});

Deno.test("describeRules() goes on without ip6tables, and fails without iptables", async () => {
  const options = { chains: DEFAULT_CHAINS, active: ["input"] as const, all: false };
  const text = await describeRules(runner([], { missing: ["/usr/sbin/ip6tables"] }), TOOLS, options);
  assert.match(text, /Cannot run \/usr\/sbin\/ip6tables/);
  await assert.rejects(describeRules(runner([], { missing: ["/usr/sbin/iptables"] }), TOOLS, options), FirewallError);
});
