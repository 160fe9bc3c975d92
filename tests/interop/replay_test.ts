/** The replay file, shared with the C daemon. */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, keyArgs, knock, labTest, makeLab } from "../lab/mod.ts";
import { knockArgs, makeScene, setScene } from "../e2e/scene.ts";

labTest("the C daemon skips our own lines of the replay file, and knows the others", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const scene = await setScene(lab, { program: C_DAEMON });
  const packet = await scene.seal(22);
  await scene.daemon.stop();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(packet)));
  const text = btoa(String.fromCharCode(...digest)).replace("=", "");
  const six = `${"A".repeat(43)} 17 2001:db8::2 33069 2001:db8::1 62201 1795300998\n`;
  const four = `${text} 17 10.77.0.2 33069 10.77.0.1 62201 1795300998\n`;
  const said = `#=${four}`;
  await Deno.writeTextFile(scene.daemon.digestCache, six + four + said, { append: true });
  const again = makeScene(lab, await scene.daemon.again(), scene.keys);
  assert.doesNotMatch(again.daemon.program.output, /invalid digest file entry/);
  again.send(packet);
  await again.daemon.program.waitFor(/Replay detected from source IP/);
  await knock(lab, [...knockArgs(lab, 22), ...keyArgs(scene.keys)]);
  assert.ok(await lab.opens("knocker", again.server, 22), again.daemon.program.output);
}, { needs: C_PROGRAMS });
