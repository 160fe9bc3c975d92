/** REQUIRE_OS: which system a packet seems to come from, by a real TCP SYN of this kernel. */
import assert from "node:assert/strict";
import {
  type Daemon,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  startDaemon,
  writeAccess,
} from "../lab/mod.ts";
import { knockArgs } from "./scene.ts";

const SHIPPED = new URL("../../packaging/conf/fingerprints.conf", import.meta.url);
const SHUT_PORT = 9;

/** A daemon with the signatures of the package, and one stanza. */
async function start(lab: Lab, stanza: Record<string, string>, server: Record<string, string> = {}) {
  const keys = newKeys();
  const file = `${lab.dir}/fingerprints.conf`;
  await Deno.writeTextFile(file, await Deno.readTextFile(SHIPPED), { mode: 0o600 });
  const access = { ...keys, FW_ACCESS_TIMEOUT: 30 };
  const daemon: Daemon = await startDaemon(lab, {
    access: [{ ...access, ...stanza }],
    server: { FINGERPRINT_FILE: file, ...server },
  });
  return {
    daemon,
    keys,
    program: daemon.program,
    /** A connection that the packet filter drops: its SYN was on the wire all the same. */
    trySomething: (family: 4 | 6 = 4) => lab.probe("knocker", lab.address("server", family), SHUT_PORT),
    /** Knocks, and waits for the line that says what became of it. */
    async knock(port: number, line: RegExp, family: 4 | 6 = 4) {
      const since = daemon.program.mark();
      await knock(lab, [...knockArgs(lab, port, family), ...keyArgs(keys)]);
      return await daemon.program.waitFor(line, { since });
    },
    isOpen: (port: number, family: 4 | 6 = 4) => lab.opens("knocker", lab.address("server", family), port),
    async reload(changed: Record<string, string>) {
      const since = daemon.program.mark();
      await writeAccess(daemon.dir, [{ ...access, ...changed }]);
      daemon.program.signal("SIGHUP");
      await daemon.program.waitFor(/Re-starting fwknopd|stays as it was/, { since });
    },
    /** How many captures are open on the server, whoever has them. */
    async captures() {
      const lines = await lab.must("server", ["cat", "/proc/net/packet"]);
      return lines.trim().split("\n").length - 1;
    },
  };
}

const UNKNOWN = /REQUIRE_OS \/linux\/i: no TCP SYN came from its source in the last 300 seconds/;
const SEEN = /It may come from Linux 4\.20-6\.x, by a TCP SYN \d+ s ago \(a hint, no proof\)/;

labTest("a knock opens when a SYN of Linux was seen from its address, over IPv4 and IPv6", async () => {
  await using lab = await makeLab();
  const scene = await start(lab, { REQUIRE_OS: "linux" });
  assert.match(scene.program.output, /Looking at TCP SYNs on interface: eth0, for REQUIRE_OS/);
  for (const family of [4, 6] as const) {
    await scene.knock(22, UNKNOWN, family);
    assert.equal(await lab.probe("stranger", lab.address("server", family), SHUT_PORT), "filtered");
    await scene.knock(22, UNKNOWN, family);
    assert.equal(await scene.trySomething(family), "filtered");
    await scene.knock(22, SEEN, family);
    assert.ok(await scene.isOpen(22, family), scene.program.output);
  }
});

labTest("another system is refused, with the traits of the SYN for the signature file", async () => {
  await using lab = await makeLab();
  const scene = await start(lab, { REQUIRE_OS_REGEX: "^Windows" });
  await scene.trySomething();
  const line = await scene.knock(22, /looks like Linux/);
  const [, traits = ""] = /a TCP SYN from its source looks like Linux 4\.20-6\.x: (ttl=64 df=yes .*)$/.exec(line) ?? [];
  assert.match(traits, /^ttl=64 df=yes window=\d+ mss=1460 scale=\d+ options=mss,sackok,ts,nop,ws$/);
  await Deno.writeTextFile(`${lab.dir}/fingerprints.conf`, `Windows of mine: ${traits}\n`);
  await scene.reload({ REQUIRE_OS: "^Windows" });
  await scene.knock(22, /It may come from Windows of mine/);
  assert.ok(await scene.isOpen(22), scene.program.output);
});

