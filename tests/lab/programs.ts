/**
 * The four programs of the tests. Ours come from source with the flags that are shipped, or from where `FWKNOP` and
 * `FWKNOPD` point (bundled script or compiled), so that one suite proves every form.
 */
import { sourceFlags } from "../../.ci/runtime_flags.ts";
import { type Directives, writeAccess, writeServerConfig } from "./config.ts";
import type { Lab } from "./lab.ts";
import { type HostName, OUTER } from "./network.ts";
import type { Program, RunResult, SpawnOptions } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A client or a daemon under test. */
export interface ProgramUnderTest {
  readonly name: "ours" | "c";
  readonly argv: readonly string[];
}

function underTest(program: "fwknop" | "fwknopd", main: string): readonly string[] {
  const given = Deno.env.get(program.toUpperCase());
  return given !== undefined && given !== "" ? [given] : fromSource(program, `${ROOT}${main}`, ROOT);
}

function fromSource(program: "fwknop" | "fwknopd", main: string, root: string): readonly string[] {
  const cached = ["--cached-only", "--frozen", `--config=${root}deno.json`];
  return [Deno.execPath(), "run", ...cached, ...sourceFlags(program), main];
}

/** Our client. */
export const OUR_CLIENT: ProgramUnderTest = { name: "ours", argv: underTest("fwknop", "cli/main.ts") };
/** Our daemon. */
export const OUR_DAEMON: ProgramUnderTest = { name: "ours", argv: underTest("fwknopd", "daemon/main.ts") };
/** The daemon of another checkout of this project, from source. */
export function ourDaemonOf(checkout: string): ProgramUnderTest {
  const root = `${Deno.realPathSync(checkout)}/`;
  return { name: "ours", argv: fromSource("fwknopd", `${root}daemon/main.ts`, root) };
}
/** The C client (Debian: fwknop-client). */
export const C_CLIENT: ProgramUnderTest = { name: "c", argv: ["/usr/bin/fwknop"] };
/** The C daemon (Debian: fwknop-server). */
export const C_DAEMON: ProgramUnderTest = { name: "c", argv: ["/usr/sbin/fwknopd"] };

let capturesWithPcap: boolean | undefined;

/** Whether the C daemon here has libpcap. Debian 13's has not: it takes UDP from a netfilter queue or from a socket. */
export function cDaemonHasPcap(): boolean {
  capturesWithPcap ??= new TextDecoder("latin1").decode(Deno.readFileSync(C_DAEMON.argv[0]!)).includes("libpcap.so");
  return capturesWithPcap;
}

/** For tests in which the C daemon must see more than UDP to its port: why they cannot run, or null. */
export function cPcapBlocker(): string | null {
  return cDaemonHasPcap() ? null : `${C_DAEMON.argv[0]} is built without libpcap, as on Debian 13`;
}

/**
 * What a C daemon without libpcap needs to see UDP packets as the other one does. In test mode it makes no rule for its
 * queue, so there it gets a socket, and the server's packet filter an opening for it.
 */
async function withoutPcap(lab: Lab, { program, server = {}, args = [] }: DaemonOptions): Promise<Directives> {
  if (program !== C_DAEMON || cDaemonHasPcap() || "ENABLE_UDP_SERVER" in server) return {};
  if (!args.includes("-t")) return { ENABLE_NFQ_CAPTURE: "Y" };
  await lab.must("server", ["nft", "insert rule inet guard input udp dport 62201 accept"]);
  return { ENABLE_UDP_SERVER: "Y" };
}

/** How to start a daemon. */
export interface DaemonOptions {
  readonly program?: ProgramUnderTest;
  /** Directives of fwknopd.conf. Capture from the server's outer interface is set already. */
  readonly server?: Directives;
  readonly access: readonly Directives[];
  /** Further arguments, such as `-v`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What goes in front of the program, such as the namespace of a bus. */
  readonly prefix?: readonly string[];
  /** Directory below the lab's for its files; two daemons of one lab need two. Default: the program's name. */
  readonly folder?: string;
}

