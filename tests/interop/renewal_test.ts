/**
 * A second knock makes what is open last longer: never another rule or element beside the first one, never a moment in which
 * the door is shut, never an earlier end. On both packet filters, over both IP versions, with NAT, with the C client and ours.
 */
import assert from "node:assert/strict";
import { breakableTools } from "../lab/broken_tools.ts";
import {
  C_CLIENT,
  C_PROGRAMS,
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
import { knockArgs, setScene } from "../e2e/scene.ts";

type Family = 4 | 6;

/** Seconds that the first knock, the second and the third one ask for. */
const [FIRST, LONGER, SHORTER] = [300, 600, 60];
const NAT_ON = { ENABLE_IPT_FORWARDING: "Y", ENABLE_MASQUERADE_ANY_PORT: "Y" };
const INSIDE_LEG = { 4: "10.78.0.1", 6: "fd78::1" } as const;

/** One kind of door. */
interface Way {
  readonly name: string;
  readonly stanza: (family: Family, to: string) => Directives;
  /** How many rules or elements hold it. */
  readonly holders: number;
}

const WAYS: readonly Way[] = [
  { name: "a port of the server", stanza: () => ({}), holders: 1 },
  { name: "a port inside", stanza: (_family, to) => ({ FORCE_NAT: to }), holders: 2 },
  {
    name: "a port inside, from an address of the gateway",
    stanza: (family, to) => ({ FORCE_NAT: to, FORCE_SNAT: INSIDE_LEG[family] }),
    holders: 3,
  },
  {
    name: "a port inside, masqueraded",
    stanza: (_family, to) => ({ FORCE_NAT: to, FORCE_MASQUERADE: "Y" }),
    holders: 3,
  },
];

const CLIENTS = [
  { client: "C client", program: C_CLIENT, family: 4 },
  { client: "our client", program: OUR_CLIENT, family: 4 },
  { client: "our client", program: OUR_CLIENT, family: 6 },
] as const;

/** What the packet filter holds, each rule or element as text with the seconds that are left to it. */
type Holders = readonly { readonly text: string; readonly left: number }[];

/** A set of `nft -j`, as far as it matters here. */
interface ListedElement {
  readonly elem: { readonly val: unknown; readonly expires: number };
}

const LISTINGS: Readonly<Record<"nftables" | "iptables", (lab: Lab) => Promise<Holders>>> = {
  async nftables(lab) {
    const { nftables } = JSON.parse(await lab.must("server", ["nft", "-j", "list", "ruleset"]));
    const sets: { elem?: unknown[] }[] = nftables.flatMap((one: Record<string, unknown>) =>
      one["set"] ?? one["map"] ?? []
    );
    return sets.flatMap(({ elem = [] }) => elem).map((element) => {
      const [key, value] = (Array.isArray(element) ? element : [element, null]) as [ListedElement, unknown];
      return { text: JSON.stringify([key.elem.val, value]), left: key.elem.expires };
    });
  },
  async iptables(lab) {
    const saved = [await lab.must("server", ["iptables-save"]), await lab.must("server", ["ip6tables-save"])].join(
      "\n",
    );
    const now = Date.now() / 1000;
    return saved.split("\n").flatMap((text) => {
      const end = /_exp_([0-9]+)/.exec(text)?.[1];
      return end === undefined ? [] : [{ text, left: Number(end) - now }];
    });
  },
};

/** Probes without a pause until it is told to stop. Resolves with how often the port was shut, and how often it was tried. */
function watch(lab: Lab, address: string, port: number): { stop(): Promise<readonly [shut: number, tries: number]> } {
  let isOver = false;
  let [shut, tries] = [0, 0];
  const watching = (async () => {
    while (!isOver) {
      tries++;
      if (await lab.probe("knocker", address, port, { timeoutMs: 1000 }) === "filtered") shut++;
    }
  })();
  return {
    async stop() {
      isOver = true;
      await watching;
      return [shut, tries];
    },
  };
}

for (const guard of ["nftables", "iptables"] as const satisfies readonly Guard[]) {
  labTest(`a second knock extends what is open, once each and without a gap: ${guard}`, async () => {
    await using lab = await makeLab({ guard, extra: ["inside"] });
    const trials = CLIENTS.flatMap((client, row) =>
      WAYS.map((way, column) => {
        const [outside, inside] = [9100 + 10 * row + column, 9500 + 10 * row + column];
        lab.listen("inside", inside, { family: client.family });
        return { ...client, ...way, keys: newKeys(), outside, inside };
      })
    );
    await using daemon = await startDaemon(lab, {
      server: NAT_ON,
      access: trials.map(({ stanza, keys, family, inside }) => ({
        ...keys,
        MAX_FW_TIMEOUT: LONGER,
        ...stanza(family, `${lab.address("inside", family)} ${inside}`),
      })),
    });
    for (const trial of trials) {
      const { client, name, family, program, keys, outside, inside, holders } = trial;
      const title = `${client}, IPv${family}, ${name}`;
      const server = lab.address("server", family);
      const ask = async (seconds: number) => {
        const since = daemon.program.mark();
        const args = [...knockArgs(lab, outside, family), "-f", String(seconds), ...keyArgs(keys)];
        await knock(lab, args, { program });
        await daemon.program.waitFor(new RegExp(`Added .* tcp/${outside}`), { since });
        const all = await LISTINGS[guard](lab);
        return all.filter(({ text }) => new RegExp(`\\b(?:${outside}|${inside})\\b`).test(text));
      };
      await ask(FIRST);
      assert.ok(await lab.opens("knocker", server, outside), `${title}\n${daemon.program.output}`);
      const watching = watch(lab, server, outside);
      for (const seconds of [LONGER, SHORTER, LONGER]) {
        const held = await ask(seconds);
        const said = `${title}, ${seconds}: ${JSON.stringify(held)}`;
        assert.equal(held.length, holders, said);
        for (const { left } of held) assert.ok(left > FIRST && left <= LONGER + 2, said);
      }
      const [shut, tries] = await watching.stop();
      assert.deepEqual([shut, tries > 3], [0, true], title);
    }
    assert.equal((await daemon.stop()).code, 0);
    assert.deepEqual(await LISTINGS[guard](lab), []);
  }, { needs: C_PROGRAMS });
}

labTest(
  "iptables: a daemon that is killed in the middle of a renewal leaves no rule for longer than it should",
  async () => {
    await using lab = await makeLab({ guard: "iptables", extra: ["inside"] });
    lab.listen("inside", 80);
    const tools = breakableTools(lab);
    const scene = await setScene(lab, {
      program: tools.daemon,
      server: { ...NAT_ON, FIREWALL: "iptables", FLUSH_IPT_AT_INIT: "N" },
      stanza: { FW_ACCESS_TIMEOUT: 4, FORCE_NAT: "10.78.0.2 80", FORCE_MASQUERADE: "Y" },
    });
    await scene.knock(8080);
    assert.ok(await lab.opens("knocker", scene.server, 8080), scene.daemon.program.output);
    // Of the transactions, one for each table, the first is done; then there is no daemon any more.
    tools.break(`sed '/^COMMIT/q' | $real "$@"; kill -9 $PPID; exit`, /^iptables-restore$/);
    await scene.knock(8080, ["-f", "8"]);
    assert.equal((await scene.daemon.program.finished()).signal, "SIGKILL");
    tools.mend();
    const left = await LISTINGS.iptables(lab);
    const ends = left.map(({ text }) => Number(/_exp_([0-9]+)/.exec(text)?.[1])).toSorted((a, b) => a - b);
    assert.equal(
      ends.length,
      4,
      "one for each of forward, DNAT and masquerade, and the new one beside what it replaces",
    );
    assert.equal(new Set(ends.slice(0, 3)).size, 1, "none of the first knock has another end");
    assert.ok(ends[3]! > ends[0]!, "renewed in part");
    await using again = await scene.daemon.again();
    await again.program.waitFor(/3 doors of an earlier run are still open/);
    for (let gone = 0; gone < 3; gone++) await again.program.waitFor(/Removed rule/, { since: gone });
    while ((await LISTINGS.iptables(lab)).length > 0) await again.program.waitFor(/Removed rule/);
    assert.ok(await lab.closes("knocker", scene.server, 8080));
  },
);
