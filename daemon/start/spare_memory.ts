/** What a daemon that is about to wait for packets does not need of its start. */
import { giveBackFreed, giveBackText } from "../../ffi/libc/give_back.ts";

/** The garbage collector of V8, where its flag `--expose-gc` is set. */
type Collect = (how: { readonly type: "major"; readonly execution: "sync" }) => void;

/**
 * Gives back what the start left behind, before anybody knocks: objects that nobody holds any more, memory that was freed, and
 * the text of the program. Once, and not later at rest: the knock after that would wait some 10 ms until what it runs is back.
 * Without the flag the first of these is left to V8, which does it later.
 */
export function giveBackStart(): void {
  const { gc } = globalThis as { readonly gc?: Collect };
  // The second one waits for what other threads still free of the first, and lets go of what that made dead.
  for (let round = 0; round < 2; round++) gc?.({ type: "major", execution: "sync" });
  giveBackFreed();
  giveBackText();
}
