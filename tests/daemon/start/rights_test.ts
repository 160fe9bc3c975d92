import assert from "node:assert/strict";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { RELOAD } from "../../../daemon/loop/reload.ts";
import { rightsToGiveUp } from "../../../daemon/start/rights.ts";

Deno.test("rightsToGiveUp() keeps what a part needs, and nothing that no part needs", () => {
  assert.deepEqual(rightsToGiveUp([]), ["env", "ffi", "net", "read", "run", "sys", "write"]);
  assert.deepEqual(rightsToGiveUp([{ needs: [] }, { needs: ["run"] }, { needs: ["run", "net"] }]), [
    ...["env", "ffi", "read", "sys", "write"],
  ]);
});

Deno.test("rightsToGiveUp() leaves a daemon whose packet filter runs no program the right to read files, and whose", () => {
  const firewall = recordingFirewall({ now: () => 0 });
  assert.deepEqual(rightsToGiveUp([firewall, RELOAD]), ["env", "ffi", "net", "run", "write"]);
});

Deno.test("giveUpRights() gives them up for good, and what it keeps can still be used", async () => {
  const child = new URL("rights_child.ts", import.meta.url).pathname;
  for (const [args, kept] of [[[], ["read", "sys"]], [["run"], ["read", "run", "sys"]]] as const) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-prompt", child, ...args],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
      before: ["env", "ffi", "net", "read", "run", "sys", "write"],
      after: kept,
    });
  }
});
