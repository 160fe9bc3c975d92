import assert from "node:assert/strict";
import { readOptions } from "../../bench/options.ts";

const TABLE = { quick: null, ours: "N" } as const;

function refusal(...args: readonly string[]) {
  const given = readOptions(args, TABLE, "bench/one.ts");
  assert.ok(!given.ok);
  return given;
}

Deno.test("readOptions() gives values and flags, and null for what was not given", () => {
  const given = readOptions(["--ours=a=b", "--quick"], TABLE, "bench/one.ts");
  assert.ok(given.ok);
  assert.equal(given.value("ours"), "a=b");
  assert.equal(given.has("quick"), true);
  const none = readOptions([], TABLE, "bench/one.ts");
  assert.ok(none.ok && none.value("ours") === null && !none.has("quick"));
});

Deno.test("readOptions() refuses what it does not know, a value too many and one too few", () => {
  for (const arg of ["--our=1", "ours=1", "--constructor", "--quick=1", "--ours", "-h", ""]) {
    assert.equal(refusal(arg).status, 2, arg);
  }
  assert.match(
    refusal("--our=1").text,
    /^bench: --our=1: unknown option\nusage: deno run -A bench\/one.ts \[--quick\]/,
  );
  assert.match(refusal("--ours").text, /^bench: --ours takes N\n/);
});

Deno.test("readOptions() answers --help with what there is", () => {
  const { text, status } = refusal("--quick", "--help");
  assert.equal(status, 0);
  assert.match(text, /^usage: deno run -A bench\/one.ts \[--quick\] \[--ours=N\]\n/);
});

Deno.test("each benchmark answers --help, and measures nothing", async () => {
  const folder = new URL("../../bench/", import.meta.url).pathname;
  for (
    const name of [
      "beside_others",
      "capture",
      "engines",
      "figures",
      "flood_sender",
      "floods",
      "grant_cost",
      "iptables_grants",
      "knock_to_open",
      "proxy",
      "replay_start",
      "start_up",
    ]
  ) {
    const args = ["run", "--no-check", "-A", `${folder}${name}.ts`, "--help"];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
    assert.match(new TextDecoder().decode(stdout), new RegExp(`^usage: deno run -A bench/${name}.ts.*\n.*\n$`), name);
    assert.equal(code, 0, name);
  }
});
