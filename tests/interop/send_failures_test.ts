/** What both clients say when nothing can be sent. */
import assert from "node:assert/strict";
import { sendPacket } from "../../cli/send/sender.ts";
import { ALONE, runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import { closedPort } from "../cli/send/capture_stream.ts";
import { cClientTest } from "../lab/gate.ts";

cClientTest("both clients end with 1 and say why, where nothing takes the connection or the name is none", async () => {
  using folder = temporaryFolder();
  const port = String(closedPort());
  const cases: readonly (readonly [args: string[], said: RegExp])[] = [
    [["-D", "127.0.0.1", "-P", "tcp", "-p", port], /Could not create socket: Connection refused/],
    [["-D", "127.0.0.1", "-P", "http", "-p", port], /Could not create socket: Connection refused/],
    [["-D", "127.0.0.1", "-H", `127.0.0.1:${port}`], /Could not create socket: Connection refused/],
    [["-D", "no-such-host.invalid"], /error in getaddrinfo: /],
  ];
  for (const [args, said] of cases) {
    const all = [...ALONE, "-A", "tcp/22", "-a", "192.0.2.1", "--key-rijndael", "k", ...args];
    const c = await runC(all, { home: folder.path, env: { LOGNAME: "bob" } });
    const own = await runOwn(all, { env: { LOGNAME: "bob" }, send: sendPacket });
    for (const { code, err } of [c, own]) {
      assert.equal(code, 1);
      assert.match(err, said);
      assert.match(err, /send_spa_packet: packet not sent\./);
    }
  }
});
