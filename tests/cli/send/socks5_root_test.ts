/** Proxies in a network of its own, where every question to a name server is seen. */
import assert from "node:assert/strict";
import { OUR_CLIENT } from "../../lab/mod.ts";
import { makeSendNamespace, sendTest } from "./send_namespace.ts";
import { DENO_DIR } from "../harness.ts";

sendTest("a name behind SOCKS5 or -H is asked of no name server here, not even with -R", async () => {
  await using net = await makeSendNamespace();
  const resolver = Deno.makeTempFileSync();
  Deno.writeTextFileSync(resolver, "nameserver 198.51.100.2\noptions timeout:1 attempts:1\n");
  const mounted = ["unshare", "-m", "sh", "-c", `mount --bind ${resolver} /etc/resolv.conf && exec "$@"`, "sh"];
  const env = { DENO_DIR };
  const client = [...OUR_CLIENT.argv, "--no-rc-file", "--no-save-args", "-A", "tcp/22", "--key-rijndael", "k"];
  const run = (args: readonly string[]) => net.run([...mounted, ...client, ...args], env);
  const resolve = ["--resolve-http-only", "--resolve-url", "http://127.0.0.1:18080/"];
  for (const who of [["-a", "192.0.2.10"], resolve]) {
    await run(["-D", "hidden.example", "--socks5", "127.0.0.1:9050", ...who]);
    await run(["-D", "hidden.example", "-H", "127.0.0.1:3128", ...who]);
  }
  await run(["-D", "asked.example", "-a", "192.0.2.10", "-P", "tcp"]);
  // The last question was asked after all the others would have been.
  const questions = await net.packets(
    1,
    ({ header, payload }) => header.destinationPort === 53 && payload.includes("example"),
  );
  assert.ok(questions.every(({ payload }) => payload.includes("asked")), questions.map((q) => q.payload).join());
  Deno.removeSync(resolver);
});
