/** The program under test of descriptor_test.ts: `lines N` or `all N` from descriptor N, as JSON. */
import { openInherited } from "../../../ffi/libc/descriptor.ts";

const [mode, fd] = Deno.args;
try {
  using descriptor = openInherited(Number(fd));
  const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
  const said = mode === "all"
    ? text(await descriptor.readAll(100))
    : [text(await descriptor.readLine(20)), text(await descriptor.readLine(20)), text(await descriptor.readLine(20))];
  console.log(JSON.stringify(said));
} catch (error) {
  console.log((error as Error).message);
}
