/** Doors that commands open and close, by real packets through a real packet filter that the daemon itself leaves alone. */
import assert from "node:assert/strict";
import {
  type Daemon,
  type Directives,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type SharedKeys,
  startDaemon,
  writeAccess,
  writeServerConfig,
} from "../lab/mod.ts";
import { knockArgs } from "./scene.ts";

const ELEMENT = "element inet guard knocked { $IP . $PORT }";
/** What people write who have a set in their packet filter. */
const CYCLE: Directives = {
  CMD_CYCLE_OPEN: `/usr/sbin/nft add ${ELEMENT}`,
  CMD_CYCLE_CLOSE: `/usr/sbin/nft delete ${ELEMENT}`,
  CMD_CYCLE_TIMER: 2,
};

interface CycleScene {
  readonly lab: Lab;
  readonly daemon: Daemon;
  readonly keys: SharedKeys;
  /** The second user. */
  readonly others: SharedKeys;
  readonly server: string;
  /** Asks for services, such as `tcp/22,tcp/80`. */
  ask(services: string, more?: readonly string[], keys?: SharedKeys): Promise<void>;
  isOpen(port: number): Promise<boolean>;
  /** The elements of the set, which is the truth about what is open. */
  elements(): Promise<string>;
}

async function setCycles(lab: Lab, stanza: Directives = CYCLE): Promise<CycleScene> {
  await lab.must("server", ["nft", "add set inet guard knocked { type ipv4_addr . inet_service; }"]);
  await lab.must("server", ["nft", "insert rule inet guard input ip saddr . tcp dport @knocked accept"]);
  const [keys, others] = [newKeys(), newKeys()];
  const access = [{ ...keys, ...stanza }, { ...others, ...stanza }];
  return makeScene(lab, await startDaemon(lab, { access }), { keys, others });
}

function makeScene(lab: Lab, daemon: Daemon, { keys: own, others }: Pick<CycleScene, "keys" | "others">): CycleScene {
  const server = lab.address("server");
  return {
    ...{ lab, daemon, server, keys: own, others },
    async ask(services, more = [], keys = own) {
      const [, ...args] = knockArgs(lab, 0);
      await knock(lab, ["-A", services, ...args.slice(1), ...keyArgs(keys), ...more]);
    },
    isOpen: async (port) => await lab.probe("knocker", server, port) !== "filtered",
    elements: async () =>
      /elements = (\{.*\})/s.exec(await lab.must("server", ["nft", "list set inet guard knocked"]))?.[1] ?? "",
  };
}

