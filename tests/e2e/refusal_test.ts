/** What is not a valid knock opens nothing and cannot fill the log. */
import assert from "node:assert/strict";
import { labTest, makeLab, newKeys } from "../lab/mod.ts";
import { keyArgs, sealPacket } from "../lab/mod.ts";
import { knockArgs, setScene } from "./scene.ts";

function flip(packet: string, index: number): string {
  const letter = packet[index] === "A" ? "B" : "A";
  return packet.slice(0, index) + letter + packet.slice(index + 1);
}

/** Lines that the refused packets have cost, without those of the knocks that tell when a packet has been looked at. */
function cost(lines: readonly string[]): string[] {
  return lines.filter((line) => !/tcp\/4\d{4}|access source match|Removed rule|Added access rule/.test(line));
}

labTest("wrong keys, wrong times, cut and flipped packets open nothing and cost one line each at most", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const strange = newKeys();
  const seal = (keys: typeof strange, more: readonly string[] = []) =>
    sealPacket(lab, [...knockArgs(lab, 22), ...keyArgs(keys), ...more]);
  const good = await scene.seal(22);
  const packets: Readonly<Record<string, string>> = {
    "wrong key": await seal({ ...scene.keys, KEY_BASE64: strange.KEY_BASE64 }),
    "wrong HMAC key": await seal({ ...scene.keys, HMAC_KEY_BASE64: strange.HMAC_KEY_BASE64 }),
    "both wrong": await seal(strange),
    "other HMAC digest": await scene.seal(22, ["--hmac-digest-type", "sha512"]),
    "other mode": await scene.seal(22, ["-M", "ctr"]),
    "five minutes old": await scene.seal(22, ["--time-offset-minus", "5M"]),
    "five minutes ahead": await scene.seal(22, ["--time-offset-plus", "5M"]),
    "cut by one": good.slice(0, -1),
    "cut in half": good.slice(0, good.length >> 1),
    "cut at the front": good.slice(1),
    "first letter flipped": flip(good, 0),
    "middle letter flipped": flip(good, good.length >> 1),
    "last letter flipped": flip(good, good.length - 1),
    "no base64": good.replace(/.{20}$/, "!".repeat(20)),
    "very long": good.repeat(5),
    "empty": "",
  };
  const mark = scene.daemon.program.mark();
  for (const [what, packet] of Object.entries(packets)) {
    scene.send(packet);
    await scene.processed();
    assert.equal(await scene.isOpen(22), false, `${what} opened the door`);
  }
  const lines = cost(scene.daemon.program.lines.slice(mark));
  assert.ok(lines.length <= Object.keys(packets).length, lines.join("\n"));
  scene.send(good);
  assert.ok(await lab.opens("knocker", scene.server, 22), "none of them used up the good packet");
});

labTest("a flood of bad packets costs one line a second at most, and a knock still opens", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const good = await scene.seal(22);
  const old = await scene.seal(22, ["--time-offset-minus", "1H"]);
  const mark = scene.daemon.program.mark();
  const start = performance.now();
  let sent = 0;
  for (let burst = 0; burst < 200; burst++) {
    for (let turn = 0; turn < 40; turn++) {
      scene.send(flip(good, sent++ % good.length));
      scene.send(flip(old, sent++ % 20));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  scene.send(good);
  assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.lines.slice(-20).join("\n"));
  const seconds = (performance.now() - start) / 1000;
  const lines = cost(scene.daemon.program.lines.slice(mark));
  assert.ok(
    lines.length <= Math.ceil(seconds) + 1,
    `${sent} packets, ${seconds} s, ${lines.length} lines:\n${lines.slice(0, 20).join("\n")}`,
  );
});

labTest("a stanza's limits hold: source, ports, user, expiry", async () => {
  await using lab = await makeLab();
  const [only, ports, user, expired] = [newKeys(), newKeys(), newKeys(), newKeys()];
  const scene = await setScene(lab, {
    more: [
      { SOURCE: "10.77.0.3", ...only },
      { ...ports, OPEN_PORTS: "tcp/80", RESTRICT_PORTS: "tcp/81" },
      { ...user, REQUIRE_USERNAME: "alice", REQUIRE_SOURCE_ADDRESS: "Y" },
      { ...expired, ACCESS_EXPIRE: "01/02/2020" },
    ],
  });
  const mark = scene.daemon.program.mark();
  const refused = [
    await sealPacket(lab, [...knockArgs(lab, 22), ...keyArgs(only)]),
    await sealPacket(lab, [...knockArgs(lab, 22), ...keyArgs(ports)]),
    await sealPacket(lab, [...knockArgs(lab, 22), ...keyArgs(user), "-U", "mallory"]),
    await sealPacket(lab, ["-A", "tcp/22", "-s", "-D", scene.server, ...keyArgs(user), "-U", "alice"]),
    await sealPacket(lab, [...knockArgs(lab, 22), ...keyArgs(expired)]),
  ];
  for (const packet of refused) {
    scene.send(packet);
    await scene.processed();
    assert.equal(await scene.isOpen(22), false, scene.daemon.program.output);
  }
  assert.equal(scene.daemon.program.count(/Added access rule .* tcp\/22,/, mark), 0);
  scene.send(await sealPacket(lab, [...knockArgs(lab, 80), ...keyArgs(ports)]));
  assert.ok(await lab.opens("knocker", scene.server, 80), scene.daemon.program.output);
  scene.send(await sealPacket(lab, [...knockArgs(lab, 24), ...keyArgs(user), "-U", "alice"]));
  assert.ok(await lab.opens("knocker", scene.server, 24), scene.daemon.program.output);
});
