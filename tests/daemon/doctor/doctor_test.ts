import assert from "node:assert/strict";
import { type DoctorWorld, examineDaemon, examineProblems, type Opened } from "../../../daemon/doctor/doctor.ts";
import { FirewallError } from "../../../daemon/firewall/firewall.ts";
import type { PathChain, Step } from "../../../daemon/firewall/path/model.ts";
import { good, load, STANZA } from "../config/in_memory.ts";
import { otherDaemon } from "../service/other_daemon.ts";

const INPUT: PathChain = {
  ...{ owner: "nftables", family: "inet", table: "filter", chain: "input", hook: "input", priority: 0, devices: [] },
  ...{ locked: false, drops: "default", acceptsEstablished: true, acceptsNeighbourDiscovery: true },
};

/** A packet filter with one chain that lets knocks to its usual port in and drops; a grant opens it where `entered`. */
function opened(entered: boolean): Opened {
  return {
    reason: "firewall: nftables, because inet filter input can drop",
    firewall: { enters: () => entered, examine: () => Promise.resolve(["a warning of a start"]) },
    path: {
      chains: [INPUT],
      walk: ({ granted = true, service }, enters): readonly Step[] => {
        if (service.port === 62_201) return [{ chain: INPUT, does: "passes", obstruction: null }];
        if (granted && enters?.(INPUT) === true) return [{ chain: INPUT, does: "opens", obstruction: null }];
        const obstruction = { chain: "inet filter input", how: "drops by policy", remedy: "let it in" };
        return [{ chain: INPUT, does: "shuts", obstruction }];
      },
    },
  };
}

function world(how: Partial<DoctorWorld> = {}): DoctorWorld {
  return {
    rights: { admin: true, raw: true },
    families: [4, 6],
    openFirewall: () => Promise.resolve(opened(true)),
    ...how,
  };
}

