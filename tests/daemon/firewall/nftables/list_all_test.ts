import assert from "node:assert/strict";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { listAll } from "../../../../daemon/firewall/nftables/list_all.ts";
import type { RunResult } from "../../../../lib/host/run.ts";

const DONE: RunResult = { pid: 7, code: 0, stdout: "", stderr: "", timedOut: false, truncated: false };

Deno.test("listAll() runs nft where it is, and gives its text as it is", async () => {
  const asked: string[] = [];
  const text = await listAll((program, args) => {
    asked.push([program, ...args].join(" "));
    if (program.startsWith("/usr/")) return Promise.reject(new Deno.errors.NotFound());
    return Promise.resolve({ ...DONE, stdout: "table inet f {\n}\n" });
  });
  assert.equal(text, "table inet f {\n}\n");
  assert.deepEqual(asked, ["/usr/sbin/nft list ruleset", "/sbin/nft list ruleset"]);
});

Deno.test("listAll() says in one sentence that nft is missing, may not be run or failed", async () => {
  const said = async (answer: () => Promise<RunResult>) => {
    try {
      return await listAll(answer);
    } catch (error) {
      assert.ok(error instanceof FirewallError);
      return `${error.message}; ${error.hint}`;
    }
  };
  assert.match(
    await said(() => Promise.reject(new Deno.errors.NotFound())),
    /nft program is not there; install .* nftables/,
  );
  assert.match(await said(() => Promise.reject(new Deno.errors.NotCapable("run"))), /^Cannot run .*permissions\.json$/);
  assert.match(
    await said(() => Promise.resolve({ ...DONE, code: 1, stderr: "no\nwhy" })),
    /\/usr\/sbin\/nft: no; run /,
  );
  assert.match(await said(() => Promise.resolve({ ...DONE, timedOut: true })), /did not end in time/);
  assert.match(await said(() => Promise.resolve({ ...DONE, truncated: true })), /too long/);
});
