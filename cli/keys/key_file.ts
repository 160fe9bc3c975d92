/** Key files of `-G` and `--get-hmac-key`: one line for each server (facts/client 5). */
import { latin1Bytes, latin1Text, textBytes, wipe } from "../../lib/bytes.ts";
import { readSecureFile } from "../../lib/host/secure_file.ts";
import { ClientError } from "../ui/tui.ts";

/** No key can be longer. */
const MAX_KEY_BYTES = 128;

/**
 * Reads the key of `server`. The file's mode is not looked at, as in C, and it may be a pipe, which is read to its end.
 * Throws {@link ClientError}.
 */
export function keyFromFile(path: string, server: string): Uint8Array<ArrayBuffer> {
  const read = readSecureFile(path, { checkOwner: false, streams: true });
  if (!read.ok) throw new ClientError(`Could not open config file: ${path}: ${read.fault.message}`);
  const key = findKey(read.value.bytes, server);
  wipe(read.value.bytes);
  if (key === null) {
    throw new ClientError(
      `Could not get key for IP: ${server} from: ${path}`,
      `add a line "${server}: KEY"; the name must be written exactly as after -D`,
    );
  }
  if (key.length === 0 || key.length > MAX_KEY_BYTES) {
    throw new ClientError(
      `Invalid key length: ${key.length} bytes for ${server} in ${path}, must be in [1,${MAX_KEY_BYTES}]`,
    );
  }
  return key;
}

/**
 * The key in the last line for `server`. Blanks and `=` may stand before the name and before the key; the colon follows
 * the name at once. The key runs to the end of the line, with trailing blanks and carriage return, whatever its bytes are.
 */
export function findKey(file: Uint8Array, server: string): Uint8Array<ArrayBuffer> | null {
  const label = latin1Text(textBytes(`${server}:`));
  let found: string | null = null;
  for (const line of latin1Text(file).split("\n")) {
    const body = line.replace(/^[ \t=]+/, "");
    if (/^[#;\r]/.test(body) || !body.startsWith(label)) continue;
    found = body.slice(label.length).replace(/^[ \t=]+/, "");
  }
  return found === null ? null : latin1Bytes(found);
}
