/** fwknopd.conf and its overrides: which files are read, in which order, and what wins. */
import assert from "node:assert/strict";
import { loadServerFiles } from "../../../daemon/config/load_server.ts";
import { formatProblem, type Problem } from "../../../lib/settings/setting.ts";
import { inMemory } from "./in_memory.ts";

function read(texts: Readonly<Record<string, string>>, overrides: string | null = null) {
  const report = { problems: [] as Problem[], warnings: [] as string[], notes: [] };
  const main = { path: "/c", origin: { option: "-c" } };
  const given = loadServerFiles({ main, overrides }, inMemory(texts), report);
  return {
    given: given.filter(({ key }) => key !== "overrideConfig").map(({ name, text }) => `${name} ${text}`),
    problems: report.problems.map(formatProblem),
    lenient: report.problems.map(({ lenient }) => lenient),
  };
}

Deno.test("loadServerFiles() reads the main file, what it names, then what -O names, each from left to right", () => {
  const files = { "/c": "OVERRIDE_CONFIG /a, /b\nPCAP_INTF c\n", "/a": "PCAP_INTF a", "/b": "PCAP_INTF b" };
  assert.deepEqual(read(files).given, ["PCAP_INTF c", "PCAP_INTF a", "PCAP_INTF b"]);
  const more = { ...files, "/start/o": "PCAP_INTF o" };
  assert.deepEqual(read(more, "o,/a").given.slice(-2), ["PCAP_INTF o", "PCAP_INTF a"]);
});

Deno.test("loadServerFiles() follows the OVERRIDE_CONFIG of the main file only, as in C", () => {
  const files = { "/c": "OVERRIDE_CONFIG /a", "/a": "OVERRIDE_CONFIG /b\nPCAP_INTF a", "/b": "PCAP_INTF b" };
  assert.deepEqual(read(files).given, ["PCAP_INTF a"]);
});

Deno.test("loadServerFiles() tells each override that cannot be read where it was named", () => {
  assert.match(read({ "/c": "\nOVERRIDE_CONFIG /gone" }).problems.join(), /^\/c:2: Could not open config file: \/gone/);
  assert.match(read({ "/c": "" }, "/gone").problems.join(), /^-O: Could not open config file: \/gone/);
});

Deno.test("loadServerFiles() expands variables of any file before, and says what the C daemon does where it cannot", () => {
  const files = { "/c": "FWKNOP_RUN_DIR /x\nOVERRIDE_CONFIG /a", "/a": "DIGEST_FILE $FWKNOP_RUN_DIR/d" };
  assert.deepEqual(read(files).given, ["FWKNOP_RUN_DIR /x", "DIGEST_FILE /x/d"]);
  const { given, lenient } = read({ "/c": "DIGEST_FILE $NOPE/d\nPCAP_INTF\n" });
  assert.deepEqual(given, []);
  assert.deepEqual(lenient, ["the line is skipped", "Ignoring DIGEST_FILE, as the C daemon does"]);
});
