/**
 * A program of the packet filter that fails is an error in the log, and in the exit status of whoever asked: at start, while
 * packets come, for a single question, at the end.
 */
import assert from "node:assert/strict";
import { type BreakableTools, breakableTools, FAILURES } from "../lab/broken_tools.ts";
import { knock, type Lab, labTest, makeLab, newKeys, OUR_DAEMON, writeAccess, writeServerConfig } from "../lab/mod.ts";
import { applyAndStay } from "../lab/foreign/steps.ts";
import { keyArgs } from "../lab/mod.ts";
import { knockArgs, type Scene, setScene } from "./scene.ts";

/** Everything that asks the packet filter and ends; a start, too, ends where that fails. */
const QUESTIONS = {
  start: ["-f"],
  "start in the background": [],
  "--exit-parse-config": ["--exit-parse-config"],
  "--fw-flush": ["--fw-flush"],
  "--fw-list": ["--fw-list"],
  "--fw-list-all": ["--fw-list-all"],
} as const;

type Question = keyof typeof QUESTIONS;

/** How each ended, and what it said; each has a run directory of its own. */
async function askAll(
  lab: Lab,
  { tools, questions }: { readonly tools: BreakableTools; readonly questions: readonly Question[] },
): Promise<ReadonlyMap<Question, { readonly code: number; readonly said: string }>> {
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", FIREWALL: "iptables" });
  const access = await writeAccess(lab.dir, [{ ...newKeys() }]);
  const answers = await Promise.all(questions.map(async (question) => {
    const own = `${lab.dir}/${question.replaceAll(" ", "-")}`;
    const files = ["-c", config, "-a", access, "-r", own, "-p", `${own}/pid`, "-d", `${own}/digests`];
    const { code, stdout, stderr } = await lab.run("server", [
      ...tools.daemon.argv,
      ...files,
      ...QUESTIONS[question],
    ]);
    return [question, { code, said: stdout + stderr }] as const;
  }));
  return new Map(answers);
}

const ALL = Object.keys(QUESTIONS) as Question[];

const WAYS: Readonly<Record<string, (tools: BreakableTools) => void>> = {
  ...Object.fromEntries(
    Object.entries(FAILURES).map(([way, script]) => [way, (tools: BreakableTools) => tools.break(script)]),
  ),
  "is absent": (tools) => tools.takeAway("absent"),
  "may not be executed": (tools) => tools.takeAway("not executable"),
};

const REASONS: Readonly<Record<string, RegExp>> = {
  fails: /failed: broken for a test/,
  "is killed": /failed: signal 9 ended it/,
  hangs: /failed: it did not end in time and was stopped/,
  "is absent": /Cannot run \S+: there is no such program/,
  "may not be executed": /Cannot run \S+: it is not executable by this user/,
};

for (const [way, breakThem] of Object.entries(WAYS)) {
  labTest(`iptables that ${way} is an error of every question and of the start, with a hint`, async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const tools = breakableTools(lab);
    breakThem(tools);
    for (const [question, { code, said }] of await askAll(lab, { tools, questions: ALL })) {
      assert.equal(code, 1, `${question}: ${said}`);
      assert.match(said, REASONS[way] ?? /./, question);
      assert.match(said, /^fwknopd: error: /m, question);
      assert.match(said, /^fwknopd: hint: /m, question);
    }
    assert.doesNotMatch(await lab.must("server", ["iptables", "-S"]), /FWKNOP/);
  });
}

labTest(
  "where chains cannot be made and jumps not be placed, nothing starts, and what is there is not flushed",
  async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const tools = breakableTools(lab);
    const before = await lab.must("server", ["iptables", "-S"]);
    tools.break(FAILURES.fails, /-restore$/);
    const asked = await askAll(lab, { tools, questions: ["start", "start in the background"] });
    for (const [question, { code, said }] of asked) {
      assert.equal(code, 1, question);
      assert.match(said, /error: .*Cannot set up the chains: \S+iptables-restore failed: broken for a test/, question);
    }
    assert.equal(await lab.must("server", ["iptables", "-S"]), before);
    await lab.must("server", ["iptables", "-N", "FWKNOP_INPUT"]);
    const flushed = (await askAll(lab, { tools, questions: ["--fw-flush"] })).get("--fw-flush");
    assert.equal(flushed?.code, 1);
    assert.match(flushed?.said ?? "", /iptables-restore failed: broken for a test/);
  },
);

