/** The main job, in every combination of capture, packet filter and address family. */
import assert from "node:assert/strict";
import {
  type Directives,
  type Guard,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
} from "../lab/mod.ts";
import { keyArgs, knock, startDaemon } from "../lab/mod.ts";
import { knockArgs, OPEN_SECONDS } from "./scene.ts";

interface Variant {
  readonly name: string;
  readonly guard: Guard;
  /** What the daemon must say that it took. */
  readonly says: RegExp;
  readonly wrap?: (argv: readonly string[]) => string[];
}

const FIREWALLS: readonly Variant[] = [
  { name: "nftables", guard: "nftables", says: /^firewall: nftables/ },
  { name: "nftables without nft", guard: "nftables", says: /^firewall: nftables/, wrap: withoutNft },
  { name: "iptables", guard: "iptables", says: /^firewall: iptables/ },
];

const CAPTURES: readonly {
  readonly name: string;
  readonly server: Directives;
  readonly udpPorts: readonly number[];
}[] = [
  { name: "pcap", server: {}, udpPorts: [] },
  { name: "UDP server", server: { ENABLE_UDP_SERVER: "Y" }, udpPorts: [62201] },
];

/** Runs a program on a host where `nft` cannot be run. */
function withoutNft(argv: readonly string[]): string[] {
  const script = `mount --bind /dev/null "$(readlink -f "$(command -v nft)")" && exec "$@"`;
  return ["sh", "-c", script, "sh", ...argv];
}

for (const firewall of FIREWALLS) {
  for (const capture of CAPTURES) {
    labTest(`a knock opens for the knocker only and for its time: ${firewall.name}, ${capture.name}`, async () => {
      await using lab = await makeLab({ guard: firewall.guard, udpPorts: capture.udpPorts });
      const keys = newKeys();
      const program: ProgramUnderTest = firewall.wrap === undefined
        ? OUR_DAEMON
        : { ...OUR_DAEMON, argv: firewall.wrap(OUR_DAEMON.argv) };
      const daemon = await startDaemon(lab, {
        program,
        server: capture.server,
        access: [{ ...keys, FW_ACCESS_TIMEOUT: OPEN_SECONDS }],
      });
      assert.ok(daemon.program.lines.some((line) => firewall.says.test(line)), daemon.program.output);
      const families = [4, 6] as const;
      for (const family of families) {
        assert.equal(await lab.probe("knocker", lab.address("server", family), 22), "filtered");
      }
      // Two families at a time, as they do not touch each other.
      await Promise.all(families.map(async (family) => {
        const server = lab.address("server", family);
        const asked = Date.now() / 1000;
        // Looked at from before the knock on: the grant is open for a short time only.
        const [opens] = await Promise.all([
          lab.opens("knocker", server, 22),
          knock(lab, [...knockArgs(lab, 22, family), ...keyArgs(keys)]),
        ]);
        assert.ok(opens, `IPv${family} did not open:\n${daemon.program.output}`);
        const added = new RegExp(
          `^Added access rule .* for ${lab.address("knocker", family)} .*, expires at ([0-9]+)$`,
        );
        const expiresAt = Number(added.exec(await daemon.program.waitFor(added))?.[1]);
        assert.ok(expiresAt >= Math.floor(asked) + OPEN_SECONDS, `${expiresAt}, asked for at ${asked}`);
        assert.ok(expiresAt <= Math.ceil(Date.now() / 1000) + OPEN_SECONDS, `${expiresAt} is later than it should be`);
        assert.equal(await lab.probe("stranger", server, 22), "filtered");
        assert.equal(await lab.probe("knocker", server, 23), "filtered");
        assert.ok(await lab.closes("knocker", server, 22), `IPv${family} stays open`);
        assert.ok(Date.now() / 1000 > expiresAt - 1, `IPv${family} closed before ${expiresAt}`);
      }));
      const { code } = await daemon.stop();
      assert.equal(code, 0, daemon.program.output);
    });
  }
}

labTest("a knock that asks for the packet's own source opens for it, over IPv4 and IPv6", async () => {
  await using lab = await makeLab();
  const keys = newKeys();
  const daemon = await startDaemon(lab, { access: [{ ...keys, FW_ACCESS_TIMEOUT: 30 }] });
  for (const family of [4, 6] as const) {
    const server = lab.address("server", family);
    await knock(lab, ["-A", "tcp/22,udp/53", "-s", "-D", server, ...keyArgs(keys)]);
    assert.ok(await lab.opens("knocker", server, 22), daemon.program.output);
    assert.ok(await lab.opens("knocker", server, 53, "udp"), daemon.program.output);
    assert.equal(await lab.probe("stranger", server, 22), "filtered");
  }
});

labTest("a connection that is up outlives its door", async () => {
  await using lab = await makeLab();
  const keys = newKeys();
  await startDaemon(lab, { access: [{ ...keys, FW_ACCESS_TIMEOUT: OPEN_SECONDS }] });
  const server = lab.address("server");
  // Programs of their own: the connection must live through the time of the grant.
  const run = (code: string) => [Deno.execPath(), "eval", code];
  const listener = lab.spawn(
    "server",
    run(`
      const listener = Deno.listen({ hostname: "${server}", port: 22 });
      console.log("listening");
      const peer = await listener.accept();
      const buffer = new Uint8Array(16);
      console.log(new TextDecoder().decode(buffer.subarray(0, await peer.read(buffer))));
    `),
  );
  await listener.waitFor(/listening/);
  await knock(lab, [...knockArgs(lab, 22), ...keyArgs(keys)]);
  assert.equal(await lab.probe("stranger", server, 22), "filtered");
  lab.spawn(
    "knocker",
    run(`
      const peer = await Deno.connect({ hostname: "${server}", port: 22 });
      await new Promise((resolve) => setTimeout(resolve, ${(OPEN_SECONDS + 2) * 1000}));
      await peer.write(new TextEncoder().encode("late"));
    `),
  );
  await listener.waitFor(/late/);
  assert.equal(await lab.probe("knocker", server, 22), "filtered");
});
