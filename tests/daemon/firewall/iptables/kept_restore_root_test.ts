/** An iptables-restore that is kept open, of both kinds and on real rules: what others do, and what happens to it. */
import assert from "node:assert/strict";
import type { Access, Firewall, Grant } from "../../../../daemon/firewall/firewall.ts";
import type { IptablesOptions } from "../../../../daemon/firewall/iptables/backend.ts";
import type { Conversation } from "../../../../ffi/libc/conversation.ts";
import { FfiError } from "../../../../ffi/errors.ts";
import type { Run } from "../../../../lib/host/run.ts";
import { address } from "../../../contract/addresses.ts";
import { DEFAULT_OPTIONS, type IptablesRig, iptablesRig, type Variant } from "../../../contract/iptables_rig.ts";
import { conversationWithin, runWithin } from "../../../contract/namespace.ts";
import { labTest } from "../../../lab/mod.ts";

const SSH = { proto: "tcp", port: 22 } as const;

/** A backend in the lab, and what it starts. */
interface Bench {
  readonly rig: IptablesRig;
  readonly firewall: Firewall;
  /** Programs that were run for one batch or listing. */
  readonly runs: string[];
  /** Those that are kept open: the last is the one of now. */
  readonly kept: Conversation[];
  /** Grants that are open. */
  readonly live: Grant[];
  /** Opens one more door, to a source that nobody had before. */
  open(): Promise<Grant>;
}

async function makeBench(
  rig: IptablesRig,
  changes: Partial<NonNullable<IptablesOptions["keep"]>> = {},
): Promise<Bench> {
  const { namespace } = rig.lab.host("server");
  const runs: string[] = [];
  const kept: Conversation[] = [];
  const run: Run = (program, ...rest) => {
    runs.push(program.replace("/usr/sbin/", ""));
    return runWithin(namespace)(program, ...rest);
  };
  const start = (program: string, args: readonly string[]) => {
    const conversation = conversationWithin(namespace)(program, args);
    kept.push(conversation);
    return conversation;
  };
  const firewall = rig.start({ run, keep: { ...rig.keep, start, ...changes } });
  await firewall.prepare();
  const live: Grant[] = [];
  const open = async () => {
    const source = live.length === 0 ? rig.addresses.knocker[4] : address(`10.66.0.${live.length}`);
    const access: Access = { slot: "input", source, destination: null, service: SSH };
    const grant = { access, expiresAt: rig.now() + 600 };
    assert.deepEqual(await firewall.grant([grant], live, rig.now()), [{ ok: true, alreadyOpen: false, shutBy: [] }]);
    live.push(grant);
    return grant;
  };
  return { rig, firewall, runs, kept, live, open };
}

/** Opens doors until one was opened without a process of its own: from then on the one that is kept open is there. */
async function untilKept({ open, runs }: Bench): Promise<void> {
  for (let left = 200; left > 0; left--) {
    const before = runs.length;
    await open();
    if (runs.length === before) return;
  }
  assert.fail("none was opened by a program that is kept open");
}

/** Exactly the doors that were opened are open, each once, and the knocker gets in. */
async function assertOpen({ rig, firewall, live }: Bench): Promise<void> {
  const texts = (grants: readonly Grant[]) => grants.map((grant) => JSON.stringify(grant)).sort();
  assert.deepEqual(texts(await firewall.list()), texts(live));
  const rules = (await rig.ruleset()).split("\n").filter((line) => line.includes("_exp_"));
  assert.equal(rules.length, live.length);
  assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
  assert.ok(!await rig.admits({ from: "stranger", family: 4, service: SSH }));
}

/** The same on both kinds of iptables. */
function onBoth(name: string, body: (rig: IptablesRig, variant: Variant) => Promise<void>): void {
  for (const variant of ["iptables", "iptables-legacy"] as const) {
    const needs = variant === "iptables" ? {} : { needs: { "iptables-legacy-restore": "iptables" } };
    labTest(`${variant}: ${name}`, async () => {
      await using rig = await iptablesRig(variant);
      await body(rig, variant);
    }, needs);
  }
}

onBoth("doors are opened, renewed and closed without a process for each", async (rig) => {
  const bench = await makeBench(rig);
  await untilKept(bench);
  const before = bench.runs.length;
  const first = await bench.open();
  const longer = { ...first, expiresAt: first.expiresAt + 60 };
  assert.deepEqual(await bench.firewall.grant([longer], bench.live, rig.now()), [
    { ok: true, alreadyOpen: false, shutBy: [] },
  ]);
  await bench.firewall.revoke([longer]);
  bench.live.pop();
  assert.deepEqual(bench.runs.slice(before), []);
  await assertOpen(bench);
});

