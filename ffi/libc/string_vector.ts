/** Lists of strings as C has them: `argv` and `envp`. */
import { allocate, type Block, copyOut, cString } from "../memory.ts";

/** `char *const list[]` with its strings, ended by a null pointer: all in one block. */
export function stringVector(strings: readonly string[]): Block {
  const encoded = strings.map(cString);
  const pointers = new BigUint64Array(strings.length + 1);
  const block = allocate(pointers.byteLength + encoded.reduce((sum, { length }) => sum + length, 0));
  let offset = block.address + BigInt(pointers.byteLength);
  for (const [index, string] of encoded.entries()) {
    pointers[index] = offset;
    copyOut(offset, string);
    offset += BigInt(string.length);
  }
  copyOut(block.address, new Uint8Array(pointers.buffer));
  return block;
}
