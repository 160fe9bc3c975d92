/** What a disk that is slow, or refuses, does to knocks that come faster than it. */
import assert from "node:assert/strict";
import { bytesFromBase64, sealAccess } from "../../bench/packets.ts";
import { CACHE_HEADER } from "../../daemon/replay/cache_line.ts";
import { type Lab, labTest, makeLab } from "../lab/mod.ts";
import { type Scene, setScene } from "./scene.ts";

const WITH_STRACE = { needs: { strace: "strace" }, blocker: tracingBlocker };
const KNOCKS = 12;
const PORTS = Array.from({ length: KNOCKS }, (_, i) => 2001 + i);

/** Why no program can be traced here, as in many containers; null where one can. */
function tracingBlocker(): string | null {
  const { success, stderr } = new Deno.Command("strace", { args: ["-o", "/dev/null", "true"] }).outputSync();
  return success ? null : `strace may not trace: ${new TextDecoder().decode(stderr).trim()}`;
}

/** A daemon whose disk does what `disk` says (strace's words), and where it stands when it read and when the disk was asked. */
async function withDisk(lab: Lab, disk: string): Promise<Scene & { readonly calls: string }> {
  const calls = `${lab.dir}/calls`;
  await lab.must("server", ["nft", "insert rule inet guard input udp dport 62201 accept"]);
  // By -D it is the daemon that is told to stop.
  const trace = ["-D", "-f", "-qq", "--seccomp-bpf", "-o", calls, "-e", "trace=fdatasync,recvmmsg"];
  const scene = await setScene(lab, {
    prefix: ["strace", ...trace, "-e", `inject=fdatasync:${disk}`],
    server: { ENABLE_UDP_SERVER: "Y", PCAP_DISPATCH_COUNT: "1" },
    stanza: { FW_ACCESS_TIMEOUT: 300 },
  });
  return { ...scene, calls };
}

/** Sends a knock for each port, all at once: what is read takes 1, 2 and 4 of them. */
async function sendMany({ lab, keys, send }: Scene): Promise<void> {
  const secrets = { encryption: bytesFromBase64(keys.KEY_BASE64), hmac: bytesFromBase64(keys.HMAC_KEY_BASE64) };
  const allow = lab.address("knocker");
  const packets = await Promise.all(
    PORTS.map((port) => sealAccess({ allow, service: `tcp/${port}` }, secrets, { hint: true })),
  );
  packets.forEach(send);
}

/** Whether a thread asked the disk, and another read before it was answered. */
function wasReadMeanwhile(calls: string): boolean {
  const lines = calls.split("\n");
  return lines.some((line, at) => {
    const [, thread] = /^(\d+) +fdatasync\(.*<unfinished/.exec(line) ?? [];
    if (thread === undefined) return false;
    const rest = lines.slice(at + 1);
    const answered = rest.findIndex((later) => later.startsWith(`${thread} `));
    return rest.slice(0, answered).some((later) => later.includes("recvmmsg("));
  });
}

labTest("while the disk is slow the next knocks are read, and all open in the order in which they came", async () => {
  await using lab = await makeLab();
  const scene = await withDisk(lab, "delay_enter=400ms");
  const { program } = scene.daemon;
  await sendMany(scene);
  await program.waitFor(new RegExp(`Added access rule .* tcp/${PORTS.at(-1)}`));
  const opened = program.lines.flatMap((line) => /Added access rule .* tcp\/(\d+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(opened.map(Number), PORTS);
  for (const port of PORTS) assert.equal(await scene.isOpen(port), true, `${port}`);
  await scene.daemon.stop();
  const calls = await Deno.readTextFile(scene.calls);
  assert.ok(wasReadMeanwhile(calls), calls);
}, WITH_STRACE);

/** With a replay file that is there: a new one would be refused at the start. */
async function withRefusingDisk(lab: Lab, disk: string): ReturnType<typeof withDisk> {
  Deno.mkdirSync(`${lab.dir}/ours/run`, { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(`${lab.dir}/ours/run/digest.cache`, CACHE_HEADER, { mode: 0o600 });
  return await withDisk(lab, disk);
}

labTest(
  "after a disk that refused once the next knock opens, and nobody else is blamed for what is written again",
  async () => {
    await using lab = await makeLab();
    const scene = await withRefusingDisk(lab, "error=EIO:when=1");
    const { program, digestCache } = scene.daemon;
    await scene.knock(2001);
    await program.waitFor(/^Nothing is opened for 1 packets: /);
    await scene.knock(2002);
    await program.waitFor(/Added access rule .* tcp\/2002/);
    assert.deepEqual([await scene.isOpen(2001), await scene.isOpen(2002)], [false, true]);
    assert.equal(program.count(/The replay file .* could not be written a moment ago: \d+ entries/), 1, program.output);
    assert.equal(program.count(/by somebody else/), 0, program.output);
    await scene.daemon.stop();
    const digests = Deno.readTextFileSync(digestCache).split("\n").filter((line) => /^[^#]/.test(line));
    assert.equal(digests.length, 2, "the refused one can never be used again either");
  },
  WITH_STRACE,
);

labTest(
  "a disk that refuses opens no door, and leaves nothing in the replay file",
  async () => {
    await using lab = await makeLab();
    const scene = await withRefusingDisk(lab, "error=EIO");
    const { program, digestCache } = scene.daemon;
    await sendMany(scene);
    const refused = () =>
      program.lines.flatMap((line) =>
        /^Nothing is opened for (\d+) packets: .*Could not add digest.*: Cannot bring it to the disk: Input\/output error/
          .exec(line)?.[1] ?? []
      );
    while (refused().reduce((sum, count) => sum + Number(count), 0) < KNOCKS) {
      await program.waitFor(/Nothing is opened/, { since: program.mark() });
    }
    assert.equal(program.count(/Added access rule/), 0, program.output);
    for (const port of PORTS) assert.equal(await scene.isOpen(port), false, `${port}`);
    await scene.daemon.stop();
    assert.equal(Deno.readTextFileSync(digestCache), CACHE_HEADER);
  },
  WITH_STRACE,
);
