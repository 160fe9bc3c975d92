/**
 * The commands that run. Each is a child process whose end and output are descriptors in the daemon's own poll(2): nothing
 * here waits, so that a command that hangs delays nobody. At most so many run at once, none longer than its time.
 */
import type { Child, ChildEnd } from "../../ffi/libc/child.ts";
import type { Log, LogLevel } from "../../lib/log.ts";
import { reasonOf } from "../start/start_error.ts";
import type { CommandLimits } from "../config/resolve_server.ts";
import type { Order } from "./become.ts";
import type { Command } from "./cycle.ts";
import { logOutput, type OutputLog } from "./output.ts";

/** One command of a job. */
export interface Step {
  readonly command: Command;
  readonly order: Order;
  /** In front of its lines: `[192.0.2.7] (stanza #1)`. */
  readonly tag: string;
  /** Said when it starts. */
  readonly announcement: string;
  /** How loud its good end is; a bad end of what closes or opens a door is a warning. */
  readonly goodEnd: LogLevel;
}

/** Commands that run one after the other, and take the place of one. */
export interface Job {
  /** Whether it closes doors: such jobs have places of their own. */
  readonly closes: boolean;
  readonly steps: readonly Step[];
  /** It begins when this one has ended. */
  readonly after: Pick<RunningJob, "ended"> | null;
  /** Told of each step that ended, and how; null where it could not be started. */
  onEnd(step: Step, end: ChildEnd | null): void;
}

/** A job that was taken. */
export interface RunningJob {
  readonly ended: boolean;
  /** Ends the command that runs, and starts none of those behind it. */
  stop(): void;
}

/** What the jobs need of the daemon. */
export interface RunningContext {
  start(command: Command, order: Order): Child;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

/** The commands that run. */
export interface Running {
  /** Whether there is room for one more. */
  hasRoom(closes: boolean, limits: CommandLimits): boolean;
  /** Takes a job in and starts it, unless it has to wait for another. */
  take(job: Job, limits: CommandLimits, log: Log): RunningJob;
  /** What to wait for. */
  readonly descriptors: readonly number[];
  /** When there is something to do without any of these; null: never. */
  readonly dueAt: number | null;
  /** Reads what was printed, learns what has ended, ends what takes too long, and starts what comes next. */
  look(log: Log): void;
  /** How many jobs are not at their end. */
  readonly count: number;
  /** Whether all of them are being ended. */
  readonly isStopping: boolean;
  /** Ends all commands, those that do not listen by force when `force` is set. Nothing more is started. */
  stopAll(force: boolean): void;
}

/** After SIGTERM a command has so long to end by itself. */
export const GRACE_MS = 2000;
/** A command that prints without end is read so often, and no more than a pipe holds each time. */
const OUTPUT_PAUSE_MS = 50;
const CHUNK = 65_536;

/** Nothing runs yet. */
export function createRunning(context: RunningContext): Running {
  const jobs = new Set<TakenJob>();
  let isStopping = false;

  return {
    hasRoom: (closes, { most }) => !isStopping && [...jobs].filter((job) => job.closes === closes).length < most,
    take(job, limits, log) {
      const taken = new TakenJob(job, limits, context);
      jobs.add(taken);
      taken.look(log);
      if (taken.ended) jobs.delete(taken);
      return taken;
    },
    get descriptors() {
      return [...jobs].flatMap((job) => job.descriptors);
    },
    get dueAt() {
      const times = [...jobs].map((job) => job.dueAt).filter((at) => at !== null);
      return times.length === 0 ? null : Math.min(...times);
    },
    look(log) {
      // One that waited for another may begin in the same look.
      for (const job of [...jobs].sort((a, b) => Number(a.isWaiting) - Number(b.isWaiting))) {
        job.look(log);
        if (job.ended) jobs.delete(job);
      }
    },
    get count() {
      return jobs.size;
    },
    get isStopping() {
      return isStopping;
    },
    stopAll(force) {
      isStopping = true;
      for (const job of jobs) job.stop(force);
    },
  };
}

/** A command that runs. */
interface Active {
  readonly step: Step;
  readonly child: Child;
  readonly output: OutputLog;
  /** When it has taken too long. */
  readonly limitAt: number;
  /** When it is ended by force, once it was told to end. */
  killAt: number | null;
  /** It was killed: nothing but its end is missing. */
  killed: boolean;
  /** Not before this is its output read again. */
  readAt: number;
  outputEnded: boolean;
}

/** Before any other time. */
const AT_ONCE = 0;

class TakenJob implements RunningJob {
  readonly #job: Job;
  readonly #limits: CommandLimits;
  readonly #context: RunningContext;
  #rest: Step[];
  #active: Active | null = null;

