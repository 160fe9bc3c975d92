/** The daemon beside a real Docker: a stanza with GUARD forward opens what a container publishes, and a restart of Docker takes no door away. */
import assert from "node:assert/strict";
import { type Daemon, labTest } from "../lab/mod.ts";
import { keyArgs, knock, makeLab, newKeys, startDaemon } from "../lab/mod.ts";
import { Docker, DOCKER_PROGRAMS, dockerBlocker, PUBLISHED } from "../lab/foreign/dockerd.ts";

const BLOCKER = await dockerBlocker();
const ADDED = new RegExp(`Added published rule to .* tcp/${PUBLISHED}\\b`);

/** The block of docs/NEIGHBOURS.md that holds the words. */
function exampleOf(words: string): string {
  const blocks = Deno.readTextFileSync("docs/NEIGHBOURS.md").matchAll(/^```sh\n([^]*?)^```$/gm);
  return blocks.map(([, block]) => block).find((block) => block?.includes(words)) ?? assert.fail(words);
}

labTest("GUARD forward opens what a container publishes", async () => {
  await using lab = await makeLab({ guard: "none" });
  await using docker = await Docker.start(lab);
  const keys = newKeys();
  const access = [{ ...keys, GUARD: "forward", OPEN_PORTS: `tcp/${PUBLISHED}`, FW_ACCESS_TIMEOUT: 120 }];
  const server = lab.address("server");
  const reaches = (from: "knocker" | "stranger") => lab.probe(from, server, PUBLISHED, { timeoutMs: 300 });
  const shell = (text: string) => lab.must("server", ["sh", "-ec", text]);
  const ask = async (daemon: Daemon, more: readonly string[] = []) => {
    const mark = daemon.program.mark();
    const who = ["-A", `tcp/${PUBLISHED}`, "-a", lab.address("knocker"), "-D", server];
    await knock(lab, [...who, ...keyArgs(keys), ...more]);
    return await daemon.program.waitFor(/^(Added|Opened|Cannot open) .*tcp/, { since: mark });
  };
  const assertOnlyKnocker = async (when: string, output: string) => {
    assert.ok(await lab.opens("knocker", server, PUBLISHED), `${when}:\n${output}`);
    assert.equal(await reaches("stranger"), "filtered", when);
  };

  assert.ok(await lab.opens("stranger", server, PUBLISHED), "Docker lets everybody in by itself");
  await shell(exampleOf("DOCKER-USER -i eth0"));
  {
    await using daemon = await startDaemon(lab, { server: { FLUSH_IPT_AT_INIT: "N" }, access });
    assert.match(
      daemon.program.output,
      /firewall: iptables, because iptables-nft filter FORWARD is managed by iptables/,
    );
    assert.equal(await reaches("knocker"), "filtered");
    assert.match(await ask(daemon), ADDED, daemon.program.output);
    await assertOnlyKnocker("after the knock", daemon.program.output);
    await docker.restart();
    await assertOnlyKnocker("after a restart of Docker", daemon.program.output);
    assert.match(await shell("iptables -S FORWARD 1"), /FWKNOP_FORWARD/);
    daemon.program.signal("SIGKILL");
    await daemon.program.finished();
  }
  {
    await using daemon = await startDaemon(lab, { server: { FLUSH_IPT_AT_INIT: "N" }, access });
    await assertOnlyKnocker("after a start that takes over", daemon.program.output);
    const { stdout } = await lab.run("server", [...daemon.argv, "--fw-list"]);
    assert.match(stdout, /FWKNOP_FORWARD[^]*ctorigdstport 8080/);
    await daemon.stop();
  }
  // The same host, guarded by nftables itself.
  await shell("iptables -F DOCKER-USER");
  const guard = exampleOf("table inet filter").replaceAll("/etc/nftables.conf", `${lab.dir}/nftables.conf`);
  await shell(guard);
  await using daemon = await startDaemon(lab, { access });
  assert.match(daemon.program.output, /firewall: nftables, because inet filter input can drop/);
  assert.equal(await reaches("knocker"), "filtered");
  assert.match(await ask(daemon), ADDED, daemon.program.output);
  await assertOnlyKnocker("after the knock", daemon.program.output);
  await shell(`nft -f ${lab.dir}/nftables.conf`);
  await assertOnlyKnocker("after the ruleset was loaded anew", daemon.program.output);
  const { stdout } = await lab.run("server", [...daemon.argv, "--fw-list"]);
  assert.match(stdout, /fwknop_forward4_published /);
}, { needs: DOCKER_PROGRAMS, blocker: () => BLOCKER });