labTest("a real cause, a table that only nft can read, is an error of every question that needs it", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const tools = breakableTools(lab);
  await lab.must("server", ["nft", "add rule ip filter INPUT fib daddr type local accept"]);
  for (const [question, { code, said }] of await askAll(lab, { tools, questions: ALL })) {
    assert.equal(code, 1, `${question}: ${said}`);
    assert.match(said, /nft/, question);
  }
});

/** Somebody loaded a listing with a chain of ours into a table of their own. A line for each command. */
const OWNED = "add table inet theirs { flags owner; }\nadd chain inet theirs fwknop_input\n" +
  "add rule inet theirs fwknop_input accept\nadd table inet last\n";

labTest("nftables: what another process keeps for itself is an error for whoever is to take it away", async () => {
  await using lab = await makeLab({ guard: "none", extra: [] });
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", FIREWALL: "nftables" });
  const ask = (word: string) => lab.run("server", [...OUR_DAEMON.argv, "-c", config, word]);
  const owner = await applyAndStay(lab, OWNED, "inet last");
  const { code, stderr } = await ask("--fw-flush");
  assert.equal(code, 1, stderr);
  assert.match(
    stderr,
    /^fwknopd: error: Cannot take away what belongs to fwknopd in inet theirs: .*flags owner.*\nfwknopd: hint: /m,
  );
  assert.equal((await ask("--fw-list")).code, 0);
  await owner.stop();
  assert.equal((await ask("--fw-flush")).code, 0);
});

for (const [way, script] of Object.entries(FAILURES)) {
  labTest(`nft that ${way} is an error of --fw-list-all, and nothing else needs it`, async () => {
    await using lab = await makeLab({ guard: "nftables", extra: [] });
    const tools = breakableTools(lab);
    tools.break(script, /^nft$/);
    const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0" });
    const ask = (word: string) => lab.run("server", [...tools.daemon.argv, "-c", config, word]);
    const { code, stderr } = await ask("--fw-list-all");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^fwknopd: error: Cannot list the whole ruleset: \S+nft: .*\nfwknopd: hint: run \S+nft list ruleset\n$/m,
    );
    for (const word of ["--fw-list", "--fw-flush"]) assert.equal((await ask(word)).code, 0, word);
  });
}

labTest("nftables: without the capability every question is an error, with the remedy", async () => {
  await using lab = await makeLab({ guard: "nftables", extra: [] });
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", FIREWALL: "nftables" });
  const access = await writeAccess(lab.dir, [{ ...newKeys() }]);
  const without = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", "--"];
  for (const args of [["-f"], ["--fw-flush"], ["--fw-list"], ["--fw-list-all"]]) {
    const { code, stderr } = await lab.run("server", [
      ...without,
      ...OUR_DAEMON.argv,
      ...["-c", config, "-a", access, ...args],
    ]);
    assert.equal(code, 1, `${args}: ${stderr}`);
    assert.match(stderr, /^fwknopd: error: /m);
    assert.match(stderr, /^fwknopd: hint: .*(?:root|CAP_NET_ADMIN|nft list ruleset)/m, args.join(" "));
  }
});

labTest("ip6tables that fails costs IPv6 and is an error; a host without it is none", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const tools = breakableTools(lab);
  const questions = ALL.filter((question) => !question.startsWith("start"));
  await lab.must("server", ["iptables", "-N", "FWKNOP_INPUT"]);
  tools.break(FAILURES.fails, /^ip6/);
  const failing = await askAll(lab, { tools, questions });
  assert.deepEqual([...failing].map(([question, { code }]) => [question, code]), [
    ["--exit-parse-config", 0],
    ["--fw-flush", 1],
    ["--fw-list", 1],
    ["--fw-list-all", 1],
  ]);
  for (const [question, { said }] of failing) assert.match(said, /ip6tables.* failed: broken for a test/, question);
  assert.match(failing.get("--fw-list-all")?.said ?? "", /Chain INPUT \(policy DROP/, "what there is of it");
  assert.doesNotMatch(await lab.must("server", ["iptables", "-S"]), /FWKNOP/, "IPv4 is flushed all the same");
  {
    await using scene = await iptablesScene(lab, tools, {});
    await scene.knock(22);
    assert.ok(await lab.opens("knocker", scene.server, 22));
    const six = ["-A", "tcp/22", "-a", lab.address("knocker", 6), "-D", scene.server, ...keyArgs(scene.keys)];
    await knock(lab, six);
    await scene.daemon.program.waitFor(/Cannot open input tcp\/22: .*ip6tables-save failed: broken for a test/);
    assert.equal((await scene.daemon.stop()).code, 0, scene.daemon.program.output);
  }
  tools.mend();
  tools.takeAway("absent", /^ip6/);
  for (const [question, { code, said }] of await askAll(lab, { tools, questions })) {
    assert.equal(code, 0, `${question}: ${said}`);
    assert.match(said, /Cannot run \S+ip6tables\S*: there is no such program/, question);
  }
});

