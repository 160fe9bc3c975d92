import assert from "node:assert/strict";
import {
  type Candidate,
  chainsOnTheWay,
  type Choice,
  chooseByConfiguration,
  chooseByPath,
  decidingOwner,
  formatChoice,
  formatElsewhere,
  shutElsewhere,
} from "../../../daemon/firewall/choose.ts";
import type { PathChain } from "../../../daemon/firewall/path/model.ts";
import { inputChain, iptablesChain } from "../../fakes/packet_filter.ts";

const NO_NFT = "nftables cannot be used (the kernel has no nf_tables)", NO_IPTABLES = "iptables is not installed";

/** What would stop each of them here. */
interface Blockers {
  readonly nftables?: string;
  readonly iptables?: string;
  /** Null where firewalld answers; default: it is none of them. */
  readonly firewalld?: string | null;
}

function candidates({ nftables, iptables, firewalld: silent }: Blockers): readonly Candidate[] {
  const firewalld: Candidate = {
    backend: { name: "firewalld", otherwise: null },
    owners: ["firewalld"],
    blocker: silent ?? null,
  };
  return [
    {
      ...{ backend: { name: "nftables", otherwise: null }, owners: ["nftables"], also: ["firewalld"] },
      blocker: nftables ?? null,
    },
    {
      backend: { name: "iptables", otherwise: "no native chain" },
      owners: ["iptables-nft", "iptables-legacy"],
      blocker: iptables ?? null,
    },
    ...(silent === undefined ? [] : [firewalld]),
  ];
}

Deno.test("chooseByConfiguration() obeys FIREWALL, then a variable that only one packet filter has a use for", () => {
  const decisive = [{ backend: "iptables", directive: "IPT_INPUT_ACCESS" }];
  for (const directive of ["nftables", "iptables"]) {
    const choice = chooseByConfiguration({ directive, decisive });
    assert.ok(choice);
    assert.equal(formatChoice(choice), `firewall: ${directive}, because FIREWALL is ${directive}`);
  }
  const configured = chooseByConfiguration({ directive: "auto", decisive });
  assert.ok(configured);
  assert.equal(formatChoice(configured), "firewall: iptables, because IPT_INPUT_ACCESS is configured");
  assert.equal(chooseByConfiguration({ directive: "auto", decisive: [] }), null);
});

const NATIVE = inputChain();
const SERVICE = inputChain({ drops: "service" });
const BLOCKLIST = inputChain({ table: "f2b", drops: "some" });
const LOCKED = inputChain({ owner: "firewalld", table: "firewalld", locked: true });
const UNLOCKED: PathChain = { ...LOCKED, locked: false };
/** firewalld answers. */
const ANSWERS = { firewalld: null };
const MANAGED = iptablesChain();
const LEGACY = iptablesChain("iptables-legacy");

type Row = readonly [what: string, chains: readonly PathChain[], choice: string, because: RegExp, blockers?: Blockers];

const ROWS: readonly Row[] = [
  ["a native chain", [NATIVE], "nftables nftables", /^inet filter input can drop$/],
  ["the same without iptables", [NATIVE], "nftables nftables", /can drop$/, { iptables: NO_IPTABLES }],
  ["iptables-nft", [MANAGED], "iptables iptables-nft", /^iptables-nft filter INPUT is managed by iptables$/],
  ["iptables-legacy", [LEGACY], "iptables iptables-legacy", /^iptables-legacy filter INPUT is managed by iptables$/],
  ["both", [MANAGED, NATIVE], "nftables nftables", /inet filter input/],
  ["iptables and a blocklist", [BLOCKLIST, MANAGED], "iptables iptables-nft", /iptables-nft/],
  [
    "iptables that drops by default and a chain for some ports",
    [SERVICE, LEGACY],
    "iptables iptables-legacy",
    /legacy/,
  ],
  [
    "iptables for some ports and a native chain",
    [{ ...MANAGED, drops: "service" }, NATIVE],
    "nftables nftables",
    /inet/,
  ],
  ["a chain for some ports", [SERVICE], "nftables nftables", /can drop$/],
  ["a blocklist", [BLOCKLIST], "iptables null", /^no native chain$/],
  ["a table that nobody else may change", [LOCKED], "nftables nftables", /^inet firewalld input can drop$/],
  ["the same and iptables", [LOCKED, MANAGED], "iptables iptables-nft", /iptables-nft/],
  ["firewalld's table while firewalld cannot be reached", [UNLOCKED], "nftables nftables", /can drop$/],
  [
    "firewalld's own table while firewalld does not answer",
    [LOCKED],
    "nftables nftables",
    /^inet firewalld input can drop, and firewalld is not running$/,
    { firewalld: "firewalld is not running" },
  ],
  ["firewalld's table", [UNLOCKED], "firewalld firewalld", /^inet firewalld input is managed by firewalld$/, ANSWERS],
  ["firewalld's own table", [LOCKED], "firewalld firewalld", /is managed by firewalld$/, ANSWERS],
  [
    "firewalld's own table, and Docker's chain that forwards nothing",
    [LOCKED, iptablesChain("iptables-nft", { hook: "forward", chain: "FORWARD" })],
    "firewalld firewalld",
    /firewalld/,
    ANSWERS,
  ],
  ["firewalld's table and a native chain", [UNLOCKED, NATIVE], "nftables nftables", /inet filter input/, ANSWERS],
  ["firewalld that answers, and no chain of it", [NATIVE], "nftables nftables", /inet filter input/, ANSWERS],
  ["a native drop before routing", [inputChain({ hook: "prerouting" }), MANAGED], "iptables iptables-nft", /INPUT/],
  [
    "native input and iptables that forwards nothing",
    [iptablesChain("iptables-nft", { hook: "forward", chain: "FORWARD" }), SERVICE],
    "nftables nftables",
    /input/,
  ],
  ["nothing", [], "iptables null", /^no native chain$/],
  ["nothing, without iptables", [], "nftables null", /^iptables is not installed$/, { iptables: NO_IPTABLES }],
  ["nothing, without nftables", [], "iptables null", /^no native chain$/, { nftables: NO_NFT }],
  ["iptables' chain without iptables", [MANAGED], "nftables null", /is not installed/, { iptables: NO_IPTABLES }],
  ["a native chain without nftables", [NATIVE], "iptables null", /no nf_tables/, { nftables: NO_NFT }],
];

