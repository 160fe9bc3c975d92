/** The daemon's life with grants open: reload, restart, sudden death. */
import assert from "node:assert/strict";
import { type Guard, labTest, makeLab, newKeys, OUR_DAEMON, writeAccess, writeServerConfig } from "../lab/mod.ts";
import { keyArgs, knock } from "../lab/mod.ts";
import { listenDatagrams } from "../ffi/libc/datagram_listener.ts";
import { knockArgs, makeScene, type Scene, setScene } from "./scene.ts";

async function openGrant(scene: Scene, port: number): Promise<void> {
  await scene.knock(port);
  assert.ok(await scene.lab.opens("knocker", scene.server, port), scene.daemon.program.output);
}

for (const guard of ["nftables", "iptables"] as Guard[]) {
  labTest(`${guard}: SIGHUP takes a good configuration and keeps live doors`, async () => {
    await using lab = await makeLab({ guard });
    const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
    await openGrant(scene, 22);
    const added = newKeys();
    await writeAccess(scene.daemon.dir, [{ ...added, FW_ACCESS_TIMEOUT: 60 }]);
    const mark = scene.daemon.program.mark();
    scene.daemon.program.signal("SIGHUP");
    await scene.daemon.program.waitFor(/Re-starting fwknopd/, { since: mark });
    assert.ok(await scene.isOpen(22));
    await knock(lab, [...knockArgs(lab, 24), ...keyArgs(added)]);
    assert.ok(await lab.opens("knocker", scene.server, 24), scene.daemon.program.output);
    await scene.knock(25);
    await knock(lab, [...knockArgs(lab, 26), ...keyArgs(added)]);
    assert.ok(await lab.opens("knocker", scene.server, 26), scene.daemon.program.output);
    assert.equal(await scene.isOpen(25), false, "the old keys are gone");
    assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  });

  labTest(`${guard}: SIGHUP with a bad configuration names file and line and changes nothing`, async () => {
    await using lab = await makeLab({ guard });
    const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
    await openGrant(scene, 22);
    await writeAccess(scene.daemon.dir, [{ ...newKeys(), OPEN_PORT: "tcp/22" }]);
    const mark = scene.daemon.program.mark();
    scene.daemon.program.signal("SIGHUP");
    await scene.daemon.program.waitFor(/access\.conf:4.*OPEN_PORT/, { since: mark });
    assert.ok(await scene.isOpen(22));
    await openGrant(scene, 24);
    assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  });

  labTest(`${guard}: a clean exit closes all doors and leaves the ruleset as it was`, async () => {
    await using lab = await makeLab({ guard });
    const list = async () =>
      (await lab.must("server", ["nft", "list", "ruleset"])).replaceAll(/packets \d+ bytes \d+/g, "");
    const before = await list();
    const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
    await openGrant(scene, 22);
    assert.equal((await scene.daemon.stop("SIGINT")).code, 0);
    assert.equal(await scene.isOpen(22), false);
    assert.equal(await list(), before);
  });
}

const KEEP = { FLUSH_IPT_AT_INIT: "N", FLUSH_IPT_AT_EXIT: "N", FLUSH_NFT_AT_EXIT: "N" } as const;

for (const guard of ["nftables", "iptables"] as Guard[]) {
  labTest(`${guard}: doors that an earlier run left are taken over and close on time`, async () => {
    await using lab = await makeLab({ guard });
    const { FLUSH_NFT_AT_EXIT, ...forIptables } = KEEP;
    const server = guard === "nftables" ? { FLUSH_NFT_AT_EXIT } : forIptables;
    const scene = await setScene(lab, { server, stanza: { FW_ACCESS_TIMEOUT: 6 } });
    await openGrant(scene, 22);
    const expiresAt = /expires at ([0-9]+)/.exec(await scene.daemon.program.waitFor(/Added access rule .* tcp\/22,/))
      ?.[1];
    assert.equal((await scene.daemon.stop()).code, 0);
    assert.ok(await scene.isOpen(22), "kept at exit");
    const again = makeScene(lab, await scene.daemon.again(), scene.keys);
    assert.ok(await again.isOpen(22), `kept at start:\n${again.daemon.program.output}`);
    await openGrant(again, 24);
    assert.ok(await lab.closes("knocker", scene.server, 22));
    await again.daemon.program.waitFor(new RegExp(`^Removed rule .* with expire time of ${expiresAt}`));
    assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  });
}

labTest("nftables: a door closes on time without the daemon, after kill -9", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 3 } });
  await openGrant(scene, 22);
  await scene.daemon.stop("SIGKILL");
  assert.ok(await scene.isOpen(22), "still open right after");
  assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  assert.ok(await lab.closes("knocker", scene.server, 22));
});

labTest("nftables: after kill -9 a new daemon takes live doors over and works on", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
  await openGrant(scene, 22);
  await scene.daemon.stop("SIGKILL");
  const again = makeScene(lab, await scene.daemon.again(), scene.keys);
  assert.ok(await again.isOpen(22));
  assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  await openGrant(again, 24);
  assert.equal((await again.daemon.stop()).code, 0);
  assert.equal(await again.isOpen(22), false, "a clean exit closes what was taken over as well");
});

labTest("a start with a misspelt directive fails with file and line, and opens nothing", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  await scene.daemon.stop();
  await writeServerConfig(scene.daemon.dir, { PCAP_INTF: "eth0", PCAP_FILTRE: "udp port 1" });
  const before = await lab.must("server", ["nft", "list", "ruleset"]);
  const result = await lab.run("server", scene.daemon.argv);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /fwknopd\.conf:5.*PCAP_FILTRE/);
  assert.equal(await lab.must("server", ["nft", "list", "ruleset"]), before);
});

