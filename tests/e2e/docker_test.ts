/**
 * The daemon beside a real Docker: a stanza with GUARD forward opens what a container publishes, and a restart of Docker takes
 * no door away; one without GUARD opens nothing of it, and says so.
 */
import assert from "node:assert/strict";
import { type Daemon, labTest } from "../lab/mod.ts";
import { keyArgs, knock, makeLab, newKeys, startDaemon } from "../lab/mod.ts";
import { Docker, DOCKER_PROGRAMS, dockerBlocker, PUBLISHED } from "../lab/foreign/dockerd.ts";

const BLOCKER = await dockerBlocker();
const ADDED = new RegExp(`Added published rule to .* tcp/${PUBLISHED}\\b`);

/** What is told of a door that is not on the way there. */
const SHUT = new RegExp(
  "iptables-nft filter FORWARD keeps it shut: it drops it by its rule with the handle [0-9]+ in DOCKER-USER; " +
    "write GUARD forward in the stanza, because iptables-nft nat PREROUTING sends it on to 172\\.17\\.0\\.2:80",
);

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

labTest("a door in the input chain is not called open where Docker sends its packets elsewhere", async () => {
  await using lab = await makeLab({ guard: "none", extra: [] });
  await using _docker = await Docker.start(lab);
  const shell = (text: string) => lab.must("server", ["sh", "-ec", text]);
  await shell("iptables -P INPUT DROP; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT");
  await shell("iptables -I DOCKER-USER -i eth0 -m conntrack --ctstate NEW -j DROP");
  const keys = newKeys();
  const access = [{ ...keys, OPEN_PORTS: `tcp/${PUBLISHED}`, FW_ACCESS_TIMEOUT: 120 }];
  await using daemon = await startDaemon(lab, { server: { FLUSH_IPT_AT_INIT: "N" }, access });
  const { program } = daemon;
  assert.match(
    program.output,
    /FORWARD keeps tcp\/8080 over IPv4 shut .*: write GUARD forward in the stanza/,
    "at start",
  );
  const server = lab.address("server");
  const mark = program.mark();
  await knock(lab, ["-A", `tcp/${PUBLISHED}`, "-a", lab.address("knocker"), "-D", server, ...keyArgs(keys)]);
  const line = await program.waitFor(/^(Added|Opened|Cannot open) .*tcp/, { since: mark });
  assert.match(line, /^Opened .*tcp\/8080 in FWKNOP_INPUT, but /, program.output);
  assert.match(line, SHUT);
  assert.equal(await lab.probe("knocker", server, PUBLISHED, { timeoutMs: 300 }), "filtered", "which is so");

  const listed = await lab.run("server", [...daemon.argv, "--fw-list"]);
  assert.match(listed.stdout, SHUT, listed.stderr);
  const doctor = await lab.run("server", [...daemon.argv, "--doctor"]);
  assert.equal(doctor.code, 1, doctor.stdout);
  assert.match(doctor.stdout, /^fail iptables-nft filter FORWARD: keeps tcp\/8080 over IPv4 shut .*GUARD forward/m);
  const checked = await lab.run("server", [...daemon.argv, "--exit-parse-config"]);
  assert.match(checked.stdout + checked.stderr, /FORWARD keeps tcp\/8080 over IPv4 shut .*GUARD forward/);

  await shell("iptables -F DOCKER-USER");
  await program.waitFor(/tcp\/8080 is open in FWKNOP_INPUT, and nothing else keeps it shut any more/);
  assert.ok(await lab.opens("knocker", server, PUBLISHED), program.output);
}, { needs: DOCKER_PROGRAMS, blocker: () => BLOCKER });
