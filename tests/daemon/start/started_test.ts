import assert from "node:assert/strict";
import { argumentsOf } from "../../../daemon/start/started.ts";

Deno.test("argumentsOf() finds what a daemon was told, compiled or run by an interpreter", () => {
  const compiled = ["fwknopd", "-R"];
  assert.deepEqual(argumentsOf(["/usr/local/sbin/fwknopd", "-c", "/x"], compiled, 1), ["-c", "/x"]);
  assert.deepEqual(argumentsOf(["fwknopd"], compiled, 1), []);
  const source = ["deno", "run", "--allow-ffi=/usr/lib", "/src/daemon/main.ts", "-c", "y", "-R"];
  const daemon = ["/usr/bin/deno", "run", "--allow-read", "/src/daemon/main.ts", "-f", "-c", "main.ts"];
  assert.deepEqual(argumentsOf(daemon, source, 3), ["-f", "-c", "main.ts"]);
  assert.equal(argumentsOf(["/usr/sbin/other", "-f"], compiled, 1), null);
  assert.equal(argumentsOf([], compiled, 1), null);
});
