/**
 * The words of the C daemon's log that scripts look for stand in ours: each situation is made with both daemons on a network
 * of its own.
 */
import assert from "node:assert/strict";
import {
  C_DAEMON,
  C_PROGRAMS,
  cPcapBlocker,
  type Daemon,
  type Directives,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  sealPacket,
  type SharedKeys,
  startDaemon,
  writeAccess,
  writeServerConfig,
} from "../lab/mod.ts";

/** Both daemons open grants with iptables. */
const IPTABLES = { FIREWALL_EXE: "/usr/sbin/iptables" } as const;
const MATCH = /SPA Packet from IP: 10\.77\.0\.2 received with access source match/;

/** Registers a situation for both daemons. */
function onBoth(
  name: string,
  body: (program: ProgramUnderTest) => Promise<void>,
  options: { readonly blocker?: () => string | null } = {},
): void {
  labTest(`${name}: our daemon`, () => body(OUR_DAEMON));
  labTest(`${name}: the C daemon`, () => body(C_DAEMON), { ...options, needs: C_PROGRAMS });
}

function asking(lab: Lab, services: string, keys: SharedKeys | (Omit<SharedKeys, "HMAC_KEY_BASE64">)): string[] {
  return ["-A", services, "-a", lab.address("knocker"), "-D", lab.address("server"), ...keyArgs(keys)];
}

/** The rules of the chain, in order. */
async function rulesOf(lab: Lab, chain: string): Promise<readonly string[]> {
  const { stdout } = await lab.run("server", ["iptables", "-S", chain]);
  return stdout.split("\n").filter((line) => line.startsWith("-A"));
}

onBoth("jump, rules in the order of the request, their commands, and their numbers when they go", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const keys = newKeys();
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 3 }];
  await using daemon = await startDaemon(lab, { program, server: IPTABLES, access, args: ["-v"] });
  const said = daemon.program;
  assert.match(said.output, /Added jump rule from chain: INPUT to chain: FWKNOP_INPUT/);
  await knock(lab, asking(lab, "tcp/22,udp/53,tcp/80", keys));
  await said.waitFor(/-A FWKNOP_INPUT .*-s 10\.77\.0\.2 .*--dport 80/);
  assert.match(said.output, /-A FWKNOP_INPUT .*-s 10\.77\.0\.2 .*--dport 22/);
  assert.ok(await lab.opens("knocker", lab.address("server"), 80));
  assert.deepEqual((await rulesOf(lab, "FWKNOP_INPUT")).map((rule) => /--dport (\d+)/.exec(rule)?.[1]), [
    "22",
    "53",
    "80",
  ]);
  assert.equal(said.count(MATCH), 1, said.output);
  for (const number of [1, 2, 3]) {
    await said.waitFor(new RegExp(`Removed rule ${number} from FWKNOP_INPUT with expire time of [0-9]+`));
  }
  assert.match(said.output, /-D FWKNOP_INPUT/);
});

onBoth("a chain that is there already at start", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  await lab.must("server", ["iptables", "-N", "FWKNOP_INPUT"]);
  const server = { ...IPTABLES, FLUSH_IPT_AT_INIT: "N" };
  await using daemon = await startDaemon(lab, { program, server, access: [{ ...newKeys() }], args: ["-v"] });
  assert.match(daemon.program.output, /'FWKNOP_INPUT' chain exists/);
});

labTest("rules that are put at the head of the chain are said so, and numbered from there", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const keys = newKeys();
  const server = { ...IPTABLES, ENABLE_RULE_PREPEND: "Y" };
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 2 }];
  await using daemon = await startDaemon(lab, { server, access, args: ["-v"] });
  const { program } = daemon;
  await lab.must("server", ["iptables", "-A", "FWKNOP_INPUT", "-s", "192.0.2.1", "-j", "RETURN"]);
  await knock(lab, [...asking(lab, "tcp/22", keys), "-f", "5"]);
  await program.waitFor(/-I FWKNOP_INPUT .*-s 10\.77\.0\.2 /);
  await knock(lab, asking(lab, "tcp/80", keys));
  await program.waitFor(/-I FWKNOP_INPUT .*--dport 80/);
  await program.waitFor(/Removed rule 1 from FWKNOP_INPUT/);
  await program.waitFor(/Removed rule 1 from FWKNOP_INPUT/, {
    since: program.lines.findIndex((line) => /Removed/.test(line)) + 1,
  });
});