labTest("SIGHUP turns it on and off, and nothing is captured where no stanza asks", async () => {
  await using lab = await makeLab();
  const scene = await start(lab, {});
  assert.equal(await scene.captures(), 1);
  await scene.knock(22, /Added/);
  await scene.reload({ REQUIRE_OS: "linux" });
  assert.equal(await scene.captures(), 2);
  await scene.knock(23, UNKNOWN);
  await scene.trySomething();
  await scene.knock(23, SEEN);
  await scene.reload({ REQUIRE_OS: "linux", FW_ACCESS_TIMEOUT: "20" });
  assert.equal(scene.program.count(/Looking at TCP SYNs/), 1, "what is in use stays, with all that it knows");
  await scene.knock(24, SEEN);
  await scene.reload({ REQUIRE_OS: "(" });
  assert.match(scene.program.output, /access\.conf:\d+: REQUIRE_OS: expected a regular expression/);
  await scene.knock(25, SEEN);
  await scene.reload({});
  assert.equal(await scene.captures(), 1);
  assert.match(scene.program.output, /is weaker than the one in force: REQUIRE_OS was linux, is any system/);
  await scene.knock(26, /Added/);
});

labTest("an interface that went and came back is looked at again", async () => {
  await using lab = await makeLab();
  const scene = await start(lab, { REQUIRE_OS: "linux" });
  const ip = async (...commands: readonly string[]) => {
    for (const command of commands) await lab.must("server", ["ip", "link", ...command.split(" ")]);
  };
  await scene.trySomething();
  await scene.knock(22, SEEN);
  const since = scene.program.mark();
  await ip("set eth0 down", "set eth0 name other0", "set other0 up");
  for (const what of ["TCP SYNs for REQUIRE_OS", "Error from pcap_dispatch"]) {
    await scene.program.waitFor(new RegExp(`${what}: Cannot read from interface "eth0": .*trying again`), { since });
  }
  await ip("set other0 down", "set other0 name eth0", "set eth0 up");
  for (const line of [/Looking at TCP SYNs on interface: eth0/, /Sniffing interface: eth0/]) {
    await scene.program.waitFor(line, { since });
  }
  await scene.knock(23, UNKNOWN);
  await scene.trySomething();
  await scene.knock(23, SEEN);
});

labTest("one packet over TCP is knock and SYN in one", async () => {
  await using lab = await makeLab();
  const port = { PCAP_FILTER: "port 62201", ENABLE_TCP_SERVER: "Y" };
  const scene = await start(lab, { REQUIRE_OS: "linux" }, port);
  await lab.must("server", ["nft", "insert rule inet guard input tcp dport 62201 accept"]);
  const since = scene.program.mark();
  await knock(lab, [...knockArgs(lab, 22), ...keyArgs(scene.keys), "-P", "tcp"]);
  await scene.program.waitFor(SEEN, { since });
  assert.ok(await scene.isOpen(22), scene.program.output);
});

labTest("a client that waits tries the port before it knocks, and so is admitted at its first knock", async () => {
  await using lab = await makeLab();
  const scene = await start(lab, { REQUIRE_OS: "linux" });
  lab.listen("server", 22, { family: 6 });
  for (const family of [4, 6] as const) {
    const since = scene.program.mark();
    await knock(lab, [...knockArgs(lab, 22, family), ...keyArgs(scene.keys), "--wait=10"]);
    await scene.program.waitFor(SEEN, { since });
  }
  assert.equal(scene.program.count(/REQUIRE_OS \/linux/), 0, scene.program.output);
});

labTest("a UDP server looks at SYNs on all interfaces, but only if it did so from its start", async () => {
  await using lab = await makeLab({ udpPorts: [62201] });
  const server = { ENABLE_UDP_SERVER: "Y" };
  const scene = await start(lab, { REQUIRE_OS: "linux" }, server);
  assert.match(scene.program.output, /Looking at TCP SYNs on interface: any/);
  await scene.knock(22, UNKNOWN);
  await scene.trySomething();
  await scene.knock(22, SEEN);
  assert.ok(await scene.isOpen(22), scene.program.output);
  await scene.daemon.stop();
  await writeAccess(scene.daemon.dir, [{ ...newKeys() }]);
  const without = await scene.daemon.again();
  const since = without.program.mark();
  await writeAccess(scene.daemon.dir, [{ ...newKeys(), REQUIRE_OS: "linux" }]);
  without.program.signal("SIGHUP");
  await without.program.waitFor(/stays as it was: stanza #1 has a REQUIRE_OS, .*without libpcap/, { since });
});

labTest("knocks by a netfilter queue are judged by the SYNs of the interface", async () => {
  await using lab = await makeLab();
  const scene = await start(lab, { REQUIRE_OS: "linux" }, { ENABLE_NFQ_CAPTURE: "Y" });
  await scene.knock(22, UNKNOWN);
  await scene.trySomething();
  await scene.knock(22, SEEN);
  assert.ok(await scene.isOpen(22), scene.program.output);
}, { needs: { "/usr/sbin/iptables": "iptables" } });
