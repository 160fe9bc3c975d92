/** The gpg program: where it is, with which home and surroundings it runs. Never through a shell. */
import { terminalPath } from "../../ffi/libc/terminal.ts";
import { concat } from "../../lib/bytes.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { gpgFail, type GpgFailure } from "../../lib/openpgp/failure.ts";
import type { GpgRun, RunGpg } from "../../lib/openpgp/keyring.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { ClientSettings } from "../options/table.ts";
import type { World } from "../ui/world.ts";

/** Where gpg is, unless the settings say so. The first is where the C client looks. */
const PLACES = ["/usr/bin/gpg", "/usr/local/bin/gpg", "/bin/gpg", "/usr/bin/gpg2"] as const;

/** What gpg, its agent and pinentry need to find each other and the person. Nothing else of ours is passed on. */
const VARIABLES = [
  ...["HOME", "GNUPGHOME", "GPG_TTY", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR"],
  ...["DBUS_SESSION_BUS_ADDRESS", "PINENTRY_USER_DATA", "LANG", "LC_CTYPE", "LC_ALL"],
] as const;

/** Bytes of either output: a packet is far less, a listing of many keys is not. */
const OUTPUT_LIMIT = 4 * 1024 * 1024;

/** What runs gpg, after looking whether its program and home are there. */
export function gpgProgram(
  { gpgExe, gpgHomeDir }: Partial<Pick<ClientSettings, "gpgExe" | "gpgHomeDir">>,
  world: Pick<World, "env">,
): Result<RunGpg, GpgFailure> {
  const exe = gpgExe ?? PLACES.find((path) => kindOf(path) === "file");
  if (exe === undefined) {
    return gpgFail(
      "gpg-executable",
      "there is no gpg on this machine",
      "install gnupg, or name files with --gpg-recipient-key and --gpg-signer-key: they need no gpg",
    );
  }
  const program = gpgExe === undefined ? exe : pathOf(gpgExe);
  if (kindOf(program) !== "file") {
    return gpgFail(
      "gpg-executable",
      `--gpg-exe ${exe} is no program file`,
      "leave it out, or name gpg by its whole path",
    );
  }
  const home = homeArguments(gpgHomeDir);
  if (!home.ok) return home;
  const env = environment(world);
  return ok((args, stdin) => run(program, { args: [...home.value, "--status-fd", "2", ...args], env, stdin }));
}

function homeArguments(home: string | undefined): Result<readonly string[], GpgFailure> {
  if (home === undefined) return ok([]);
  if (kindOf(home) !== "folder") {
    return gpgFail(
      "gpg-home-bad",
      `--gpg-home-dir ${home} is no folder`,
      "name the folder with pubring.kbx, mostly ~/.gnupg",
    );
  }
  try {
    Deno.readDirSync(home)[Symbol.iterator]().next();
  } catch (error) {
    return gpgFail("gpg-home-bad", `${home}: ${reasonOf(error)}`, `may this account read it? (ls -ld ${home})`);
  }
  return ok(["--homedir", home]);
}

function kindOf(path: string): "file" | "folder" | null {
  try {
    const { isFile, isDirectory } = Deno.statSync(path);
    return isFile ? "file" : isDirectory ? "folder" : null;
  } catch {
    return null;
  }
}

/** A name without a slash is a file here, as in C, not one to be looked for. */
function pathOf(exe: string): string {
  return exe.includes("/") ? exe : `./${exe}`;
}

function environment({ env }: Pick<World, "env">): Readonly<Record<string, string>> {
  const passed = VARIABLES.flatMap((name) => {
    const value = env(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const terminal = [0, 1, 2].map(terminalPath).find((path) => path !== null);
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...(terminal === undefined ? {} : { GPG_TTY: terminal }),
    ...Object.fromEntries(passed),
  };
}

/** One run of the program. */
interface Start {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
}

/** Waits as long as it takes: somebody may be looking for a smart card. */
async function run(program: string, { args, env, stdin }: Start): Promise<Result<GpgRun, GpgFailure>> {
  try {
    await using child = new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [stdout, stderr, status] = await Promise.all([
      readLimited(child.stdout),
      readLimited(child.stderr),
      child.status,
      feed(child.stdin, stdin),
    ]);
    const said = new TextDecoder().decode(stderr);
    return ok({ code: status.code, stdout, stderr: said, status: said });
  } catch (error) {
    return gpgFail("gpg-executable", `${program}: ${reasonOf(error)}`, "is it gpg, and may you run it? see --gpg-exe");
  }
}

/** A program that ends before it has read everything is judged by its exit status. */
async function feed(stdin: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(bytes);
    await writer.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe || error instanceof TypeError)) throw error;
  }
}

/** The beginning; the rest is read and dropped. */
async function readLimited(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let room = OUTPUT_LIMIT;
  for await (const chunk of stream) {
    chunks.push(chunk.subarray(0, room));
    room = Math.max(0, room - chunk.length);
  }
  return concat(...chunks);
}
