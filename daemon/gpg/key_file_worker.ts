/**
 * Keys in files decrypt in a thread of their own: what the library does takes up to a tenth of a second in one piece, and
 * knocks must not wait for that. The thread runs this very program, whichever form that has; it is started by the first
 * message, and ended where it takes too long.
 */
import { gpgFail, type GpgFailure } from "../../lib/openpgp/failure.ts";
import type { Decrypted, PgpOpen } from "../../lib/openpgp/openpgp.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import type { Result } from "../../lib/result.ts";
import type { GpgKeyFiles, GpgPolicy } from "./policy.ts";

/** What the thread is asked. */
interface Asked {
  readonly id: number;
  /** Which keys. */
  readonly number: number;
  /** Those, where the thread does not have them. */
  readonly keys: FileKeys | null;
  readonly message: Uint8Array;
  /** Unix seconds. */
  readonly now: number;
}

/** The keys of a stanza. */
type FileKeys = Pick<GpgKeyFiles, "decrypt" | "remote"> & Pick<GpgPolicy, "passphrase">;

/** What it answers. */
interface Answered {
  readonly id: number;
  readonly opened: Result<Decrypted, GpgFailure>;
}

/** Stanzas whose keys the thread keeps. Both ends forget the oldest by the same rule. */
const KEPT = 64;
/** As long as gpg has. */
const TIMEOUT_MS = 10_000;

/** What the thread needs. */
export interface WorkerTerms {
  /** The module that the thread runs: one that calls {@link answerInWorker} there. */
  readonly module: string;
  /** Unix seconds. */
  now(): number;
  /** Ends the thread. */
  readonly stop?: AbortSignal | undefined;
  /** Default: {@link TIMEOUT_MS}. */
  readonly timeoutMs?: number;
}

/** What opens messages by the key files of a policy. Nothing runs yet. */
export function createFileOpener(terms: WorkerTerms): (engine: GpgKeyFiles, policy: GpgPolicy) => PgpOpen {
  let thread: Thread | null = null;
  const end = () => {
    thread?.end("the daemon ends");
    thread = null;
  };
  terms.stop?.addEventListener("abort", end);
  return ({ decrypt, remote }, policy) => async (message) => {
    if (terms.stop?.aborted) return failed("the daemon ends");
    if (thread?.ended ?? true) thread = new Thread(terms);
    return await thread!.ask(policy, { decrypt, remote, passphrase: policy.passphrase }, message);
  };
}

/** A message that is being opened. */
interface Pending {
  readonly timer: ReturnType<typeof setTimeout>;
  answer(opened: Result<Decrypted, GpgFailure>): void;
}

class Thread {
  readonly #worker: Worker;
  readonly #terms: WorkerTerms;
  readonly #pending = new Map<number, Pending>();
  readonly #numbers = new Map<GpgPolicy, number>();
  #asked = 0;
  ended = false;

  constructor(terms: WorkerTerms) {
    this.#terms = terms;
    this.#worker = new Worker(terms.module, { type: "module", name: WORKER_NAME });
    this.#worker.onmessage = ({ data }: MessageEvent<Answered>) => this.#settle(data.id, data.opened);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.end(event.message);
    };
  }

  ask(policy: GpgPolicy, keys: FileKeys, message: Uint8Array): Promise<Result<Decrypted, GpgFailure>> {
    const id = ++this.#asked;
    const known = this.#numbers.get(policy);
    const number = known ?? id;
    if (known === undefined) keep(this.#numbers, policy, number);
    return new Promise((answer) => {
      const timer = setTimeout(() => this.end("it takes too long"), this.#terms.timeoutMs ?? TIMEOUT_MS);
      this.#pending.set(id, { timer, answer });
      const asked: Asked = { id, number, keys: known === undefined ? keys : null, message, now: this.#terms.now() };
      this.#worker.postMessage(asked);
    });
  }

  /** Whoever waits is told why. */
  end(why: string): void {
    this.ended = true;
    this.#worker.terminate();
    for (const id of [...this.#pending.keys()]) this.#settle(id, failed(why));
  }

  #settle(id: number, opened: Result<Decrypted, GpgFailure>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.answer(opened);
  }
}

function failed(why: string) {
  return gpgFail("gpg-context", `the key files could not be used: ${why}`, "send the packet again");
}

function keep<Key, Value>(kept: Map<Key, Value>, key: Key, value: Value): void {
  kept.set(key, value);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
}

/** By this the program knows that it is the thread. */
const WORKER_NAME = "fwknopd key files";

/** What a thread has, and the program itself has not. */
interface WorkerScope {
  readonly name?: string;
  readonly postMessage?: (answer: Answered) => void;
  onmessage?: (event: MessageEvent<Asked>) => void;
}

/** Answers the questions of the daemon, where this is the thread that it has started; false where it is not. */
export function answerInWorker(scope: WorkerScope = globalThis as WorkerScope): boolean {
  if (scope.name !== WORKER_NAME || scope.postMessage === undefined) return false;
  const answer = (answered: Answered) => scope.postMessage!(answered);
  const openers = new Map<number, Promise<(message: Uint8Array, now: number) => ReturnType<PgpOpen>>>();
  scope.onmessage = async ({ data: { id, number, keys, message, now } }) => {
    if (keys !== null) keep(openers, number, makeOpener(keys));
    const opener = openers.get(number);
    try {
      const opened = opener === undefined ? failed("they are forgotten") : await (await opener)(message, now);
      answer({ id, opened });
    } catch (error) {
      answer({ id, opened: failed(reasonOf(error)) });
    }
  };
  return true;
}

/** The files are parsed once. */
async function makeOpener(keys: FileKeys) {
  const { keyFileOpener } = await import("../../lib/openpgp/key_file_opener.ts");
  let latest = 0;
  const open = keyFileOpener({ ...keys, now: () => latest });
  return (message: Uint8Array, now: number) => {
    latest = now;
    return open(message);
  };
}
