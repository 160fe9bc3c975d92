import assert from "node:assert/strict";
import plugin, { importFault, memberFault } from "../../.ci/layers.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

function messages(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, ROOT + path, source).map((diagnostic) => diagnostic.message);
}

Deno.test("layers: each direction that the rooms forbid is reported", () => {
  const forbidden = [
    ["cli/main.ts", "../daemon/loop/loop.ts"],
    ["daemon/loop/loop.ts", "../../cli/request/request.ts"],
    ["lib/wire/encode.ts", "../../ffi/memory.ts"],
    ["lib/wire/encode.ts", "../host/run.ts"],
    ["lib/host/run.ts", "../../ffi/memory.ts"],
    ["lib/host/run.ts", "../../daemon/loop/loop.ts"],
    ["ffi/libc/poll.ts", "../../lib/result.ts"],
    ["ffi/libc/poll.ts", "ipaddr.js"],
    ["lib/bytes.ts", "node:crypto"],
    ["lib/bytes.ts", "npm:ipaddr.js@2"],
    ["daemon/loop/loop.ts", "../../tests/lab/mod.ts"],
    ["daemon/start/compose.ts", "../firewall/iptables/iptables.ts"],
    ["daemon/config/settings.ts", "../firewall/nftables/settings.ts"],
    ["daemon/firewall/choose.ts", "./nftables/open.ts"],
    ["daemon/firewall/iptables/iptables.ts", "../nftables/open.ts"],
    ["daemon/packet/frames.ts", "../verify/candidate.ts"],
    ["daemon/verify/decide.ts", "../../lib/host/log.ts"],
    ["daemon/verify/decide.ts", "../../ffi/errors.ts"],
    ["daemon/verify/decide.ts", "node:crypto"],
    ["daemon/grants/grants.ts", "../../ffi/errors.ts"],
  ] as const;
  for (const [path, specifier] of forbidden) {
    assert.notEqual(importFault(path, specifier), null, `${path} imports ${specifier}`);
  }
});

Deno.test("layers: each direction that the rooms allow is not", () => {
  const allowed = [
    ["cli/main.ts", "../lib/host/run.ts"],
    ["cli/send/udp.ts", "../../ffi/libc/socket.ts"],
    ["daemon/verify/gates.ts", "../../lib/net/address.ts"],
    ["daemon/verify/candidate.ts", "../packet/datagram.ts"],
    ["daemon/grants/upkeep.ts", "../../lib/host/log.ts"],
    ["lib/host/run.ts", "../result.ts"],
    ["lib/crypto/digest.ts", "@noble/hashes/sha2.js"],
    ["ffi/libc/poll.ts", "../errors.ts"],
    ["tests/lib/bytes_test.ts", "../../daemon/loop/loop.ts"],
    ["bench/knock.ts", "../cli/main.ts"],
    ["daemon/firewall/backends.ts", "./iptables/iptables.ts"],
    ["daemon/firewall/iptables/iptables.ts", "../path/model.ts"],
    ["daemon/firewall/iptables/backend.ts", "./tools.ts"],
    ["daemon/firewall/iptables/backend.ts", "../firewall.ts"],
    ["daemon/config/settings.ts", "../firewall/backends.ts"],
    ["tests/contract/iptables_rig.ts", "../../daemon/firewall/iptables/backend.ts"],
  ] as const;
  for (const [path, specifier] of allowed) {
    assert.equal(importFault(path, specifier), null, `${path} imports ${specifier}`);
  }
});

Deno.test("layers: Deno and ambient state are seen in pure code only, Deno.exit outside the mains", () => {
  assert.notEqual(memberFault("lib/bytes.ts", "Deno", "readFileSync"), null);
  for (const path of ["daemon/verify/plan.ts", "daemon/grants/grants.ts"]) {
    assert.notEqual(memberFault(path, "Deno", "readFileSync"), null);
    assert.notEqual(memberFault(path, "Date", "now"), null);
  }
  assert.equal(memberFault("daemon/grants/upkeep.ts", "Date", "now"), null);
  assert.equal(memberFault("lib/host/run.ts", "Deno", "Command"), null);
  assert.notEqual(memberFault("lib/host/run.ts", "Deno", "exit"), null);
  assert.notEqual(memberFault("daemon/loop/loop.ts", "Deno", "exit"), null);
  assert.equal(memberFault("daemon/main.ts", "Deno", "exit"), null);
  assert.equal(memberFault("bench/knock.ts", "Deno", "exit"), null);
  assert.notEqual(memberFault("lib/spa/seal.ts", "Date", "now"), null);
  assert.equal(memberFault("daemon/loop/loop.ts", "Date", "now"), null);
});

Deno.test("layers: the plugin finds static, type-only, dynamic and re-exporting imports", () => {
  const sources = [
    'import { run } from "../daemon/loop/loop.ts";',
    'import type { Run } from "../daemon/loop/loop.ts";',
    'const late = await import("../daemon/loop/loop.ts");',
    'export { run } from "../daemon/loop/loop.ts";',
    'export * from "../daemon/loop/loop.ts";',
  ];
  for (const source of sources) {
    assert.deepEqual(messages("cli/modes.ts", source), ["cli does not import daemon"], source);
  }
});

Deno.test("layers: the plugin finds Deno and the clock in pure code, and not in a comment or a string", () => {
  assert.equal(messages("lib/bytes.ts", "export const now = Deno.pid;").length, 1);
  assert.equal(messages("lib/bytes.ts", "export const now = new Date();").length, 1);
  assert.equal(messages("lib/bytes.ts", "export const day = new Date(0);").length, 0);
  assert.equal(messages("lib/bytes.ts", '// Deno.pid\nexport const text = "Deno.exit";').length, 0);
});
