import assert from "node:assert/strict";
import { listedServers } from "../../../cli/knock/server_list.ts";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { parseArguments } from "../../../lib/settings/argv.ts";

Deno.test("listedServers(): the last -D counts, and only with a comma in it is it a list", () => {
  const listed = (...argv: string[]) => listedServers(parseArguments(CLIENT_SETTINGS, argv));
  assert.deepEqual(listed("-D", "a, b,c"), ["a", "b", "c"]);
  assert.deepEqual(listed("-D", "a", "--destination", "b,"), ["b", ""]);
  assert.equal(listed("-D", "a,b", "-D", "c"), null);
  assert.equal(listed("-A", "tcp/22,tcp/80"), null);
});
