/** When an iptables-restore that is kept open is asked, and what is made of what it says. */
import assert from "node:assert/strict";
import { FfiError } from "../../../../ffi/errors.ts";
import type { Conversation, Heard } from "../../../../ffi/libc/conversation.ts";
import { NFT_MSG } from "../../../../ffi/nfnetlink/constants.ts";
import { killPrograms } from "../../../../lib/host/run.ts";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { KeptRestore } from "../../../../daemon/firewall/iptables/kept_restore.ts";
import { findTools } from "../../../../daemon/firewall/iptables/tools.ts";

const TOOLS = findTools("/usr/sbin/iptables", 4);
const BATCH = new Map([["filter", ["-A X -s a"]]]);
const TEXT = "*filter\n-A X -s a\nCOMMIT\n";

/** Programs that answer as they are told here. */
function makeHost(faults: { listens?: boolean } = {}) {
  const host = {
    told: [] as string[],
    log: [] as string[],
    started: 0,
    ended: 0,
    now: 0,
    file: "one",
    greets: true,
    takes: true,
    answer: "line" as Heard,
    /** What it complains of when it ends. */
    errors: "",
    canBeEnded: true,
    isDeaf: false,
    changes: [NFT_MSG.newRule, NFT_MSG.newGen],
    /** Nobody answers before this. */
    until: Promise.resolve(),
  };
  function start(program: string, args: readonly string[]): Conversation {
    assert.equal(program, "/usr/sbin/iptables-restore");
    assert.deepEqual(args, ["--noflush", "-w", "5", "-v"]);
    host.started++;
    let isOver = false;
    return {
      pid: 7,
      isOver: () => isOver,
      tell: (text) => host.told.push(text) > 0 && host.takes,
      async hear(line) {
        if (line === "# fwknopd") return host.greets ? "line" : "silence";
        await host.until;
        if (isOver || host.answer === "end") isOver = true;
        return isOver ? "end" : host.answer;
      },
      takeErrors: () => host.errors,
      end: () => Promise.resolve(host.canBeEnded && ++host.ended > 0),
      [Symbol.dispose]: () => void (isOver = true),
    };
  }
  const listen = () => {
    if (host.isDeaf) throw new FfiError("Cannot listen", { library: "libc" });
    const one = { portId: 7, family: "ip", table: "filter", chain: "X" } as const;
    const changes = () => host.changes.map((message) => ({ ...one, message }));
    return {
      fd: -1,
      drain: () => ({ changes: changes() as never, lost: false }),
      begin() {},
      end() {},
      [Symbol.dispose]() {},
    };
  };
  const kept = new KeptRestore(TOOLS, {
    ...{ start, listen: faults.listens === false ? null : listen, fileOf: () => host.file, note: () => {} },
    ...{ log: (level: string, text: string) => void host.log.push(`${level} ${text}`), steady: () => host.now },
  });
  return { host, kept };
}

Deno.test("a batch is told with a mark behind it, and is done when the mark and the kernel say so", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  kept.start();
  assert.equal(await kept.apply(BATCH), "done");
  assert.equal(await kept.apply(BATCH), "done");
  assert.deepEqual(host.told, ["# fwknopd\n", `${TEXT}# 1\n`, `${TEXT}# 2\n`]);
  assert.equal(host.started, 1);
});

Deno.test("apply() tells of the rules that were added, as the kernel told of them, and only where the batch is done", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  const learned: number[] = [];
  await kept.apply(BATCH, (added) => void learned.push(...added.map(({ chain }) => chain.length)));
  assert.deepEqual(learned, [1]);
  host.changes = [NFT_MSG.newRule];
  await kept.apply(BATCH, () => assert.fail("not confirmed"));
});

Deno.test("one that has not greeted is not asked, and neither is one that cannot be heard of", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  host.greets = false;
  assert.equal(await kept.apply(BATCH), null);
  host.greets = true;
  host.isDeaf = true;
  assert.equal(await kept.apply(BATCH), null);
  assert.deepEqual(host.told, ["# fwknopd\n"]);
  assert.deepEqual(host.log, []);
});

Deno.test("a batch that is too long for a pipe is left to a process of its own, and so is a second at the same time", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  assert.equal(await kept.apply(new Map([["filter", Array.from({ length: 5000 }, () => "-A X -s a")]])), null);
  const answer = Promise.withResolvers<void>();
  host.until = answer.promise;
  const first = kept.apply(BATCH);
  assert.equal(await kept.apply(BATCH), null);
  answer.resolve();
  assert.equal(await first, "done");
});