onBoth("one that was killed between two knocks is replaced", async (rig) => {
  const bench = await makeBench(rig);
  await untilKept(bench);
  Deno.kill(bench.kept.findLast((one) => !one.isOver())!.pid, "SIGKILL");
  await bench.open();
  await untilKept(bench);
  await assertOpen(bench);
  assert.doesNotMatch(rig.log.join("\n"), /kept open/);
});

onBoth("one that is stopped is ended, and the knock opens all the same, once", async (rig) => {
  const bench = await makeBench(rig);
  await untilKept(bench);
  for (const { pid } of bench.kept) Deno.kill(pid, "SIGSTOP");
  await bench.open();
  assert.match(rig.log.join("\n"), /kept open, gives no answer/);
  await bench.open();
  await assertOpen(bench);
});

onBoth("the whole table is restored by others in between, and a foreign rule is not undone", async (rig, variant) => {
  const bench = await makeBench(rig);
  await untilKept(bench);
  const saved = await rig.lab.must("server", [`${variant}-save`]);
  const later = await bench.open();
  await rig.lab.must("server", [`${variant}-restore`], { stdin: saved });
  await rig.lab.must("server", [variant, "-A", "INPUT", "-s", "192.0.2.9", "-j", "DROP"]);
  await bench.open();
  assert.match(await rig.ruleset(), /-A INPUT -s 192\.0\.2\.9\/32 -j DROP/);
  // Nothing tells of what others do to legacy rules: that is found by the next look.
  if (variant === "iptables-legacy") await bench.firewall.repair(bench.live, rig.now());
  assert.ok(bench.live.includes(later));
  await assertOpen(bench);
});

onBoth("a flush by others in between is noticed before the next door is called open", async (rig, variant) => {
  const bench = await makeBench(rig);
  await untilKept(bench);
  for (const args of [["-F", "FWKNOP_INPUT"], ["-D", "INPUT", "-j", "FWKNOP_INPUT"]]) {
    await rig.lab.must("server", [variant, ...args]);
    await bench.open();
    await assertOpen(bench);
    await untilKept(bench);
  }
});

labTest("iptables: what is deaf to the kernel leaves each batch to a process of its own", async () => {
  await using rig = await iptablesRig();
  const listen = () => {
    throw new FfiError("Cannot listen", { library: "libc" });
  };
  const bench = await makeBench(rig, { listen });
  for (let i = 0; i < 3; i++) {
    const before = bench.runs.length;
    await bench.open();
    assert.deepEqual(bench.runs.slice(before), ["iptables-restore"]);
  }
  await assertOpen(bench);
});

labTest("iptables: of what the kernel does not tell, nothing is called open before it was read", async () => {
  await using rig = await iptablesRig();
  const listen = () => ({
    fd: -1,
    drain: () => ({ changes: [], lost: false }),
    begin() {},
    end() {},
    [Symbol.dispose]() {},
  });
  const bench = await makeBench(rig, { listen });
  for (let left = 200; left > 0 && !/does not tell/.test(rig.log.join("\n")); left--) await bench.open();
  assert.match(rig.log.join("\n"), /says that it changed something of which the kernel does not tell/);
  await assertOpen(bench);
});

