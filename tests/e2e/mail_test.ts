/** Mail about what the daemon did and refused, to a real SMTP server and through a real sendmail. */
import assert from "node:assert/strict";
import { labTest, makeLab } from "../lab/mod.ts";
import { startMailServer } from "../lab/mail_server.ts";
import { setScene } from "./scene.ts";

const MAIL = {
  EMAIL_ADDRESSES: "root@localhost",
  HOSTNAME: "gw.test",
  EMAIL_SERVER: "127.0.0.1:25",
  EMAIL_INTERVAL: 1,
};

labTest("a knock is told in a mail, and so are a replay and a refusal of who has a key", async () => {
  await using lab = await makeLab();
  const server = await startMailServer(lab);
  const scene = await setScene(lab, { server: MAIL, stanza: { OPEN_PORTS: "tcp/22, tcp/40001" } });
  const packet = await scene.seal(22);
  scene.send(packet);
  const { from, to, text } = await server.mail(0);
  assert.equal(from, "fwknopd@gw.test");
  assert.deepEqual(to, ["root@localhost"]);
  assert.match(text, /^Subject: \[fwknopd\] gw\.test: 1 grant\r$/m);
  assert.match(text, / {2}\S+Z {2}Added access rule to inet guard \S+ for 10\.77\.0\.2 -> \S+ tcp\/22, expires at \d+/);
  scene.send(packet);
  assert.match((await server.mail(1)).text, /\(1\):\r\n {2}\S+Z {2}Replay detected from source IP/);
  await scene.knock(23);
  assert.match((await server.mail(2)).text, /gw\.test: 1 refusal\r\n[^]*ports was denied per access\.conf/);
});
