/**
 * Debian's real firewalld on the server of a lab, with a system bus of its own: a mount namespace with an empty /run holds the
 * bus, so neither is seen by anybody else, nor sees the machine's. Both end with the lab, or by `stop`.
 */
import { createService } from "../../daemon/firewall/firewalld/service.ts";
import { openBus } from "../../ffi/dbus/bus.ts";
import type { Lab } from "./lab.ts";
import type { Program, RunResult } from "./program.ts";

/** What the tests need, and the Debian packages with it. */
export const FIREWALLD_NEEDS = { "firewalld": "firewalld", "dbus-daemon": "dbus" } as const;

/** Nothing of the machine's configuration: what Debian ships lies in /usr/lib/firewalld. */
const SETTINGS = [
  "DefaultZone=public",
  "CleanupOnExit=yes",
  "FirewallBackend=nftables",
  "LogDenied=off",
  "AllowZoneDrifting=no",
];

/** Debian's lets ssh in, and rejects the rest, which does not look shut to a UDP socket. */
const PUBLIC = `<zone target="DROP"><short>Public</short><protocol value="ipv6-icmp"/></zone>\n`;

/** A firewalld that runs. */
export interface FirewalldHost {
  /** The socket of its bus, as the tests' own process reaches it. */
  readonly socket: string;
  /** What goes in front of a program on the server, so that it finds the bus where a system bus is. */
  readonly within: readonly string[];
  readonly program: Program;
  /** Runs firewall-cmd, which must succeed. Returns what it printed. */
  cmd(...args: readonly string[]): Promise<string>;
  /** Ends firewalld; the bus stays. */
  stop(signal?: Deno.Signal): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
}

/** Starts a bus and firewalld on it. `settings`: lines of firewalld.conf that are otherwise. */
export async function startFirewalld(lab: Lab, settings: readonly string[] = []): Promise<FirewalldHost> {
  const etc = `${lab.dir}/etc-firewalld`;
  await Deno.mkdir(`${etc}/zones`, { recursive: true });
  await Deno.writeTextFile(`${etc}/zones/public.xml`, PUBLIC);
  await Deno.writeTextFile(`${etc}/firewalld.conf`, [...SETTINGS, ...settings, ""].join("\n"));
  const script = [
    "mount -t tmpfs none /run && mount -t tmpfs none /var/log && mkdir -p /run/dbus /run/firewalld",
    `mount --bind ${etc} /etc/firewalld`,
    "exec dbus-daemon --system --nofork --nopidfile --print-address",
  ].join(" && ");
  const bus = lab.spawn("server", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]);
  await bus.waitFor(/unix:path=/);
  const socket = `/proc/${bus.pid}/root/run/dbus/system_bus_socket`;
  const within = ["nsenter", `--mount=/proc/${bus.pid}/ns/mnt`, "--"];
  const run = (args: readonly string[]): Promise<RunResult> => lab.run("server", [...within, ...args]);
  const launch = async () => {
    const program = lab.spawn("server", [...within, "firewalld", "--nofork", "--nopid"]);
    using service = createService(() => openBus(socket));
    for (let i = 0; i < 1000 && program.ended === null; i++) {
      if (await service.owner() !== null) {
        // It answers when it has made its table.
        await service.defaultZone();
        return program;
      }
      await new Promise((done) => setTimeout(done, 20));
    }
    throw new Error(`firewalld does not start:\n${program.output}`);
  };
  let program = await launch();
  return {
    ...{ socket, within },
    get program() {
      return program;
    },
    async cmd(...args) {
      const { code, stdout, stderr } = await run(["firewall-cmd", ...args]);
      if (code !== 0) throw new Error(`firewall-cmd ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
      return stdout;
    },
    stop: async (signal = "SIGTERM") => void await program.stop(signal),
    async start() {
      program = await launch();
    },
  };
}
