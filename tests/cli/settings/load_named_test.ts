import assert from "node:assert/strict";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { openRcFile } from "../../../cli/rc/rc_file.ts";
import { loadNamed } from "../../../cli/settings/load_named.ts";
import { ClientError } from "../../../cli/ui/tui.ts";
import { realWorld, worldOn } from "../../../cli/ui/world.ts";
import { parseArguments } from "../../../lib/settings/argv.ts";
import { temporaryFolder } from "../harness.ts";

const RC = "[gw]\nSPA_SERVER gw.example.org\nACCESS tcp/443\nALLOW_IP 192.0.2.1\n";

/** The settings of these arguments beside one stanza. */
function load(...argv: readonly string[]) {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, RC, { mode: 0o600 });
  const world = worldOn({ ...realWorld(), out: assert.fail, err: assert.fail });
  const rc = openRcFile(path, world, { create: false });
  return loadNamed(parseArguments(CLIENT_SETTINGS, argv), rc, world).settings;
}

Deno.test("loadNamed() uses the stanza that --ssh-config names, or the one whose server ssh wants to reach", () => {
  assert.equal(load("--ssh-config", "gw").access?.text, "tcp/443");
  assert.equal(load("--proxy", "gw.example.org", "22").access?.text, "tcp/443");
});

Deno.test("loadNamed() takes server and port of --proxy where no stanza says them", () => {
  const { server, access } = load("--proxy", "other.example.org", "2222");
  assert.deepEqual([server, access?.text], ["other.example.org", "tcp/2222"]);
});

Deno.test("loadNamed() takes -n of new keys for the name of another device, unless a stanza has it", () => {
  const { namedConfig, server } = load("-k", "--qr", "-n", "phone", "-D", "h");
  assert.deepEqual([namedConfig, server], ["phone", "h"]);
  assert.equal(load("-k", "--qr", "-n", "gw").server, "gw.example.org");
  assert.throws(() => load("--qr", "-n", "phone"), ClientError);
});
