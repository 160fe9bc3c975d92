/**
 * What the log says of a grant, compared with what a real packet meets. Somebody listens on each port, because a packet
 * filter that rejects answers as a host does where nobody listens.
 */
import assert from "node:assert/strict";
import { type Lab, PATIENCE_MS } from "../lab/mod.ts";
import { type Scene, setScene } from "./scene.ts";

/** The ports that tests of this kind knock for. */
const PORTS = [22, 23, 24, 25, 26];

/** A scene on whose server somebody listens on 22 to 26. */
export async function setTruthScene(lab: Lab, options: Parameters<typeof setScene>[1] = {}): Promise<Scene> {
  for (const port of PORTS) lab.listen("server", port);
  return await setScene(lab, options);
}

/** Whether the knocker gets in now: one attempt, with time enough for a busy machine where it should get in. */
export async function getsIn(scene: Scene, port: number, timeoutMs = 150): Promise<boolean> {
  return await scene.lab.probe("knocker", scene.server, port, { timeoutMs }) === "open";
}

/** Waits until the knocker gets in. */
export async function assertGetsIn(scene: Scene, port: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!await getsIn(scene, port, 60)) {
    assert.ok(performance.now() < deadline, `${port} stays shut:\n${scene.daemon.program.output}`);
  }
}

/** Nobody else gets in. */
export async function assertStrangerStaysOut(scene: Scene, port: number): Promise<void> {
  assert.notEqual(await scene.lab.probe("stranger", scene.server, port), "open", scene.daemon.program.output);
}

/** What the daemon says about a knock for a port, whether it opened or not. */
function saysOf(port: number): RegExp {
  return new RegExp(`^(Added|Opened|Cannot open) .*tcp/${port}\\b`);
}

/** What it says where a grant is open and something else keeps the port shut. */
function shutLine(port: number): RegExp {
  return new RegExp(`Opened .*tcp/${port}\\b.*keeps? it shut: .`);
}

/** What it says where nothing keeps the port shut any more. */
function noLongerShutLine(port: number): RegExp {
  return new RegExp(`tcp/${port}\\b.*nothing else keeps it shut any more`);
}

/** Where the packet filter did not change of late: one knock, and what is said of it is so. */
export async function assertTold(scene: Scene, port: number, shutBy: RegExp | null): Promise<void> {
  const { program } = scene.daemon;
  const mark = program.mark();
  await scene.knock(port);
  const line = await program.waitFor(saysOf(port), { since: mark });
  if (shutBy === null) {
    assert.match(line, new RegExp(`Added access rule .*tcp/${port}\\b`), program.output);
    assert.ok(await getsIn(scene, port, 2000), `said to be open:\n${program.output}`);
  } else {
    assert.match(line, shutLine(port), program.output);
    assert.match(line, shutBy, program.output);
    assert.equal(await getsIn(scene, port), false, `said to be shut:\n${program.output}`);
  }
}

/**
 * Where it changed a moment ago: the knock is opened, or said to be shut elsewhere, as soon as the daemon has looked. What it
 * said in between must have been put right by then.
 */
export async function assertSettles(scene: Scene, port: number, shutBy: RegExp | null): Promise<void> {
  const { program } = scene.daemon;
  const mark = program.mark();
  await scene.knock(port);
  if (shutBy === null) {
    await assertGetsIn(scene, port);
    const line = await program.waitFor(saysOf(port), { since: mark });
    if (shutLine(port).test(line)) await program.waitFor(noLongerShutLine(port), { since: mark });
  } else {
    // Of a ruleset that is loaded table by table it may tell what was so in the middle first.
    const told = new RegExp(`^(?=.*(?:${shutBy.source})).*\\b${port}\\b.*keeps? it shut: `, shutBy.flags);
    await program.waitFor(told, { since: mark });
    const last = program.lines.slice(mark).findLast((one) => /keeps? it shut: /.test(one));
    assert.match(last ?? "", shutBy, program.output);
    assert.equal(await getsIn(scene, port), false, `said to be shut:\n${program.output}`);
  }
}
