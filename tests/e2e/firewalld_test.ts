/** Our daemon behind Debian's real firewalld: knocks open rich rules, and firewalld ends them. */
import assert from "node:assert/strict";
import { FIREWALLD_NEEDS, type FirewalldHost, startFirewalld } from "../lab/firewalld.ts";
import { type Lab, labTest, makeLab } from "../lab/mod.ts";
import { knockArgs, type Scene, setScene } from "./scene.ts";

/** A lab whose server has firewalld and nothing else, and the daemon beside it. */
async function setFirewalldScene(
  lab: Lab,
  options: Parameters<typeof setScene>[1] = {},
): Promise<{ readonly scene: Scene; readonly host: FirewalldHost }> {
  const host = await startFirewalld(lab);
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 }, ...options, prefix: host.within });
  return { scene, host };
}

function firewalldTest(name: string, body: (lab: Lab) => Promise<void>): void {
  labTest(`firewalld: ${name}`, async () => {
    await using lab = await makeLab({ guard: "none", extra: ["stranger", "inside"] });
    await body(lab);
  }, { needs: FIREWALLD_NEEDS });
}

async function rulesOf(host: FirewalldHost): Promise<readonly string[]> {
  return (await host.cmd("--zone=public", "--list-rich-rules")).split("\n").filter((line) => line !== "");
}

/** The other version of IP than the scene's knocks. */
async function knock6(scene: Scene, port: number): Promise<void> {
  const [, , , , , server = ""] = knockArgs(scene.lab, port, 6);
  await scene.knock(port, ["-a", scene.lab.address("knocker", 6), "-D", server]);
}

firewalldTest("a knock opens a port over IPv4 and one over IPv6, and each ends with its time", async (lab) => {
  const { scene, host } = await setFirewalldScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 3 } });
  await scene.daemon.program.waitFor(
    /firewall: firewalld, because inet firewalld filter_INPUT is managed by firewalld/,
  );
  assert.equal(await scene.isOpen(22), false);
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
  assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  await knock6(scene, 23);
  assert.ok(await lab.opens("knocker", lab.address("server", 6), 23), scene.daemon.program.output);
  assert.ok(await lab.closes("knocker", scene.server, 22));
  assert.ok(await lab.closes("knocker", lab.address("server", 6), 23));
  await scene.daemon.program.waitFor(/Removed rule .* from firewalld zone public/);
  assert.deepEqual(await rulesOf(host), []);
  assert.equal(scene.daemon.program.count(/error|keeps it shut/i), 0, scene.daemon.program.output);
});

firewalldTest("a port closes by itself where the daemon was killed", async (lab) => {
  const { scene, host } = await setFirewalldScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 4 } });
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
  await scene.daemon.stop("SIGKILL");
  assert.equal((await rulesOf(host)).length, 1);
  const { stdout } = await lab.run("server", [...scene.daemon.argv, "--fw-list"]);
  assert.match(
    stdout,
    /^public: rule priority="\d+" family="ipv4" source address="10\.77\.0\.2\/32" port port="22" .* # ends in \d s$/m,
  );
  assert.ok(await lab.closes("knocker", scene.server, 22));
  assert.deepEqual(await rulesOf(host), []);
});

firewalldTest("neither a reload nor a new start of firewalld loses a grant, or opens anything", async (lab) => {
  const { scene, host } = await setFirewalldScene(lab);
  const { program } = scene.daemon;
  await host.cmd("--add-port=80/tcp");
  await scene.knock(22);
  await knock6(scene, 23);
  assert.ok(await lab.opens("knocker", scene.server, 22), program.output);
  for (const disturb of [() => host.cmd("--reload"), () => host.cmd("--complete-reload"), () => restart(host)]) {
    const mark = program.mark();
    await disturb();
    await program.waitFor(/put back/i, { since: mark });
    assert.ok(await lab.opens("knocker", scene.server, 22), program.output);
    assert.ok(await lab.opens("knocker", lab.address("server", 6), 23), program.output);
    assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
    assert.equal(await lab.probe("knocker", scene.server, 80), "filtered");
    assert.equal((await rulesOf(host)).length, 2);
  }
  await scene.daemon.stop();
  assert.deepEqual(await rulesOf(host), []);
  assert.equal(await lab.probe("knocker", scene.server, 22), "filtered");
});