labTest("without -f the daemon goes to the background, and -S, -R and -K find it", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  await scene.daemon.stop();
  const argv = scene.daemon.argv.filter((word) => word !== "-f");
  const withoutFiles = argv.filter((word, at) => word !== "-a" && argv[at - 1] !== "-a");
  try {
    const started = await lab.run("server", argv);
    assert.equal(started.code, 0);
    // What a start says in the log only, nobody reads.
    assert.match(
      started.stderr,
      /^fwknopd: warning: REQUIRE_SOURCE_ADDRESS not enabled for access stanza source: 'ANY'$/m,
    );
    assert.equal(started.stderr.match(/REQUIRE_SOURCE_ADDRESS/g)?.length, 1);
    assert.match(await lab.must("server", [...argv, "-S"]), /Detected fwknopd is running \(pid=\d+\)/);
    const background = makeScene(lab, scene.daemon, scene.keys);
    await background.processed();
    assert.match(await lab.must("server", [...argv, "-R"]), /Sent restart signal to fwknopd \(pid=\d+\)/);
    await background.knock(26);
    assert.ok(await lab.opens("knocker", scene.server, 26));
    // It is the files of the running daemon that are checked, whatever -R itself was told.
    const good = await Deno.readTextFile(`${scene.daemon.dir}/access.conf`);
    assert.match(await lab.must("server", [...withoutFiles, "-R"]), /Sent restart signal to fwknopd/);
    await Deno.writeTextFile(`${scene.daemon.dir}/access.conf`, `${good}OPEN_PORT tcp/22\n`);
    for (const words of [argv, withoutFiles]) {
      const { code, stdout, stderr } = await lab.run("server", [...words, "-R"]);
      assert.equal(code, 1);
      assert.match(stderr, /access\.conf:\d+.*OPEN_PORT/);
      assert.equal(stdout, "");
    }
    await Deno.writeTextFile(`${scene.daemon.dir}/access.conf`, good);
    const server = await Deno.readTextFile(`${scene.daemon.dir}/fwknopd.conf`);
    await Deno.writeTextFile(`${scene.daemon.dir}/fwknopd.conf`, `${server}PCAP_FILTER udp prt 5\n`);
    const refused = await lab.run("server", [...argv, "-R"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Cannot use the PCAP filter 'udp prt 5'/);
    await Deno.writeTextFile(`${scene.daemon.dir}/fwknopd.conf`, server);
  } finally {
    assert.match(await lab.must("server", [...argv, "-K"]), /Killed fwknopd \(pid=\d+\)/);
  }
  assert.equal((await lab.run("server", [...argv, "-S"])).code, 1);
});

labTest(
  "the service manager hears when doors can be opened, of each reload, that the daemon lives, and when it stops",
  async () => {
    await using lab = await makeLab({ guard: "nftables" });
    const folder = await Deno.makeTempDir();
    const manager = await listenDatagrams(`${folder}/notify`);
    try {
      const env = { NOTIFY_SOCKET: `${folder}/notify`, WATCHDOG_USEC: "200000" };
      const scene = await setScene(lab, { env });
      /** The next thing that is told besides that it lives. */
      const told = async () => {
        for (;;) {
          const state = await manager.next();
          if (state !== "WATCHDOG=1") return state;
        }
      };
      assert.equal(await told(), "READY=1");
      await openGrant(scene, 22);
      const { dir, program } = scene.daemon;
      program.signal("SIGHUP");
      assert.match(await told(), /^RELOADING=1\nMONOTONIC_USEC=[0-9]+$/);
      assert.equal(await told(), "READY=1\nSTATUS=");
      await Deno.writeTextFile(`${dir}/access.conf`, "SOURCE: nowhere\n");
      program.signal("SIGHUP");
      assert.match(await told(), /^RELOADING=1/);
      assert.equal(await told(), "READY=1\nSTATUS=A new configuration was refused, see the log");
      for (const _beat of [1, 2]) assert.equal(await manager.next(), "WATCHDOG=1");
      assert.equal((await scene.daemon.stop()).code, 0);
      assert.equal(await told(), "STOPPING=1");
    } finally {
      await manager.end();
      await Deno.remove(folder, { recursive: true });
    }
  },
  { needs: { python3: "python3" } },
);

/** Binds a UDP port for both IP versions and becomes the program that is named, with it as descriptor 3. */
const HAND_OVER = `
import os, socket, sys
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(("::", 62201))
os.dup2(server.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execvp(sys.argv[1], sys.argv[1:])`;

labTest("a UDP socket that the service manager opened is used in the place of one of our own", async () => {
  await using lab = await makeLab({ guard: "nftables" });
  await lab.must("server", ["nft", "insert rule inet guard input udp dport 62201 accept"]);
  const program = { ...OUR_DAEMON, argv: ["python3", "-c", HAND_OVER, ...OUR_DAEMON.argv] };
  const scene = await setScene(lab, { program, server: { ENABLE_UDP_SERVER: "Y", UDPSERV_PORT: "7" } });
  assert.equal(scene.daemon.program.count(/Kicking off UDP server to listen on port 62201\./), 1);
  await openGrant(scene, 22);
  assert.equal((await scene.daemon.stop()).code, 0);
}, { needs: { python3: "python3" } });
