/**
 * A connection to the system bus by sd-bus of libsystemd. One call at a time: the library is not made for two threads. What a
 * call waits for, it waits for on a thread of the runtime, and whoever asked waits no longer than it says.
 */
import { FfiError } from "../errors.ts";
import { errnoText } from "../libc/errno.ts";
import { allocate, copyIn, cString, readCString } from "../memory.ts";
import { type DbusValue, readAll } from "./reading.ts";
import { sdBus } from "./symbols.ts";

/** Where the bus is found. The environment does not decide it. */
export const SYSTEM_BUS = "/run/dbus/system_bus_socket";

/** A call of a method. */
export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** Text, and whole numbers of 32 bits with a sign. */
  readonly args: readonly (string | number)[];
}

/** What came back: values, or the name and the text of an error, of the other side or of the bus. */
export type Reply =
  | { readonly ok: true; readonly values: readonly DbusValue[] }
  | { readonly ok: false; readonly name: string; readonly text: string };

/** A connection. */
export interface Bus extends Disposable {
  /** Whether a call is under way, also one that nobody waits for any more. */
  readonly isBusy: boolean;
  /**
   * Calls, and waits for at most so many milliseconds. Whoever is called is not started for it. Throws {@link FfiError} with
   * the code ETIMEDOUT where no answer came: whether the call was heard is not known then; the connection is of no use any
   * more. Throws `RangeError` while another call is under way.
   */
  call(call: MethodCall, limitMs: number): Promise<Reply>;
}

/** ETIMEDOUT, for {@link FfiError} of a call without an answer. */
export const NO_ANSWER = 110;

/** EPIPE, ECONNRESET, ENOTCONN, ESHUTDOWN: the connection has ended. */
const BROKEN: ReadonlySet<number> = new Set([32, 104, 107, 108]);
/** struct sd_bus_error { const char *name; const char *message; int _need_free; } */
const ERROR_SIZE = 24;
/** A hint for whatever keeps the bus from being used. */
const HINT = "see whether dbus runs (systemctl status dbus)";

/**
 * Connects to the bus behind that socket. Throws {@link FfiError} where there is none.
 *
 * @tags allow-ffi
 */
export function openBus(socket: string = SYSTEM_BUS): Bus {
  const lib = sdBus();
  const handle = new BigUint64Array(1);
  must("sd_bus_new", lib.sd_bus_new(new Uint8Array(handle.buffer)), socket);
  const bus = handle[0] ?? 0n;
  try {
    const address = cString(`unix:path=${escapePath(socket)}`);
    must("sd_bus_set_address", lib.sd_bus_set_address(bus, address), socket);
    must("sd_bus_set_bus_client", lib.sd_bus_set_bus_client(bus, 1), socket);
    must("sd_bus_start", lib.sd_bus_start(bus), socket);
  } catch (error) {
    lib.sd_bus_close_unref(bus);
    throw error;
  }
  return new SdBus(bus);
}

/**
 * Opens the library before there is a bus, for a program that will not have the right to when one comes. Throws
 * {@link FfiError} where it is not installed.
 *
 * @tags allow-ffi
 */
export function prepareBus(): void {
  sdBus();
}

class SdBus implements Bus {
  #isBusy = false;
  #isClosed = false;

  constructor(readonly bus: bigint) {}

  get isBusy(): boolean {
    return this.#isBusy;
  }

  async call(call: MethodCall, limitMs: number): Promise<Reply> {
    if (this.#isBusy || this.#isClosed) {
      throw new RangeError(`"call" expected an open connection without a call, got another one`);
    }
    const answer = this.#call(call, limitMs);
    const late = Promise.withResolvers<null>();
    // The library counts for itself, but not while it introduces itself to the bus.
    const timer = setTimeout(() => late.resolve(null), limitMs + 500);
    try {
      const reply = await Promise.race([answer, late.promise]);
      if (reply === null) throw noAnswer(call);
      return reply;
    } finally {
      clearTimeout(timer);
    }
  }