labTest("rules that others put into the chain count", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const keys = newKeys();
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 2 }];
  await using daemon = await startDaemon(lab, { server: IPTABLES, access });
  await lab.must("server", ["iptables", "-A", "FWKNOP_INPUT", "-s", "192.0.2.1", "-j", "RETURN"]);
  // The chain was changed under the daemon: it looks before it opens, or is told.
  await daemon.program.waitFor(/./);
  await knock(lab, asking(lab, "tcp/22", keys));
  await daemon.program.waitFor(/Removed rule 2 from FWKNOP_INPUT/);
});

labTest("the same grant again: already exists, and with --no-ipt-check-support the words before it", async () => {
  for (
    const [args, says] of [[[], /already exists/], [
      ["--no-ipt-check-support"],
      /rule_exists_no_chk_support.*already exists/,
    ]] as const
  ) {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const keys = newKeys();
    await using daemon = await startDaemon(lab, {
      server: IPTABLES,
      access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }],
      args,
    });
    await knock(lab, asking(lab, "tcp/22", keys));
    await daemon.program.waitFor(/Added access rule/);
    await knock(lab, [...asking(lab, "tcp/22", keys), "-f", "30"]);
    await daemon.program.waitFor(says);
  }
});

onBoth(
  "a packet from an address of a stanza is said to have come, also when it is refused after that",
  async (program) => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const [keys, others, old] = [newKeys(), newKeys(), newKeys()];
    const { KEY_BASE64 } = newKeys();
    const unsigned = { KEY_BASE64: keys.KEY_BASE64 };
    const cases: readonly { name: string; stanza: Directives; says: RegExp; knocks: readonly string[] }[] = [
      {
        name: "another key",
        stanza: { ...keys },
        says: /Non-corresponding HMAC|HMAC_COMPAREFAIL/,
        knocks: asking(lab, "tcp/22", others),
      },
      {
        name: "another key, without an HMAC",
        stanza: unsigned,
        says: /Decryption failed/,
        knocks: asking(lab, "tcp/22", { KEY_BASE64 }),
      },
      {
        name: "another mode, without an HMAC",
        stanza: unsigned,
        says: /Decryption failed/,
        knocks: [...asking(lab, "tcp/22", unsigned), "-M", "ctr"],
      },
      {
        name: "an expired stanza",
        stanza: { ...old, ACCESS_EXPIRE_EPOCH: "1000000000" },
        says: /Access stanza has expired/,
        knocks: asking(lab, "tcp/22", old),
      },
    ];
    for (const [index, { name, stanza, says, knocks }] of cases.entries()) {
      await using daemon = await startDaemon(lab, {
        program,
        server: IPTABLES,
        access: [stanza],
        args: ["-v"],
        folder: `${program.name}${index}`,
      });
      await knock(lab, knocks);
      await daemon.program.waitFor(says);
      assert.equal(daemon.program.count(MATCH), 1, `${name}: ${daemon.program.output}`);
      const [came, refused] = [MATCH, says].map((words) => daemon.program.lines.findIndex((line) => words.test(line)));
      assert.ok(came! < refused!, name);
    }
  },
);

labTest("a replay is said to have come too; without -v within the limit of lines", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const keys = newKeys();
  await using daemon = await startDaemon(lab, { server: IPTABLES, access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }] });
  const packet = await sealPacket(lab, asking(lab, "tcp/22", keys));
  lab.send("knocker", lab.address("server"), 62201, packet);
  await daemon.program.waitFor(/Added access rule/);
  const mark = daemon.program.mark();
  lab.send("knocker", lab.address("server"), 62201, packet);
  await daemon.program.waitFor(/Replay detected/, { since: mark });
  assert.equal(daemon.program.count(MATCH, mark), 1);
});

onBoth("--packet-limit ends the daemon as soon as so many packets passed the filter", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const access = [{ ...newKeys() }];
  await using daemon = await startDaemon(lab, { program, server: IPTABLES, access, args: ["-C", "2"] });
  for (const text of ["a", "b"]) lab.send("knocker", lab.address("server"), 62201, text.repeat(150));
  assert.equal((await daemon.program.finished()).code, 0);
  assert.match(daemon.program.output, /\* Incoming packet count limit of 2 reached/);
});

