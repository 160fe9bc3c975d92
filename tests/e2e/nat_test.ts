/**
 * A gateway between a knocker and a host inside, on both packet filters and over both IP versions, with the C client and ours:
 * connections arrive inside with the source address that they should have, nobody else's do, and it is over in time.
 */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  type Daemon,
  type Directives,
  type Guard,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_CLIENT,
  startDaemon,
} from "../lab/mod.ts";
import { knockArgs } from "./scene.ts";

type Family = 4 | 6;

/** Seconds that a grant is open whose end is waited for: long enough for what is asked of it on a slow machine. */
const SECONDS = 20;
/** Seconds of those that end with their daemon. */
const LONG = 300;
const NAT_ON = { ENABLE_IPT_FORWARDING: "Y", ENABLE_IPT_LOCAL_NAT: "Y", ENABLE_MASQUERADE_ANY_PORT: "Y" };
const INSIDE_LEG = { 4: "10.78.0.1", 6: "fd78::1" } as const;
/** Another host inside, as far as addresses go. */
const OTHER_INSIDE = { 4: "10.78.0.3", 6: "fd78::3" } as const;

/** Lets a host answer on these ports who asked, and where. */
async function answer(lab: Lab, host: "inside" | "server", ports: readonly number[]): Promise<void> {
  const code = `
    for (const port of ${JSON.stringify(ports)}) {
      const listener = Deno.listen({ hostname: "::", port });
      (async () => {
        while (true) {
          // A probe that was only there to knock may be gone already.
          try {
            const peer = await listener.accept();
            const text = peer.remoteAddr.hostname.replace("::ffff:", "") + " at " + port;
            await peer.write(new TextEncoder().encode(text));
            peer.close();
          } catch {}
        }
      })();
    }
    console.log("listening");
  `;
  await lab.spawn(host, [Deno.execPath(), "eval", code]).waitFor(/listening/);
}

/** What a connection is told by the host that it reaches, as soon as it reaches one. */
async function ask(lab: Lab, address: string, port: number): Promise<string> {
  const code = `
    while (true) {
      const attempt = Deno.connect({ hostname: "${address}", port: ${port} }).catch(() => null);
      const peer = await Promise.race([attempt, new Promise((done) => setTimeout(done, 500, null))]);
      if (peer === null) continue;
      console.log(await new Response(peer.readable).text());
      Deno.exit();
    }
  `;
  return (await lab.must("knocker", [Deno.execPath(), "eval", code])).trim();
}

/** A lab with a host inside that answers. */
async function makeGateway(guard: Guard, ports: readonly number[]): Promise<Lab> {
  const lab = await makeLab({ guard, extra: ["stranger", "inside"] });
  await lab.must("inside", [
    "sh",
    "-ec",
    "ip address add 10.78.0.3/24 dev eth0; ip -6 address add fd78::3/64 dev eth0 nodad",
  ]);
  for (const host of ["knocker", "stranger"] as const) {
    await lab.must(host, [
      "sh",
      "-ec",
      "ip route add 10.78.0.0/24 via 10.77.0.1; ip -6 route add fd78::/64 via fd77::1",
    ]);
  }
  await answer(lab, "inside", ports);
  await answer(lab, "server", [22]);
  return lab;
}

/** One kind of request. */
interface Way {
  readonly name: string;
  readonly stanza: (family: Family, lab: Lab) => Directives;
  /** Arguments of the client besides the requested port. */
  readonly args: (family: Family, lab: Lab) => readonly string[];
  /** The port inside. Each way has its own, so that none is open by another's grant. */
  readonly inside: number;
  /** Whom the host inside sees. Default: the knocker. */
  readonly seen?: (family: Family) => string;
}

const bracketed = (address: string) => address.includes(":") ? `[${address}]` : address;
const towards = (port: number) => (family: Family, lab: Lab) => [
  "-N",
  `${bracketed(lab.address("inside", family))}:${port}`,
];
const forced = (port: number) => (family: Family, lab: Lab) => ({
  FORCE_NAT: `${lab.address("inside", family)} ${port}`,
});

