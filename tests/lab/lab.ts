/**
 * A throw-away network on this machine: a server behind a default-drop packet filter, a knocker, and, when asked for, a
 * stranger beside them and a host inside behind the server. Each host is a network namespace of its own; nothing of the
 * machine's own network is touched. Disposing ends the programs that the lab started and removes the namespaces.
 */
import { ADDRESSES, buildNetwork, type Host, type HostName, switchOf } from "./network.ts";
import { PATIENCE_MS, Program, type RunResult, runToEnd, type SpawnOptions } from "./program.ts";
import { type Guard, iptablesGuard, nftablesGuard } from "./rulesets.ts";
import { killProcessesIn, NAMESPACES, newPrefix, processesIn, removeNamespaces, removeStale } from "./stale.ts";
import {
  bindSocket,
  closeSocket,
  connectDatagram,
  drainAccepts,
  familyOf,
  lockPath,
  type NetworkNamespace,
  openNamespace,
  type ProbeResult,
  probeTcp,
  probeUdp,
  sendDatagram,
  type Transport,
} from "./sockets.ts";

/** What to build. */
export interface LabOptions {
  /** Beside server and knocker. Default: the stranger. */
  readonly extra?: readonly ("stranger" | "inside")[];
  /** Default: nftables. */
  readonly guard?: Guard;
  /** UDP ports that the guard lets in from everybody. */
  readonly udpPorts?: readonly number[];
  /** Where the lab's directory is made. Default: the system's place for temporary files, which may be memory. */
  readonly parentDir?: string;
}

/** How to probe. */
export interface ProbeOptions {
  readonly transport?: Transport;
  /** Silence for this long means filtered. Default: 150, far more than two namespaces of one machine need. */
  readonly timeoutMs?: number;
}

const living = new Set<Lab>();
/** What GnuPG leaves running on purpose; it ends with its home directory. */
const LINGERS = /^(?:\S*\/)?(?:gpg-agent|keyboxd|scdaemon|dirmngr) /;
/** How long a program whose parent has ended may take to end as well. */
const LAST_WORDS_MS = 5000;

/** Builds a lab. Leftovers of runs that were killed are removed first. */
export async function makeLab(options: LabOptions = {}): Promise<Lab> {
  const names: HostName[] = ["server", "knocker", ...(options.extra ?? ["stranger"])];
  const prefix = newPrefix();
  const parent = options.parentDir === undefined ? {} : { dir: options.parentDir };
  const lab = new Lab(prefix, names, await Deno.makeTempDir({ prefix: `${prefix}-`, ...parent }));
  await removeStale(lab.dir.slice(0, lab.dir.lastIndexOf("/")));
  living.add(lab);
  try {
    await buildNetwork(lab, names);
    lab.openNamespaces();
    await lab.settle();
    await lab.guard(options.guard ?? "nftables", options.udpPorts);
  } catch (error) {
    // What goes wrong while tidying up must not stand in front of the reason.
    await lab[Symbol.asyncDispose]().catch((second) => console.log(`while removing ${prefix}: ${second}`));
    throw error;
  }
  return lab;
}

/** One lab. Made by `makeLab`. */
export class Lab implements AsyncDisposable {
  readonly hosts: Readonly<Partial<Record<HostName, Host>>>;
  readonly #programs = new Set<Program>();
  readonly #sockets: number[] = [];
  readonly #listeners: number[] = [];
  readonly #locks: number[] = [];
  readonly #namespaces = new Map<HostName, NetworkNamespace>();

  constructor(
    /** Begins the name of every namespace of this lab. */
    readonly prefix: string,
    names: readonly HostName[],
    /** A directory on disk for configuration and state; removed with the lab. */
    readonly dir: string,
  ) {
    this.#lock(dir);
    this.hosts = Object.fromEntries(
      names.map((name) => [name, { namespace: `${prefix}-${name}`, ...ADDRESSES[name] }]),
    );
  }

  /** A host that must be there. */
  host(name: HostName): Host {
    const host = this.hosts[name];
    if (host === undefined) throw new Error(`this lab has no host "${name}"`);
    return host;
  }

  /** A host's address of one family. */
  address(name: HostName, family: 4 | 6 = 4): string {
    return family === 4 ? this.host(name).ipv4 : this.host(name).ipv6;
  }