labTest(
  "iptables-legacy: the lock is held by nobody between two batches, and one that waits for it is replaced",
  async () => {
    await using rig = await iptablesRig("iptables-legacy");
    const bench = await makeBench(rig);
    await untilKept(bench);
    // Without -w: refused at once where somebody holds the lock.
    await rig.lab.must("server", ["iptables-legacy", "-A", "FORWARD", "-s", "192.0.2.9", "-j", "DROP"]);
    const holder = new Deno.Command("/usr/bin/flock", {
      args: ["/run/xtables.lock", "-c", "echo held; read line"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const words = holder.stdout.getReader();
    assert.match(new TextDecoder().decode((await words.read()).value), /held/);
    const opened = bench.open();
    for (let left = 1000; left > 0 && !/kept open, gives no answer/.test(rig.log.join("\n")); left--) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await words.cancel();
    await holder.stdin.close();
    await holder.status;
    await opened;
    await assertOpen(bench);
  },
  { needs: { "iptables-legacy-restore": "iptables", flock: "util-linux" } },
);

labTest("iptables: where nothing is heard of others, a batch proves what it counts on", async () => {
  await using rig = await iptablesRig();
  const stdins: string[] = [];
  const { namespace } = rig.lab.host("server");
  const run: Run = (program, args, options) => {
    stdins.push(options?.stdin ?? "");
    return runWithin(namespace)(program, args, options);
  };
  const access: Access = { slot: "input", source: rig.addresses.knocker[4], destination: null, service: SSH };
  for (const hears of [false, true]) {
    const firewall = rig.start({ ...DEFAULT_OPTIONS, run, hears });
    await firewall.prepare();
    stdins.length = 0;
    await firewall.grant([{ access, expiresAt: rig.now() + 600 }], [], rig.now());
    assert.equal(/^-C INPUT -j FWKNOP_INPUT$/m.test(stdins.join()), !hears);
  }
});

labTest("iptables: a door is closed by the number of its rule, for which no program is asked", async () => {
  await using rig = await iptablesRig();
  const bench = await makeBench(rig);
  await untilKept(bench);
  const doors = [await bench.open(), await bench.open()];
  const signal = (name: Deno.Signal) => bench.kept.forEach((one) => one.isOver() || Deno.kill(one.pid, name));
  // Numbers are kept when the truth is listed.
  assert.equal((await bench.firewall.list()).length, bench.live.length);
  signal("SIGSTOP");
  const runs = bench.runs.length;
  bench.live.splice(-2);
  await bench.firewall.revoke(doors);
  assert.equal(bench.runs.length, runs);
  assert.doesNotMatch(rig.log.join("\n"), /kept open/);
  assert.equal(bench.firewall.events?.drain(), false, "it is our own doing");
  signal("SIGCONT");
  await assertOpen(bench);
});

labTest("iptables: in a table that was made anew nobody's rule is closed for a number that was a door's", async () => {
  await using rig = await iptablesRig();
  const bench = await makeBench(rig);
  await untilKept(bench);
  const door = await bench.open();
  const rules = () => rig.lab.must("server", ["nft", "-a", "list", "chain", "ip", "filter", "FWKNOP_INPUT"]);
  const numbersOf = (text: string) => [...text.matchAll(/accept.* # handle ([0-9]+)$/gm)].map(([, number]) => number);
  const number = numbersOf(await rules()).at(-1);
  const saved = await rig.lab.must("server", ["iptables-save"]);
  await rig.lab.must("server", ["nft", "delete", "table", "ip", "filter"]);
  const foreign = Array.from({ length: 200 }, (_, i) => `-A FWKNOP_INPUT -s 192.0.2.${i}/32 -j ACCEPT\n`).join("");
  await rig.lab.must("server", ["iptables-restore"], {
    stdin: saved.replace("-A FWKNOP_INPUT", `${foreign}-A FWKNOP_INPUT`),
  });
  const [line] = (await rules()).match(new RegExp(`^.* # handle ${number}$`, "m")) ?? [];
  assert.match(line ?? "", /192\.0\.2\./, "the number is another rule's now");
  await bench.firewall.revoke([door]);
  bench.live.pop();
  await assertOpen(bench);
  assert.equal((await rules()).match(/ip saddr 192\.0\.2\./g)?.length, 200);
});

labTest("iptables: a door is renewed with a rule that is added, and the old one goes by its number", async () => {
  await using rig = await iptablesRig();
  const told: string[] = [];
  const start: IptablesRig["keep"]["start"] = (...program) => {
    const conversation = rig.keep.start(...program);
    if (conversation === null) return null;
    const tell = conversation.tell.bind(conversation);
    return Object.assign(conversation, { tell: (text: string) => told.push(text) > 0 && tell(text) });
  };
  const bench = await makeBench(rig, { start });
  await untilKept(bench);
  const renew = async (door: Grant) => {
    const longer = { ...door, expiresAt: door.expiresAt + 60 };
    const [outcome] = await bench.firewall.grant([longer], bench.live, rig.now());
    assert.deepEqual(outcome, { ok: true, alreadyOpen: false, shutBy: [] });
    bench.live[bench.live.indexOf(door)] = longer;
    return longer;
  };
  const runs = bench.runs.length;
  const renewed = await renew(await renew(await bench.open()));
  assert.match(told.at(-1) ?? "", /^-A FWKNOP_INPUT /m);
  assert.doesNotMatch(told.join(""), /-D /);
  assert.equal(bench.runs.length, runs);
  await assertOpen(bench);
  // One that somebody took away is not there to be deleted.
  const { text } = "source" in renewed.access ? renewed.access.source : assert.fail();
  const [rule = ""] = (await rig.ruleset()).match(new RegExp(`FWKNOP_INPUT -s ${text}/.*`)) ?? [];
  await rig.lab.must("server", ["sh", "-c", `iptables -D ${rule}`]);
  await renew(renewed);
  await assertOpen(bench);
});
