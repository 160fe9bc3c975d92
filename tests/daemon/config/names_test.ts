import assert from "node:assert/strict";
import {
  ACCESS_WORDS,
  accessRow,
  directiveOfOption,
  DIRECTIVES,
  isDirective,
  serverRow,
} from "../../../daemon/config/names.ts";
import { ACCESS_SETTINGS } from "../../../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../../../daemon/config/settings.ts";
import type { Setting, SettingTable } from "../../../lib/settings/setting.ts";

Deno.test("each directive of a table leads to the row that names it", () => {
  for (const name of DIRECTIVES.server.keys()) assert.ok(serverRow(name)?.directive?.includes(name), name);
  for (const name of DIRECTIVES.access.keys()) assert.ok(accessRow(name)?.directive?.includes(name), name);
  assert.equal(serverRow("OPEN_PORTS"), undefined);
  assert.equal(accessRow("PCAP_INTF"), undefined);
  assert.equal(serverRow("constructor"), undefined);
});

Deno.test("isDirective() knows the variables of both files and the includes, in their letter case", () => {
  for (const word of ["PCAP_INTF", "SOURCE", "%include", "%include_folder", "%include_keys"]) {
    assert.equal(isDirective(word), true, word);
  }
  for (const word of ["", "pcap_intf", "%includes", "NOTHING"]) assert.equal(isDirective(word), false, word);
  assert.equal(ACCESS_WORDS.has("PCAP_INTF"), false);
});

Deno.test("directiveOfOption() is the variable that says the same, for long options only", () => {
  assert.equal(directiveOfOption("--interface"), "PCAP_INTF");
  assert.equal(directiveOfOption("interface"), null);
  assert.equal(directiveOfOption("--nothing"), null);
});

Deno.test("no line of either file stops the start because it is not built yet", () => {
  const later = [SERVER_SETTINGS, ACCESS_SETTINGS].flatMap((table) =>
    Object.values(table as SettingTable).filter((row) => (row as Setting).later !== undefined)
  );
  assert.deepEqual(later, []);
});