const WAYS: readonly Way[] = [
  { name: "-N", stanza: () => ({}), args: towards(1000), inside: 1000 },
  {
    name: "-N within NAT_ALLOW",
    stanza: (family, lab) => ({ NAT_ALLOW: `${bracketed(lab.address("inside", family))}:1001` }),
    args: towards(1001),
    inside: 1001,
  },
  { name: "FORCE_NAT", stanza: forced(1002), args: () => [], inside: 1002 },
  { name: "FORCE_NAT instead of -N", stanza: forced(1003), args: towards(9), inside: 1003 },
  {
    name: "FORCE_SNAT",
    stanza: (family, lab) => ({ ...forced(1004)(family, lab), FORCE_SNAT: INSIDE_LEG[family] }),
    args: () => [],
    inside: 1004,
    seen: (family) => INSIDE_LEG[family],
  },
  {
    name: "FORCE_MASQUERADE",
    stanza: (family, lab) => ({ ...forced(1005)(family, lab), FORCE_MASQUERADE: "Y" }),
    args: () => [],
    inside: 1005,
    seen: (family) => INSIDE_LEG[family],
  },
];

const CLIENTS = [
  { name: "C client", program: C_CLIENT, family: 4 },
  { name: "our client", program: OUR_CLIENT, family: 4 },
  { name: "our client", program: OUR_CLIENT, family: 6 },
] as const;

for (const guard of ["nftables", "iptables"] as const) {
  labTest(`a gateway leads a knocker to a host inside, and nobody else, and that ends: ${guard}`, async () => {
    await using lab = await makeGateway(guard, WAYS.map(({ inside }) => inside));
    const trials = CLIENTS.flatMap((client, row) =>
      WAYS.map((way, column) => ({ ...client, way, keys: newKeys(), port: 9000 + 100 * row + column }))
    );
    const daemon = await startDaemon(lab, {
      server: NAT_ON,
      access: trials.map(({ way, keys, family }) => ({
        ...keys,
        FW_ACCESS_TIMEOUT: SECONDS,
        ...way.stanza(family, lab),
      })),
    });
    await Promise.all(trials.map(async ({ name, family, way, program, port, keys }) => {
      const title = `${name}, IPv${family}, ${way.name}`;
      const server = lab.address("server", family);
      assert.equal(await lab.probe("knocker", server, port), "filtered", title);
      const args = [...knockArgs(lab, port, family), ...way.args(family, lab), ...keyArgs(keys)];
      const [told] = await Promise.all([ask(lab, server, port), knock(lab, args, { program })]);
      const seen = way.seen?.(family) ?? lab.address("knocker", family);
      assert.equal(told, `${seen} at ${way.inside}`, `${title}\n${daemon.program.output}`);
      assert.equal(await lab.probe("stranger", server, port), "filtered", title);
      assert.equal(await lab.probe("stranger", lab.address("inside", family), way.inside), "filtered", title);
      assert.equal(await lab.probe("knocker", OTHER_INSIDE[family], way.inside), "filtered", title);
      assert.ok(await lab.closes("knocker", server, port), `${title} stays open`);
    }));
  });
}

/** A daemon on a gateway, and the knocks of our client. */
async function startGateway(lab: Lab, server: Directives, stanza: Directives): Promise<{
  readonly daemon: Daemon;
  knock(port: number, args: readonly string[], family?: Family): Promise<string>;
}> {
  const keys = newKeys();
  const daemon = await startDaemon(lab, {
    server: { ...NAT_ON, ...server },
    access: [{ ...keys, FW_ACCESS_TIMEOUT: LONG, ...stanza }],
    args: ["-v"],
  });
  return {
    daemon,
    knock: (port, args, family = 4) =>
      knock(lab, [...knockArgs(lab, port, family), ...args, ...keyArgs(keys)], { program: OUR_CLIENT }),
  };
}

