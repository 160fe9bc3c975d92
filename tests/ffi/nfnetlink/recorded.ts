/** What the kernel told of tables of every kind, as `record.ts` wrote it down. */
import type { IncomingMessage } from "../../../ffi/nfnetlink/codec.ts";

interface Written {
  readonly type: number;
  readonly flags: number;
  readonly body: string;
}

const written = JSON.parse(
  Deno.readTextFileSync(new URL("../../vectors/nfnetlink.json", import.meta.url)),
) as readonly Written[];

/** Tables, chains, sets, rules and elements, each in a message of its own. */
export const RECORDED: readonly IncomingMessage[] = written.map(({ type, flags, body }) => ({
  type,
  flags,
  seq: 1,
  portId: 7,
  body: Uint8Array.fromBase64(body),
}));
