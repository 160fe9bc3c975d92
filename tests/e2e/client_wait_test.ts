/** `--wait`, `--then` and `--hold` of the client against the daemon. */
import assert from "node:assert/strict";
import { keyArgs, type Lab, labTest, makeLab, newKeys, OUR_CLIENT, runClient } from "../lab/mod.ts";
import { knockArgs, type Scene, setScene } from "./scene.ts";

/** Loses what matches on its way out of the knocker, unnoticed there, until disposal. */
async function lose(lab: Lab, match: string): Promise<AsyncDisposable> {
  const rules =
    `table netdev loss { chain out { type filter hook egress device "eth0" priority 0; policy accept; ${match} drop; }; }`;
  await lab.must("knocker", ["nft", rules]);
  let there = true;
  return {
    async [Symbol.asyncDispose]() {
      if (there) await lab.must("knocker", ["nft", "delete table netdev loss"]);
      there = false;
    },
  };
}

/** A client that knocks for port 22 and does more. */
function waitArgs(lab: Lab, scene: Scene, more: readonly string[]): string[] {
  return [
    ...OUR_CLIENT.argv,
    "--no-rc-file",
    "--no-save-args",
    ...knockArgs(lab, 22),
    ...keyArgs(scene.keys),
    ...more,
  ];
}

labTest("--wait says in how many milliseconds a port opened, then that it was open before", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  lab.listen("server", 22);
  const args = [...knockArgs(lab, 22), ...keyArgs(scene.keys), "--wait"];
  const first = await runClient(lab, args);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^tcp\/22 of 10\.77\.0\.1 opened [0-9.]+ ms after the knock\n$/);
  const second = await runClient(lab, args);
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /^tcp\/22 of 10\.77\.0\.1 was open before the knock\n$/);
});

labTest("--wait --json tells programs the same, on success and on time-out", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  lab.listen("server", 22);
  const opened = await runClient(lab, [...knockArgs(lab, 22), ...keyArgs(scene.keys), "--wait", "--json"]);
  assert.equal(opened.code, 0, opened.stderr);
  const told = JSON.parse(opened.stdout);
  const [port] = told.ports;
  assert.deepEqual({ ...told, ports: [{ ...port, milliseconds: 0 }] }, {
    server: scene.server,
    knocks: 1,
    ports: [{ port: 22, open: true, milliseconds: 0, before: false }],
  });
  assert.ok(port.milliseconds > 0);
  assert.equal(port.milliseconds, Number(port.milliseconds.toFixed(3)), "to the microsecond");
  const shut = await runClient(lab, [...knockArgs(lab, 443), ...keyArgs(newKeys()), "--wait=1", "--json"]);
  assert.equal(shut.code, 3, shut.stderr);
  assert.deepEqual(JSON.parse(shut.stdout).ports, [{ port: 443, open: false }]);
});

labTest("--wait waits for all ports, over IPv6 too", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  lab.listen("server", 22, { family: 6 });
  lab.listen("server", 443, { family: 6 });
  const server = lab.address("server", 6);
  const args = ["-A", "tcp/22,udp/53,tcp/443", "-a", lab.address("knocker", 6), "-D", server, ...keyArgs(scene.keys)];
  const result = await runClient(lab, [...args, "--wait=5"]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /^tcp\/22 of fd77::1 opened .*\ntcp\/443 of fd77::1 opened .*\n$/);
});

labTest("--wait ends with status 3 and the likely causes when no door opens", async () => {
  await using lab = await makeLab({ extra: [] });
  await setScene(lab);
  lab.listen("server", 22);
  const result = await runClient(lab, [...knockArgs(lab, 22), ...keyArgs(newKeys()), "--wait=1"]);
  assert.equal(result.code, 3, result.stderr);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, /error: tcp\/22 of 10\.77\.0\.1 did not open within 1 s and \d knocks\n/);
  assert.match(result.stderr, /hint: .*server's log/);
  assert.match(result.stderr, /hint: .*clocks/);
});

labTest("--wait tells an open door without a service from a shut one", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  const result = await runClient(lab, [...knockArgs(lab, 22), ...keyArgs(scene.keys), "--wait=1"]);
  assert.equal(result.code, 3);
  assert.match(result.stderr, /tcp\/22 refuses connections since .* after the knock: the door is open, but no service/);
});

