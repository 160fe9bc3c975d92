/** The program under test of standard_streams_test.ts: says on standard error whether its parent wants a descriptor. */
import { parentWantsDescriptor } from "../../../ffi/libc/standard_streams.ts";

console.error(parentWantsDescriptor());