/** A daemon running in the foreground on the server, and its files. */
export interface Daemon extends AsyncDisposable {
  readonly program: Program;
  readonly dir: string;
  readonly argv: readonly string[];
  readonly digestCache: string;
  /** Starts it again on the files as they are now (after `stop` or a kill). */
  again(): Promise<Daemon>;
  /** Ends it and waits. Default SIGTERM. */
  stop(signal?: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** What a daemon says when it is ready: the start markers that upstream's suite waits for as well. */
export const READY = /main event loop|Kicking off \w+ server/;

/** Writes the configuration and starts a daemon on the server. Resolves when it says that it is ready. */
export async function startDaemon(lab: Lab, options: DaemonOptions): Promise<Daemon> {
  const program = options.program ?? OUR_DAEMON;
  const dir = `${lab.dir}/${options.folder ?? program.name}`;
  await Deno.mkdir(dir, { recursive: true });
  const config = await writeServerConfig(dir, {
    PCAP_INTF: OUTER,
    ...await withoutPcap(lab, options),
    ...options.server,
  });
  const access = await writeAccess(dir, options.access);
  const argv = [...(options.prefix ?? []), ...program.argv, "-f", "-c", config, "-a", access, ...(options.args ?? [])];
  return await launch(lab, argv, dir, options.env);
}

async function launch(lab: Lab, argv: readonly string[], dir: string, env?: DaemonOptions["env"]): Promise<Daemon> {
  const program = lab.spawn("server", argv, env === undefined ? {} : { env });
  const ready = await program.waitFor(READY);
  const [, transport, port] = /Kicking off (UDP|TCP) server to listen on port (\d+)/.exec(ready) ?? [];
  if (transport !== undefined) await untilBound(lab, program, { transport, port: Number(port) });
  return {
    program,
    dir,
    argv,
    digestCache: `${dir}/run/digest.cache`,
    again: () => launch(lab, argv, dir, env),
    stop: (signal) => program.stop(signal),
    async [Symbol.asyncDispose]() {
      await program.stop();
    },
  };
}

/** More than it takes, at some milliseconds each. */
const LOOKS = 2000;

/** The C daemon says that it listens before it does, and what comes in between is lost. */
async function untilBound(
  lab: Lab,
  program: Program,
  { transport, port }: { readonly transport: string; readonly port: number },
): Promise<void> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (let i = 0; i < LOOKS && program.ended === null; i++) {
    const { stdout } = await lab.run("server", [
      "cat",
      ...["", "6"].map((six) => `/proc/net/${transport.toLowerCase()}${six}`),
    ]);
    if (stdout.split("\n").some((line) => line.trim().split(/\s+/)[1]?.endsWith(end))) return;
  }
  if (program.ended === null) throw new Error(`nobody listens on ${transport} port ${port}:\n${program.output}`);
}

/** A knock: the options of the client beyond those that keep it away from files of the home directory. */
export interface KnockOptions extends SpawnOptions {
  readonly program?: ProgramUnderTest;
  readonly from?: HostName;
}

/** Runs a client to its end with `args`, without rc file and saved arguments. */
export async function runClient(lab: Lab, args: readonly string[], options: KnockOptions = {}): Promise<RunResult> {
  const program = options.program ?? OUR_CLIENT;
  const own = args.includes("--rc-file") || args.includes("-n") ? [] : ["--no-rc-file"];
  return await lab.run(options.from ?? "knocker", [...program.argv, ...own, "--no-save-args", ...args], options);
}

/** Runs a client that must succeed. Returns what it printed. */
export async function knock(lab: Lab, args: readonly string[], options: KnockOptions = {}): Promise<string> {
  const result = await runClient(lab, args, options);
  if (result.code !== 0) throw new Error(`the client ended with ${result.code}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Builds a packet without sending it, with the client's own `-T -B`. Returns the text that would be on the wire. */
export async function sealPacket(lab: Lab, args: readonly string[], options: KnockOptions = {}): Promise<string> {
  const file = `${lab.dir}/packet-${crypto.randomUUID()}`;
  await knock(lab, [...args, "-T", "-B", file], options);
  return (await Deno.readTextFile(file)).trim();
}

/** Key options of the client for a stanza's keys. */
export function keyArgs(keys: { readonly KEY_BASE64: string; readonly HMAC_KEY_BASE64?: string | null }): string[] {
  const hmac = keys.HMAC_KEY_BASE64;
  return ["--key-base64-rijndael", keys.KEY_BASE64, ...(hmac == null ? [] : ["--key-base64-hmac", hmac])];
}