async function withoutInterface(lab: Lab, program: ProgramUnderTest) {
  const dir = `${lab.dir}/${program.name}-none`;
  await Deno.mkdir(dir, { recursive: true });
  const config = await writeServerConfig(dir, { PCAP_INTF: "none0", ...IPTABLES });
  const access = await writeAccess(dir, [{ ...newKeys() }]);
  return await lab.run("server", [...program.argv, "-f", "-c", config, "-a", access]);
}

onBoth("an interface that does not exist", async (program) => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const { code, stderr } = await withoutInterface(lab, program);
  assert.equal(code, 1);
  assert.match(stderr, /pcap_open_live.*error/);
}, { blocker: cPcapBlocker });

/** Takes the interface of the server away. */
async function lose(lab: Lab, how: "down" | "gone", daemon: Daemon): Promise<void> {
  const command = how === "down" ? ["set", "eth0", "down"] : ["del", "eth0"];
  await lab.must("server", ["ip", "link", ...command]);
  // What was captured before is looked at first.
  await daemon.program.waitFor(/rror from pcap_dispatch/);
}

for (const how of ["down", "gone"] as const) {
  labTest(`an interface that is ${how} ends the daemon where EXIT_AT_INTF_DOWN Y is written`, async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const server = { ...IPTABLES, EXIT_AT_INTF_DOWN: "Y" };
    await using daemon = await startDaemon(lab, { server, access: [{ ...newKeys() }] });
    await lose(lab, how, daemon);
    assert.equal((await daemon.program.finished()).code, 1);
    assert.match(daemon.program.output, /Fatal error from pcap_dispatch/);
  });

  labTest(`an interface that is ${how} is waited for otherwise`, async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    await using daemon = await startDaemon(lab, { server: IPTABLES, access: [{ ...newKeys() }] });
    await lose(lab, how, daemon);
    assert.match(daemon.program.output, /Error from pcap_dispatch/);
    assert.doesNotMatch(daemon.program.output, /Fatal/);
    const mark = daemon.program.mark();
    daemon.program.signal("SIGHUP");
    await daemon.program.waitFor(/Re-starting fwknopd/, { since: mark });
    assert.equal(daemon.program.ended, null);
  });
}

labTest("nftables says the same in its own words", async () => {
  await using lab = await makeLab({ extra: [] });
  const keys = newKeys();
  await using daemon = await startDaemon(lab, { access: [{ ...keys, FW_ACCESS_TIMEOUT: 2 }], args: ["-v"] });
  const { program } = daemon;
  assert.match(program.output, /Added jump rule from chain: inet guard \S+ to chain: fwknop_input/);
  await knock(lab, asking(lab, "tcp/22,tcp/80", keys));
  await program.waitFor(/nft add element inet guard fwknop_input4 \{ 10\.77\.0\.2 \. tcp \. 22 timeout [23]s \}/);
  for (const number of [1, 2]) {
    await program.waitFor(new RegExp(`Removed rule ${number} from inet guard fwknop_input4`));
  }
  await commandsWork(lab, program.lines);
});

labTest("the commands in the log of iptables are what somebody could type", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const keys = newKeys();
  const daemon = await startDaemon(lab, {
    server: IPTABLES,
    access: [{ ...keys, FW_ACCESS_TIMEOUT: 2 }],
    args: ["-v"],
  });
  await knock(lab, asking(lab, "tcp/22,udp/53", keys));
  await daemon.program.waitFor(/Removed rule 2 from/);
  await daemon.stop();
  await commandsWork(lab, daemon.program.lines);
});

/** Runs every command that the log has, in its order. */
async function commandsWork(lab: Lab, lines: readonly string[]): Promise<void> {
  const commands = lines.flatMap((line) => /^Same as: (.*)$/.exec(line)?.[1] ?? []);
  assert.ok(commands.length >= 4, lines.join("\n"));
  for (const command of commands) await lab.must("server", ["sh", "-c", command.replaceAll(/[{}]/g, "'$&'")]);
}
