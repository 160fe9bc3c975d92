import assert from "node:assert/strict";
import { ProblemsError } from "../../../cli/settings/load.ts";
import { attempt } from "../../../cli/ui/failure.ts";
import { ClientError, type Told } from "../../../cli/ui/tui.ts";
import { FfiError } from "../../../ffi/errors.ts";

/** What a step that throws this comes to. */
async function outcomeOf(error: unknown): Promise<{ readonly code: number; readonly told: readonly Told[] }> {
  const told: Told[] = [];
  const terminal = { out: assert.fail, err: assert.fail, tell: (one: Told) => void told.push(one) };
  return { code: await attempt(() => Promise.reject(error), terminal), told };
}

Deno.test("attempt() gives the code of a step that ends, and tells nothing", async () => {
  const terminal = { out: assert.fail, err: assert.fail, tell: () => assert.fail() };
  assert.equal(await attempt(() => Promise.resolve(3), terminal), 3);
});

Deno.test("attempt() tells what the user can mend with its hint, and ends with the code of the error", async () => {
  assert.deepEqual(await outcomeOf(new ClientError("no key", "name one", { exitCode: 130 })), {
    code: 130,
    told: [{ level: "error", message: "no key", hint: "name one" }],
  });
  assert.deepEqual(await outcomeOf(new FfiError("Cannot load it", { library: "libc", hint: "install it" })), {
    code: 1,
    told: [{ level: "error", message: "Cannot load it", hint: "install it" }],
  });
});

Deno.test("attempt() tells every problem with its line, and with the remedy that fits", async () => {
  const problems = [
    { origin: { file: "rc", line: 7 }, message: "second" },
    { origin: { file: "rc", line: 2 }, message: "unread", about: { name: "--destination" } },
  ];
  const { code, told } = await outcomeOf(new ProblemsError(problems));
  assert.equal(code, 1);
  assert.deepEqual(told.map(({ message }) => message), [
    "rc:2: unknown directive --destination (Parameter error)",
    "rc:7: second",
  ]);
  assert.equal(told[0]?.hint, "did you mean SPA_SERVER?");
});

Deno.test("attempt() repeats no text of an error that nobody foresaw", async () => {
  for (const error of [new TypeError("the key is hunter2"), "hunter2"]) {
    const { code, told } = await outcomeOf(error);
    assert.equal(code, 1);
    assert.match(told[0]?.message ?? "", /^something unexpected happened/);
    assert.doesNotMatch(told[0]?.message ?? "", /hunter2/);
  }
});
