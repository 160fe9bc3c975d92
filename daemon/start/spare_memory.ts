/** What a daemon that is about to wait for packets, or waits already, does not need of its start. */
import { giveBackFreed, giveBackText } from "../../ffi/libc/give_back.ts";

/** The garbage collector of V8, where its flag `--expose-gc` is set. */
type Collect = (how: { readonly type: "major"; readonly execution: "sync"; readonly flavor: "last-resort" }) => void;

/**
 * Gives back what the start left behind, before anybody knocks: objects that nobody holds any more, memory that was freed, and
 * the text of the program. Without the flag the first of these is left to V8, which does it later.
 */
export function giveBackStart(): void {
  const { gc } = globalThis as { readonly gc?: Collect };
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  giveBackFreed();
  giveBackText();
}
