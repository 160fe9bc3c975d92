/** `--qr` on a real terminal of 100 columns and 40 rows. */
import assert from "node:assert/strict";
import { runOnTerminal } from "../../ffi/libc/pseudo_terminal.ts";
import { H64, K64 } from "../harness.ts";

const CHILD = new URL("./qr_child.ts", import.meta.url).pathname;
const STANZA = ["-D", "gw.example.org", "-A", "tcp/22", "-R", "--key-base64-rijndael", K64, "--key-base64-hmac", H64];

// The terminal of who runs the tests may know more characters than the one of the test.
for (const name of ["VTE_VERSION", "TERM_PROGRAM"]) Deno.env.delete(name);
Deno.env.set("TERM", "xterm");

function onTerminal(...more: readonly string[]) {
  return runOnTerminal(CHILD, { args: ["--no-rc-file", "--no-save-args", ...STANZA, "--qr", ...more], steps: [] });
}

Deno.test("--qr shows code and URI on a terminal", async () => {
  const { shown } = await onTerminal();
  // deno-lint-ignore no-control-regex -- the colours of the code
  assert.match(shown, /\x1b\[30;107m {2}/);
  assert.match(shown, /fwknop:gw\.example\.org\?v=1&D=gw\.example\.org&A=tcp\/22&a=resolve&k=/);
  assert.match(shown, /exit 0/);
});

Deno.test("--qr says that the code does not fit, and shows the URI alone", async () => {
  const large = ["-u", `Fwknop/${"x".repeat(400)}`];
  const { shown } = await onTerminal(...large);
  assert.match(shown, /error: Cannot show the QR code: it needs \d+ columns and \d+ rows, the window has 100 and 40/);
  assert.ok(!shown.includes("\x1b[30;107m"));
  assert.match(shown, /fwknop:gw\.example\.org\?v=1&/);
  assert.match(shown, /exit 1/);
  assert.match((await onTerminal(...large, "--force-qr")).shown, /exit 0/);
});

Deno.test("--qr counts the lines of the URI: they would push the top of the code out of the window", async () => {
  // The code has 37 rows; with two or three lines of URI and the prompt 40 are not enough.
  const { shown } = await onTerminal("-u", `Fwknop/${"x".repeat(190)}`);
  assert.match(shown, /the QR code: it needs \d\d columns and 4[1-9] rows, the window has 100 and 40/);
  assert.match(shown, /exit 1/);
});

Deno.test("--qr draws with finer blocks where the window is too small and the terminal has them", async () => {
  Deno.env.set("VTE_VERSION", "7006");
  const { shown } = await onTerminal("-u", `Fwknop/${"x".repeat(190)}`);
  Deno.env.delete("VTE_VERSION");
  assert.match(shown, /[\u{1fb00}-\u{1fb3b}]{5}/u);
  assert.match(shown, /exit 0/);
});
