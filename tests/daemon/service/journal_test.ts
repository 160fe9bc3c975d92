import assert from "node:assert/strict";
import { AT_FDCWD } from "../../../ffi/abi.ts";
import { fileFacts } from "../../../ffi/libc/file_facts.ts";
import { priority, streamName } from "../../../daemon/service/journal.ts";
import { runProgram } from "../../../lib/host/run.ts";
import { OUR_DAEMON } from "../../lab/mod.ts";

Deno.test("streamName() names a file as systemd does, by the number that stat(2) gives for its device", async () => {
  for (const path of ["/dev/null", "/etc/passwd", "/proc/self/status", "/"]) {
    const { stdout } = await runProgram("/usr/bin/stat", ["-c", "%d:%i", path]);
    const { key } = fileFacts(AT_FDCWD, path)!;
    // Each process sees another /proc/self.
    if (!path.startsWith("/proc")) assert.equal(streamName(key), stdout.trim(), path);
    else assert.equal(streamName(key)?.split(":")[0], stdout.split(":")[0]);
  }
  assert.equal(streamName("4097:300:7"), String((4096n << 32n) + (1n << 8n) + (256n << 12n) + 44n) + ":7");
  assert.equal(streamName(""), null);
});

Deno.test("priority() is that of the system log", () => {
  assert.deepEqual(["error", "warning", "info", "debug"].map((level) => priority(level as "error")), [
    "<3>",
    "<4>",
    "<6>",
    "<7>",
  ]);
});

/** What the program says on standard error, a file; `named`: what the variable names. */
async function said(named: "that file" | "another", ...args: readonly string[]): Promise<string> {
  const file = await Deno.makeTempFile();
  try {
    const script = 'exec 2>"$1"; JOURNAL_STREAM=$(stat -c %d:%i "$2"); export JOURNAL_STREAM; shift 2; exec "$@"';
    const stream = named === "that file" ? file : "/etc/passwd";
    await runProgram("/bin/sh", ["-c", script, "sh", file, stream, ...OUR_DAEMON.argv, ...args]);
    return await Deno.readTextFile(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("lines of the daemon carry their priority where they lead to the journal, and nowhere else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [server, access] = [`${folder}/fwknopd.conf`, `${folder}/access.conf`];
    await Deno.writeTextFile(server, "MAX_SPA_PACKET_AGE never\n", { mode: 0o600 });
    await Deno.writeTextFile(access, "SOURCE ANY\nKEY_BASE64 not base64\n", { mode: 0o600 });
    const check = ["--exit-parse-config", "-c", server, "-a", access] as const;
    const lines = (await said("that file", ...check)).trimEnd().split("\n");
    assert.ok(lines.length >= 3, lines.join("\n"));
    for (const line of lines) assert.match(line, /^(?:<3>fwknopd: error: |<6>fwknopd: hint: )/);
    assert.match(await said("another", ...check), /^fwknopd: error: /);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
