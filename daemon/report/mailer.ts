/**
 * When mails are sent. Events are collected for a while, so many mails go in an hour, and only one at a time; what cannot be sent
 * is kept for the next one. Nobody ever waits for any of it, and however long it lasts, it takes a bounded place.
 */
import type { Log } from "../../lib/log.ts";
import { waitAtMost } from "../../lib/host/wait_at_most.ts";
import type { MailConfig } from "../config/resolve_mail.ts";
import { collect, type Collection, countOf, join, NOTHING, type Notify } from "./mail_events.ts";
import type { MailFacts } from "./mail_text.ts";

/** What is to be sent. */
export interface Letter {
  readonly config: MailConfig;
  readonly collection: Collection;
  readonly failed: MailFacts["failed"];
}

/** Mail, as long as the daemon runs. */
export interface Mailer {
  readonly notify: Notify;
  /** What the configuration says from now on; null: nobody gets mail. */
  use(config: MailConfig | null): void;
  /** When a mail is to be sent, in milliseconds of the steady clock; null: none is. */
  readonly dueAt: number | null;
  /** Begins to send it. */
  send(log: Log): void;
  /** Sends what is left, within {@link END_MS}. Nothing is collected afterwards. */
  end(log: Log): Promise<void>;
}

/** What it needs of the daemon. */
export interface MailerParts {
  /** Sends one: null, or why it could not be. */
  deliver(letter: Letter, stop: AbortSignal): Promise<string | null>;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
  /** Called when one was sent, or could not be: there may be another time to wait for. */
  wake(): void;
  /** Default: {@link END_MS}. */
  readonly endMs?: number;
}

/** A server that does not answer holds up the end of the daemon for so long. */
const END_MS = 3000;
const HOUR_MS = 3_600_000;
/** The longest pause before the next attempt. */
const LONGEST_PAUSE_MS = 600_000;

/** Nothing is collected until {@link Mailer.use} says for whom. */
export function createMailer(parts: MailerParts): Mailer {
  return new CollectingMailer(parts);
}

class CollectingMailer implements Mailer {
  readonly #parts: MailerParts;
  readonly #stop = new AbortController();
  #config: MailConfig | null = null;
  #collection = NOTHING;
  /** When the first of them came, on the steady clock. */
  #since = 0;
  /** When the mails of the last hour were sent, on the same. */
  #sent: readonly number[] = [];
  #failed: MailFacts["failed"] = null;
  #retryAt = 0;
  #underWay: Promise<void> | null = null;
  #isEnding = false;

  constructor(parts: MailerParts) {
    this.#parts = parts;
  }

  readonly notify: Notify = (kind, text) => {
    if (this.#config === null || !this.#config.events.includes(kind)) return;
    if (countOf(this.#collection) === 0) this.#since = this.#parts.steady();
    this.#collection = collect(this.#collection, kind, { at: this.#parts.clock(), text });
  };

  use(config: MailConfig | null): void {
    if (JSON.stringify(config) !== JSON.stringify(this.#config)) this.#retryAt = 0;
    this.#config = config;
    if (config === null) this.#collection = NOTHING;
  }

  get dueAt(): number | null {
    if (this.#config === null || this.#underWay !== null || countOf(this.#collection) === 0) return null;
    const { interval, limit } = this.#config;
    const oldest = this.#sent.length < limit ? 0 : (this.#sent.at(-limit) ?? 0) + HOUR_MS;
    return Math.max(this.#since + interval * 1000, this.#retryAt, oldest);
  }

  send(log: Log): void {
    const config = this.#config;
    if (this.#isEnding || config === null || this.#underWay !== null || countOf(this.#collection) === 0) return;
    const collection = this.#collection;
    this.#collection = NOTHING;
    const letter = { config, collection, failed: this.#failed };
    this.#underWay = this.#parts.deliver(letter, this.#stop.signal)
      .catch((error) => error instanceof Error ? error.message : String(error))
      .then((reason) => {
        this.#underWay = null;
        if (reason === null) this.#noteSent(collection, log);
        else this.#noteFailure(letter, reason, log);
        this.#parts.wake();
      });
  }

  async end(log: Log): Promise<void> {
    const all = async () => {
      await this.#underWay;
      this.send(log);
      await this.#underWay;
    };
    await waitAtMost(all(), this.#parts.endMs ?? END_MS);
    this.#isEnding = true;
    this.#stop.abort();
    await this.#underWay;
    const left = countOf(this.#collection);
    const what = left === 1 ? "1 event is" : `${left} events are`;
    if (left > 0) log("warning", `${what} in no mail, because none could be sent before the end`);
    this.use(null);
  }

  #noteSent(collection: Collection, log: Log): void {
    const now = this.#parts.steady();
    this.#sent = [...this.#sent.filter((at) => at > now - HOUR_MS), now];
    log("debug", `Sent a mail about ${countOf(collection)} events`);
    if (this.#failed !== null) log("info", `Mail is sent again, after ${this.#failed.count} attempts that failed`);
    this.#failed = null;
    this.#retryAt = 0;
  }

  /** One line, however long it lasts; the mail that gets through at last tells how often. */
  #noteFailure({ collection, config, failed }: Letter, reason: string, log: Log): void {
    const now = this.#parts.steady();
    if (countOf(this.#collection) === 0) this.#since = now;
    if (this.#config !== null) this.#collection = join(collection, this.#collection);
    if (this.#isEnding) return;
    const count = (failed?.count ?? 0) + 1;
    this.#failed = { count, reason };
    this.#retryAt = now + Math.min(config.interval * 1000 * 2 ** Math.min(count - 1, 16), LONGEST_PAUSE_MS);
    log(count === 1 ? "error" : "debug", `Cannot send mail, trying again: ${reason}`);
  }
}