  /** Runs a program on a host to its end. */
  async run(
    host: HostName,
    argv: readonly string[],
    options: SpawnOptions = {},
  ): Promise<RunResult> {
    return await runToEnd(this.#inside(host, argv), this.#withHome(options));
  }

  /** As `run`, but a failing program is an error that shows what it said. Returns stdout. */
  async must(host: HostName, argv: readonly string[], options: SpawnOptions = {}): Promise<string> {
    const result = await this.run(host, argv, options);
    if (result.code !== 0) {
      throw new Error(`${argv.join(" ")} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
    }
    return result.stdout;
  }

  /** Starts a program on a host. It is stopped with the lab at the latest. */
  spawn(host: HostName, argv: readonly string[], options: SpawnOptions = {}): Program {
    const program = new Program(this.#inside(host, argv), this.#withHome(options));
    this.#programs.add(program);
    void program.finished().then(() => this.#programs.delete(program));
    return program;
  }

  /** Puts the server's packet filter back to a freshly booted machine's. */
  async guard(kind: Guard, udpPorts: readonly number[] = []): Promise<void> {
    await this.must("server", ["nft", "flush", "ruleset"]);
    if (kind === "nftables") await this.must("server", ["nft", "-f", "-"], { stdin: nftablesGuard(udpPorts) });
    if (kind === "iptables") {
      await this.must("server", ["iptables-restore"], { stdin: iptablesGuard(4, udpPorts) });
      await this.must("server", ["ip6tables-restore"], { stdin: iptablesGuard(6, udpPorts) });
    }
  }

  /** Tries to reach `port` of `address` from a host. */
  async probe(from: HostName, address: string, port: number, options: ProbeOptions = {}): Promise<ProbeResult> {
    const probe = options.transport === "udp" ? probeUdp : probeTcp;
    const result = await probe(this.namespace(from), address, port, options.timeoutMs ?? 150);
    for (const listener of this.#listeners) drainAccepts(listener);
    return result;
  }

  /** Probes until the port is reached (a refusal counts: the packet came through). False when it hangs. */
  async opens(from: HostName, address: string, port: number, transport: Transport = "tcp"): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS;
    do {
      if (await this.probe(from, address, port, { transport, timeoutMs: 60 }) !== "filtered") return true;
    } while (performance.now() < deadline);
    return false;
  }

  /** Probes until the port is shut. False when it hangs. */
  async closes(from: HostName, address: string, port: number): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS;
    do {
      if (await this.probe(from, address, port, { timeoutMs: 100 }) === "filtered") return true;
    } while (performance.now() < deadline);
    return false;
  }

  /** Lets a host listen; open until the lab is disposed. */
  listen(
    host: HostName,
    port: number,
    options: { readonly family?: 4 | 6; readonly transport?: Transport } = {},
  ): void {
    const transport = options.transport ?? "tcp";
    const fd = this.socket(host, options.family ?? 4, transport);
    bindSocket(fd, (options.family ?? 4) === 4 ? "0.0.0.0" : "::", port, transport);
    if (transport === "tcp") this.#listeners.push(fd);
  }

  /** Sends one UDP datagram as it is. */
  send(from: HostName, address: string, port: number, payload: string | Uint8Array<ArrayBuffer>): void {
    const fd = this.namespace(from).socket(familyOf(address), "udp");
    try {
      connectDatagram(fd, address, port);
      sendDatagram(fd, typeof payload === "string" ? new TextEncoder().encode(payload) : payload);
    } finally {
      closeSocket(fd);
    }
  }

  /** A raw socket descriptor in a host's namespace; closed with the lab. */
  socket(host: HostName, family: 4 | 6, transport: Transport): number {
    const fd = this.namespace(host).socket(family, transport);
    this.#sockets.push(fd);
    return fd;
  }

  /** The namespace of a host, for sockets. */
  namespace(host: HostName): NetworkNamespace {
    const namespace = this.#namespaces.get(host);
    if (namespace === undefined) throw new Error(`this lab has no host "${host}"`);
    return namespace;
  }

  /** Waits until every host reaches the server over both families; for use while no guard is up. */
  async settle(): Promise<void> {
    for (const name of Object.keys(this.hosts) as HostName[]) {
      if (name === "server") continue;
      for (const family of [4, 6] as const) {
        if (!await this.opens(name, this.address("server", family), 9)) {
          throw new Error(`${name} cannot reach the server`);
        }
      }
    }
  }

  /** Every namespace of this lab. */
  get #names(): string[] {
    return [...Object.values(this.hosts).map((host) => host.namespace), switchOf(this.prefix)];
  }

  /** Called once by `makeLab`, as soon as they are there. */
  openNamespaces(): void {
    for (const name of this.#names) this.#lock(`${NAMESPACES}/${name}`);
    for (const [name, host] of Object.entries(this.hosts)) {
      this.#namespaces.set(name as HostName, openNamespace(host.namespace));
    }
  }

  /** Ends the programs, closes the sockets, removes namespaces and directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program.stop("SIGTERM", 2000)));
    const left = await this.#leftovers();
    this.destroy();
    if (left.length > 0) throw new Error(`processes outlived their lab, and were killed:\n${left.join("\n")}`);
  }

  /** What still runs although whoever started it has ended: the command lines, once it had the time to end by itself. */
  async #leftovers(): Promise<readonly string[]> {
    const deadline = performance.now() + LAST_WORDS_MS;
    for (;;) {
      const left = processesIn(this.#names).filter(({ command }) => !LINGERS.test(command));
      if (left.length === 0 || performance.now() > deadline) return left.map(({ command }) => command);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** The same at once, for signals and the end of the process: programs are killed. Idempotent. */
  destroy(): void {
    if (!living.delete(this)) return;
    for (const program of this.#programs) program.signal("SIGKILL");
    for (const fd of this.#sockets) closeSocket(fd);
    for (const namespace of this.#namespaces.values()) namespace[Symbol.dispose]();
    killProcessesIn(this.#names);
    removeNamespaces(this.#names);
    for (const fd of this.#locks) closeSocket(fd);
    Deno.removeSync(this.dir, { recursive: true });
  }

  /** Other runs see by this that the lab lives. */
  #lock(path: string): void {
    const fd = lockPath(path);
    if (fd === null) throw new Error(`cannot lock ${path}`);
    this.#locks.push(fd);
  }

  #inside(host: HostName, argv: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.host(host).namespace, ...argv];
  }

  /** Programs of the lab see a home directory of the lab's, never the developer's. */
  #withHome<Options extends SpawnOptions>(options: Options): Options {
    return { ...options, env: { HOME: this.dir, DENO_DIR: denoDirectory(), ...options.env } };
  }
}

/** Where this Deno keeps its downloads: programs from source need them under their changed home directory as well. */
function denoDirectory(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache`;
  return Deno.env.get("DENO_DIR") ?? `${cache}/deno`;
}

function destroyAll(): void {
  for (const lab of [...living]) lab.destroy();
}

globalThis.addEventListener("unload", destroyAll);
