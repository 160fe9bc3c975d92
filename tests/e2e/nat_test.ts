/** A gateway: knocks of the C client and ours lead through it to a host inside, on both packet filters and over both IP versions. */
import assert from "node:assert/strict";
import { C_CLIENT, keyArgs, knock, labTest, makeLab, newKeys, startDaemon } from "../lab/mod.ts";

labTest("a port of the gateway leads the knocker of the C client, and nobody else, to a host inside", async () => {
  await using lab = await makeLab({ extra: ["stranger", "inside"] });
  const keys = newKeys();
  await lab.must("inside", ["nft", "flush", "ruleset"]);
  lab.listen("inside", 80, { family: 6 });
  const daemon = await startDaemon(lab, {
    server: { ENABLE_IPT_FORWARDING: "Y" },
    access: [{ ...keys, FW_ACCESS_TIMEOUT: 3 }],
    args: ["-v"],
  });
  const server = lab.address("server");
  assert.equal(await lab.probe("knocker", server, 8080), "filtered");
  await knock(lab, [
    "-A",
    "tcp/8080,tcp/8081",
    "-N",
    "10.78.0.2:80",
    "-a",
    lab.address("knocker"),
    "-D",
    server,
    ...keyArgs(keys),
  ], { program: C_CLIENT });
  assert.ok(await lab.opens("knocker", server, 8080), daemon.program.output);
  assert.equal(await lab.probe("knocker", server, 8080), "open");
  assert.equal(await lab.probe("knocker", server, 8081), "open");
  assert.equal(await lab.probe("stranger", server, 8080), "filtered");
  assert.ok(await lab.closes("knocker", server, 8080));
});
