/** The set-ups of docs/GATEWAY.md, made of the very texts that stand there, with knocks of the C client. */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  C_PROGRAMS,
  knock,
  type Lab,
  labTest,
  makeLab,
  OUR_DAEMON,
  type Program,
  READY,
} from "../lab/mod.ts";

const DOCUMENT = await Deno.readTextFile(new URL("../../docs/GATEWAY.md", import.meta.url));
/** What is different here from the examples: addresses, and patience. */
const HERE: readonly (readonly [string, string])[] = [
  ["10.0.0.5", "10.78.0.2"],
  ["gw.example.org", "10.77.0.1"],
  ["FW_ACCESS_TIMEOUT       30", "FW_ACCESS_TIMEOUT       8"],
  ["CMD_CYCLE_TIMER         30", "CMD_CYCLE_TIMER         8"],
];

/** The shell texts of a section, in order. */
function blocks(heading: string): readonly string[] {
  const [, rest] = DOCUMENT.split(`\n## ${heading}\n`);
  assert.ok(rest !== undefined, `a section "${heading}"`);
  const found = [...rest.split("\n## ")[0]!.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  return found.map((text) => HERE.reduce((changed, [there, here]) => changed.replaceAll(there, here), text));
}

/** Types these texts as root into a machine of their own, and starts the daemon. */
async function setUp(lab: Lab, texts: readonly string[]): Promise<Program> {
  await Deno.mkdir(`${lab.dir}/bin`);
  const quoted = OUR_DAEMON.argv.map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(`${lab.dir}/bin/fwknopd`, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  await Deno.writeTextFile(`${lab.dir}/nftables.conf`, "");
  const script = [
    "set -e",
    "for folder in /etc/fwknop /etc/sysctl.d /run; do mount -t tmpfs none $folder; done",
    `mount --bind ${lab.dir}/nftables.conf /etc/nftables.conf`,
    `PATH=${lab.dir}/bin:$PATH`,
    ...texts,
    "exec fwknopd -f -v",
  ].join("\n");
  const daemon = lab.spawn("server", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]);
  await daemon.waitFor(READY);
  return daemon;
}

/** Knocks as the last text of a section says, with the keys that its server printed. */
async function knockAs(lab: Lab, daemon: Program, text: string, from: "knocker" | "inside" = "knocker"): Promise<void> {
  const keys = daemon.lines.filter((line) => /^(?:HMAC_)?KEY_BASE64: /.test(line)).map((line) => line.replace(":", ""));
  assert.equal(keys.length, 2, daemon.output);
  const rc = `${lab.dir}/${from}-rc`;
  const server = from === "knocker" ? lab.address("server") : "10.78.0.1";
  const stanza = ["[gw]", `SPA_SERVER ${server}`, `ALLOW_IP ${lab.address(from)}`, ...keys];
  await Deno.writeTextFile(rc, `${stanza.join("\n")}\n`, { mode: 0o600 });
  const line = text.split("\n").find((one) => one.startsWith("fwknop "));
  assert.ok(line !== undefined, text);
  await knock(lab, ["--rc-file", rc, ...line.split(" ").slice(1)], { program: C_CLIENT, from });
}

/** Lets a host say its name on a port. */
async function answer(lab: Lab, host: "server" | "inside", port: number): Promise<void> {
  const code = `
    const listener = Deno.listen({ hostname: "0.0.0.0", port: ${port} });
    console.log("listening");
    while (true) {
      const peer = await listener.accept();
      // A probe may be gone already.
      peer.write(new TextEncoder().encode("${host}")).catch(() => {}).finally(() => peer.close());
    }
  `;
  await lab.spawn(host, [Deno.execPath(), "eval", code]).waitFor(/listening/);
}

async function ask(lab: Lab, port: number): Promise<string> {
  const code = `
    const peer = await Deno.connect({ hostname: "${lab.address("server")}", port: ${port} });
    console.log(await new Response(peer.readable).text());
  `;
  return (await lab.must("knocker", [Deno.execPath(), "eval", code])).trim();
}

async function gateway(): Promise<Lab> {
  const lab = await makeLab({ guard: "none", extra: ["stranger", "inside"] });
  // What the section about it switches on.
  await lab.must("server", ["sysctl", "-q", "-w", "net.ipv4.ip_forward=0"]);
  return lab;
}

const [FORWARDING = "", NFTABLES = "", IPTABLES = ""] = blocks("A gateway that drops");

for (const [firewall, ruleset] of [["nftables", NFTABLES], ["iptables", IPTABLES]] as const) {
  labTest(`a gateway that leads to one service inside: ${firewall}`, async () => {
    await using lab = await gateway();
    const [server = "", client = ""] = blocks("One service inside");
    const daemon = await setUp(lab, [FORWARDING, ruleset, server]);
    assert.match(daemon.output, new RegExp(`firewall: ${firewall}`));
    await answer(lab, "inside", 22);
    assert.equal(await lab.probe("knocker", lab.address("server"), 8022), "filtered");
    await knockAs(lab, daemon, client);
    await daemon.waitFor(/Added DNAT rule/);
    assert.equal(await ask(lab, 8022), "inside");
    assert.equal(await lab.probe("stranger", lab.address("server"), 8022), "filtered");
    await daemon.waitFor(/Removed rule/);
    assert.ok(await lab.closes("knocker", lab.address("server"), 8022), daemon.output);
  }, { needs: C_PROGRAMS });

  labTest(`a gateway that leads to a whole host inside: ${firewall}`, async () => {
    await using lab = await gateway();
    const [server = "", client = ""] = blocks("A whole host inside");
    const daemon = await setUp(lab, [FORWARDING, ruleset, server]);
    assert.match(daemon.output, new RegExp(`firewall: ${firewall}`));
    for (const port of [22, 80]) await answer(lab, "inside", port);
    await answer(lab, "server", 22);
    await knockAs(lab, daemon, client);
    await daemon.waitFor(/Added DNAT ALL rule/);
    for (const port of [22, 80]) assert.equal(await ask(lab, port), "inside");
    assert.equal(await lab.probe("stranger", lab.address("server"), 22), "filtered");
    await daemon.waitFor(/Removed rule/);
    assert.ok(await lab.closes("knocker", lab.address("server"), 80), daemon.output);
  }, { needs: C_PROGRAMS });
}

labTest("a host with a command for each knock", async () => {
  await using lab = await makeLab({ guard: "none" });
  const [server = "", client = ""] = blocks("A command instead of a door");
  const daemon = await setUp(lab, [server]);
  lab.listen("server", 443);
  assert.equal(await lab.probe("knocker", lab.address("server"), 443), "filtered");
  await knockAs(lab, daemon, client);
  assert.ok(await lab.opens("knocker", lab.address("server"), 443), daemon.output);
  assert.equal(await lab.probe("stranger", lab.address("server"), 443), "filtered");
  assert.ok(await lab.closes("knocker", lab.address("server"), 443), daemon.output);
}, { needs: C_PROGRAMS });

labTest("a host with two interfaces", async () => {
  await using lab = await gateway();
  const [server = ""] = blocks("Two interfaces");
  const daemon = await setUp(lab, [NFTABLES, server]);
  for (const [from, address] of [["knocker", lab.address("server")], ["inside", "10.78.0.1"]] as const) {
    assert.equal(await lab.probe(from, address, 22), "filtered");
    await knockAs(lab, daemon, "fwknop -n gw -A tcp/22", from);
    assert.ok(await lab.opens(from, address, 22), daemon.output);
    assert.ok(await lab.closes(from, address, 22), daemon.output);
  }
}, { needs: C_PROGRAMS });
