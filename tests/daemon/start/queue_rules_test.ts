import assert from "node:assert/strict";
import type { QueueSpec } from "../../../daemon/packet/spec.ts";
import { makeQueueRules } from "../../../daemon/start/queue_rules.ts";
import type { Run } from "../../../lib/host/run.ts";

const SPEC: QueueSpec = {
  ...{ kind: "queue", queue: 1, port: 62201, device: null, table: "mangle", chain: "FWKNOP_NFQ" },
  program: "/usr/sbin/iptables",
};

/** A packet filter of one table: whether the chain is there, what is in it, and the chain INPUT. `fails`: what is refused. */
function filter(fails = /^$/) {
  const state: Record<string, { chain: string[] | null; input: string[] }> = {};
  const run: Run = (program, [, , , ...args]) => {
    const tool = program.replace(/.*\//, "");
    const at = state[tool] ??= { chain: null, input: ["-j OTHERS", "-j FWKNOP_NFQ"] };
    const [command, chain, ...rule] = args;
    const answer = (good: boolean) =>
      Promise.resolve({
        ...{ code: good ? 0 : 1, stdout: "", stderr: good ? "" : "iptables: No chain.\nmore", timedOut: false },
        ...{ truncated: false, pid: 1 },
      });
    if (fails.test(`${tool} ${args.join(" ")}`)) return answer(false);
    if (command === "-N") return answer(at.chain === null && (at.chain = []) !== null);
    if (command === "-A") return answer(at.chain !== null && at.chain.push(rule.join(" ")) > 0);
    if (command === "-I") return answer(at.input.unshift(rule.slice(1).join(" ")) > 0);
    if (command === "-S") return answer(at.chain !== null);
    const place = at.input.indexOf(rule.join(" "));
    if (command === "-D") return answer(chain === "INPUT" && place >= 0 && at.input.splice(place, 1).length > 0);
    if (command === "-F") return answer(at.chain !== null && (at.chain = []) !== null);
    assert.equal(command, "-X");
    const wasThere = at.chain !== null;
    at.chain = null;
    return answer(wasThere);
  };
  return { state, run };
}

const lines: string[] = [];
const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
const withQueue = (queue: QueueSpec | null) => ({ capture: { queue } });

Deno.test("makeQueueRules() makes the rules of the C daemon for both IP versions, and removes them by what they are", async () => {
  const { run, state } = filter();
  const rules = await makeQueueRules(withQueue({ ...SPEC, device: "eth0" }), log, run);
  const input = ["-j FWKNOP_NFQ", "-j OTHERS"];
  const chain = ["-i eth0 -p udp -m udp --dport 62201 -j NFQUEUE --queue-num 1"];
  assert.deepEqual(state, { iptables: { chain, input }, ip6tables: { chain, input } });
  await rules?.remove();
  const left = { chain: null, input: ["-j OTHERS"] };
  assert.deepEqual(state, { iptables: left, ip6tables: left });
  assert.deepEqual(lines.splice(0), []);
});

Deno.test("makeQueueRules() does nothing where packets come from elsewhere", async () => {
  assert.equal(await makeQueueRules(withQueue(null), log, () => assert.fail("it runs a program")), null);
});

Deno.test("makeQueueRules() fails without rules of IPv4 and leaves nothing, and warns where only IPv6 has none", async () => {
  const four = filter(/^iptables -A/);
  await assert.rejects(makeQueueRules(withQueue(SPEC), log, four.run), (error: Error) => {
    assert.match(error.message, /^Cannot make the rules of ENABLE_NFQ_CAPTURE: .*-j NFQUEUE.*: iptables: No chain\.$/);
    return true;
  });
  assert.deepEqual(four.state["iptables"], { chain: null, input: ["-j OTHERS"] });
  assert.deepEqual(lines.splice(0), []);
  const six = filter(/^ip6tables -N/);
  assert.ok(await makeQueueRules(withQueue(SPEC), log, six.run));
  assert.match(lines.splice(0).join(), /^warning: Packets over IPv6 are not taken from the netfilter queue: /);
});

Deno.test("makeQueueRules() says what it cannot remove", async () => {
  const { run } = filter(/^iptables -X/);
  const rules = await makeQueueRules(withQueue(SPEC), log, run);
  await rules?.remove();
  assert.deepEqual(lines.splice(0), [
    "error: Cannot remove chain FWKNOP_NFQ of table mangle: /usr/sbin/iptables has kept it",
  ]);
});
