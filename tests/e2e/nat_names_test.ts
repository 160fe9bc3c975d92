/** NAT requests that name their host: found by the resolver of the gateway, which may hang without delaying anybody. */
import assert from "node:assert/strict";
import { labTest, makeLab, OUR_DAEMON, type ProgramUnderTest } from "../lab/mod.ts";
import { setScene } from "./scene.ts";

/** Our daemon on a host with these files in /etc. */
async function withFiles(dir: string, files: Readonly<Record<string, string>>): Promise<ProgramUnderTest> {
  const mounts: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${dir}/${name}`, text);
    mounts.push(`mount --bind ${dir}/${name} "$(readlink -f /etc/${name})"`);
  }
  return { ...OUR_DAEMON, argv: ["sh", "-c", `${mounts.join(" && ")} && exec "$@"`, "sh", ...OUR_DAEMON.argv] };
}

const NSSWITCH = "hosts: files dns\n";
const NAT_ON = { ENABLE_IPT_FORWARDING: "Y" };

labTest(
  "a name leads to the address of the client's IP version that the gateway knows, if NAT_ALLOW lets it",
  async () => {
    await using lab = await makeLab({ extra: ["inside"] });
    lab.listen("inside", 80, { family: 6 });
    const program = await withFiles(lab.dir, {
      "nsswitch.conf": NSSWITCH,
      hosts:
        "127.0.0.1 localhost\n10.78.0.2 web.inner\nfd78::2 web.inner\n127.0.1.1 gateway.inner\n10.78.0.3 other.inner\n",
    });
    const scene = await setScene(lab, {
      program,
      server: NAT_ON,
      stanza: { FW_ACCESS_TIMEOUT: 30, NAT_ALLOW: "10.78.0.2:80, [fd78::2]:80, 127.0.0.0/8" },
    });
    for (const family of [4, 6] as const) {
      const server = lab.address("server", family);
      await scene.knock(8080, ["-N", "web.inner:80", "-a", lab.address("knocker", family)]);
      assert.ok(await lab.opens("knocker", server, 8080), scene.daemon.program.output);
      await scene.daemon.program.waitFor(
        new RegExp(`Resolved NAT IP in SPA message: web.inner is ${family === 4 ? "10.78.0.2" : "fd78::2"}`),
      );
    }
    const { program: said } = scene.daemon;
    await scene.knock(8081, ["-N", "other.inner:80"]);
    await said.waitFor(/NAT_ALLOW does not let a request lead to 10\.78\.0\.3 port 80/);
    await scene.knock(8082, ["-N", "web.inner:81"]);
    await said.waitFor(/NAT_ALLOW does not let a request lead to 10\.78\.0\.2 port 81/);
    await scene.knock(8083, ["-N", "gateway.inner:80"]);
    await said.waitFor(
      /Unable to resolve Hostname in NAT SPA message: gateway\.inner: 127\.0\.1\.1 is no host that NAT can lead to/,
    );
    for (const port of [8081, 8082, 8083]) assert.ok(!await scene.isOpen(port));
  },
);

labTest("a name server that hangs delays nobody, and its packet is refused in time", async () => {
  await using lab = await makeLab();
  lab.listen("stranger", 53, { transport: "udp" });
  const program = await withFiles(lab.dir, {
    "nsswitch.conf": NSSWITCH,
    "resolv.conf": `nameserver ${lab.address("stranger")}\noptions timeout:30 attempts:5\n`,
  });
  const scene = await setScene(lab, { program, server: NAT_ON, stanza: { FW_ACCESS_TIMEOUT: 30 } });
  const { program: said } = scene.daemon;
  for (const name of ["one", "two", "three"]) await scene.knock(8080, ["-N", `${name}.hangs.example:80`]);
  await scene.processed();
  assert.doesNotMatch(said.output, /Unable to resolve/, "others were waited for");
  await said.waitFor(
    /Unable to resolve Hostname in NAT SPA message: three\.hangs\.example: no answer within 3 seconds/,
  );
  assert.ok(!await scene.isOpen(8080));
  // The look-ups go on for minutes; the daemon does not.
  assert.equal((await scene.daemon.stop()).code, 0);
});

labTest("with ENABLE_NAT_DNS N names are refused, and addresses are not", async () => {
  await using lab = await makeLab({ extra: ["inside"] });
  lab.listen("inside", 80);
  const scene = await setScene(lab, { server: { ...NAT_ON, ENABLE_NAT_DNS: "N" }, stanza: { FW_ACCESS_TIMEOUT: 30 } });
  await scene.knock(8080, ["-N", "localhost:80"]);
  await scene.daemon.program.waitFor(/Received Hostname in NAT SPA message, but hostname is disabled\./);
  await scene.knock(8081, ["-N", "10.78.0.2:80"]);
  assert.ok(await lab.opens("knocker", scene.server, 8081), scene.daemon.program.output);
  assert.ok(!await scene.isOpen(8080));
});
