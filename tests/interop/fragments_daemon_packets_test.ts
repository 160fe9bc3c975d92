/**
 * The words of the C daemon about packets that scripts look for stand in our log: both daemons get packets of the same
 * content, each of which opens or is refused for another reason.
 */
import assert from "node:assert/strict";
import {
  C_DAEMON,
  C_PROGRAMS,
  cPcapBlocker,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  startDaemon,
} from "../lab/mod.ts";
import { SCENES } from "./fragments_daemon_packets.ts";

async function playScene(lab: Lab, program: ProgramUnderTest, scene: (typeof SCENES)[number]): Promise<void> {
  const { name, rows, server, stanzas, args = [] } = scene;
  const keys = Object.fromEntries(Object.keys(stanzas).map((stanza) => [stanza, newKeys()]));
  const access = Object.entries(stanzas).map(([stanza, lines]) => ({ ...keys[stanza], ...lines }));
  const folder = `${program.name}-${name.replaceAll(" ", "-")}`;
  await using daemon = await startDaemon(lab, { program, server, access, args: ["-v", ...args], folder });
  for (const { situation, sends, says, cSays } of rows) {
    const since = daemon.program.mark();
    lab.send("knocker", lab.address("server"), 62201, sends(keys));
    for (const words of program === C_DAEMON ? cSays ?? says : says) {
      await daemon.program.waitFor(words, { since }).catch((error) => assert.fail(`${name}: ${situation}: ${error}`));
    }
  }
}

function wordsStand(program: ProgramUnderTest): () => Promise<void> {
  return async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [], udpPorts: [62201] });
    for (const scene of SCENES) await playScene(lab, program, scene);
  };
}

labTest("the words about packets that scripts look for stand in our log", wordsStand(OUR_DAEMON));
labTest("they are those of the C daemon", wordsStand(C_DAEMON), { needs: C_PROGRAMS, blocker: cPcapBlocker });