  constructor(job: Job, limits: CommandLimits, context: RunningContext) {
    this.#job = job;
    this.#limits = limits;
    this.#context = context;
    this.#rest = [...job.steps];
  }

  get closes(): boolean {
    return this.#job.closes;
  }

  get ended(): boolean {
    return this.#active === null && this.#rest.length === 0;
  }

  /** Whether another job has to end first. */
  get isWaiting(): boolean {
    return this.#job.after?.ended === false;
  }

  get descriptors(): readonly number[] {
    if (this.#active === null) return [];
    const { child, killAt, killed, outputEnded, readAt } = this.#active;
    const fds: number[] = [];
    // One that was told to end is looked at when its time is over: its group is killed then, whoever is left in it.
    if (killAt === null || killed) fds.push(child.endFd);
    if (!outputEnded && readAt <= this.#context.steady()) fds.push(child.outputFd);
    return fds;
  }

  get dueAt(): number | null {
    if (this.#active === null) return this.#rest.length > 0 && !this.isWaiting ? AT_ONCE : null;
    const { killAt, killed, limitAt, outputEnded, readAt } = this.#active;
    const end = killed ? Infinity : killAt ?? limitAt;
    const read = outputEnded || readAt <= this.#context.steady() ? Infinity : readAt;
    const first = Math.min(end, read);
    return first === Infinity ? null : first;
  }

  stop(force = false): void {
    this.#rest = [];
    if (this.#active === null || this.#active.killed) return;
    if (force) this.#kill(this.#active);
    else if (this.#active.killAt === null) this.#terminate(this.#active);
  }

  look(log: Log): void {
    for (;;) {
      if (this.#active !== null) this.#watch(this.#active, log);
      if (this.#active !== null || this.isWaiting) return;
      const step = this.#rest.shift();
      if (step === undefined) return;
      this.#start(step, log);
    }
  }

  #start(step: Step, log: Log): void {
    log("info", step.announcement);
    const now = this.#context.steady();
    const { timeout } = this.#limits;
    try {
      this.#active = {
        step,
        child: this.#context.start(step.command, step.order),
        output: logOutput(step.tag),
        limitAt: timeout === null ? Infinity : now + timeout * 1000,
        killAt: null,
        killed: false,
        readAt: 0,
        outputEnded: false,
      };
    } catch (error) {
      log("error", `${step.tag} CMD_EXEC: ${reasonOf(error)}`);
      this.#job.onEnd(step, null);
    }
  }

  #watch(active: Active, log: Log): void {
    const now = this.#context.steady();
    if (active.killAt === null && now >= active.limitAt) {
      const limit = `CMD_EXEC_TIMEOUT (${this.#limits.timeout} seconds)`;
      log("warning", `${active.step.tag} CMD_EXEC: the command takes longer than ${limit}: ending it`);
      this.#terminate(active);
    }
    if (active.killAt !== null && !active.killed && now >= active.killAt) this.#kill(active);
    if (active.readAt <= now) this.#read(active, log);
    if (active.killAt !== null && !active.killed) return;
    const end = active.child.reap();
    if (end === null) return;
    this.#read(active, log);
    this.#finish(active, end, log);
  }

  #terminate(active: Active): void {
    active.child.signalGroup("terminate");
    active.killAt = this.#context.steady() + GRACE_MS;
  }

  #kill(active: Active): void {
    active.child.signalGroup("kill");
    active.killed = true;
  }

  #read(active: Active, log: Log): void {
    if (active.outputEnded) return;
    const bytes = new Uint8Array(CHUNK);
    const count = active.child.readOutput(bytes);
    if (count === null) return;
    if (count === 0) active.outputEnded = true;
    else active.output.take(bytes.subarray(0, count), log);
    active.readAt = this.#context.steady() + OUTPUT_PAUSE_MS;
  }

  #finish({ step, child, output }: Active, end: ChildEnd, log: Log): void {
    this.#active = null;
    output.end(log);
    child[Symbol.dispose]();
    const [result, status] = "signal" in end ? [16, end.signal] : [0, end.status];
    const level = result === 0 && status === 0 ? step.goodEnd : "warning";
    // The words and numbers of the C daemon: 16 is an end by a signal.
    log(level, `${step.tag} CMD_EXEC: command returned ${result}, pid_status: ${status}`);
    this.#job.onEnd(step, end);
  }
}
