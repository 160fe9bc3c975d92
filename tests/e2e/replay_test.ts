/** A packet opens once, however it is spelt and whenever it comes back. */
import assert from "node:assert/strict";
import { keyArgs, knock, labTest, makeLab, newKeys, sealPacket, writeAccess } from "../lab/mod.ts";
import { knockArgs, makeScene, type Scene, setScene } from "./scene.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Other spellings that a lenient base64 decoder reads as the same bytes. */
function respell(packet: string): string[] {
  const unusedBits = [0, 0, 4, 2][packet.length % 4]!;
  const last = ALPHABET.indexOf(packet.at(-1)!);
  const others = Array.from({ length: (1 << unusedBits) - 1 }, (_, bits) => ALPHABET[last + bits + 1]!);
  return [`${packet}=`, `${packet}==`, `${packet}=AAAA`, ...others.map((letter) => packet.slice(0, -1) + letter)];
}

async function opensOnce(scene: Scene, port: number): Promise<string> {
  const packet = await scene.seal(port);
  scene.send(packet);
  assert.ok(await scene.lab.opens("knocker", scene.server, port), scene.daemon.program.output);
  assert.ok(await scene.lab.closes("knocker", scene.server, port));
  return packet;
}

labTest("a packet that was used opens nothing, as it is, re-spelt, or with its prefix put back", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const packet = await opensOnce(scene, 22);
  const mark = scene.daemon.program.mark();
  scene.send(packet);
  await scene.daemon.program.waitFor(/Replay detected from source IP/, { since: mark });
  for (const again of [`U2FsdGVkX1${packet}`, ...respell(packet), `${packet}\n`, ` ${packet}`]) scene.send(again);
  await scene.processed();
  assert.equal(await scene.isOpen(22), false, scene.daemon.program.output);
});

labTest("a packet without HMAC cannot be replayed by spelling it differently", async () => {
  await using lab = await makeLab();
  const keys = { KEY_BASE64: newKeys().KEY_BASE64, HMAC_KEY_BASE64: null };
  const scene = await setScene(lab, { more: [{ ...keys, FW_ACCESS_TIMEOUT: 2 }] });
  const packet = await sealPacket(lab, [...knockArgs(lab, 22), ...keyArgs(keys)]);
  scene.send(packet);
  assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
  assert.ok(await lab.closes("knocker", scene.server, 22));
  for (const again of [packet, `U2FsdGVkX1${packet}`, ...respell(packet)]) scene.send(again);
  await scene.processed();
  assert.equal(await scene.isOpen(22), false, scene.daemon.program.output);
});

labTest("two copies of a packet that come together open one door", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const packet = await scene.seal(22);
  const mark = scene.daemon.program.mark();
  scene.send(packet);
  scene.send(packet);
  await scene.processed();
  assert.equal(scene.daemon.program.count(/Added access rule .* tcp\/22,/, mark), 1, scene.daemon.program.output);
  assert.equal(scene.daemon.program.count(/Replay detected/, mark), 1, scene.daemon.program.output);
});

labTest("a packet that was used opens nothing after a restart, clean or not", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const packet = await opensOnce(scene, 22);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await scene.daemon.stop(signal);
    const again = makeScene(lab, await scene.daemon.again(), scene.keys);
    again.send(packet);
    await again.daemon.program.waitFor(/Replay detected from source IP/);
    assert.equal(await again.isOpen(22), false);
    await again.daemon.stop();
  }
  assert.match(
    await Deno.readTextFile(scene.daemon.digestCache),
    /^[A-Za-z0-9+/]{43} 17 10\.77\.0\.2 \d+ 10\.77\.0\.1 62201 \d+$/m,
  );
});

labTest(
  "a packet opens nothing without its HMAC after the HMAC key was taken away, by SIGHUP or before a restart",
  async () => {
    await using lab = await makeLab();
    const scene = await setScene(lab);
    const packet = await opensOnce(scene, 22);
    const bare = packet.slice(0, -43);
    const { KEY_BASE64 } = scene.keys;
    await writeAccess(scene.daemon.dir, [{ KEY_BASE64, FW_ACCESS_TIMEOUT: 2 }]);
    const mark = scene.daemon.program.mark();
    scene.daemon.program.signal("SIGHUP");
    await scene.daemon.program.waitFor(/Re-starting fwknopd/, { since: mark });
    scene.send(bare);
    await scene.daemon.program.waitFor(/Replay detected from source IP/, { since: mark });
    assert.equal(await scene.isOpen(22), false, scene.daemon.program.output);
    await scene.daemon.stop();
    const again = makeScene(lab, await scene.daemon.again(), scene.keys);
    again.send(bare);
    await again.daemon.program.waitFor(/Replay detected from source IP/);
    assert.equal(await again.isOpen(22), false, again.daemon.program.output);
    await knock(lab, [...knockArgs(lab, 22), ...keyArgs({ KEY_BASE64, HMAC_KEY_BASE64: null })]);
    assert.ok(await lab.opens("knocker", again.server, 22), again.daemon.program.output);
  },
);

labTest("a packet recorded by the C daemon's format of the replay file is known to ours", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const packet = await scene.seal(22);
  await scene.daemon.stop();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(packet)));
  const text = btoa(String.fromCharCode(...digest)).replace("=", "");
  const now = Math.floor(Date.now() / 1000);
  await Deno.writeTextFile(scene.daemon.digestCache, `${text} 17 10.77.0.2 33069 10.77.0.1 62201 ${now}\n`, {
    append: true,
  });
  const again = makeScene(lab, await scene.daemon.again(), scene.keys);
  again.send(packet);
  await again.daemon.program.waitFor(/Replay detected from source IP/);
  assert.equal(await again.isOpen(22), false);
  await knock(lab, [...knockArgs(lab, 22), ...keyArgs(scene.keys)]);
  assert.ok(await lab.opens("knocker", again.server, 22));
});
