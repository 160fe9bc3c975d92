/** A program that waits, for poll_test.ts to see how it ends. Prints `waiting` once it does. */
import { Waiter } from "../../../ffi/libc/poll.ts";

const waiter = new Waiter();

/** Starts to wait for ever, and says so. */
function waitForEver(): Promise<ReadonlySet<number>> {
  const wait = waiter.wait(-1);
  console.log("waiting");
  return wait;
}

switch (Deno.args[0]) {
  case "signal": {
    let signalled = false;
    Deno.addSignalListener("SIGTERM", () => {
      signalled = true;
      waiter.wake();
    });
    while (!signalled) await waitForEver();
    waiter[Symbol.dispose]();
    console.log("ended by the signal");
    break;
  }
  case "dispose":
    setTimeout(() => waiter[Symbol.dispose](), 1);
    await waitForEver();
    console.log("ended by disposal");
    break;
  case "return":
    setTimeout(() => waiter[Symbol.dispose](), 1);
    void waitForEver();
    break;
  case "throw":
    void waitForEver();
    throw new Error("thrown while waiting");
  case "exit":
    void waitForEver();
    Deno.exit(7);
    break;
  case "idle":
    console.log("never waited");
    break;
}
