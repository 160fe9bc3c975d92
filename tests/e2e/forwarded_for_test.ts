/** SPA over HTTP behind a proxy: the grant opens for whom the proxy names, or for nobody. */
import assert from "node:assert/strict";
import { keyArgs, labTest, makeLab, sealPacket } from "../lab/mod.ts";
import { setScene } from "./scene.ts";

labTest(
  "a request behind a proxy opens for the last address that it was forwarded for, and never for the proxy",
  async () => {
    await using lab = await makeLab();
    const scene = await setScene(lab, { server: { ENABLE_SPA_OVER_HTTP: "Y", ENABLE_X_FORWARDED_FOR: "Y" } });
    const [client, proxy] = ["198.51.100.9", lab.address("knocker")];
    /** What the log says of a packet that leaves the address open, sent by the proxy with these lines. */
    const outcome = async (headers: string) => {
      const packet = await sealPacket(lab, ["-A", "tcp/22", "-s", "-D", scene.server, ...keyArgs(scene.keys)]);
      const path = packet.replaceAll("+", "-").replaceAll("/", "_");
      const mark = scene.daemon.program.mark();
      scene.send(`GET /${path} HTTP/1.1\r\nuser-agent: Fwknop/2.6.11\r\n${headers}Host: gw\r\n\r\n`);
      await scene.processed();
      const added = /Added access rule .* for (\S+) -> \S+ tcp\/22,/.exec(
        scene.daemon.program.lines.slice(mark).join("\n"),
      );
      return added?.[1] ?? null;
    };
    assert.equal(await outcome(""), proxy, "without the header it is the source of the packet");
    for (const value of [client, `203.0.113.1, ${client}`, `${client}:4711`, `unknown, ${client}`]) {
      assert.equal(await outcome(`x-forwarded-for: ${value}\r\n`), client, value);
    }
    assert.equal(await outcome(`X-Forwarded-For: 203.0.113.1\r\nX-FORWARDED-FOR: ${client}\r\n`), client);
    assert.equal(await outcome(`Referer: /?X-Forwarded-For: ${client}\r\n`), proxy);
    const mark = scene.daemon.program.mark();
    for (const value of ["unknown", "", `${client},`, "203.0.113.1, _hidden"]) {
      assert.equal(await outcome(`X-Forwarded-For: ${value}\r\n`), null, value);
    }
    assert.match(
      scene.daemon.program.lines.slice(mark).join("\n"),
      /Error parsing X-Forwarded-For header: value 'unknown' is not an IP/,
    );
  },
);

labTest("only the proxies of HTTP_PROXIES are believed, and a header from anybody else opens nothing", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, {
    server: { ENABLE_SPA_OVER_HTTP: "Y", ENABLE_X_FORWARDED_FOR: "Y", HTTP_PROXIES: lab.address("knocker") },
  });
  const { program } = scene.daemon;
  assert.equal(program.count(/name your proxies with HTTP_PROXIES/), 0);
  let port = 30_000;
  const request = async (from: "knocker" | "stranger", headers: string) => {
    const packet = await sealPacket(lab, ["-A", `tcp/${++port}`, "-s", "-D", scene.server, ...keyArgs(scene.keys)]);
    const path = packet.replaceAll("+", "-").replaceAll("/", "_");
    const text = `GET /${path} HTTP/1.1\r\nuser-agent: Fwknop/2.6.11\r\n${headers}Host: gw\r\n\r\n`;
    lab.send(from, scene.server, 62201, text);
  };
  const stranger = lab.address("stranger");
  await request("knocker", `X-Forwarded-For: 203.0.113.1, ${stranger}\r\n`);
  assert.ok(await lab.opens("stranger", scene.server, port), program.output);
  const mark = program.mark();
  await request("stranger", `X-Forwarded-For: ${stranger}\r\n`);
  await program.waitFor(/Error parsing X-Forwarded-For header: it comes from \S+, which is none of HTTP_PROXIES/, {
    since: mark,
  });
  assert.equal(await lab.probe("stranger", scene.server, port), "filtered");
});