labTest("--wait knocks again with a fresh packet, and gets through a door that opens late", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  lab.listen("server", 22);
  await using loss = await lose(lab, "udp dport 62201");
  const waiting = lab.spawn("knocker", waitArgs(lab, scene, ["--wait", "-v"]));
  await waiting.waitFor(/bytes sent/);
  await loss[Symbol.asyncDispose]();
  const status = await waiting.finished();
  assert.equal(status.code, 0, waiting.output + scene.daemon.program.output);
  const randoms = waiting.lines.filter((line) => /Random Value/.test(line));
  assert.ok(randoms.length >= 2, waiting.output);
  assert.equal(new Set(randoms).size, randoms.length);
});

labTest("a SYN that is lost is not waited for: a new try gets through", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  lab.listen("server", 22);
  const nft = (rules: string) => lab.must("knocker", ["nft", rules]);
  await nft(`table netdev loss {
    set lost { type inet_service; flags dynamic; size 1024; }
    chain out {
      type filter hook egress device "eth0" priority 0; policy accept;
      tcp dport 22 add @lost { tcp sport } drop;
    }
  }`);
  const waiting = lab.spawn("knocker", waitArgs(lab, scene, ["--wait"]));
  await scene.daemon.program.waitFor(/10\.77\.0\.2/);
  // The try from before the knock and the first one after it.
  const twoAreLost = async () => /elements = .*,/.test(await nft("list set netdev loss lost"));
  for (let turn = 0; turn < 1000 && !await twoAreLost();) turn++;
  // What the kernel sends again of the tries so far stays lost: only a new try can get through.
  await nft("flush chain netdev loss out; add rule netdev loss out tcp sport @lost drop");
  const status = await waiting.finished();
  assert.equal(status.code, 0, waiting.output);
});

labTest("--then becomes the command: its exit status, its arguments, no shell", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  lab.listen("server", 22);
  const args = [...knockArgs(lab, 22), ...keyArgs(scene.keys), "--then"];
  const result = await runClient(lab, [...args, "sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", "a b", "$HOME"]);
  assert.equal(result.code, 7, result.stderr);
  assert.equal(result.stdout, "a b|$HOME|");
  const absent = await runClient(lab, [...args, "no-such-program"]);
  assert.equal(absent.code, 127, absent.stderr);
  const shut = await runClient(lab, [...knockArgs(lab, 23), ...keyArgs(newKeys()), "--wait=1", "--then", "true"]);
  assert.equal(shut.code, 3, shut.stderr);
});

labTest("--hold keeps a door of 3 seconds open, and Ctrl-C ends it", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 3 } });
  lab.listen("server", 22);
  const holding = lab.spawn("knocker", waitArgs(lab, scene, ["-f", "3", "--hold"]));
  await holding.waitFor(/holding tcp\/22 of 10\.77\.0\.1 open, .* Ctrl-C ends it/);
  assert.ok(await lab.opens("knocker", scene.server, 22));
  // Without the further knocks it would be over before the last of these.
  while (scene.daemon.program.count(/Added access rule/) < 4) {
    assert.equal(await lab.probe("knocker", scene.server, 22), "open");
  }
  const status = await holding.stop("SIGINT");
  assert.equal(status.code, 0, holding.output);
  assert.match(holding.output, /no longer held: tcp\/22 of 10\.77\.0\.1 closes within 3 s/);
  assert.ok(await lab.closes("knocker", scene.server, 22));
});

labTest("--hold knocks at once from a new address, and says so", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 600 } });
  lab.listen("server", 22);
  const args = ["-A", "tcp/22", "-s", "-D", scene.server, "-f", "600", ...keyArgs(scene.keys)];
  const holding = lab.spawn("knocker", [...OUR_CLIENT.argv, "--no-rc-file", "--no-save-args", ...args, "--hold"]);
  await holding.waitFor(/holding/);
  await lab.must("knocker", ["ip", "address", "add", "10.77.0.9/24", "dev", "eth0"]);
  await lab.must("knocker", ["ip", "address", "del", "10.77.0.2/24", "dev", "eth0"]);
  await lab.must("knocker", ["ip", "address", "replace", "10.77.0.9/24", "dev", "eth0"]);
  await holding.waitFor(/own address has changed/);
  assert.ok(await lab.opens("knocker", scene.server, 22), holding.output + scene.daemon.program.output);
  assert.equal((await holding.stop("SIGTERM")).code, 0);
});
