import assert from "node:assert/strict";
import { stanzaOfHost, withImpliedStanza } from "../../../cli/settings/named_stanza.ts";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { parseArguments } from "../../../lib/settings/argv.ts";
import { parseStanzaFile } from "../../../lib/settings/rc_file.ts";

const rc = {
  path: "rc",
  file: parseStanzaFile(
    "[default]\nSPA_SERVER gw.example.org\n[one]\nSPA_SERVER GW.example.org\n[gw]\nACCESS tcp/22\n[v6]\nSPA_SERVER [2001:db8::1]\n",
    "rc",
  ),
};

function implied(...argv: string[]): string | null | undefined {
  const args = withImpliedStanza(parseArguments(CLIENT_SETTINGS, argv), rc);
  return args.given.findLast(({ key }) => key === "namedConfig")?.text;
}

Deno.test("--proxy finds the stanza by its name or by its server, never [default]", () => {
  assert.equal(stanzaOfHost(rc.file.stanzas, "gw.EXAMPLE.org"), "one");
  assert.equal(implied("--proxy", "gw", "22"), "gw");
  assert.equal(implied("--proxy", "2001:db8::1", "22"), "v6");
  assert.equal(implied("--proxy", "default", "22"), undefined);
  assert.equal(implied("--proxy", "elsewhere", "22"), undefined);
});

Deno.test("-n counts more than what other options imply", () => {
  assert.equal(implied("-n", "v6", "--proxy", "gw", "22"), "v6");
});

Deno.test("--doctor and --ssh-config name their stanza", () => {
  assert.equal(implied("--doctor", "one"), "one");
  assert.equal(implied("--doctor"), undefined);
  assert.equal(implied("--ssh-config", "gw"), "gw");
});