for (const [what, chains, expected, because, blockers = {}] of ROWS) {
  Deno.test(`chooseByPath() takes ${expected} for ${what}`, () => {
    const choice = chooseByPath(chains, candidates(blockers));
    assert.ok(choice.ok);
    assert.equal(`${choice.value.backend} ${choice.value.owner}`, expected);
    assert.match(choice.value.because, because);
  });
}

Deno.test("chooseByPath() says of each why it cannot be used", () => {
  const choice = chooseByPath([], candidates({ nftables: NO_NFT, iptables: NO_IPTABLES }));
  assert.ok(!choice.ok);
  assert.equal(choice.fault, `${NO_IPTABLES}, and ${NO_NFT}`);
});

Deno.test("chooseByPath() stays with what it is where no chain decides, unless that cannot be used any more", () => {
  const current: Choice = { backend: "nftables", owner: "nftables", because: "inet filter input can drop" };
  const choose = (chains: readonly PathChain[], blockers: Blockers = {}) => {
    const choice = chooseByPath(chains, candidates(blockers), current);
    return choice.ok ? choice.value.backend : choice.fault;
  };
  assert.equal(choose([]), "nftables");
  assert.equal(choose([BLOCKLIST]), "nftables");
  assert.equal(choose([], { nftables: NO_NFT }), "iptables");
  assert.equal(choose([MANAGED]), "iptables");
});

Deno.test("chainsOnTheWay() leaves out what no packet to a service passes", () => {
  const hooks = ["ingress", "prerouting", "input", "forward", "output", "postrouting"] as const;
  const chains = hooks.map((hook) => inputChain({ hook }));
  const names = (slots: Parameters<typeof chainsOnTheWay>[1]) => chainsOnTheWay(chains, slots).map(({ hook }) => hook);
  assert.deepEqual(names(["input"]), ["ingress", "prerouting", "input"]);
  assert.deepEqual(names(["input", "forward"]), ["ingress", "prerouting", "input", "forward"]);
});

Deno.test("decidingOwner() is the flavour of iptables whose chain drops; a blocklist decides nothing", () => {
  const both = ["iptables-nft", "iptables-legacy"] as const;
  assert.equal(decidingOwner([NATIVE, LEGACY], both), "iptables-legacy");
  assert.equal(decidingOwner([NATIVE, { ...MANAGED, drops: "some" }], both), null);
  assert.equal(decidingOwner([MANAGED, LEGACY], ["iptables-legacy"]), "iptables-legacy");
});

Deno.test("shutElsewhere() are chains that drop by default and are not gone into, each with its line", () => {
  const chains = [NATIVE, MANAGED, SERVICE, BLOCKLIST, LOCKED];
  const shut = shutElsewhere(chains, ({ owner, locked }) => owner === "nftables" && !locked);
  assert.deepEqual(shut, [MANAGED, LOCKED]);
  assert.deepEqual(shut.map((chain) => formatElsewhere(chain, "nftables")), [
    "iptables-nft filter INPUT belongs to iptables-nft and can drop too: what it drops stays shut, whatever nftables lets in",
    "inet firewalld input belongs to a program that alone may change it, and drops: what it drops stays shut, whatever " +
    "nftables lets in; let fwknopd reach firewalld on the system bus and set FIREWALL to firewalld, or set " +
    "NftablesTableOwner=no in firewalld.conf",
  ]);
});