async function restart(host: FirewalldHost): Promise<void> {
  await host.stop();
  await host.start();
}

firewalldTest("a firewalld that hangs or ends keeps shut what a knock asks for, and the log says so", async (lab) => {
  const { scene, host } = await setFirewalldScene(lab);
  const { program } = scene.daemon;
  host.program.signal("SIGSTOP");
  const mark = program.mark();
  await scene.knock(22);
  await program.waitFor(/Cannot open input tcp\/22: firewalld: it does not answer in time/, { since: mark });
  assert.equal(program.count(/Added/, mark), 0);
  host.program.signal("SIGCONT");
  // What it was asked for, it does now; the daemon takes it over, or takes it away.
  await scene.knock(24);
  assert.ok(await lab.opens("knocker", scene.server, 24), program.output);
  await host.stop("SIGKILL");
  await scene.knock(25);
  await program.waitFor(/Cannot open input tcp\/25: firewalld: it is not running/);
  assert.equal(await lab.probe("knocker", scene.server, 25), "filtered");
});

firewalldTest("a NAT request goes through a forwarded port to a host inside", async (lab) => {
  const { scene, host } = await setFirewalldScene(lab, {
    server: { ENABLE_FIREWD_FORWARDING: "Y" },
  });
  lab.listen("inside", 22);
  await scene.knock(2222, ["-N", `${lab.address("inside")}:22`]);
  await scene.daemon.program.waitFor(/Added DNAT rule/);
  const [rule = ""] = await rulesOf(host);
  assert.match(rule, /forward-port port="2222" protocol="tcp" to-port="22" to-addr="10.78.0.2"/);
  assert.ok(await lab.opens("knocker", scene.server, 2222), scene.daemon.program.output);
  assert.equal(await lab.probe("knocker", scene.server, 2222), "open");
  assert.equal(await lab.probe("stranger", scene.server, 2222), "filtered");
  assert.equal(scene.daemon.program.count(/error|keeps it shut|Cannot/i), 0, scene.daemon.program.output);
});

firewalldTest("what firewalld cannot do is refused at the start, and so is a bus that is missing", async (lab) => {
  const host = await startFirewalld(lab);
  const start = (server: Readonly<Record<string, string>>, prefix: readonly string[]) =>
    setScene(lab, { server: { FIREWALL: "firewalld", ...server }, prefix }).then(
      () => "",
      (error: unknown) => String(error),
    );
  assert.match(
    await start({ ENABLE_FIREWD_SNAT: "Y", ENABLE_FIREWD_FORWARDING: "Y" }, host.within),
    /rewrites sources/,
  );
  assert.match(await start({ ENABLE_FIREWD_OUTPUT: "Y" }, host.within), /lets answers out/);
  assert.match(await start({ FIREWD_ZONE: "nowhere" }, host.within), /"nowhere" of FIREWD_ZONE.*there are: .*public/s);
  const empty = 'mount -t tmpfs none /run && exec "$@"';
  const alone = ["unshare", "--mount", "--propagation", "private", "sh", "-c", empty, "sh"];
  assert.match(await start({}, alone), /Cannot reach the system bus/);
});

firewalldTest("a bus that comes after the daemon is found, and firewalld on it taken", async (lab) => {
  const run = `${lab.dir}/late-run`;
  await Deno.mkdir(`${run}/dbus`, { recursive: true });
  const prefix = ["unshare", "--mount", "sh", "-ec", 'mount --bind "$1" /run; shift; exec "$@"', "sh", run];
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 }, prefix });
  const { program } = scene.daemon;
  assert.match(program.output, /firewall: (?!firewalld)/);
  await scene.knock(22);
  await program.waitFor(/^Added access rule/);
  const host = await startFirewalld(lab);
  await Deno.symlink(host.socket, `${run}/dbus/system_bus_socket`);
  const mark = program.mark();
  await host.cmd("--reload");
  await program.waitFor(/firewall: firewalld, because .* instead of .* 1 open doors were carried over/, {
    since: mark,
  });
  assert.ok(await lab.opens("knocker", scene.server, 22), program.output);
  assert.equal((await rulesOf(host)).length, 1);
  await scene.knock(23);
  await program.waitFor(/^Added access rule to firewalld zone public .*tcp\/23/);
});
