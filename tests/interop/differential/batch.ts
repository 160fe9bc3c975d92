/** Many configurations for one start of a daemon, and what both daemons make of them. */
import type { Lab } from "../../lab/lab.ts";
import { type Directives, writeAccess, writeServerConfig } from "../../lab/config.ts";
import { C_DAEMON, OUR_DAEMON, type ProgramUnderTest } from "../../lab/programs.ts";
import { captureFile } from "../../lib/net/frame_bytes.ts";
import { NAMED } from "./choices.ts";
import { type Configuration, framesOf } from "./configuration.ts";
import { readRules, readTouched, type RulesOf } from "./rules.ts";

/** What is tried with one fwknopd.conf. */
export interface Batch {
  readonly title: string;
  readonly server: Directives;
  readonly configurations: readonly Configuration[];
}

/** The same of each daemon. */
export interface Both<Found> {
  readonly c: Found;
  readonly ours: Found;
}

/** What both read. */
export interface Files {
  readonly dir: string;
  readonly capture: string;
  readonly packets: number;
}

/** Writes the capture file of a batch. */
export async function writeCapture(dir: string, batch: Batch): Promise<Files> {
  const now = Math.floor(Date.now() / 1000);
  const frames: Uint8Array[] = [];
  for (const configuration of batch.configurations) frames.push(...await framesOf(configuration, now));
  const capture = `${dir}/packets.pcap`;
  await Deno.writeFile(capture, captureFile(frames, { linkType: 1 }));
  return { dir, capture, packets: frames.length };
}

/** The log of each daemon in test mode, which leaves no rules. */
export async function logsInTestMode(lab: Lab, batch: Batch, files: Files): Promise<Both<Granted>> {
  const log = async (program: ProgramUnderTest) => {
    const { argv, lines } = await prepare(program, batch, files);
    mustEnd(batch, await lab.run("server", [...argv, "-t"]), await lines());
    return { lines: await lines(), rules: new Map() };
  };
  const [c, ours] = await Promise.all([log(C_DAEMON), log(OUR_DAEMON)]);
  return { c, ours };
}

/** The log of each daemon outside test mode, what it asks the packet filter for, and what its commands do. */
export async function grantsOf(labs: Both<Lab>, batch: Batch, files: Files): Promise<Both<Granted>> {
  const grants = async (lab: Lab, program: ProgramUnderTest) => {
    await lab.guard("iptables");
    const { argv, lines, dir } = await prepare(program, batch, files);
    const startedAt = Math.floor(Date.now() / 1000);
    mustEnd(batch, await lab.run("server", argv), await lines());
    const filter = await lab.must("server", ["iptables", "-S"]);
    const nat = await lab.must("server", ["iptables", "-t", "nat", "-S"]);
    const rules = readRules(`${filter}${nat}`, batch.configurations, startedAt);
    const touched = readTouched(await ownersIn(`${dir}/touched`), batch.configurations);
    const sources = new Set([...rules.keys(), ...touched.keys()]);
    const asked = [...sources].map((source) =>
      [source, [...rules.get(source) ?? [], ...touched.get(source) ?? []]] as const
    );
    return { lines: await lines(), rules: new Map(asked) };
  };
  const [c, ours] = await Promise.all([grants(labs.c, C_DAEMON), grants(labs.ours, OUR_DAEMON)]);
  return { c, ours };
}

/** What a daemon did. */
export interface Granted {
  readonly lines: readonly string[];
  /** And what its commands did. */
  readonly rules: RulesOf;
}

/** The files of a folder, with their owners. */
async function ownersIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for await (const { name } of Deno.readDir(folder)) found.set(name, (await Deno.stat(`${folder}/${name}`)).uid ?? -1);
  return found;
}

/** The command line that makes a daemon look at all packets, leave its rules, and end. */
async function prepare(program: ProgramUnderTest, batch: Batch, files: Files) {
  const dir = `${files.dir}/${program.name}-${crypto.randomUUID()}`;
  await Deno.mkdir(`${dir}/touched`, { recursive: true });
  // For the commands that run as somebody else.
  await Deno.chmod(`${dir}/touched`, 0o777);
  const config = await writeServerConfig(dir, {
    PCAP_FILE: files.capture,
    FIREWALL_EXE: "/usr/sbin/iptables",
    FLUSH_IPT_AT_EXIT: "N",
    // Counted looks at rules that are not over yet cost the C daemon more time than everything else here.
    RULES_CHECK_THRESHOLD: 0,
    // All packets come at once; the C daemon, which runs one command after the other, passes over it.
    MAX_RUNNING_COMMANDS: 1000,
    ...batch.server,
  });
  const access = await writeAccess(dir, batch.configurations.flatMap(({ stanzas }) => stanzas));
  const argv = [...program.argv, "-f", "-v", "-c", config, "-a", access, "-C", String(files.packets)];
  await Deno.writeTextFile(`${dir}/hosts`, `${NAMED.address} ${NAMED.name}\n`);
  // Name and folder are the ones of this run only. The log goes into a file: our daemon does not wait for whoever reads it
  // from a pipe.
  const script = 'mount --bind "$0/hosts" /etc/hosts; mount --bind "$0/touched" "$1"; shift; exec "$@" >"$0/log" 2>&1';
  const wrapped = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script];
  return {
    dir,
    argv: [...wrapped, dir, batch.configurations[0]!.place.folder, ...argv],
    lines: async () => (await Deno.readTextFile(`${dir}/log`)).split("\n"),
  };
}

function mustEnd({ title }: Batch, { code }: { readonly code: number }, log: readonly string[]): void {
  if (code !== 0) throw new Error(`${title}: ended with ${code}:\n${log.slice(-30).join("\n")}`);
}
