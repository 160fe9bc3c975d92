/** A network namespace of the test's own with a capture of everything that it sends, and the programs that send. */
import { type PacketFields, packetFields } from "./packet_fields.ts";
import { C_CLIENT, cClientBlocker, gatedTest, labBlocker, missing } from "../../lab/mod.ts";
import { DENO_DIR } from "../harness.ts";

const CHILD = new URL("./send_child.ts", import.meta.url).pathname;

/** What our sender printed. */
export type Said = { bytesSent: number; remote: string; port: number } & {
  error?: string;
  hint?: string | null;
};

/** The namespace. */
export interface SendNamespace extends AsyncDisposable {
  /** Runs our sender there; `as` in front of the command, e.g. `setpriv …`. */
  sendOurs(job: Record<string, unknown>, as?: readonly string[]): Promise<Said>;
  /** Runs the C client there with the usual keys; throws when it fails. */
  sendC(...args: string[]): Promise<string>;
  /** Runs any program there. */
  run(command: readonly string[], env?: Record<string, string>): Promise<Deno.CommandOutput>;
  /** The packets sent so far that `wanted` wants, once there are `count` of them. */
  packets(count: number, wanted: (packet: PacketFields) => boolean): Promise<PacketFields[]>;
}

/** Registers a test that makes such a namespace; `client: "c"` for one that runs the C client in it. */
export function sendTest(
  name: string,
  fn: Deno.TestDefinition["fn"],
  { client = "ours" }: { readonly client?: "ours" | "c" } = {},
): void {
  const reason = labBlocker() ?? missing({ python3: "python3" }) ?? (client === "c" ? cClientBlocker() : null);
  gatedTest(reason, { name, fn });
}

const SNIFFER = `import socket,sys
s=socket.socket(socket.AF_PACKET,socket.SOCK_DGRAM,socket.htons(3))
print("ready",flush=True)
while True:
    d,a=s.recvfrom(65536)
    if a[2]==4: print(d.hex(),flush=True)`;

/** Makes the namespace with addresses on a loopback and a dummy interface. */
export async function makeSendNamespace(): Promise<SendNamespace> {
  const name = `fws-${crypto.randomUUID()}`;
  const home = Deno.makeTempDirSync();
  Deno.chmodSync(home, 0o755);
  const inside = (command: readonly string[], env: Record<string, string> = {}) =>
    new Deno.Command("ip", { args: ["netns", "exec", name, ...command], env: { HOME: home, ...env }, stdin: "null" });
  await must(new Deno.Command("ip", { args: ["netns", "add", name] }));
  const remove = async () => {
    await must(new Deno.Command("ip", { args: ["netns", "del", name] }));
    Deno.removeSync(home, { recursive: true });
  };
  try {
    for (const line of SETUP) await must(inside(line.split(" ")));
  } catch (error) {
    await remove();
    throw error;
  }
  const sniffer = new Deno.Command("ip", {
    args: ["netns", "exec", name, "python3", "-c", SNIFFER],
    stdout: "piped",
  }).spawn();
  const reader = sniffer.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) text += (await reader.read()).value ?? "";
  return {
    async sendOurs(job, as = []) {
      const flags = ["run", "--no-prompt", "--allow-ffi", CHILD, JSON.stringify({ packet: PACKET, ...job })];
      const env = { DENO_DIR };
      return JSON.parse(decode((await must(inside([...as, Deno.execPath(), ...flags], env))).stdout));
    },
    async sendC(...args) {
      const keys = ["--key-rijndael", "shortkey", "--key-hmac", "hmackey", "--no-save-args"];
      return decode(
        (await must(inside([...C_CLIENT.argv, "-A", "tcp/22", "-a", "192.0.2.10", ...keys, ...args]))).stdout,
      );
    },
    run: (command, env) => inside(command, env).output(),
    async packets(count, wanted) {
      while (true) {
        const found = text.split("\n").slice(1, -1).map(packetFields).filter((p) => p !== null).filter(wanted);
        if (found.length >= count) return found;
        text += (await reader.read()).value ?? "";
      }
    },
    async [Symbol.asyncDispose]() {
      sniffer.kill("SIGKILL");
      await sniffer.status;
      await reader.cancel();
      await remove();
    },
  };
}

/** A stand-in for WIRE: of its alphabet and length. */
export const PACKET = `8SHKfLrFbVGorUL5J4uPBx/sm+${"A".repeat(200)}`;

const SETUP = [
  "ip link set lo up",
  "ip link add d0 address 02:00:00:00:00:01 type veth peer name d1",
  "ip link set d1 up",
  "ip addr add 198.51.100.1/24 dev d0",
  "ip addr add 2001:db8:1::1/64 dev d0 nodad",
  "ip link set d0 up",
  "ip neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev d0",
  "ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev d0",
  "ip neigh add fe80::2 lladdr 02:00:00:00:00:02 dev d0",
];

async function must(command: Deno.Command): Promise<Deno.CommandOutput> {
  const output = await command.output();
  if (!output.success) throw new Error(`failed: ${decode(output.stderr)}${decode(output.stdout)}`);
  return output;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
