/** Junk that comes faster than it can be tried with the keys of a thousand users, and knocks amid it. */
import assert from "node:assert/strict";
import { startFlood } from "../../bench/flood.ts";
import { type Lab, labTest, makeLab, newKeys } from "../lab/mod.ts";
import { type Scene, setScene } from "./scene.ts";

/** Packets a second: more than their linear passes fit into any budget, and few enough to be refused on a slow machine. */
const RATE = 8000;
/** The flood ends by itself if the test does not. */
const MOST_SECONDS = 300;
const OTHERS = 999;
/** When a user who saw nothing open knocks again. */
const PATIENCE_OF_USER_MS = 2000;

async function setCrowdedScene(lab: Lab): Promise<Scene> {
  const more = Array.from({ length: OTHERS }, () => ({ ...newKeys() }));
  return await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 600 }, more });
}

/** Knocks without a hint, as the C client does, and once more if that does not open. */
async function knockTwice(scene: Scene, port: number): Promise<boolean> {
  const { lab, server } = scene;
  await scene.knock(port, ["--no-key-hint"]);
  const again = performance.now() + PATIENCE_OF_USER_MS;
  while (performance.now() < again) {
    if (await lab.probe("knocker", server, port) !== "filtered") return true;
  }
  await scene.knock(port, ["--no-key-hint"]);
  return await lab.opens("knocker", server, port);
}

/** How many packets the log tells of as refused, and how many of those as dropped before a key was tried. */
function toldOf(lines: readonly string[]): { readonly refused: number; readonly dropped: number } {
  const told = { refused: 0, dropped: 0 };
  for (const line of lines) {
    const [, refused = "0", dropped = "0"] =
      /\(and (\d+) more refused packets(?:, (\d+) of them dropped)?\)/.exec(line) ?? [];
    told.refused += Number(refused);
    told.dropped += Number(dropped);
  }
  return told;
}

for (const sources of ["any source", "one source"] as const) {
  labTest(
    `amid a flood from ${sources}: knocks open, without a hint at the second try, and nothing else does`,
    async () => {
      await using lab = await makeLab();
      const scene = await setCrowdedScene(lab);
      const { program } = scene.daemon;
      const from = sources === "one source" ? { from: lab.address("stranger") } : {};
      const flood = await startFlood(lab, { rate: RATE, seconds: MOST_SECONDS, ...from });
      await program.waitFor(/of them dropped/);
      assert.ok(await knockTwice(scene, 1000), `a new source without a hint:\n${program.output}`);
      for (let port = 2000; port < 2005; port++) {
        await scene.knock(port);
        assert.ok(await lab.opens("knocker", scene.server, port), `${port}, with a hint:\n${program.output}`);
      }
      assert.ok(await knockTwice(scene, 1001), `a known source without a hint:\n${program.output}`);
      const { sent } = await flood.stop();
      await scene.processed();
      const { refused, dropped } = toldOf(program.lines);
      assert.ok(dropped > 0 && dropped < refused, `${dropped} of ${refused} are dropped:\n${program.output}`);
      assert.ok(refused <= sent, `${refused} of ${sent} are told as refused:\n${program.output}`);
      assert.equal(await lab.probe("stranger", scene.server, 2000), "filtered");
      assert.equal(new Set(program.output.match(/Added access rule .* tcp\/\d+/g)).size, 8, program.output);
      assert.equal((await scene.daemon.stop()).code, 0, program.output);
    },
  );
}
