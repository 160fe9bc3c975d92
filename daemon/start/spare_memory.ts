/** What a daemon that is about to wait for packets does not need of its start. */
import { giveBackFreed, giveBackText } from "../../ffi/libc/give_back.ts";

/** The garbage collector of V8, where its flag `--expose-gc` is set. */
type Collect = (
  how: { readonly type: "major"; readonly execution: "sync"; readonly flavor: "last-resort" },
) => void;

/**
 * Gives back what the start left behind, before anybody knocks: objects that nobody holds any more, memory that was freed, and
 * the text of the program. Once, and not later at rest: the knock after that would wait some 10 ms until what it runs is back.
 * Without the flag the first of these is left to V8, which does it later.
 */
export function giveBackStart(): void {
  const { gc } = globalThis as { readonly gc?: Collect };
  // Twice in a row, and so that what is left lies close together: else 20 MB of holes stay with 1,000 stanzas.
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  giveBackFreed();
  giveBackText();
}
