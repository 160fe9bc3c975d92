import assert from "node:assert/strict";
import { type Firewall, FirewallError } from "../../../daemon/firewall/firewall.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { rehearse } from "../../../daemon/start/rehearsal.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { activeConfig, never } from "./rehearsal_scene.ts";

/** A packet filter that may be asked, not changed. */
function firewallToAsk() {
  const asked: string[] = [];
  const note = <Value>(what: string, value: Value) => (asked.push(what), value);
  const firewall: Firewall = {
    ...recordingFirewall({ now: never }),
    ...{ prepare: never, grant: never, revoke: never, repair: never, survey: never, cleanup: never, list: never },
    events: { fd: 0, drain: never },
    judge: () => note("judge", []),
    containerOf: () => note("container", "set"),
    commandOf: () => note("command", "Same as: nothing"),
  };
  return { asked, firewall };
}

Deno.test("rehearse() opens nothing, claims nothing and says nothing, and every knock of it would have opened", async () => {
  const { asked, firewall } = firewallToAsk();
  assert.equal(await rehearse(activeConfig(), firewall, 5), 5);
  assert.deepEqual(new Set(asked), new Set(["judge", "command", "container"]));
});

Deno.test("rehearse() has the words of a knock made at every level that the log takes, for nobody", async () => {
  const { asked, firewall } = firewallToAsk();
  const onlyInfo = Object.assign(() => assert.fail("said"), { takes: (level: string) => level !== "debug" });
  assert.equal(await rehearse({ ...activeConfig({}, onlyInfo), verbose: false }, firewall, 2), 2);
  assert.ok(asked.includes("container"));
});

Deno.test("rehearse() asks for the hints of the configuration, with a packet that names nobody", async () => {
  const hinted: number[] = [];
  const sieve = {
    hinted: (wire: string, turns: Uint8Array) => (hinted.push(wire.length, turns.length), "none" as const),
    sift: never,
    wipe: never,
  };
  await rehearse(activeConfig({ sieve }), firewallToAsk().firewall, 1);
  assert.equal(hinted.length, 2);
  assert.ok(hinted[0]! > 140);
  assert.equal(hinted[1], 2);
});

Deno.test("rehearse() has a packet filter that can go the way of each grant, and one that fails on it stops nothing", async () => {
  const services: string[] = [];
  const failures = [new FirewallError("not now", ""), new FfiError("nobody answers", { library: "", code: 0 })];
  const firewall: Firewall = {
    ...firewallToAsk().firewall,
    rehearse: (batch) => {
      for (const { access } of batch) services.push("service" in access ? String(access.service?.port) : "");
      const failure = failures.pop();
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
  };
  assert.equal(await rehearse(activeConfig(), firewall, 4), 4);
  assert.deepEqual(services, ["1", "2", "3", "4"]);
});
