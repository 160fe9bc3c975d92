/** The daemon beside ufw, fail2ban and the service of nftables as Debian packages them: what they reload takes no door away, and opens none. */
import assert from "node:assert/strict";
import { type Lab, labTest, makeLab, nftablesGuard } from "../lab/mod.ts";
import { assertGetsIn, assertStrangerStaysOut, setTruthScene } from "./truth.ts";
import type { Scene } from "./scene.ts";

/** Only the knocker gets in. A ban answers as a host does where nobody listens, so somebody listens. */
async function assertDoor(scene: Scene): Promise<void> {
  await assertGetsIn(scene, 22);
  await assertStrangerStaysOut(scene, 22);
}

/** Runs ufw with a folder of its own for what it keeps. */
async function ufw(lab: Lab, ...words: readonly string[]): Promise<string> {
  const own = `${lab.dir}/ufw`;
  const script = `[ -e ${own} ] || cp -a /etc/ufw ${own}; mount --bind ${own} /etc/ufw; mount -t tmpfs none /run; ` +
    `exec ufw ${words.join(" ")}`;
  return await lab.must("server", ["sh", "-ec", script]);
}

labTest("ufw reload, disable and enable take no door away", async () => {
  await using lab = await makeLab({ guard: "none" });
  await ufw(lab, "--force", "enable");
  const scene = await setTruthScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 120 } });
  await using daemon = scene.daemon;
  assert.match(daemon.program.output, /firewall: iptables, because iptables-nft filter INPUT is managed by iptables/);
  assert.equal(await lab.probe("knocker", scene.server, 22), "filtered");
  await scene.knock(22);
  await assertDoor(scene);
  await ufw(lab, "reload");
  await assertDoor(scene);
  await ufw(lab, "disable");
  assert.ok(await lab.opens("knocker", scene.server, 22));
  await ufw(lab, "--force", "enable");
  await assertDoor(scene);
  await ufw(lab, "allow", "23/tcp");
  await assertDoor(scene);
}, { needs: { ufw: "ufw" } });

/** A fail2ban of the server's own, with one jail for port 22. */
async function startFail2ban(lab: Lab, banAction: string): Promise<(...words: readonly string[]) => Promise<string>> {
  const dir = `${lab.dir}/fail2ban`;
  const jail = [
    ...["[DEFAULT]", `banaction = ${banAction}`, "backend = polling", "bantime = 1h"],
    ...["[sshd]", "enabled = true", "port = 22", `logpath = ${lab.dir}/auth.log`, ""],
  ].join("\n");
  await lab.must("server", ["sh", "-ec", `cp -a /etc/fail2ban ${dir}; rm -f ${dir}/jail.d/*; : > ${lab.dir}/auth.log`]);
  await Deno.writeTextFile(`${dir}/jail.local`, jail);
  await Deno.writeTextFile(`${dir}/fail2ban.local`, "[Definition]\ndbfile = None\nlogtarget = STDOUT\n");
  const own = ["-c", dir, "-s", `${lab.dir}/fail2ban.sock`, "-p", `${lab.dir}/fail2ban.pid`];
  const program = lab.spawn("server", ["fail2ban-server", ...own, "-f", "start"]);
  await program.waitFor(/Jail 'sshd' started/);
  return async (...words) => await lab.must("server", ["fail2ban-client", ...own, ...words]);
}

for (const [guard, banAction] of [["iptables", "iptables-multiport"], ["nftables", "nftables"]] as const) {
  labTest(`a ban by fail2ban (${banAction}) has its say over a door, and its end gives the door back`, async () => {
    await using lab = await makeLab({ guard });
    const client = await startFail2ban(lab, banAction);
    const scene = await setTruthScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 120 } });
    await using daemon = scene.daemon;
    assert.match(daemon.program.output, new RegExp(`firewall: ${guard}, because`));
    await scene.knock(22);
    await assertDoor(scene);
    await client("set", "sshd", "banip", lab.address("stranger"));
    await assertDoor(scene);
    const mark = daemon.program.mark();
    await client("set", "sshd", "banip", lab.address("knocker"));
    await daemon.program.waitFor(/tcp\/22 is open in (?=.*f2b-).*keeps? it shut/, { since: mark });
    assert.notEqual(await lab.probe("knocker", scene.server, 22), "open");
    await client("set", "sshd", "unbanip", lab.address("knocker"));
    await daemon.program.waitFor(/tcp\/22 .*nothing else keeps it shut any more/, { since: mark });
    await assertDoor(scene);
    await client("reload");
    await assertDoor(scene);
  }, { needs: { "fail2ban-client": "fail2ban" } });
}

labTest("what systemctl restart nftables does takes no door away", async () => {
  await using lab = await makeLab();
  await Deno.writeTextFile(`${lab.dir}/nftables.conf`, `#!/usr/sbin/nft -f\nflush ruleset\n${nftablesGuard()}`);
  const scene = await setTruthScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 120 } });
  await using daemon = scene.daemon;
  await scene.knock(22);
  await assertDoor(scene);
  await lab.must("server", ["nft", "-f", `${lab.dir}/nftables.conf`]);
  await assertDoor(scene);
  // A restart stops first: for a moment nothing is filtered at all.
  await lab.must("server", ["sh", "-ec", `nft flush ruleset; nft -f ${lab.dir}/nftables.conf`]);
  await assertDoor(scene);
  assert.match(daemon.program.output, /put back what belongs to fwknopd/);
});
