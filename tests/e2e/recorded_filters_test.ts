/**
 * The real daemon with pf and with ipfw, whose programs are recorders: what somebody who knocks and an operator see. There is
 * no kernel of that kind behind it; what the recorder holds is judged as that would.
 */
import assert from "node:assert/strict";
import { ipfwAdmits } from "../fakes/ipfw.ts";
import { pfAdmits } from "../fakes/pfctl.ts";
import { type Directives, type Lab, labTest, makeLab, newKeys, OUR_DAEMON } from "../lab/mod.ts";
import { writeAccess, writeServerConfig } from "../lab/mod.ts";
import { recordedIpfw, recordedPf, type RecordedTool } from "../lab/recorded_tools.ts";
import { makeScene, type Scene, setScene } from "./scene.ts";

/** A packet filter: its recorder, whether it lets the knocker in, and what is written differently for it. */
interface Filter {
  readonly name: "pf" | "ipfw";
  readonly keep: Directives;
  readonly place: RegExp;
  make(lab: Lab): Omit<RecordedTool<unknown>, "read" | "write"> & { admits(lab: Lab, port: number): boolean };
}

function attempt(lab: Lab, port: number) {
  const [source, destination] = [lab.address("knocker"), lab.address("server")];
  return { proto: "tcp", source, destination, port } as const;
}

const FILTERS: readonly Filter[] = [
  {
    name: "pf",
    keep: { FLUSH_PF_AT_INIT: "N", FLUSH_PF_AT_EXIT: "N" },
    place: /anchor fwknop/,
    make(lab) {
      const tool = recordedPf(lab, 'block drop in all\nanchor "fwknop"\n');
      return { ...tool, admits: (lab, port) => pfAdmits(tool.read(), attempt(lab, port)) };
    },
  },
  {
    name: "ipfw",
    keep: { FLUSH_IPFW_AT_INIT: "N", FLUSH_IPFW_AT_EXIT: "N" },
    place: /table fwknop_tcp_22/,
    make(lab) {
      const tool = recordedIpfw(lab, "60000 deny ip from any to any");
      return { ...tool, admits: (lab, port) => ipfwAdmits(tool.read(), attempt(lab, port)) };
    },
  },
];

function ask({ daemon, lab }: Scene, word: string) {
  return lab.run("server", [...daemon.argv, word]);
}

for (const { name, keep, make, place } of FILTERS) {
  labTest(`${name}: a knock opens, its time closes, and the questions tell of it`, async () => {
    await using lab = await makeLab({ guard: "none" });
    const tool = make(lab);
    const server = { FIREWALL: name };
    await using scene = await started(lab, { program: tool.daemon, server, stanza: { FW_ACCESS_TIMEOUT: 5 } });
    await scene.knock(22);
    await scene.daemon.program.waitFor(new RegExp(`Added access rule to ${place.source} for 10.77.0.2 -> .* tcp/22`));
    assert.ok(tool.admits(lab, 22));
    assert.ok(!tool.admits(lab, 23));
    await scene.daemon.program.waitFor(new RegExp(`Removed rule .*${place.source} with expire time of`));
    assert.ok(!tool.admits(lab, 22));
    assert.doesNotMatch((await ask(scene, "--fw-list")).stdout, /10\.77\.0\.2/);
  });

  labTest(`${name}: a later run takes over what is open, and --fw-flush closes it`, async () => {
    await using lab = await makeLab({ guard: "none" });
    const tool = make(lab);
    const options = { program: tool.daemon, server: { FIREWALL: name, ...keep }, stanza: { FW_ACCESS_TIMEOUT: 300 } };
    await using scene = await started(lab, options);
    await scene.knock(22);
    await scene.daemon.program.waitFor(/Added access rule/);
    await scene.daemon.stop();
    assert.ok(tool.admits(lab, 22));
    await using daemon = await scene.daemon.again();
    assert.match(daemon.program.output, /1 doors of an earlier run are still open/);
    const later = makeScene(lab, daemon, scene.keys);
    await later.knock(23);
    await daemon.program.waitFor(/Added access rule .*tcp\/23/);
    assert.ok(tool.admits(lab, 22) && tool.admits(lab, 23));
    assert.match((await ask(later, "--fw-list")).stdout, /10\.77\.0\.2/);
    await daemon.stop();
    const flushed = await ask(later, "--fw-flush");
    assert.equal(flushed.code, 0, flushed.stderr);
    assert.ok(!tool.admits(lab, 22));
  });

  labTest(
    `${name}: a program that fails is an error and no grant, and one that hangs keeps no packet waiting`,
    async () => {
      await using lab = await makeLab({ guard: "none" });
      const tool = make(lab);
      const options = { program: tool.daemon, server: { FIREWALL: name }, stanza: { FW_ACCESS_TIMEOUT: 300 } };
      await using scene = await started(lab, options);
      const { program } = scene.daemon;
      tool.before("echo 'broken for a test' >&2; exit 1");
      await scene.knock(22);
      await program.waitFor(/Cannot open .*tcp\/22.*failed: broken for a test/);
      assert.doesNotMatch(program.output, /Added/);
      tool.before("");
      tool.hang();
      const packet = await scene.seal(23);
      scene.send(packet);
      await program.waitFor(/does not end: what needs it has to wait/);
      scene.send(packet);
      await program.waitFor(/[Rr]eplay/);
      assert.ok(!tool.admits(lab, 23));
      tool.goOn();
      await program.waitFor(/Added access rule .*tcp\/23/);
      assert.ok(tool.admits(lab, 23));
    },
  );

  labTest(`${name}: a host without it is told in one sentence, with a remedy`, async () => {
    await using lab = await makeLab({ guard: "none", extra: [] });
    const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", FIREWALL: name });
    const access = await writeAccess(lab.dir, [{ ...newKeys() }]);
    const { code, stderr } = await lab.run("server", [...OUR_DAEMON.argv, "-f", "-c", config, "-a", access]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`fwknopd: error: Cannot run /sbin/(?:pfctl|ipfw): there is no such program\n.*hint: ${name} is of`),
    );
  });
}

const SHUT: readonly (readonly [what: string, make: (lab: Lab) => RecordedTool<unknown>, message: RegExp])[] = [
  [
    "pf: a pf.conf without the anchor",
    (lab) => recordedPf(lab, "block drop in all\n"),
    /pf\.conf needs: anchor "fwknop"/,
  ],
  [
    "ipfw: a rule that denies everything before ours",
    (lab) => recordedIpfw(lab, "500 deny ip from any to any"),
    /IPFW_START_RULE_NUM 10000: ipfw denies everything before that, by its rule 500/,
  ],
];

for (const [what, make, message] of SHUT) {
  labTest(`${what} is told at start, with the remedy`, async () => {
    await using lab = await makeLab({ guard: "none", extra: [] });
    const { daemon } = make(lab);
    const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", FIREWALL: what.slice(0, what.indexOf(":")) });
    const access = await writeAccess(lab.dir, [{ ...newKeys() }]);
    const { code, stderr } = await lab.run("server", [...daemon.argv, "-f", "-c", config, "-a", access]);
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.match(stderr, /hint: ./);
  });
}

async function started(
  lab: Lab,
  options: NonNullable<Parameters<typeof setScene>[1]>,
): Promise<Scene & AsyncDisposable> {
  const scene = await setScene(lab, options);
  return { ...scene, [Symbol.asyncDispose]: () => scene.daemon[Symbol.asyncDispose]() };
}
