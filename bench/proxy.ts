/**
 * Bytes through `fwknop --proxy` and through `nc`, beside each other in the same run.
 *
 *     deno run -A bench/proxy.ts [--megabytes=N] [--rounds=N]
 *
 * Method. A server on the loopback interface sends (down) or takes (up) that many megabytes; the program is started for each
 * round, so its start is counted, and so are the knock (to a UDP port where nobody listens) and the first connection. The
 * port is open all the time. Input comes from `head -c … /dev/zero`, output goes to /dev/null. Rounds alternate between the
 * two; the medians are compared.
 */
import { ownOptions } from "./options.ts";
import { isInstalled, keyArgs, newKeys, OUR_CLIENT } from "../tests/lab/mod.ts";

type Way = "down" | "up";

const CHUNK = new Uint8Array(256 * 1024);

const OPTIONS = ownOptions({ megabytes: "N", rounds: "N" }, import.meta.url);

function numberOf(name: "megabytes" | "rounds", fallback: number): number {
  const given = OPTIONS.value(name);
  const value = given === null ? fallback : Number(given);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} needs a whole number above 0`);
  return value;
}

/** Serves connections until the listener is closed; each is sent, or brings, the bytes of one round. */
async function serve(listener: Deno.Listener, load: { readonly way: Way; readonly bytes: number }): Promise<void> {
  for await (const connection of listener) {
    // A try of --proxy that came too late is closed by it at once.
    void exchange(connection, load.bytes, load.way).catch(() => {});
  }
}

async function exchange(connection: Deno.Conn, bytes: number, way: Way): Promise<void> {
  using peer = connection;
  if (way === "up") {
    const buffer = new Uint8Array(CHUNK.length);
    while (await peer.read(buffer) !== null);
    return;
  }
  for (let left = bytes; left > 0;) left -= await peer.write(CHUNK.subarray(0, Math.min(left, CHUNK.length)));
}

/** Seconds that a command takes, run by a shell with its pipes. */
async function time(command: string): Promise<number> {
  const start = performance.now();
  const { success, stderr } = await new Deno.Command("sh", { args: ["-c", command], stderr: "piped" }).output();
  if (!success) throw new Error(`${command}:\n${new TextDecoder().decode(stderr)}`);
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

if (!isInstalled("nc")) throw new Error("nc is absent (apt-get install netcat-openbsd)");
const megabytes = numberOf("megabytes", 2000);
const rounds = numberOf("rounds", 5);
const load: { way: Way; bytes: number } = { way: "down", bytes: 0 };
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const port = listener.addr.port;
const serving = serve(listener, load);

const options = ["--no-rc-file", "-D", "127.0.0.1", "-a", "127.0.0.1", ...keyArgs(newKeys())];
const words = [...OUR_CLIENT.argv, ...options, "--proxy", "127.0.0.1", String(port)];
const programs = { nc: `nc -N 127.0.0.1 ${port}`, fwknop: words.map((word) => `'${word}'`).join(" ") };

/** Median seconds of each program, in alternating rounds. */
async function compare(way: Way, bytes: number): Promise<{ readonly nc: number; readonly fwknop: number }> {
  Object.assign(load, { way, bytes });
  const seconds = { nc: [] as number[], fwknop: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const name of ["nc", "fwknop"] as const) {
      const input = way === "down" ? "< /dev/null" : "";
      const feeding = way === "down" ? "" : `head -c ${bytes} /dev/zero | `;
      seconds[name].push(await time(`${feeding}${programs[name]} ${input} > /dev/null`));
    }
  }
  return { nc: median(seconds.nc), fwknop: median(seconds.fwknop) };
}

const start = await compare("down", 1);
console.log(`median of ${rounds} rounds`);
console.log(`one byte  nc ${(start.nc * 1000).toFixed(0)} ms  fwknop --proxy ${(start.fwknop * 1000).toFixed(0)} ms`);
console.log(`${megabytes} MB over loopback, start included, MB/s:`);
for (const way of ["down", "up"] as const) {
  const { nc, fwknop } = await compare(way, megabytes * 1_000_000);
  const rates = `nc ${(megabytes / nc).toFixed(0)}  fwknop --proxy ${(megabytes / fwknop).toFixed(0)}`;
  console.log(`${way.padEnd(5)} ${rates}  ratio ${(nc / fwknop).toFixed(2)}`);
}
listener.close();
await serving;
