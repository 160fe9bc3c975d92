/** Appending where the disk is full, or refuses. */
import assert from "node:assert/strict";
import { labTest, testWith } from "../../lab/mod.ts";

const MODULE = new URL("../../../ffi/libc/append_file.ts", import.meta.url).href;
labTest("append() on a full disk leaves no part of what it could not write", async () => {
  const folder = Deno.makeTempDirSync();
  const script = `import { openAppendFile } from ${JSON.stringify(MODULE)};
    const file = openAppendFile("${folder}/file");
    const chunk = new Uint8Array(3000).fill(0x61);
    let error = "";
    for (let i = 0; i < 10 && error === ""; i++) {
      try { file.append(chunk); } catch (caught) { error = caught.message; }
    }
    console.log(JSON.stringify({ error, size: file.size }));`;
  try {
    const mounted = `mount -t tmpfs -o size=8k none ${folder} && exec "$0" eval "$1"`;
    const { stdout, stderr } = await new Deno.Command("/usr/bin/unshare", {
      args: ["--mount", "sh", "-c", mounted, Deno.execPath(), script],
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert.notEqual(said, "", new TextDecoder().decode(stderr));
    const { error, size } = JSON.parse(said);
    assert.match(error, /No space left on device/);
    assert.equal(size % 3000, 0, `whole chunks only, got ${size} bytes`);
    assert.ok(size > 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

/** What is said by a program that has `file` open and `report`s what an append came to, with a disk that does so (strace). */
async function withDisk(disk: string, program: string): Promise<readonly string[]> {
  const folder = Deno.makeTempDirSync();
  const script = `import { openAppendFile } from ${JSON.stringify(MODULE)};
    const file = openAppendFile("${folder}/file"), bytes = (text) => new TextEncoder().encode(text);
    const report = async (append) => {
      const said = await append().then(() => "done", ({ message }) => message);
      console.log(said + ": [" + Deno.readTextFileSync("${folder}/file") + "]");
    };
    ${program}`;
  try {
    const trace = ["-f", "-qq", "--seccomp-bpf", "-o", `${folder}/calls`, "-e", "trace=fdatasync"];
    const { stdout } = await new Deno.Command("strace", {
      args: [...trace, "-e", `inject=fdatasync:${disk}`, Deno.execPath(), "eval", script],
    }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const STRACE = { strace: "strace" };

testWith(STRACE, "appendElsewhere() leaves nothing of what the disk refuses, and says why", async () => {
  const said = await withDisk(
    "error=EIO",
    `await report(() => file.appendElsewhere(bytes("one")));
     await report(async () => file.append(bytes("two")));`,
  );
  assert.deepEqual(said, Array(2).fill("Cannot bring it to the disk: Input/output error: []"));
});

testWith(STRACE, "appendElsewhere() writes once more what the disk did not take at first", async () => {
  // Of each thread the first call is refused.
  const said = await withDisk(
    "error=EIO:when=1",
    `await report(async () => file.append(bytes("lost")));
     await report(() => file.appendElsewhere(bytes("kept")));`,
  );
  assert.deepEqual(said, ["Cannot bring it to the disk: Input/output error: []", "done: [kept]"]);
});
