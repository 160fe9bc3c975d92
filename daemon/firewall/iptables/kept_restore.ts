/**
 * One iptables-restore of a family that is kept open, because to start one costs many times what a batch does. It reads line
 * by line, commits at each COMMIT, and with `-v` says a comment again at once: so a comment behind a batch is said when all of
 * it happened. It holds no lock and nothing of the ruleset between two batches. Where it cannot be asked, the batch is left
 * to a process of its own; what became of one that got no answer is for whoever asked to read.
 */
import { FfiError } from "../../../ffi/errors.ts";
import type { MomentaryListener } from "../../../ffi/nfnetlink/events.ts";
import type { Conversation } from "../../../ffi/libc/conversation.ts";
import { alsoKill } from "../../../lib/host/run.ts";
import type { Log } from "../../../lib/log.ts";
import { FirewallError } from "../firewall.ts";
import { addedBy, type HeardChanges, isConfirmed } from "./confirmation.ts";
import type { AddedRule } from "./handles.ts";
import { type Batch, formatBatch } from "./restore_lines.ts";
import { type FamilyTools, LOCK_SECONDS, type Refusal, refusalOf } from "./tools.ts";

/** What it works with. */
export interface KeptParts {
  /** Starts a program; null where that may not be, or cannot. */
  readonly start: (program: string, args: readonly string[]) => Conversation | null;
  /** Opens what hears of changes by the kernel while a batch is told. Null: of these nothing is told (iptables-legacy). */
  readonly listen: (() => MomentaryListener) | null;
  /** Which file the program is now: another one after an upgrade of the package. */
  readonly fileOf: (program: string) => string | null;
  /** Told of the process whose changes are ours. */
  readonly note: (pid: number) => void;
  readonly log: Log;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

/** Many times what a batch takes. */
const ANSWER_MS = 1000;
/** How long the start of the daemon waits until it has greeted. */
const GREETING_MS = 300;
/** What may be taken for a rehearsal many times. */
const SLOW_MS = 10;
/** What it has to be gone in when it is ended by force. */
const END_MS = 1000;
/** How long there is none after one gave no answer. */
const REST_MS = 60_000;
/** Less than a pipe takes, so that nothing waits for a reader, and few enough changes for the buffer in which they are heard. */
const LONGEST = 32_768;
/** After so many batches another one takes its place: whatever grows in it is given back. */
const MOST_BATCHES = 4096;

const GREETING = "# fwknopd";

/** Told of rules that were added. */
export type Learn = (added: readonly AddedRule[]) => void;

/** What it is told, and who learns of it. */
interface Asked {
  readonly text: string;
  readonly learn: Learn;
}

/** One of them, and how it is used. */
interface Open {
  readonly conversation: Conversation;
  readonly file: string | null;
  /** Lines that it was told. */
  lines: number;
  batches: number;
  isGreeted: boolean;
}

/** The one of a family. Nothing is started before `start` or `apply`. */
export class KeptRestore implements Disposable {
  readonly #tools: FamilyTools;
  readonly #parts: KeptParts;
  #open: Open | null = null;
  #listener: MomentaryListener | null = null;
  #isBusy = false;
  #restsUntil = -Infinity;
  /** Whether it is not rehearsed with any more. */
  #isUnfit = false;
  readonly #takeBack: () => void;

  constructor(tools: FamilyTools, parts: KeptParts) {
    this.#tools = tools;
    this.#parts = parts;
    this.#takeBack = alsoKill(() => this.#close());
  }