  async #call(call: MethodCall, limitMs: number): Promise<Reply> {
    const lib = sdBus();
    const limit = BigInt(Math.max(1, Math.ceil(limitMs))) * 1000n;
    const message = newMessage(this.bus, call);
    const error = allocate(ERROR_SIZE);
    const reply = allocate(8);
    this.#isBusy = true;
    try {
      lib.sd_bus_set_method_call_timeout(this.bus, limit);
      const code = await lib.sd_bus_call(this.bus, message, limit, error.address, reply.address);
      return code >= 0 ? answerOf(reply.address) : failureOf(error.address, -code, call);
    } finally {
      lib.sd_bus_error_free(error.address);
      lib.sd_bus_message_unref(message);
      error[Symbol.dispose]();
      reply[Symbol.dispose]();
      this.#isBusy = false;
      if (this.#isClosed) lib.sd_bus_close_unref(this.bus);
    }
  }

  /** Closed at once, or when the call that is under way has ended. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isBusy) sdBus().sd_bus_close_unref(this.bus);
  }
}

function newMessage(bus: bigint, call: MethodCall): bigint {
  const lib = sdBus();
  const handle = new BigUint64Array(1);
  const names = [call.destination, call.path, call.interface, call.member] as const;
  const [destination, path, face, member] = names.map(cString) as [Buffer, Buffer, Buffer, Buffer];
  must(
    "sd_bus_message_new_method_call",
    lib.sd_bus_message_new_method_call(bus, new Uint8Array(handle.buffer), destination, path, face, member),
  );
  const message = handle[0] ?? 0n;
  try {
    must("sd_bus_message_set_auto_start", lib.sd_bus_message_set_auto_start(message, 0));
    for (const arg of call.args) {
      const [type, bytes] = typeof arg === "string" ? ["s", cString(arg)] as const : ["i", int32(arg)] as const;
      must(
        "sd_bus_message_append_basic",
        lib.sd_bus_message_append_basic(message, type.charCodeAt(0), bytes),
      );
    }
    return message;
  } catch (error) {
    lib.sd_bus_message_unref(message);
    throw error;
  }
}

type Buffer = Uint8Array<ArrayBuffer>;

function int32(value: number): Buffer {
  return new Uint8Array(new Int32Array([value]).buffer);
}

function answerOf(address: bigint): Reply {
  const message = new DataView(copyIn(address, 8).buffer).getBigUint64(0, true);
  try {
    return { ok: true, values: readAll(message) };
  } finally {
    sdBus().sd_bus_message_unref(message);
  }
}

function failureOf(address: bigint, code: number, call: MethodCall): Reply {
  if (code === NO_ANSWER) throw noAnswer(call);
  const cells = new DataView(copyIn(address, ERROR_SIZE).buffer);
  const name = readCString(cells.getBigUint64(0, true));
  if (name === "" || name.startsWith("System.Error.") || BROKEN.has(code)) throw failure("sd_bus_call", code);
  return { ok: false, name, text: readCString(cells.getBigUint64(8, true)) };
}

function noAnswer({ destination }: MethodCall): FfiError {
  return new FfiError(`Cannot get an answer of ${destination} on the system bus: it does not answer in time`, {
    library: "libsystemd",
    symbol: "sd_bus_call",
    code: NO_ANSWER,
    hint: HINT,
  });
}

function must(symbol: string, result: number, socket?: string): void {
  if (result < 0) throw failure(symbol, -result, socket);
}

function failure(symbol: string, code: number, socket?: string): FfiError {
  const where = socket === undefined ? "" : ` (${socket})`;
  return new FfiError(`Cannot reach the system bus${where}: ${errnoText(code)}`, {
    library: "libsystemd",
    symbol,
    code,
    hint: HINT,
  });
}

/** Bytes that mean something in an address of D-Bus. */
function escapePath(path: string): string {
  return path.replace(/[^-0-9A-Za-z_/.\\]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
