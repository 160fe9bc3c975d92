/** Work inside a network namespace of `ip netns`, for rigs of packet filters. Test code only: needs root and unscoped FFI. */
import type { Run } from "../../lib/host/run.ts";
import { PROGRAM_ENVIRONMENT, runProgram } from "../../lib/host/run.ts";
import { type Conversation, startConversation } from "../../ffi/libc/conversation.ts";

const CLONE_NEWNET = 0x4000_0000;
const O_CLOEXEC = 0o2000000;

/** Runs programs in the namespace. `exec` keeps the process number, so events are recognised as one's own. */
export function runWithin(namespace: string): Run {
  return (program, args, options) => runProgram("/sbin/ip", ["netns", "exec", namespace, program, ...args], options);
}

/** Starts programs that are kept open in the namespace. */
export function conversationWithin(namespace: string): (program: string, args: readonly string[]) => Conversation {
  const path = "/sbin/ip";
  return (program, args) =>
    startConversation({ path, args: ["netns", "exec", namespace, program, ...args], env: PROGRAM_ENVIRONMENT });
}

/**
 * Calls `body` on a thread that is in the namespace. Sockets that it opens stay there. It must not wait for anything: only
 * this thread has moved, and it moves back when `body` returns.
 */
export function within<Value>(namespace: string, body: () => Value): Value {
  using libc = openLibc();
  const c = libc.symbols;
  const home = c.open(cString("/proc/thread-self/ns/net"), O_CLOEXEC);
  const there = c.open(cString(`/run/netns/${namespace}`), O_CLOEXEC);
  try {
    if (home < 0 || there < 0 || c.setns(there, CLONE_NEWNET) < 0) throw new Error(`cannot enter ${namespace}`);
    try {
      return body();
    } finally {
      mustReturn(c.setns(home, CLONE_NEWNET));
    }
  } finally {
    c.close(home);
    c.close(there);
  }
}

function mustReturn(result: number): void {
  if (result < 0) throw new Error("cannot return to the own namespace");
}

function openLibc() {
  const library = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    setns: { parameters: ["i32", "i32"], result: "i32" },
  });
  return { symbols: library.symbols, [Symbol.dispose]: () => library.close() };
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
