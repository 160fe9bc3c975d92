import assert from "node:assert/strict";
import { packetUser, type UserSources } from "../../../cli/request/username.ts";

function name(sources: { explicit?: string; env?: Record<string, string>; system?: string | null }): string {
  const all: UserSources = {
    explicit: sources.explicit,
    env: (variable) => sources.env?.[variable],
    systemName: () => sources.system ?? null,
  };
  return packetUser(all).name;
}

Deno.test("packetUser() asks -U, SPOOF_USER, LOGNAME, the system, USER in this order", () => {
  const env = { SPOOF_USER: "spoof", LOGNAME: "log", USER: "user" };
  assert.equal(name({ explicit: "given", env, system: "sys" }), "given");
  assert.equal(name({ env, system: "sys" }), "spoof");
  assert.equal(name({ env: { LOGNAME: "log", USER: "user" }, system: "sys" }), "log");
  assert.equal(name({ env: { USER: "user" }, system: "sys" }), "sys");
  assert.equal(name({ env: { USER: "user" } }), "user");
  assert.equal(name({}), "NO_USER");
});

Deno.test("F21: packetUser() never looks at a bad environment when -U is given", () => {
  assert.equal(name({ explicit: "good", env: { LOGNAME: "a/b" } }), "good");
  assert.equal(name({ env: { SPOOF_USER: "", LOGNAME: "log" } }), "log");
});

Deno.test("packetUser() refuses what no server takes, naming where it came from", () => {
  assert.throws(() => name({ explicit: "al:ice" }), /-U .*USER_REMCHAR_VALIDFAIL/);
  assert.throws(() => name({ env: { LOGNAME: "/x" } }), /LOGNAME .*USER_FIRSTCHAR_VALIDFAIL/);
  assert.throws(() => name({ env: { LOGNAME: "x".repeat(49) } }), /LOGNAME: it is longer than the 48 bytes/);
});

Deno.test("packetUser() warns where the C client would have cut -U", () => {
  const sources = { env: () => undefined, systemName: () => null };
  assert.equal(packetUser({ ...sources, explicit: "x".repeat(29) }).warning, null);
  assert.match(packetUser({ ...sources, explicit: "x".repeat(30) }).warning ?? "", /first 29 characters/);
});
