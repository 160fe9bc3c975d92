import assert from "node:assert/strict";
import { startCommands } from "../../../daemon/start/start_commands.ts";
import { parseDaemonOptions } from "../../../daemon/options.ts";
import { ClosesFileError } from "../../../daemon/command/closes_file.ts";
import { good, inMemory, STANZA } from "../config/in_memory.ts";
import { temporaryFolder } from "../../cli/harness.ts";

const CYCLE = `${STANZA}CMD_CYCLE_OPEN /bin/true\nCMD_CYCLE_CLOSE /bin/true\nCMD_CYCLE_TIMER 5\n`;

function start(folder: string, access: string, ...argv: readonly string[]) {
  const options = parseDaemonOptions(argv);
  assert.ok(options.ok);
  const loaded = good(`DIGEST_FILE ${folder}/digest.cache`, access);
  return startCommands({ options: options.options, loaded, files: inMemory({}) }, () => {});
}

function there(folder: string): boolean {
  return [...Deno.readDirSync(folder)].some(({ name }) => name === "digest.cache-cycles");
}

Deno.test("startCommands() has a file of doors to close where doors are closed by commands, and none before it is needed", () => {
  using folder = temporaryFolder();
  {
    using started = start(folder.path, STANZA);
    assert.ok(started !== null);
    assert.equal(there(folder.path), false);
  }
  using started = start(folder.path, CYCLE);
  assert.ok(started !== null);
  assert.equal(there(folder.path), true);
});

Deno.test("startCommands() neither runs nor writes anything in test mode", () => {
  using folder = temporaryFolder();
  assert.equal(start(folder.path, CYCLE, "-t"), null);
  assert.equal(there(folder.path), false);
});

Deno.test("startCommands() does not start without a place for the file", () => {
  assert.throws(() => start("/no/such/folder", CYCLE), ClosesFileError);
});
