/** What a message of D-Bus holds, read by the types that it names itself. */
import { FfiError } from "../errors.ts";
import { readCString } from "../memory.ts";
import { sdBus } from "./symbols.ts";

/** A value: numbers of up to 32 bits, text, lists (arrays, structures, entries of dictionaries). */
export type DbusValue = string | number | readonly DbusValue[];

const TEXT = "sog", INTEGER = "iub", CONTAINER = "aerv";

/** All values of a message, as far as they are of a kind that {@link DbusValue} has. Throws {@link FfiError} for others. */
export function readAll(message: bigint): readonly DbusValue[] {
  const values: DbusValue[] = [];
  const type = new Uint8Array(1);
  const contents = new BigUint64Array(1);
  const { sd_bus_message_peek_type } = sdBus();
  while (must("peek_type", sd_bus_message_peek_type(message, type, new Uint8Array(contents.buffer))) > 0) {
    values.push(readOne(message, type[0] ?? 0, contents[0] ?? 0n));
  }
  return values;
}

function readOne(message: bigint, type: number, contents: bigint): DbusValue {
  const { sd_bus_message_enter_container, sd_bus_message_exit_container, sd_bus_message_read_basic } = sdBus();
  const name = String.fromCharCode(type);
  if (CONTAINER.includes(name)) {
    must("enter_container", sd_bus_message_enter_container(message, type, contents));
    const values = readAll(message);
    must("exit_container", sd_bus_message_exit_container(message));
    return values;
  }
  if (!TEXT.includes(name) && !INTEGER.includes(name)) {
    throw new FfiError(`Cannot read an answer on the system bus: it has a value of the type "${name}"`, {
      library: "libsystemd",
    });
  }
  const cell = new DataView(new ArrayBuffer(8));
  must("read_basic", sd_bus_message_read_basic(message, type, new Uint8Array(cell.buffer)));
  if (TEXT.includes(name)) return readCString(cell.getBigUint64(0, true));
  return name === "i" ? cell.getInt32(0, true) : cell.getUint32(0, true);
}

function must(symbol: string, result: number): number {
  if (result >= 0) return result;
  throw new FfiError("Cannot read an answer on the system bus: it is malformed", {
    library: "libsystemd",
    symbol: `sd_bus_message_${symbol}`,
    code: -result,
  });
}
