import assert from "node:assert/strict";
import type { Run } from "../../../../lib/host/run.ts";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import {
  failureOf,
  findTools,
  isFamilyAbsent,
  refuseUnreadable,
  restoreRules,
  saveRules,
} from "../../../../daemon/firewall/iptables/tools.ts";
import type { RunResult } from "../../../../lib/host/run.ts";

const TOOLS = findTools("/usr/sbin/iptables", 4);
const BATCH = new Map([["filter", ["-C INPUT -j X", "-A X -j ACCEPT"]]]);
const DONE: RunResult = { code: 0, stdout: "", stderr: "", timedOut: false, truncated: false, pid: 7 };

function says(result: Partial<RunResult>): Run {
  return () => Promise.resolve({ ...DONE, ...result });
}

Deno.test("findTools() finds the programs of either family and variant beside FIREWALL_EXE", () => {
  assert.deepEqual(findTools("/sbin/iptables", 4), {
    family: 4,
    iptables: "/sbin/iptables",
    save: "/sbin/iptables-save",
    restore: "/sbin/iptables-restore",
  });
  assert.equal(findTools("/opt/x/iptables-legacy", 6).restore, "/opt/x/ip6tables-legacy-restore");
  assert.equal(findTools("/usr/sbin/iptables-nft", 6).save, "/usr/sbin/ip6tables-nft-save");
  for (const path of ["iptables", "/usr/sbin/ip6tables", "/usr/bin/firewall-cmd", "", "sbin/iptables"]) {
    assert.throws(
      () => findTools(path, 4),
      (error) => error instanceof FirewallError && /FIREWALL_EXE/.test(error.hint),
    );
  }
});

Deno.test("findTools() says which packet filter it is whose program a file of a C daemon on BSD names", () => {
  for (const [path, hint] of [["/sbin/pfctl", "set FIREWALL to pf"], ["/sbin/ipfw", "set FIREWALL to ipfw"]] as const) {
    assert.throws(() => findTools(path, 4), (error) => error instanceof FirewallError && error.hint === hint);
  }
});

Deno.test("restoreRules() hands over one transaction and waits for the lock", async () => {
  const calls: unknown[] = [];
  const run: Run = (...call) => {
    calls.push(call);
    return Promise.resolve(DONE);
  };
  assert.equal(await restoreRules(run, TOOLS, BATCH), null);
  assert.deepEqual(calls, [["/usr/sbin/iptables-restore", ["--noflush", "-w", "5"], {
    stdin: "*filter\n-C INPUT -j X\n-A X -j ACCEPT\nCOMMIT\n",
  }]]);
  await restoreRules(run, TOOLS, new Map());
  assert.equal(calls.length, 1);
});

Deno.test("restoreRules() names the line at fault and what can be done", async () => {
  const rows: readonly [Partial<RunResult>, RegExp, RegExp][] = [
    [
      { code: 1, stderr: "iptables-restore: line 2 failed: Bad rule (does it exist?).\n" },
      /Bad rule.*\(-C INPUT -j X\)/,
      /IPT_/,
    ],
    [{ code: 1, stderr: "iptables-restore: line 3 failed\n" }, /\(-A X -j ACCEPT\)/, /IPT_/],
    [
      {
        code: 2,
        stderr: "\niptables-restore v1.8.9 (nf_tables): Couldn't load target `NOPE'\n\nError occurred at line: 3\n",
      },
      /NOPE.*\(-A X -j ACCEPT\)/,
      /targets/,
    ],
    [{ code: 4, stderr: "Another app is currently holding the xtables lock.\n" }, /holding the xtables lock/, /lock/],
    [
      { code: 4, stderr: "iptables-restore: Fatal: Permission denied (you must be root)\n" },
      /Permission denied/,
      /CAP_NET_ADMIN/,
    ],
    [
      { code: 3, stderr: "Could not fetch rule set generation id: Permission denied (you must be root)\n" },
      /denied/,
      /CAP_NET_ADMIN/,
    ],
    [{ code: 9 }, /exit status 9/, /IPT_/],
    [{ code: 137 }, /signal 9 ended it/, /run \/usr\/sbin\/iptables-restore by hand/],
  ];
  for (const [result, reason, hint] of rows) {
    const refusal = await restoreRules(says(result), TOOLS, BATCH);
    assert.match(refusal?.reason ?? "", reason);
    assert.match(refusal?.hint ?? "", hint);
  }
});

Deno.test("restoreRules() throws when the program does not end: what it did is not known", async () => {
  await assert.rejects(restoreRules(says({ code: 137, timedOut: true }), TOOLS, BATCH), (error: FirewallError) => {
    assert.match(error.message, /iptables-restore failed: it did not end in time/);
    assert.match(error.hint, /by hand/);
    return true;
  });
});

Deno.test("saveRules() fails on anything but a whole listing", async () => {
  assert.deepEqual([...(await saveRules(says({ stdout: "*filter\nCOMMIT\n" }), TOOLS)).tables.keys()], ["filter"]);
  for (const result of [{ code: 1 }, { timedOut: true }, { truncated: true }]) {
    await assert.rejects(saveRules(says(result), TOOLS), FirewallError);
  }
});

Deno.test("failureOf() is null where a program did what it was asked for", () => {
  assert.equal(failureOf("/usr/sbin/iptables", DONE), null);
  const failure = failureOf("/usr/sbin/iptables", { ...DONE, code: 3 });
  assert.equal(failure?.message, "/usr/sbin/iptables failed: exit status 3");
  assert.match(failure?.hint ?? "", /run \/usr\/sbin\/iptables by hand/);
});

Deno.test("isFamilyAbsent() tells a host without IPv6 from one whose ip6tables fails", async () => {
  const rows: readonly [Run, boolean][] = [
    [() => Promise.reject(new Deno.errors.NotFound("x")), true],
    [says({ code: 3, stderr: "can't initialize ip6tables table `filter': Address family not supported\n" }), true],
    [says({ code: 3, stderr: "can't initialize: Table does not exist (do you need to insmod?)\n" }), true],
    [() => Promise.reject(new Deno.errors.PermissionDenied("x")), false],
    [says({ code: 1 }), false],
    [says({ code: 137, timedOut: true }), false],
  ];
  for (const [run, absent] of rows) {
    const error = await saveRules(run, findTools("/usr/sbin/iptables", 6)).catch((error) => error);
    assert.ok(error instanceof FirewallError);
    assert.equal(isFamilyAbsent(error), absent, error.message);
  }
});

Deno.test("refuseUnreadable() minds only the tables that are needed", async () => {
  const listing = await saveRules(says({ stdout: "# Table `filter' is incompatible, use 'nft' tool.\n" }), TOOLS);
  refuseUnreadable(listing, new Set(["nat"]), TOOLS);
  assert.throws(() => refuseUnreadable(listing, new Set(["filter"]), TOOLS), FirewallError);
});

Deno.test("a program that cannot be started is an error with a remedy", async () => {
  const rows: readonly [Error, RegExp, RegExp][] = [
    [new Deno.errors.NotFound("x"), /no such program/, /install/],
    [new Deno.errors.PermissionDenied("x"), /not executable/, /root.*executable/],
    [new Deno.errors.NotCapable("x"), /outside the programs/, /permissions\.json/],
  ];
  for (const [thrown, message, hint] of rows) {
    await assert.rejects(saveRules(() => Promise.reject(thrown), TOOLS), (error) => {
      assert.ok(error instanceof FirewallError);
      assert.match(error.message, message);
      assert.match(error.hint, hint);
      return error.cause === thrown;
    });
  }
});