/** The lines over a configuration with a run directory of its own, without its path in them. */
async function examine(server: string, how: Partial<DoctorWorld> = {}, test = false) {
  const folder = Deno.makeTempDirSync();
  try {
    const loaded = good(`FWKNOP_RUN_DIR ${folder}\n${server}`, `${STANZA}OPEN_PORTS tcp/22\n`);
    const { lines, shut } = await examineDaemon(loaded, test, world(how));
    return { shut, lines: lines.map((line) => line.replaceAll(folder, "/run/x")) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const QUIET = "ok   configuration: /c and /a can be read, 1 stanza";
const NONE = "warn daemon: none holds /run/x/fwknopd.pid, so no knock opens anything: start fwknopd";
const REASON = "ok   firewall: nftables, because inet filter input can drop";

Deno.test("the doctor tells configuration, daemon, capture, packet filter and the chains on the way, in this order", async () => {
  const { lines, shut } = await examine("ENABLE_UDP_SERVER Y");
  assert.equal(shut, false, lines.join("\n"));
  assert.deepEqual(lines, [
    QUIET,
    NONE,
    "ok   capture: knocks have to arrive at UDP port 62201, as other packets do",
    REASON,
    "ok   inet filter input: lets knocks over IPv4 and IPv6 through",
    "ok   inet filter input: opens tcp/22 over IPv4 and IPv6 with a knock",
  ]);
});

Deno.test("the doctor follows the knock, too, where it has to arrive at a port, and fails where it cannot", async () => {
  const { lines, shut } = await examine("ENABLE_UDP_SERVER Y\nUDPSERV_PORT 40000", { families: [4] });
  assert.equal(shut, true);
  assert.deepEqual(lines.slice(2), [
    "ok   capture: knocks have to arrive at UDP port 40000, as other packets do",
    REASON,
    "ok   IPv6: not looked at, because this host has no address of it that others reach",
    'fail inet filter input: drops knocks over IPv4 (drops by policy): add "udp dport 40000 accept" above what drops them',
    "ok   inet filter input: opens tcp/22 over IPv4 with a knock",
  ]);
});

Deno.test("the doctor fails where something keeps a door shut, with the remedy", async () => {
  const { lines, shut } = await examine("ENABLE_UDP_SERVER Y", { openFirewall: () => Promise.resolve(opened(false)) });
  assert.equal(shut, true);
  assert.equal(
    lines.at(-1),
    "fail inet filter input: keeps tcp/22 over IPv4 and IPv6 shut (drops by policy): let it in",
  );
});

Deno.test("the doctor tells what a start would end with, and what it could not look at", async () => {
  const refusing = () => Promise.reject(new FirewallError("Cannot find a packet filter: none", "install one"));
  const refused = await examine("ENABLE_UDP_SERVER Y", { openFirewall: refusing });
  assert.deepEqual([refused.lines.at(-1), refused.shut], [
    "fail firewall: Cannot find a packet filter: none: install one",
    true,
  ]);
  const files = await examine("ENABLE_UDP_SERVER Y\nFWKNOP_PID_FILE /nowhere/x.pid");
  assert.match(
    files.lines.join("\n"),
    /^fail files: Cannot use the PID file \/nowhere\/x\.pid: .*: name another with/m,
  );
  const powerless = await examine("PCAP_INTF any", { rights: { admin: false, raw: false } });
  assert.deepEqual([powerless.lines.slice(2), powerless.shut], [
    [
      "ok   capture: knocks are seen on any before any packet filter: udp port 62201",
      "warn firewall: not looked at, because this user has no CAP_NET_ADMIN and CAP_NET_RAW: run it as root",
    ],
    false,
  ]);
  const untouched = await examine(
    "ENABLE_UDP_SERVER Y",
    { openFirewall: () => assert.fail("nothing is opened") },
    true,
  );
  assert.equal(untouched.lines.at(-1), "ok   firewall: none, because of --test");
});

Deno.test("the doctor goes on where it may not look for the daemon", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.chmodSync(folder, 0o777);
    Deno.writeTextFileSync(`${folder}/x.pid`, "1\n");
    const { lines, shut } = await examine(`ENABLE_UDP_SERVER Y\nFWKNOP_PID_FILE ${folder}/x.pid`);
    assert.equal(shut, true);
    assert.match(lines[1] ?? "", /^fail daemon: .*x\.pid/);
    assert.match(lines.join("\n"), /^ok {3}inet filter input: opens/m);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("the doctor has one line for a finding, whatever a chain is called", async () => {
  const odd = { ...INPUT, chain: "a\nfail b" };
  const walk = (): readonly Step[] => [{ chain: odd, does: "passes", obstruction: null }];
  const { lines } = await examine("ENABLE_UDP_SERVER Y", {
    openFirewall: () => Promise.resolve({ ...opened(true), path: { walk, chains: [] } }),
  });
  assert.ok(lines.some((line) => line.startsWith("ok   inet filter a\\x0afail b: ")), lines.join("\n"));
});

Deno.test("the doctor throws what is a mistake of ours", async () => {
  const broken = () => Promise.reject(new TypeError("a mistake"));
  await assert.rejects(examine("ENABLE_UDP_SERVER Y", { openFirewall: broken }), TypeError);
});

Deno.test("the doctor knows the daemon that runs", async () => {
  const path = Deno.makeTempFileSync({ suffix: ".pid" });
  const other = await otherDaemon(path);
  try {
    const { lines } = await examine(`ENABLE_UDP_SERVER Y\nFWKNOP_PID_FILE ${path}`);
    assert.equal(lines[1], `ok   daemon: fwknopd runs (pid ${other.pid})`);
    // Its jump would stand in the chain.
    assert.equal(
      lines.at(-1),
      "fail inet filter input: keeps tcp/22 over IPv4 and IPv6 shut (drops by policy): let it in",
    );
  } finally {
    await other.stop();
    Deno.removeSync(path);
  }
});

Deno.test("the doctor fails for a configuration with mistakes, and tells all of them", () => {
  const loaded = load("ENABLE_UDP_SERVER maybe", "SOURCE nobody\n");
  assert.ok(!loaded.ok);
  const { lines, shut } = examineProblems(loaded.problems);
  assert.equal(shut, true);
  assert.equal(lines.length, loaded.problems.length);
  assert.match(lines[0] ?? "", /^fail configuration: \/c:1: ENABLE_UDP_SERVER/);
});

Deno.test("the doctor says that the keys of GnuPG are there, where a stanza is for them", async () => {
  const loaded = good(
    "FWKNOP_RUN_DIR /nowhere\nENABLE_UDP_SERVER Y\n",
    `${STANZA}OPEN_PORTS tcp/22\nGPG_ALLOW_NO_PW Y\nGPG_FINGERPRINT_ID ${"1".repeat(40)}\n`,
  );
  const { lines } = await examineDaemon(loaded, true, world());
  assert.equal(lines[1], "ok   GnuPG: the keys of 1 stanza are there");
});
