/**
 * Connects to one port as soon as it opens. Attempts race each other: a new one starts while earlier ones are pending, so
 * that a lost SYN costs a pause of {@link pauseBeforeTry} and not the second after which the kernel repeats it.
 *
 * @tags allow-ffi
 */
import { FfiError } from "../../ffi/errors.ts";
import { E } from "../../ffi/abi.ts";
import { firstConnected, type Socket, startConnect } from "../../ffi/libc/socket.ts";
import type { SocketAddress } from "../../ffi/libc/socket_address.ts";
import { pauseBeforeTry } from "./pace.ts";
import { pause } from "./pause.ts";

/** An attempt older than this many milliseconds is given up: by then the kernel has repeated its SYN twice. */
const LONGEST_TRY = 3000;

/** The kernel repeats a SYN after a second: a connection made sooner answers the SYN that was sent at the start. */
const FIRST_REPEAT = 900;

/** When the race ends, and when the last knock was. Times as of `performance.now()`. */
export interface RaceLimits {
  readonly deadline: number;
  /** The first knock: from here the time until the port opens is counted. */
  readonly knockedAt: number;
  lastKnock(): number;
}

/** Connected, or not in time. */
export type RaceResult =
  | { readonly open: true; readonly socket: Socket; readonly milliseconds: number; readonly before: boolean }
  | { readonly open: false; readonly seen: Seen };

/** How the attempts failed. */
export interface Seen {
  /** The attempt made before the knock was refused: the host rejects connections instead of dropping them. */
  readonly refusedBefore: boolean;
  /** Milliseconds from the knock to the first refusal of a later try; null for none. */
  readonly refusedAfter: number | null;
  /** errno of the last failure, a refusal or another; null when nothing ever answered. */
  readonly lastError: number | null;
}

interface Try {
  readonly socket: Socket;
  readonly startedAt: number;
}

/** The attempts to connect to one port. Disposal closes those that were not handed out. */
export class ConnectRace implements Disposable {
  readonly #tries: Try[] = [];
  #nextTry = 0;
  #lastError: number | null = null;
  /** For each refusal the time at which its SYN was sent. */
  readonly #refusals: number[] = [];

  constructor(readonly address: SocketAddress) {}

  /** Starts the attempt before the knock: its outcome tells whether the port was open anyway. */
  probe(): void {
    this.#start(performance.now());
  }

  /** Tries until a connection is up or the time is over. The caller closes the socket. */
  async run(limits: RaceLimits): Promise<RaceResult> {
    for (let now = performance.now(); now < limits.deadline; now = performance.now()) {
      if (now >= this.#nextTry) {
        this.#start(now);
        this.#nextTry = now + pauseBeforeTry(now - limits.lastKnock());
      }
      this.#giveUpOld(now);
      const winner = await this.#wait(Math.min(this.#nextTry, limits.deadline) - now);
      if (winner !== null) return result(winner, limits.knockedAt);
    }
    return { open: false, seen: this.#seen(limits.knockedAt) };
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#tries.splice(0)) socket[Symbol.dispose]();
  }

  #start(now: number): void {
    try {
      this.#tries.push({ socket: startConnect(this.address), startedAt: now });
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
      this.#lastError = error.details.code ?? null;
    }
  }

  #giveUpOld(now: number): void {
    for (let oldest = this.#tries[0]; oldest !== undefined && now - oldest.startedAt > LONGEST_TRY;) {
      oldest.socket[Symbol.dispose]();
      this.#tries.shift();
      oldest = this.#tries[0];
    }
  }

  /** The first connection that is up, which the caller takes over; null when the time is over without one. */
  async #wait(milliseconds: number): Promise<Try | null> {
    if (this.#tries.length === 0) {
      await pause(milliseconds);
      return null;
    }
    const tries = [...this.#tries];
    const { connected, failed } = await firstConnected(tries.map(({ socket }) => socket), milliseconds);
    for (const { index, code } of failed) this.#failed(tries[index], code);
    const winner = tries[connected[0] ?? -1];
    if (winner === undefined) return null;
    this.#tries.splice(this.#tries.indexOf(winner), 1);
    return winner;
  }

  #failed(attempt: Try | undefined, code: number): void {
    if (attempt === undefined) return;
    this.#tries.splice(this.#tries.indexOf(attempt), 1);
    attempt.socket[Symbol.dispose]();
    this.#lastError = code;
    if (code === E.CONNREFUSED) this.#refusals.push(answeredAt(attempt));
  }

  #seen(knockedAt: number): Seen {
    const later = this.#refusals.find((time) => time > knockedAt);
    return {
      refusedBefore: this.#refusals.some((time) => time <= knockedAt),
      refusedAfter: later === undefined ? null : later - knockedAt,
      lastError: this.#lastError,
    };
  }
}

function result(winner: Try, knockedAt: number): RaceResult {
  const milliseconds = Math.max(performance.now() - knockedAt, 0);
  return { open: true, socket: winner.socket, milliseconds, before: answeredAt(winner) <= knockedAt };
}

/** When the SYN was sent that has just been answered: the first one, or one that the kernel repeated about now. */
function answeredAt({ startedAt }: Try): number {
  const now = performance.now();
  return now - startedAt < FIRST_REPEAT ? startedAt : now;
}