for (const guard of ["nftables", "iptables"] as const) {
  labTest(`a random port of the gateway leads to a service of its own: ${guard}`, async () => {
    await using lab = await makeGateway(guard, []);
    const keys = newKeys();
    const daemon = await startDaemon(lab, { server: NAT_ON, access: [{ ...keys, FW_ACCESS_TIMEOUT: LONG }] });
    for (const { name, program, family } of CLIENTS) {
      const server = lab.address("server", family);
      const args = [...knockArgs(lab, 22, family), "--nat-local", "--nat-rand-port", ...keyArgs(keys)];
      const said = await knock(lab, args, { program });
      const port = Number(/andomly assigned port '?(?:tcp\/)?([0-9]+)/.exec(said)?.[1]);
      assert.ok(port > 1023, `${name}: ${said}`);
      const told = await ask(lab, server, port);
      assert.equal(told, `${lab.address("knocker", family)} at 22`, `${name}, IPv${family}:\n${daemon.program.output}`);
      assert.equal(await lab.probe("stranger", server, port), "filtered");
      assert.equal(await lab.probe("stranger", server, 22), "filtered");
    }
    await daemon.stop();
    assert.equal(await lab.probe("knocker", lab.address("server"), 22), "filtered");
  });

  labTest(
    `clients that route to a host inside reach that one alone, on that port, or on every port: ${guard}`,
    async () => {
      await using lab = await makeGateway(guard, [80, 81]);
      for (const all of [false, true]) {
        const { daemon, knock } = await startGateway(lab, {}, { DISABLE_DNAT: "Y", FORWARD_ALL: all ? "Y" : "N" });
        for (const family of [4, 6] as const) {
          const inside = lab.address("inside", family);
          await knock(8080, towards(80)(family, lab), family);
          assert.equal(await ask(lab, inside, 80), `${lab.address("knocker", family)} at 80`, daemon.program.output);
          assert.equal(await lab.probe("knocker", inside, 81), all ? "open" : "filtered", daemon.program.output);
          assert.equal(await lab.probe("knocker", OTHER_INSIDE[family], 80), "filtered");
          assert.equal(await lab.probe("stranger", inside, 80), "filtered");
          assert.equal(await lab.probe("knocker", lab.address("server", family), 8080), "filtered");
        }
        await daemon.stop();
        assert.equal(await lab.probe("knocker", lab.address("inside"), 80), "filtered");
      }
      const { daemon, knock } = await startGateway(lab, { ENABLE_FORWARD_ANY_HOST: "Y" }, { DISABLE_DNAT: "Y" });
      await knock(8080, towards(80)(4, lab));
      assert.ok(await lab.opens("knocker", OTHER_INSIDE[4], 80), daemon.program.output);
    },
  );

  labTest(
    `every port leads inside with FORWARD_ALL, and SNAT_TRANSLATE_IP has an address for each IP version: ${guard}`,
    async () => {
      await using lab = await makeGateway(guard, [80, 81]);
      const { daemon, knock } = await startGateway(
        lab,
        { ENABLE_IPT_SNAT: "Y", SNAT_TRANSLATE_IP: "10.78.0.1, fd78::1" },
        { FORWARD_ALL: "Y" },
      );
      for (const family of [4, 6] as const) {
        const server = lab.address("server", family);
        await knock(8080, towards(9)(family, lab), family);
        for (const port of [80, 81]) {
          assert.equal(await ask(lab, server, port), `${INSIDE_LEG[family]} at ${port}`, daemon.program.output);
          assert.equal(await lab.probe("stranger", server, port), "filtered");
        }
      }
      await daemon.stop();
      assert.equal(await lab.probe("knocker", lab.address("server"), 80), "filtered");
    },
  );
}
