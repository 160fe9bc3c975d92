import assert from "node:assert/strict";
import { answerInWorker, createFileOpener, type WorkerTerms } from "../../../daemon/gpg/key_file_worker.ts";
import type { GpgKeyFiles, GpgPolicy } from "../../../daemon/gpg/policy.ts";
import { textBytes } from "../../../lib/bytes.ts";
import type { GpgFailure } from "../../../lib/openpgp/failure.ts";
import type { KeyFile } from "../../../lib/openpgp/file_keys.ts";
import type { Result } from "../../../lib/result.ts";
import { testWith } from "../../lab/gate.ts";
import { GNUPG, gpgHome } from "../../lab/gpg_home.ts";

const MAIN = import.meta.resolve("../../../daemon/main.ts");

/** What the files of a stanza open; ended with the test. */
function opener(changes: Partial<WorkerTerms> = {}) {
  const stop = new AbortController();
  const open = createFileOpener({ module: MAIN, now: () => Date.now() / 1000, stop: stop.signal, ...changes });
  return {
    open: (engine: GpgKeyFiles) => {
      const policy: GpgPolicy = { engine, recipients: null, passphrase: null, signers: null };
      return open(engine, policy);
    },
    end: () => stop.abort(),
    [Symbol.dispose]: () => stop.abort(),
  };
}

const file = (path: string): KeyFile => ({ path, bytes: Deno.readFileSync(path) });
const NO_KEY: GpgKeyFiles = { kind: "files", decrypt: { path: "/k", bytes: textBytes("no key") }, remote: [] };

/** Of that which cannot be opened. */
async function why(opening: Promise<Result<unknown, GpgFailure>>) {
  const opened = await opening;
  assert.ok(!opened.ok);
  return opened.fault.what;
}

testWith(GNUPG, "createFileOpener() opens in a thread of its own, and the loop goes on meanwhile", async () => {
  await using home = await gpgHome("rsa4096", "curve");
  using files = opener();
  const engine = (secret: string, open: string): GpgKeyFiles => ({
    kind: "files",
    decrypt: file(secret),
    remote: [file(open)],
  });
  const key = engine(await home.keyFile("rsa4096", { secret: true }), await home.keyFile("curve"));
  const other = engine(await home.keyFile("curve", { secret: true }), await home.keyFile("rsa4096"));
  const signing = ["--trust-model", "always", "--local-user", home.fingerprint("curve"), "--sign", "--encrypt"];
  const message = await home.gpg(["--recipient", home.fingerprint("rsa4096"), ...signing], textBytes("the text"));
  const open = files.open(key);
  const [first, strange] = await Promise.all([open(message), files.open(other)(message)]);
  assert.ok(first.ok, JSON.stringify(first));
  assert.deepEqual(first.value.plaintext, textBytes("the text"));
  assert.deepEqual(first.value.signatures.map(({ good }) => good), [true]);
  assert.ok(!strange.ok, "other keys open it not");
  let turns = 0;
  const timer = setInterval(() => turns++);
  const again = await open(message);
  clearInterval(timer);
  assert.ok(again.ok);
  assert.ok(turns > 0, "the thread has the loop for itself");
});

Deno.test("createFileOpener() says what is wrong, ends what takes too long, and begins anew", async () => {
  using files = opener();
  assert.match(await why(files.open(NO_KEY)(new Uint8Array(9))), /holds no secret key/);
  using hasty = opener({ timeoutMs: 0 });
  assert.match(await why(hasty.open(NO_KEY)(new Uint8Array(9))), /it takes too long/);
  assert.match(await why(hasty.open(NO_KEY)(new Uint8Array(9))), /it takes too long/);
  using gone = opener({ module: "file:///nowhere/main.ts" });
  assert.match(await why(gone.open(NO_KEY)(new Uint8Array(9))), /could not be used/);
});

Deno.test("createFileOpener() ends with the daemon, and starts nothing afterwards", async () => {
  using files = opener();
  const opening = files.open(NO_KEY)(new Uint8Array(9));
  files.end();
  assert.match(await why(opening), /the daemon ends/);
  assert.match(await why(files.open(NO_KEY)(new Uint8Array(9))), /the daemon ends/);
});

Deno.test("createFileOpener() sends keys once, and again when they were forgotten", async () => {
  using files = opener();
  const first = files.open(NO_KEY);
  for (let i = 0; i < 70; i++) await why(files.open({ ...NO_KEY })(new Uint8Array(9)));
  assert.match(await why(first(new Uint8Array(9))), /holds no secret key/);
});

Deno.test("answerInWorker() is about the thread alone", () => {
  assert.equal(answerInWorker(), false);
  assert.equal(answerInWorker({ name: "another", postMessage: () => {} }), false);
});
