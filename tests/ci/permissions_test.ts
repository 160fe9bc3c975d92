import assert from "node:assert/strict";
import { permissionFlags } from "../../.ci/permissions.ts";
import { LIBRARY_FOLDERS } from "../../ffi/loader.ts";

Deno.test("permissionFlags() lets both programs load libraries from exactly the folders that the loader tries", () => {
  for (const program of ["fwknop", "fwknopd"] as const) {
    const ffi = permissionFlags(program).find((flag) => flag.startsWith("--allow-ffi"));
    assert.equal(ffi, `--allow-ffi=${LIBRARY_FOLDERS.join(",")}`);
  }
});

Deno.test("permissionFlags() never asks, never allows all, and gives the daemon no network but mail servers and no program but its own", () => {
  for (const program of ["fwknop", "fwknopd"] as const) {
    const flags = permissionFlags(program);
    assert.equal(flags[0], "--no-prompt");
    assert.ok(!flags.some((flag) => /^(-A|--allow-all|--allow-ffi)$/.test(flag)), flags.join(" "));
  }
  assert.ok(!permissionFlags("fwknopd").includes("--allow-run"));
  const net = permissionFlags("fwknopd").find((flag) => flag.startsWith("--allow-net"));
  assert.match(net ?? "", /^--allow-net=(?:(?:0\.0\.0\.0\/0|\[::1\]):(?:25|465|587|2525)(?:,|$)){8}$/);
});

Deno.test("permissionFlags() names programs by absolute path, in both places that a system may have them", () => {
  const run = permissionFlags("fwknopd").find((flag) => flag.startsWith("--allow-run="))!.slice("--allow-run=".length);
  const programs = run.split(",");
  for (const program of programs) assert.match(program, /^\/(usr\/)?sbin\/[a-z0-9-]+$/);
  for (const program of programs.filter((path) => path.startsWith("/usr/"))) {
    assert.ok(programs.includes(program.slice("/usr".length)), program);
  }
});