labTest(
  "a cycle opens by its command, closes by the other one on time, and needs no packet filter of the daemon",
  async () => {
    await using lab = await makeLab();
    const { ask, daemon: { program }, lab: { opens, closes }, server, elements } = await setCycles(lab);
    const rules = await lab.must("server", ["nft", "list ruleset"]);
    assert.match(program.output, /firewall: none, because every stanza has a CMD_CYCLE_OPEN command/);
    assert.doesNotMatch(rules, /fwknop/i);
    await ask("tcp/22");
    assert.ok(await opens.call(lab, "knocker", server, 22), program.output);
    assert.equal(await lab.probe("stranger", server, 22), "filtered");
    assert.ok(await closes.call(lab, "knocker", server, 22), program.output);
    await program.waitFor(
      /^\[10\.77\.0\.2\] \(stanza #1\) Timer expired, running CMD_CYCLE_CLOSE command: \/usr\/sbin\/nft delete/,
    );
    assert.match(program.output, /\(stanza #1\) Running CMD_CYCLE_OPEN command: \/usr\/sbin\/nft add element/);
    assert.match(program.output, /\(stanza #1\) Running CMD_CYCLE_CLOSE command in 2 seconds: \/usr\/sbin\/nft delete/);
    assert.equal(await elements(), "");
  },
);

labTest("every service of a request is opened and closed, also for a client that asks for its own time", async () => {
  await using lab = await makeLab();
  const { ask, daemon: { program }, elements, server } = await setCycles(lab, { ...CYCLE, CMD_CYCLE_TIMER: 60 });
  await ask("tcp/22,tcp/80,tcp/443", ["-f", "12"]);
  for (const port of [22, 80, 443]) assert.ok(await lab.opens("knocker", server, port), program.output);
  for (const port of [22, 80, 443]) assert.ok(await lab.closes("knocker", server, port), program.output);
  assert.equal(await elements(), "");
});

labTest("ports that the stanza does not allow are not opened, nor longer than it allows", async () => {
  await using lab = await makeLab();
  const { ask, daemon: { program }, server } = await setCycles(lab, {
    ...CYCLE,
    OPEN_PORTS: "tcp/22",
    MAX_FW_TIMEOUT: 5,
  });
  await ask("tcp/22,tcp/80");
  await program.waitFor(/\(stanza #1\) One or more requested protocol\/ports was denied/);
  await ask("tcp/22", ["-f", "1000"]);
  assert.ok(await lab.opens("knocker", server, 22), program.output);
  await program.waitFor(/Running CMD_CYCLE_CLOSE command in 5 seconds/);
  assert.doesNotMatch(program.output, /10\.77\.0\.2 \. 80/);
});

labTest("who asks again, and another user, move the end of one door; it is opened and closed once", async () => {
  await using lab = await makeLab();
  const { ask, daemon: { program }, others, server, elements } = await setCycles(lab, { ...CYCLE, CMD_CYCLE_TIMER: 3 });
  await ask("tcp/22");
  assert.ok(await lab.opens("knocker", server, 22), program.output);
  await ask("tcp/22", [], others);
  await ask("tcp/22", ["-f", "4"]);
  await program.waitFor(/in 4 seconds: .* \(it is open already\)/);
  assert.ok(await lab.closes("knocker", server, 22), program.output);
  await program.waitFor(/Timer expired/);
  assert.equal(program.count(/Running CMD_CYCLE_OPEN/), 1, program.output);
  assert.equal(program.count(/Timer expired/), 1, program.output);
  assert.equal(await elements(), "");
});

labTest("a reload keeps what is to be closed, also where the stanza is gone", async () => {
  await using lab = await makeLab();
  const { ask, daemon, server, elements } = await setCycles(lab);
  await ask("tcp/22");
  assert.ok(await lab.opens("knocker", server, 22), daemon.program.output);
  const since = daemon.program.mark();
  await writeAccess(daemon.dir, [{ ...newKeys(), ...CYCLE, CMD_CYCLE_CLOSE: "/usr/bin/true" }]);
  daemon.program.signal("SIGHUP");
  await daemon.program.waitFor(/Re-starting fwknopd/, { since });
  assert.ok(await lab.closes("knocker", server, 22), daemon.program.output);
  assert.equal(await elements(), "");
});

labTest("a reload cannot open doors where no packet filter was opened", async () => {
  await using lab = await makeLab();
  const { ask, daemon: { dir, program }, server } = await setCycles(lab);
  const since = program.mark();
  await writeAccess(dir, [{ ...newKeys(), OPEN_PORTS: "tcp/22" }]);
  program.signal("SIGHUP");
  await program.waitFor(/stays as it was: stanza #1 opens doors, and this daemon was started without a packet filter/, {
    since,
  });
  await ask("tcp/22");
  assert.ok(await lab.opens("knocker", server, 22), program.output);
});

for (const [how, signal] of [["a stop", "SIGTERM"], ["kill -9", "SIGKILL"]] as const) {
  labTest(`${how}: what is open is closed by the next run, at once where its time is over`, async () => {
    await using lab = await makeLab();
    const scene = await setCycles(lab);
    const { daemon, server } = scene;
    await scene.ask("tcp/80", ["-f", "60"]);
    await scene.ask("tcp/22", ["-f", "8"]);
    for (const port of [22, 80]) assert.ok(await lab.opens("knocker", server, port), daemon.program.output);
    await daemon.stop(signal);
    assert.ok(await scene.isOpen(22), "nobody is there who closes it");
    const again = makeScene(lab, await daemon.again(), scene);
    assert.ok(await lab.closes("knocker", server, 22), again.daemon.program.output);
    assert.match(again.daemon.program.output, /2 doors of command cycles of an earlier run close at their time/);
    assert.ok(await scene.isOpen(80));
    // Known to be open: its end is moved, and nothing runs a second time.
    await again.ask("tcp/80", ["-f", "60"]);
    await again.daemon.program.waitFor(/in 60 seconds: .*80 \} \(it is open already\)/);
  });
}

labTest("what is in the file of doors to close runs only as a command of access.conf", async () => {
  await using lab = await makeLab();
  const scene = await setCycles(lab, { ...CYCLE, CMD_CYCLE_TIMER: 60 });
  const { daemon } = scene;
  await scene.ask("tcp/22");
  assert.ok(await lab.opens("knocker", scene.server, 22), daemon.program.output);
  await daemon.stop();
  const file = `${daemon.digestCache}-cycles`;
  const made = `${lab.dir}/made-by-the-file`;
  const line = Deno.readTextFileSync(file).split("\n").find((one) => one.startsWith("{")) ?? "";
  const hostile = JSON.parse(line);
  Deno.writeTextFileSync(
    file,
    [
      line,
      JSON.stringify({ ...hostile, id: "a", due: 0, template: `touch ${made}` }),
      JSON.stringify({ ...hostile, id: "b", due: 0, access: `1.2.3.4 } ; touch ${made}` }),
      line.slice(0, 50),
    ].join("\n"),
  );
  const { program } = await daemon.again();
  assert.match(
    program.output,
    new RegExp(`stays open: its CMD_CYCLE_CLOSE is in no stanza any more and is not run: touch ${made}`),
  );
  assert.equal(program.count(/-cycles:\d+: no door to close can be read here/), 2, program.output);
  assert.match(program.output, /1 doors of command cycles of an earlier run/);
  assert.doesNotMatch(program.output, /Timer expired/);
  assert.throws(() => Deno.statSync(made), Deno.errors.NotFound);
});

labTest("an open command that hangs is ended when its time is over, and the close command follows", async () => {
  await using lab = await makeLab();
  const { ask, daemon: { program } } = await setCycles(lab, {
    CMD_CYCLE_OPEN: "sleep 1000",
    CMD_CYCLE_CLOSE: "echo closed $PORT",
    CMD_CYCLE_TIMER: 1,
  });
  await ask("tcp/22");
  await program.waitFor(/output: closed 22/);
  assert.match(program.output, /command returned 16, pid_status: 15/);
  await program.stop();
});

labTest("who may not open a packet filter can run cycles", async () => {
  await using lab = await makeLab();
  const dir = `${lab.dir}/check`;
  await Deno.mkdir(dir);
  const config = await writeServerConfig(dir, { ENABLE_UDP_SERVER: "Y" });
  const access = await writeAccess(dir, [{ ...newKeys(), ...CYCLE }]);
  const without = ["setpriv", "--bounding-set=-net_admin", "--"];
  const check = await lab.run("server", [
    ...without,
    ...OUR_DAEMON.argv,
    "--exit-parse-config",
    "-c",
    config,
    "-a",
    access,
  ]);
  assert.match(check.stderr, /Configs parsed, exiting\.\n$/);
  assert.doesNotMatch(check.stderr, /CAP_NET_ADMIN/);
});
