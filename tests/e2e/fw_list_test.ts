/** `--fw-list` and `--fw-list-all` as an operator meets them: nothing there, something shut elsewhere, no `nft`. */
import assert from "node:assert/strict";
import { labTest, makeLab, OUR_DAEMON, writeServerConfig } from "../lab/mod.ts";
import type { Lab } from "../lab/mod.ts";
import { emptyFilter, load, SITUATIONS } from "../lab/foreign/situations.ts";
import { apply, command, nft, type Step } from "../lab/foreign/steps.ts";
import { setScene } from "./scene.ts";

/** Where a program looks for `nft` there is none. */
const WITHOUT_NFT = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /usr/sbin && exec "$@"', "sh"];

async function list(
  lab: Lab,
  word = "--fw-list",
  before: readonly string[] = [],
  more: Readonly<Record<string, string>> = {},
) {
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", ...more });
  const { code, stdout, stderr } = await lab.run("server", [...before, ...OUR_DAEMON.argv, "-c", config, word]);
  return { code, stdout, stderr };
}

const FILTERS = [
  ["a native ruleset", ["nftables"]],
  ["iptables", ["iptables", "ip6tables"]],
  ["iptables-legacy", ["iptables", "ip6tables"]],
] as const;

for (const [name, headings] of FILTERS) {
  const situation = SITUATIONS.find((one) => one.name === name)!;
  labTest(`--fw-list says that nothing is open beside ${name}`, async () => {
    await using lab = await makeLab({ guard: "none" });
    await load(lab, situation);
    const text = headings.map((heading) => `Listing rules in fwknopd ${heading} chains...\n\nnothing is open\n`).join(
      "\n",
    );
    assert.deepEqual(await list(lab), { code: 0, stdout: text, stderr: "" });
    await emptyFilter(lab);
  });
}

labTest("--fw-list says of a door that is open what else keeps it shut, and the remedy", async () => {
  await using lab = await makeLab({ guard: "nftables" });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
  await scene.knock(22);
  await scene.processed();
  assert.doesNotMatch((await list(lab)).stdout, /shut/);
  await apply(lab, [
    nft(
      "table inet other {\n chain first {\n type filter hook prerouting priority -300;\n tcp dport 22 drop\n }\n }\n",
    ),
  ]);
  const { code, stdout } = await list(lab);
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}fwknop_input4 10\.77\.0\.2 \. tcp \. 22, expires at/m);
  assert.match(stdout, /^.*tcp\/22.*but inet other first (?:.* )?keeps it shut: ./m);
});

labTest("--fw-list and the doctor see a drop that was put above the daemon's jump", async () => {
  await using lab = await makeLab({ guard: "nftables" });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
  await scene.knock(22);
  await scene.processed();
  const doctor = () => lab.run("server", [...scene.daemon.argv, "--doctor"]);
  const before = await doctor();
  assert.equal(before.code, 0, before.stdout);
  await apply(lab, [nft("insert rule inet guard input tcp dport 22 drop")]);
  assert.match((await list(lab)).stdout, /^.*tcp\/22.*but inet guard input (?:.* )?keeps it shut: ./m);
  const after = await doctor();
  assert.equal(after.code, 1, after.stdout);
  assert.match(after.stdout, /^fail inet guard input: keeps tcp\/22 over IPv4 and IPv6 shut \(drops it .*\): ./m);
});

labTest("--fw-list needs no nft, and --fw-list-all says in one sentence that there is none", async () => {
  await using lab = await makeLab({ guard: "nftables" });
  assert.match((await list(lab, "--fw-list", WITHOUT_NFT)).stdout, /nothing is open/);
  const { code, stdout, stderr } = await list(lab, "--fw-list-all", WITHOUT_NFT);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /^fwknopd: error: Cannot list the whole ruleset: .*nft.*\nfwknopd: hint: install the Debian package nftables.*\n$/,
  );
});

/** What a daemon that was killed left in iptables. */
function leftInIptables(flavour: "nft" | "legacy"): readonly Step[] {
  const iptables = `iptables-${flavour}`;
  return [
    command(`${iptables} -N FWKNOP_INPUT`),
    command(
      `${iptables} -A FWKNOP_INPUT -s 10.77.0.2 -p tcp --dport 22 -m comment --comment _exp_4000000000 -j ACCEPT`,
    ),
    command(`${iptables} -I INPUT -j FWKNOP_INPUT`),
  ];
}

/** All that is ours, wherever it is. */
async function oursOn(lab: Lab): Promise<string> {
  const listings = [["nft", "list", "ruleset"], ["iptables-legacy-save"]].map((argv) => lab.must("server", argv));
  return (await Promise.all(listings)).join("\n").split("\n").filter((line) => /fwknop/i.test(line)).join("\n");
}

labTest(
  "--fw-list shows what is left in the packet filters that are not in use, and --fw-flush takes it away",
  async () => {
    await using lab = await makeLab({ guard: "nftables" });
    assert.doesNotMatch((await list(lab)).stdout, /iptables/);
    await apply(lab, [...leftInIptables("nft"), ...leftInIptables("legacy")]);
    const { code, stdout, stderr } = await list(lab);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(
      stdout,
      /^Listing rules in fwknopd nftables chains\.\.\.\n\nnothing is open\n\nThere are chains of fwknopd in iptables-nft as well, .*:\n\nListing rules in fwknopd iptables chains\.\.\.\n\nChain FWKNOP_INPUT .*_exp_4000000000 .*\nThere are chains of fwknopd in iptables-legacy as well, .*_exp_4000000000 /s,
    );
    // The other way round.
    await apply(lab, [
      nft("table inet guard {\n chain fwknop_input {\n }\n chain input {\n jump fwknop_input\n }\n }\n"),
    ]);
    const other = (await list(lab, "--fw-list", [], { FIREWALL: "iptables" })).stdout;
    assert.match(
      other,
      /_exp_4000000000 .*in nftables as well.*\nchain inet guard fwknop_input \(reached from input\)/s,
    );
    assert.match(await oursOn(lab), /FWKNOP_INPUT/);
    assert.equal((await list(lab, "--fw-flush")).code, 0);
    assert.equal(await oursOn(lab), "");
  },
);