  /** Starts one where there is none that will do. Versions that do not greet are never asked. */
  start(): void {
    const { start, fileOf, steady } = this.#parts;
    const file = fileOf(this.#tools.restore);
    if (this.#open !== null && this.#open.file === file && this.#open.batches < MOST_BATCHES) return;
    this.#close();
    if (file === null || steady() < this.#restsUntil) return;
    const conversation = start(this.#tools.restore, ["--noflush", "-w", LOCK_SECONDS, "-v"]);
    if (conversation === null) return;
    this.#open = { conversation, file, lines: 1, batches: 0, isGreeted: false };
    conversation.tell(`${GREETING}\n`);
  }

  /**
   * Applies a batch: `done`, or why not. Null: nobody could be asked, and nothing was told. Throws `FirewallError` where it is
   * not known what happens, because the program cannot be ended. `learn`: told of the rules that it added, in their order, where
   * the kernel tells of them.
   */
  async apply(batch: Batch, learn: Learn = () => {}): Promise<Refusal | "done" | null> {
    const text = formatBatch(batch);
    if (this.#isBusy || text.length > LONGEST) return null;
    this.#isBusy = true;
    try {
      return await this.#ask(batch, { text, learn });
    } finally {
      this.#isBusy = false;
      this.start();
    }
  }

  /**
   * Has it greet, and answer to a transaction in this table that changes nothing, of which the kernel tells nobody. Where it
   * fails on that, or is slow because the table is large, it is not asked again. Throws as `apply` does.
   */
  async rehearse(table: string): Promise<void> {
    const { steady } = this.#parts;
    if (this.#isUnfit) return;
    this.start();
    if (this.#open !== null) await this.#isReady(this.#open, GREETING_MS);
    const began = steady();
    this.#isUnfit = await this.apply(new Map([[table, []]])) !== "done" || steady() - began > SLOW_MS;
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.#restsUntil = Infinity;
    this.#takeBack();
    this.#close();
    this.#listener?.[Symbol.dispose]();
    this.#listener = null;
  }

  async #ask(batch: Batch, asked: Asked): Promise<Refusal | "done" | null> {
    this.start();
    const open = this.#open;
    if (open === null || !await this.#isReady(open)) return null;
    const listener = this.#listen();
    if (listener === "deaf") return null;
    try {
      return await this.#tell(open, batch, { ...asked, listener });
    } finally {
      this.#stopListening();
    }
  }

  async #tell(
    open: Open,
    batch: Batch,
    { text, learn, listener }: Asked & { readonly listener: MomentaryListener | null },
  ): Promise<Refusal | "done"> {
    const { conversation, lines } = open;
    const mark = `# ${++open.batches}`;
    this.#parts.note(conversation.pid);
    open.lines += text.split("\n").length;
    if (!conversation.tell(`${text}${mark}\n`)) return await this.#giveUp(open, "does not read what it is told");
    const heard = await conversation.hear(mark, ANSWER_MS);
    const errors = conversation.takeErrors();
    if (heard === "silence") return await this.#giveUp(open, "gives no answer");
    if (heard === "end") {
      this.#close();
      return refusalOf(this.#tools.restore, errors, { text, linesBefore: lines });
    }
    if (listener === null) return "done";
    const told = changesOf(listener), from = { pid: conversation.pid, family: this.#tools.family };
    if (isConfirmed(told, batch, from)) {
      learn(addedBy(told, from));
      return "done";
    }
    return await this.#giveUp(open, "says that it changed something of which the kernel does not tell");
  }

  /** Whether it is there and has greeted. One that has ended meanwhile is forgotten. */
  async #isReady(open: Open, waitMs = 0): Promise<boolean> {
    open.isGreeted ||= await open.conversation.hear(GREETING, waitMs) === "line";
    if (!open.conversation.isOver()) return open.isGreeted;
    this.#close();
    return false;
  }

  /** Where nothing can be heard of changes nobody is asked who is to be confirmed by them. */
  #listen(): MomentaryListener | "deaf" | null {
    try {
      this.#listener ??= this.#parts.listen?.() ?? null;
      this.#listener?.begin();
      return this.#listener;
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
      return "deaf";
    }
  }

  /** One that fails is not used again. */
  #stopListening(): void {
    try {
      this.#listener?.end();
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
      this.#listener?.[Symbol.dispose]();
      this.#listener = null;
    }
  }

  /** Ends it by force, so that nothing more can happen; for a while there is none. */
  async #giveUp({ conversation }: Open, why: string): Promise<Refusal> {
    const { log, steady } = this.#parts;
    const { restore } = this.#tools;
    this.#open = null;
    this.#restsUntil = steady() + REST_MS;
    log("warning", `${restore}, which is kept open, ${why}: for a minute each change is left to a process of its own`);
    if (!await conversation.end(END_MS)) {
      throw new FirewallError(
        `${restore} failed: it ${why}, and does not end when it is killed`,
        "run `iptables -S` by hand and see what it waits for",
      );
    }
    return { reason: `${restore} ${why}`, hint: "look what hinders it" };
  }

  #close(): void {
    this.#open?.conversation[Symbol.dispose]();
    this.#open = null;
  }
}

/** News that cannot be read confirm nothing. */
function changesOf(listener: MomentaryListener): HeardChanges {
  try {
    return listener.drain();
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return { changes: [], lost: true };
  }
}
