/** The client in this process with everything it says and sends caught, and the C client beside it. */
import { main } from "../../cli/main.ts";
import type { SendProto, Target } from "../../cli/send/sender.ts";
import type { Machine } from "../../cli/ui/world.ts";

/** What one run did. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What would have been sent. */
export interface Sent {
  readonly proto: SendProto;
  readonly packet: string;
  readonly target: Target;
}

/** A run of ours. */
export interface OwnRun extends Run {
  readonly sent: readonly Sent[];
  /** Questions asked on the terminal. */
  readonly asked: readonly string[];
}

/** The surroundings of a run. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Lines for questions on standard output. */
  readonly answers?: readonly string[];
  /** Keys for questions on the terminal. */
  readonly secrets?: readonly string[];
  readonly now?: number;
  /** What sends, for a test that receives; its packets are not kept. */
  readonly send?: Machine["send"];
}

/** An empty folder that goes when the test ends. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "fwknop-test-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Runs our client in this process. Nothing leaves the machine. */
export async function runOwn(argv: readonly string[], surroundings: Surroundings = {}): Promise<OwnRun> {
  const out: string[] = [];
  const err: string[] = [];
  const sent: Sent[] = [];
  const asked: string[] = [];
  const answers = [...surroundings.answers ?? []];
  const secrets = [...surroundings.secrets ?? []];
  const machine: Machine = {
    out: (text) => out.push(`${text}\n`),
    err: (text) => err.push(`${text}\n`),
    env: (name) => surroundings.env?.[name],
    now: () => surroundings.now ?? 1_700_000_000,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    readAnswer: () => answers.shift() ?? "",
    askSecret: (question) => {
      asked.push(question);
      return Promise.resolve(new TextEncoder().encode(secrets.shift() ?? ""));
    },
    send: surroundings.send ?? ((proto, packet, target) => {
      sent.push({ proto, packet, target });
      return Promise.resolve({ bytesSent: packet.length, remote: target.host, port: target.port });
    }),
  };
  const code = await main(argv, machine);
  return { code, out: out.join(""), err: err.join(""), sent, asked };
}

const C_CLIENT = "/usr/bin/fwknop";

/** Runs the C client with `home` as its home directory, without a terminal. */
export async function runC(
  argv: readonly string[],
  options: { readonly home: string; readonly env?: Readonly<Record<string, string>>; readonly input?: string },
): Promise<Run> {
  return await runProcess("/usr/bin/timeout", {
    args: ["10", "/usr/bin/setsid", "-w", C_CLIENT, ...argv],
    clearEnv: true,
    env: { HOME: options.home, ...options.env },
    input: options.input,
  });
}

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/** Where the runtime keeps what it compiled and fetched: a changed home must not make it do so again. */
export const DENO_DIR = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;

/** Our client as a process of its own, without a terminal: for what a process alone shows. */
export async function runOwnProcess(
  argv: readonly string[],
  options: {
    readonly home: string;
    readonly env?: Readonly<Record<string, string>>;
    /** Standard input. */
    readonly input?: string;
    readonly cwd?: string;
    /** A command that runs it. */
    readonly through?: readonly string[];
  },
): Promise<Run> {
  const { home, env, through = [], ...more } = options;
  const own = [Deno.execPath(), "run", "--no-prompt", "-A", MAIN];
  return await runProcess("/usr/bin/setsid", {
    args: ["-w", ...through, ...own, ...argv],
    env: { HOME: home, DENO_DIR, ...env },
    ...more,
  });
}

async function runProcess(
  program: string,
  { input = "", ...options }: Deno.CommandOptions & { readonly input?: string | undefined },
): Promise<Run> {
  const child = new Deno.Command(program, { ...options, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  // A program that reads nothing may be gone already.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Keys of the packets in tests/vectors. */
export const K64 = "UmlqbmRhZWwtdGVzdC1rZXktMDEyMzQ1Njc4OWFiY2Q=";
export const H64 = "SE1BQy10ZXN0LWtleS1mb3ItZndrbm9wLXZlY3RvcnMtMDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OT1BRUlNUVQ==";

/** Arguments that make a run independent of any home directory. */
export const ALONE = ["--no-rc-file", "--no-save-args"] as const;
