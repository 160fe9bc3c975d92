import assert from "node:assert/strict";
import type { Access, Slot } from "../../../../daemon/firewall/firewall.ts";
import { addressPair } from "../../../contract/addresses.ts";
import { labTest } from "../../../lab/mod.ts";
import { type NftablesRig, nftablesRig } from "./rig.ts";

const ALL: readonly Slot[] = ["input", "output", "forward", "dnat", "snat", "masquerade"];
const WEB = { proto: "tcp", port: 80 } as const;
const ALTERNATIVE = { proto: "tcp", port: 8080 } as const;
const INSIDE = addressPair("10.78.0.2", "fd78::2");
const INNER_LEG = addressPair("10.78.0.1", "fd78::1");

/** Opens grants with everything switched on. */
async function give(rig: NftablesRig, accesses: readonly Access[]): Promise<void> {
  const firewall = rig.start({ slots: ALL });
  await firewall.prepare();
  const expiresAt = rig.now() + 600;
  const outcomes = await firewall.grant(accesses.map((access) => ({ access, expiresAt })), [], rig.now());
  assert.deepEqual(outcomes, accesses.map(() => ({ ok: true, alreadyOpen: false, shutBy: [] })));
  assert.deepEqual(
    (await firewall.list()).map(({ access }) => access.slot).sort(),
    accesses.map(({ slot }) => slot).sort(),
  );
}

async function reaches(rig: NftablesRig, from: "knocker" | "stranger", family: 4 | 6, port: number): Promise<boolean> {
  return await rig.lab.probe(from, rig.lab.address("server", family), port) === "open";
}

let listening = false;

/** A rig with a web server inside. */
async function makeRig(): Promise<NftablesRig> {
  const rig = await nftablesRig();
  if (!listening) {
    // Sockets of IPv6 take IPv4 as well.
    rig.lab.listen("inside", 80, { family: 6 });
    rig.lab.listen("server", 22, { family: 6 });
  }
  listening = true;
  await rig.lab.must("inside", ["nft", "flush", "ruleset"]);
  return rig;
}

for (const family of [4, 6] as const) {
  const title = `nftablesBackend(), IPv${family}:`;

  labTest(`${title} a translated port leads the knocker to a host inside`, async () => {
    await using rig = await makeRig();
    const source = rig.addresses.knocker[family];
    assert.ok(!await reaches(rig, "knocker", family, 8080));
    const to = INSIDE[family];
    await give(rig, [
      { slot: "forward", source, target: null, service: WEB },
      { slot: "dnat", source, destination: null, service: ALTERNATIVE, to, toPort: 80 },
    ]);
    assert.ok(await reaches(rig, "knocker", family, 8080));
    assert.ok(!await reaches(rig, "knocker", family, 80));
    assert.ok(!await reaches(rig, "stranger", family, 8080));
  });

  labTest(`${title} only the address that was knocked at is translated`, async () => {
    await using rig = await makeRig();
    const source = rig.addresses.knocker[family];
    const to = INSIDE[family];
    const destination = rig.addresses.first[family];
    await give(rig, [
      { slot: "forward", source, target: to, service: WEB },
      { slot: "dnat", source, destination, service: ALTERNATIVE, to, toPort: 80 },
      { slot: "dnat", source, destination, service: WEB, to, toPort: null },
    ]);
    assert.ok(await reaches(rig, "knocker", family, 8080));
    assert.ok(await reaches(rig, "knocker", family, 80));
    assert.ok(!await rig.admits({ from: "knocker", family, service: ALTERNATIVE, to: "second" }));
  });

  labTest(`${title} everything of the knocker is translated`, async () => {
    await using rig = await makeRig();
    const source = rig.addresses.knocker[family];
    await give(rig, [
      { slot: "forward", source, target: null, service: null },
      { slot: "dnat", source, destination: null, service: null, to: INSIDE[family], toPort: null },
    ]);
    assert.ok(await reaches(rig, "knocker", family, 80));
    assert.ok(!await reaches(rig, "stranger", family, 80));
  });

  labTest(`${title} a port of the server itself is translated`, async () => {
    await using rig = await makeRig();
    const source = rig.addresses.knocker[family];
    const to = rig.addresses.first[family];
    await give(rig, [
      { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } },
      { slot: "dnat", source, destination: null, service: { proto: "tcp", port: 60001 }, to, toPort: 22 },
    ]);
    assert.ok(await reaches(rig, "knocker", family, 60001));
    assert.ok(!await reaches(rig, "stranger", family, 60001));
  });

  const rewrites: readonly (readonly [string, (rig: NftablesRig) => Access])[] = [
    ["an address", () => ({
      slot: "snat",
      match: { destination: INSIDE[family], service: WEB },
      to: INNER_LEG[family],
    })],
    ["an address for all of the knocker", (rig) => ({
      slot: "snat",
      match: { source: rig.addresses.knocker[family] },
      to: INNER_LEG[family],
    })],
    ["the server's own address", () => ({
      slot: "masquerade",
      match: { destination: INSIDE[family], service: WEB },
      toPort: null,
    })],
    ["the server's own address and a port", () => ({
      slot: "masquerade",
      match: { destination: INSIDE[family], service: WEB },
      toPort: 8080,
    })],
    ["the server's own address for all of the knocker", (rig) => ({
      slot: "masquerade",
      match: { source: rig.addresses.knocker[family] },
      toPort: null,
    })],
  ];
  for (const [what, access] of rewrites) {
    labTest(`${title} the host inside sees ${what} as the source`, async () => {
      await using rig = await makeRig();
      const leg = INNER_LEG[family].text;
      const drop = `${family === 4 ? "ip" : "ip6"} saddr != ${leg} tcp dport 80 drop`;
      await rig.lab.must("inside", ["nft", "-f", "-"], {
        stdin: `table inet f {\n chain i {\n type filter hook input priority 0; ${drop}\n }\n }\n`,
      });
      const source = rig.addresses.knocker[family];
      const way: Access[] = [
        { slot: "forward", source, target: null, service: WEB },
        { slot: "dnat", source, destination: null, service: ALTERNATIVE, to: INSIDE[family], toPort: 80 },
      ];
      await give(rig, way);
      assert.ok(!await reaches(rig, "knocker", family, 8080));
      await rig.reload();
      await give(rig, [...way, access(rig)]);
      assert.ok(await reaches(rig, "knocker", family, 8080));
    });
  }

  labTest(`${title} the answers get out where output is filtered`, async () => {
    await using rig = await makeRig();
    const discovery = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept";
    const outputDrops =
      `table inet leaving {\n chain o {\n type filter hook output priority 0; policy drop; ${discovery}\n }\n }`;
    const source = rig.addresses.knocker[family];
    const service = { proto: "tcp", port: 22 } as const;
    const input: Access = { slot: "input", source, destination: null, service };
    await rig.nft(outputDrops);
    await give(rig, [input]);
    assert.ok(!await reaches(rig, "knocker", family, 22));
    for (const destination of [null, rig.addresses.first[family]]) {
      await rig.reload();
      await rig.nft(outputDrops);
      await give(rig, [input, { slot: "output", source, destination, service }]);
      assert.ok(await reaches(rig, "knocker", family, 22));
    }
  });
}