/** A daemon on iptables whose programs can be broken, and -K for it. */
async function iptablesScene(
  lab: Lab,
  tools: BreakableTools,
  { seconds = 60 }: { readonly seconds?: number },
): Promise<Scene & AsyncDisposable & { control(word: string): ReturnType<Lab["run"]> }> {
  const scene = await setScene(lab, {
    program: tools.daemon,
    server: { FIREWALL: "iptables" },
    stanza: { FW_ACCESS_TIMEOUT: seconds },
  });
  const files = scene.daemon.argv.slice(scene.daemon.argv.indexOf("-c"));
  return {
    ...scene,
    control: (word) => lab.run("server", [...OUR_DAEMON.argv, ...files, word]),
    [Symbol.asyncDispose]: () => scene.daemon[Symbol.asyncDispose](),
  };
}

labTest("a door that cannot be opened is an error, counts as shut, and the next knock opens it", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const tools = breakableTools(lab);
  await using scene = await iptablesScene(lab, tools, {});
  const { program } = scene.daemon;
  for (const [way, script] of [["fails", FAILURES.fails], ["is killed", FAILURES["is killed"]]] as const) {
    tools.break(script, /-restore$/);
    const since = program.mark();
    await scene.knock(22);
    const line = await program.waitFor(/Cannot open/, { since });
    assert.match(line, /^Cannot open input tcp\/22: \S+iptables-restore failed: /);
    assert.match(line, REASONS[way] ?? /./);
  }
  // What is not the packet filter's business goes on.
  const reloading = program.mark();
  assert.equal((await scene.control("-R")).code, 0);
  await program.waitFor(/Re-starting fwknopd/, { since: reloading });
  tools.mend();
  assert.equal(await scene.isOpen(22), false);
  assert.equal(program.count(/Added access rule/), 0);
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22), program.output);
  assert.equal(program.count(/already exists/), 0, "it was not open before");
});

labTest(
  "a door that cannot be closed is an error once, is tried again, and keeps none of the other family open",
  async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const tools = breakableTools(lab);
    await using scene = await iptablesScene(lab, tools, { seconds: 3 });
    const { program } = scene.daemon;
    await scene.knock(22);
    await knock(lab, [...knockArgs(lab, 22, 6).slice(0, 4), "-D", scene.server, ...keyArgs(scene.keys)]);
    assert.ok(await lab.opens("knocker", scene.server, 22));
    assert.ok(await lab.opens("knocker", lab.address("server", 6), 22), program.output);
    // Somebody loads the rules anew: they have other numbers then, and iptables has to find them.
    await lab.must("server", ["sh", "-c", "iptables-save | iptables-restore"]);
    tools.break(FAILURES.fails, /^iptables-restore$/);
    await program.waitFor(
      /^Cannot close \d doors, trying again every second: .*iptables-restore failed: broken for a test/,
    );
    assert.ok(await lab.closes("knocker", lab.address("server", 6), 22), program.output);
    assert.equal(await scene.isOpen(22), true);
    tools.mend();
    await program.waitFor(/Removed rule \d+ from FWKNOP_INPUT/);
    assert.ok(await lab.closes("knocker", scene.server, 22));
    const errors = program.lines.filter((line) => /Cannot close/.test(line));
    assert.equal(new Set(errors).size, errors.length, program.output);
  },
);

labTest("a daemon that cannot close its doors ends with 1, and so does -K, which says how to close them", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const tools = breakableTools(lab);
  await using scene = await iptablesScene(lab, tools, {});
  const { program } = scene.daemon;
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22));
  tools.break(FAILURES.fails);
  const { code, stderr } = await scene.control("-K");
  assert.equal((await program.finished()).code, 1);
  assert.match(program.output, /^Cannot take what belongs to fwknopd out of the ruleset: .*failed: broken for a test/m);
  assert.equal(code, 1);
  assert.match(stderr, /error: fwknopd \(pid \d+\) could not close its doors[^]*hint: .*--fw-flush/);
  assert.equal(await scene.isOpen(22), true);
  assert.equal((await scene.control("--fw-flush")).code, 0);
  assert.equal(await scene.isOpen(22), false);
});
