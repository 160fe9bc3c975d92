/** What must hold for any text in any file: no exception, places that exist, and no key in a message. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ACCESS_SETTINGS } from "../../../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../../../daemon/config/settings.ts";
import { formatProblem, type SettingTable } from "../../../lib/settings/setting.ts";
import { load, STANZA } from "./in_memory.ts";

const SERVER_NAMES = Object.values<SettingTable[string]>(SERVER_SETTINGS).flatMap((row) => row.directive ?? []);
const ACCESS_NAMES = Object.values(ACCESS_SETTINGS).flatMap((row) => row.directive ?? []);

function lines(names: readonly string[]): fc.Arbitrary<string> {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("Y", "N", "ANY", "tcp/22", "1", "0", "-1", "192.0.2.0/24", "__CHANGEME__", "$FWKNOP_RUN_DIR/x"),
  );
  const known = fc.tuple(fc.constantFrom(...names), fc.constantFrom(" ", ": ", "=", ""), value).map((parts) =>
    parts.join("")
  );
  return fc.array(fc.oneof(known, fc.string({ unit: "binary" })), { maxLength: 12 }).map((all) => all.join("\n"));
}

Deno.test("loadConfig() never throws, whatever stands in the files, and every problem has its place", () => {
  const access = lines([...ACCESS_NAMES, "SOURCE", "%include_keys", "%include_folder"]);
  fc.assert(fc.property(lines(SERVER_NAMES), access, (server, stanzas) => {
    const loaded = load(server, stanzas, { files: { "/x": stanzas } });
    if (loaded.ok) return;
    assert.ok(loaded.problems.length > 0);
    const count = new Map([["/c", server.split("\n").length], ["/a", stanzas.split("\n").length]]);
    for (const { origin } of loaded.problems) {
      if (origin.line !== undefined && count.has(origin.file ?? "")) {
        assert.ok(origin.line <= (count.get(origin.file ?? "") ?? 0));
      }
    }
  }));
});

Deno.test("loadConfig() never shows a key, however the line that holds it is broken", () => {
  const name = fc.constantFrom(
    "KEY",
    "KEY_BASE64",
    "HMAC_KEY",
    "HMAC_KEY_BASE64",
    "GPG_DECRYPT_PW",
    "KEYY",
    "key",
    "K EY",
    "",
  );
  const between = fc.constantFrom(" ", "=", " = ", ": ", ":", "", "\t", " \0", " \uFFFD ");
  const around = fc.constantFrom("", "*", "/", "__CHANGEME__", "x".repeat(200));
  fc.assert(fc.property(name, between, around, fc.boolean(), (word, gap, more, inServer) => {
    const line = `${word}${gap}${more}s3cr3tw0rd${more}`;
    const loaded = inServer ? load(line) : load("", `${STANZA}${line}\n`);
    const said = loaded.ok ? loaded.warnings : loaded.problems.map(formatProblem);
    assert.doesNotMatch(said.join("\n"), /s3cr3tw0rd/);
  }));
});

Deno.test("folders may be nested as deep as in C, and none may include itself", () => {
  const folders = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [`/d${index}/x.conf`, `%include_folder /d${index + 1}\n`]),
  );
  const nested = { ...folders, "/d9/x.conf": STANZA };
  assert.ok(load("", "%include_folder /d0\n", { files: nested }).ok);
  const round = { "/d/x.conf": `${STANZA}%include_folder /e\n`, "/e/x.conf": `${STANZA}%include_folder /d/\n` };
  const loaded = load("", "%include_folder /d\n", { files: round });
  assert.deepEqual(loaded.ok ? [] : loaded.problems.map(formatProblem), [
    "/e/x.conf:5: %include_folder: '/d/' is being read already, and would include itself (remove the line)",
  ]);
  const deep = { "/d/x.conf": `${STANZA}%include /y\n`, "/y": STANZA };
  assert.ok(load("", "%include_folder /d\n", { files: deep }).ok);
  const below = { "/b": "%include /c1\n", "/c1": "%include_folder /d\n", ...deep };
  assert.ok(!load("", "%include /b\n", { files: below }).ok);
});
