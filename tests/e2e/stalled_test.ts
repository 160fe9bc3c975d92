/** What stands still beside the daemon must not stand in the way of a knock. */
import assert from "node:assert/strict";
import { type BreakableTools, breakableTools } from "../lab/broken_tools.ts";
import { keyArgs, type Lab, labTest, makeLab, newKeys, writeAccess, writeServerConfig } from "../lab/mod.ts";
import { knock, OUR_DAEMON, OUTER } from "../lab/mod.ts";
import { knockArgs, type Scene, setScene } from "./scene.ts";

/** Passes on what comes until the daemon is ready, then reads nothing more before somebody writes into the FIFO `go`. */
const SLOW_READER = `
folder=$1; shift
{ "$@" 2>&1 >/dev/null; echo "the daemon ended"; } | {
  while read -r line; do echo "$line"; case $line in *"main event loop"*) break ;; esac; done
  read -r word < "$folder/go"
  cat
}`;

/** What is said of junk with `-v`. */
const WHOLE =
  /^(\(stanza #1\) SPA Packet from IP: \S+ received with access source match|\[\S+\] \(stanza #1\) (Error creating fko context: .*COMPAREFAIL|Non-corresponding HMAC for this stanza))$/;

labTest("nobody reads standard error: with -v knocks go on, and what was lost is counted", async () => {
  await using lab = await makeLab();
  const keys = newKeys();
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: OUTER });
  const access = await writeAccess(lab.dir, [{ ...keys, FW_ACCESS_TIMEOUT: 60 }]);
  await lab.must("server", ["mkfifo", `${lab.dir}/go`]);
  const argv = [...OUR_DAEMON.argv, "-c", config, "-a", access];
  const program = lab.spawn("server", ["sh", "-c", SLOW_READER, "sh", lab.dir, ...argv, "-f", "-v", "-v"]);
  try {
    await program.waitFor(/main event loop/);
    const junk = "A".repeat(200);
    // Each costs lines of a hundred characters and more; a pipe holds 64 KiB.
    for (let i = 0; i < 2000; i++) lab.send("knocker", lab.address("server"), 62201, `${i}${junk}`);
    await knock(lab, [...knockArgs(lab, 22), ...keyArgs(keys)]);
    assert.ok(await lab.opens("knocker", lab.address("server"), 22));
    await Deno.writeTextFile(`${lab.dir}/go`, "go\n");
    await knock(lab, [...knockArgs(lab, 24), ...keyArgs(keys)]);
    assert.ok(await lab.opens("knocker", lab.address("server"), 24));
    await program.waitFor(/^\(\d+ lines of the log are missing here: nobody took them\)$/);
    const told = program.lines.filter((line) => /SPA Packet from|fko context|HMAC for/.test(line));
    assert.ok(told.length > 100);
    assert.deepEqual(
      told.filter((line) => !WHOLE.test(line)),
      [],
      "a line of which only a part was taken at once is whole",
    );
  } finally {
    await lab.must("server", [...argv, "-K"]);
  }
  await program.waitFor(/the daemon ended/);
});

/** iptables-restore that hangs for the knocker. */
const HANGS = `
text=$(cat)
case $text in *"-s 10.77.0.2"*) exec sleep 1000 ;; esac
printf '%s\\n' "$text" | $real "$@"
exit`;

/** A daemon with such an iptables-restore, until it is mended. */
async function withHangingTools(lab: Lab): Promise<Scene & { readonly tools: BreakableTools }> {
  const tools = breakableTools(lab);
  const scene = await setScene(lab, { program: tools.daemon, stanza: { FW_ACCESS_TIMEOUT: 60 } });
  tools.break(HANGS, /^iptables-restore$/);
  await scene.knock(22);
  return { ...scene, tools };
}

labTest(
  "iptables: a daemon that is told to stop does not wait for a run that hangs, and closes its doors",
  async () => {
    await using lab = await makeLab({ guard: "iptables" });
    const { daemon } = await withHangingTools(lab);
    await daemon.program.waitFor(/iptables-restore does not end/);
    assert.equal((await daemon.stop()).code, 0, daemon.program.output);
    assert.equal(daemon.program.count(/What is under way in the packet filter does not end, and is stopped/), 1);
    assert.doesNotMatch(await lab.must("server", ["iptables", "-S"]), /FWKNOP/);
  },
);

labTest("iptables: a run that hangs is named and delays nobody else", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const scene = await withHangingTools(lab);
  await scene.daemon.program.waitFor(/iptables-restore does not end/);
  const stranger = lab.address("stranger");
  await knock(lab, ["-A", "tcp/24", "-a", stranger, "-D", scene.server, ...keyArgs(scene.keys)], { from: "stranger" });
  assert.ok(await lab.opens("stranger", scene.server, 24), scene.daemon.program.output);
  assert.equal(scene.daemon.program.count(/Added access rule .* 10\.77\.0\.2 /), 0, "the first one still hangs");
  assert.equal(await scene.isOpen(22), false);
  scene.tools.mend();
  await scene.daemon.program.waitFor(/Cannot open .*iptables-restore failed: it did not end in time/);
  await scene.knock(25);
  assert.ok(await lab.opens("knocker", scene.server, 25), scene.daemon.program.output);
});
