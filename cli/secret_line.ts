/** How a line with a secret is typed, on a terminal or through a descriptor (wire-and-client B.5, C.1 K16). Pure. */

const INTERRUPT = 0x03;
const BACKSPACE = 0x08;
const LINE_FEED = 0x0a;
const KILL = 0x15;

/** Bytes kept; the rest of the line is dropped. */
const MAX_BYTES = 127;

/** What was typed. */
export interface SecretLine {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Ctrl-C: everything typed is gone. */
  readonly interrupted: boolean;
  /** The input ended before the line did. */
  readonly ended: boolean;
}

/**
 * Reads up to the end of the line, of the input, or a Ctrl-C. Backspace and each of `erase` delete one character, Ctrl-U
 * all; a carriage return is data. `nextByte` gives null at the end of the input.
 */
export function readSecretLine(nextByte: () => number | null, erase: readonly number[] = []): SecretLine {
  const kept: number[] = [];
  for (;;) {
    const byte = nextByte();
    if (byte === null || byte === LINE_FEED) return finish(kept, { ended: byte === null });
    if (byte === INTERRUPT) return finish([], { interrupted: true });
    if (byte === BACKSPACE || erase.includes(byte)) eraseCharacter(kept);
    else if (byte === KILL) kept.length = 0;
    else if (kept.length < MAX_BYTES) kept.push(byte);
  }
}

/** Deletes one character: the bytes that continue a UTF-8 character go with its first. */
function eraseCharacter(kept: number[]): void {
  let last = kept.pop();
  while (last !== undefined && (last & 0xc0) === 0x80) last = kept.pop();
}

function finish(kept: readonly number[], state: { interrupted?: boolean; ended?: boolean }): SecretLine {
  return { bytes: Uint8Array.from(kept), interrupted: state.interrupted ?? false, ended: state.ended ?? false };
}