Deno.test("what it refuses is told with the line at fault, and another one takes its place", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  assert.equal(await kept.apply(BATCH), "done");
  host.answer = "end";
  host.errors = "iptables-restore: line 7 failed: No chain/target/match by that name.\n";
  assert.deepEqual(await kept.apply(BATCH), {
    reason:
      "/usr/sbin/iptables-restore failed: iptables-restore: line 7 failed: No chain/target/match by that name. (-A X -s a)",
    hint: "see the IPT_*_ACCESS directives: their tables, chains and targets must exist",
  });
  assert.equal(host.started, 2);
  host.answer = "line";
  assert.equal(await kept.apply(BATCH), "done");
  assert.deepEqual(host.log, []);
});

Deno.test("one that gives no answer, does not read or is not confirmed is ended; for a minute there is none", async () => {
  const rows: readonly [Partial<ReturnType<typeof makeHost>["host"]>, RegExp][] = [
    [{ answer: "silence" }, /gives no answer/],
    [{ takes: false }, /does not read what it is told/],
    [{ changes: [NFT_MSG.newRule] }, /of which the kernel does not tell/],
  ];
  for (const [fault, reason] of rows) {
    const { host, kept } = makeHost();
    using _ = kept;
    kept.start();
    const before = { ...host };
    Object.assign(host, fault);
    const outcome = await kept.apply(BATCH);
    assert.ok(outcome !== null && outcome !== "done");
    assert.match(outcome.reason, reason);
    assert.equal(host.ended, 1);
    assert.match(host.log.join(), /^warning .*for a minute/);
    Object.assign(host, { answer: before.answer, takes: before.takes, changes: before.changes });
    host.now = 59_999;
    assert.equal(await kept.apply(BATCH), null);
    assert.equal(host.started, 1);
    host.now = 60_000;
    assert.equal(await kept.apply(BATCH), "done");
  }
});

Deno.test("one that cannot be ended is an error: what it does is not known", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  Object.assign(host, { answer: "silence", canBeEnded: false });
  await assert.rejects(
    kept.apply(BATCH),
    (error) => error instanceof FirewallError && /does not end when it is killed/.test(error.message),
  );
});

Deno.test("of legacy iptables the kernel tells nothing, so the mark is what counts", async () => {
  const { host, kept } = makeHost({ listens: false });
  using _ = kept;
  host.changes = [];
  assert.equal(await kept.apply(BATCH), "done");
});

Deno.test("after an upgrade of the package another one is started, and so it is after many batches", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  await kept.apply(BATCH);
  host.file = "two";
  assert.equal(await kept.apply(BATCH), "done");
  assert.equal(host.started, 2);
  for (let i = 0; i < 5000; i++) await kept.apply(BATCH);
  assert.equal(host.started, 3);
});

Deno.test("it ends with the other programs, and after disposal none is started", async () => {
  const { host, kept } = makeHost();
  await kept.apply(BATCH);
  killPrograms();
  await kept.apply(BATCH);
  assert.equal(host.started, 2);
  kept[Symbol.dispose]();
  assert.equal(await kept.apply(BATCH), null);
  assert.equal(host.started, 2);
});

Deno.test("rehearse() waits for the greeting, and has what changes nothing answered, of which nothing is told", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  host.changes = [];
  await kept.rehearse("filter");
  await kept.rehearse("filter");
  const text = "*filter\nCOMMIT\n";
  assert.deepEqual(host.told, ["# fwknopd\n", `${text}# 1\n`, `${text}# 2\n`]);
  host.changes = [NFT_MSG.newRule, NFT_MSG.newGen];
  assert.equal(await kept.apply(BATCH), "done");
  assert.deepEqual([host.started, host.log], [1, []]);
});

Deno.test("rehearse() does not ask again what fails on it, and the next one is there for grants", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  host.answer = "end";
  await kept.rehearse("filter");
  host.answer = "line";
  await kept.rehearse("filter");
  assert.deepEqual([host.started, host.told.length, host.log], [2, 3, []]);
  assert.equal(await kept.apply(BATCH), "done");
});

Deno.test("rehearse() is done once where it takes long", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  host.changes = [];
  Object.defineProperty(host, "until", { get: () => void (host.now += 11) });
  await kept.rehearse("filter");
  await kept.rehearse("filter");
  assert.deepEqual([host.told.length, host.log], [2, []]);
});

Deno.test("rehearse() asks nothing of one that does not greet", async () => {
  const { host, kept } = makeHost();
  using _ = kept;
  host.greets = false;
  await kept.rehearse("filter");
  assert.deepEqual(host.told, ["# fwknopd\n"]);
});
