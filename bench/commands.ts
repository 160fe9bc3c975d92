/**
 * Knocks beside commands that hang: how long until a door opens while none, and while N commands run that never end.
 *
 *     deno run -A bench/commands.ts [--hung=8] [--knocks=100]        (root)
 *
 * Method. As in knock_to_open.ts. One daemon has a stanza for commands and one for doors. Series of knocks come by turns to
 * a daemon without and to one with N commands `sleep 3600`, so that what else the machine does hits both. A last series
 * measures while one command after the other is started and ends. The C daemon waits for each command: it is asked
 * for a few doors with one that hangs.
 */
import { diskDirectory, formatTime, timesOf } from "./knocks.ts";
import { needLab } from "./lab.ts";
import { ownOptions } from "./options.ts";
import {
  C_DAEMON,
  type Daemon,
  isInstalled,
  keyArgs,
  knock,
  type Lab,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  quantiles,
  type SharedKeys,
  startDaemon,
} from "../tests/lab/mod.ts";

const OPTIONS = ownOptions({ hung: "N", knocks: "N" }, import.meta.url);
const HUNG = Number(OPTIONS.value("hung") ?? 8);
const KNOCKS = Number(OPTIONS.value("knocks") ?? 100);
const TURNS = 5;
const WARM_UP = 10;

/** A daemon in a network of its own. */
interface Place extends AsyncDisposable {
  readonly lab: Lab;
  readonly daemon: Daemon;
  readonly doors: SharedKeys;
  readonly program: ProgramUnderTest;
  command(text: string): Promise<void>;
  /** Milliseconds of further knocks. */
  knocks(count: number, limitMs?: number): Promise<number[]>;
}

async function makePlace(program: ProgramUnderTest, parentDir: string): Promise<Place> {
  const lab = await makeLab({ guard: "iptables", extra: [], parentDir });
  const [commands, doors] = [newKeys(), newKeys()];
  const limits = program.name === "c" ? {} : { MAX_RUNNING_COMMANDS: 1000 };
  const server = { FIREWALL_EXE: "/usr/sbin/iptables", ...limits };
  const access = [{ ...doors, FW_ACCESS_TIMEOUT: 3600 }, {
    ...commands,
    ENABLE_CMD_EXEC: "Y",
    CMD_EXEC_USER: "nobody",
  }];
  const daemon = await startDaemon(lab, { program, server, access });
  let port = 20_000;
  return {
    ...{ lab, daemon, doors, program },
    async command(text) {
      const since = daemon.program.mark();
      const where = ["-a", lab.address("knocker"), "-D", lab.address("server")];
      await knock(lab, ["-C", text, ...where, ...keyArgs(commands)]);
      await daemon.program.waitFor(/Running command/, { since });
    },
    async knocks(count, limitMs = 2000) {
      const firstPort = port;
      port += count;
      return await timesOf({ lab, keys: doors, program, firstPort, count, limitMs });
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

function show(name: string, times: readonly number[]): number {
  const { median, p95, p99 } = quantiles(times);
  console.log(`${name.padEnd(36)}${[median, p95, p99].map(formatTime).join("")}  (${times.length} knocks)`);
  return median;
}

needLab();

const parentDir = await diskDirectory();
console.log(`${"".padEnd(36)}${["median", "p95", "p99"].map((word) => word.padStart(8)).join("")}  milliseconds`);
{
  await using quiet = await makePlace(OUR_DAEMON, parentDir);
  await using hung = await makePlace(OUR_DAEMON, parentDir);
  for (let i = 0; i < HUNG; i++) await hung.command("sleep 3600");
  for (const place of [quiet, hung]) await place.knocks(WARM_UP);
  const [without, beside, starting]: [number[], number[], number[]] = [[], [], []];
  for (let turn = 0; turn < TURNS; turn++) {
    without.push(...await quiet.knocks(Math.ceil(KNOCKS / TURNS)));
    beside.push(...await hung.knocks(Math.ceil(KNOCKS / TURNS)));
    // Its start and its end fall among the knocks.
    const command = quiet.command("sleep 0.2");
    starting.push(...await quiet.knocks(Math.ceil(KNOCKS / TURNS)));
    await command;
  }
  const base = show("ours, no command", without);
  const other = show(`ours, ${HUNG} commands that hang`, beside);
  show("ours, a command starts and ends", starting);
  console.log(`beside ${HUNG} commands that hang a knock takes ${(other / base).toFixed(2)} times as long (medians)`);
}
if (isInstalled(C_DAEMON.argv[0]!)) {
  await using c = await makePlace(C_DAEMON, parentDir);
  await c.knocks(2);
  show("C fwknopd, no command", await c.knocks(10));
  // It ends by itself: the lab waits for whoever has the daemon's output open, and the C daemon passes that on.
  await c.command("sleep 15");
  show("C fwknopd, 1 command that hangs", await c.knocks(3));
}
Deno.exit(0);
