import assert from "node:assert/strict";
import type { FileKind } from "../../../daemon/config/files.ts";
import { optionFileProblems } from "../../../daemon/config/option_files.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";
import { good, wrong } from "./in_memory.ts";

const KINDS: Readonly<Record<string, FileKind>> = {
  "/start/file": "file",
  "/start/program": "program",
  "/start/folder": "folder",
  "/start/socket": "other",
};

function problems(key: string, text: string): readonly string[] {
  const given = [{ key, text, name: `--${key}`, origin: { option: `--${key}` } }];
  const files = { kindOf: (path: string) => KINDS[path] ?? null, startDirectory: "/start" };
  return optionFileProblems(given, files).map(formatProblem);
}

Deno.test("optionFileProblems(): a folder, a program, a file, each where it is asked for, in the words of the C daemon", () => {
  const takes = { gpgHome: ["folder"], gpgExe: ["program"], sudoExe: ["program"], captureFile: ["file", "program"] };
  const words = {
    gpgHome: /gpg home directory '.*could not lstat\(\)/,
    gpgExe: /gpg path '.*not executable\?/,
    sudoExe: /sudo path '.*not executable\?/,
    captureFile: /Invalid pcap file path '/,
  };
  for (const key of Object.keys(takes) as (keyof typeof takes)[]) {
    for (const name of ["file", "program", "folder", "socket", "none"]) {
      const said = problems(key, name);
      assert.equal(said.length, takes[key].includes(name) ? 0 : 1, `${key} ${name}: ${said}`);
      if (said.length > 0) assert.match(said[0]!, words[key]);
    }
  }
  assert.deepEqual(problems("sudoExe", "none"), [
    "--sudoExe: sudo path 'none' is not there (could not stat()/not executable?) (name a program, such as /usr/bin/sudo)",
  ]);
});

Deno.test("optionFileProblems() says nothing of other options, of what is empty, and where nothing can be asked", () => {
  assert.deepEqual(problems("digestFile", "none"), []);
  assert.deepEqual(problems("sudoExe", ""), []);
  const given = [{ key: "sudoExe", text: "none", name: "--sudo-exe", origin: {} }];
  assert.deepEqual(optionFileProblems(given, { startDirectory: "/" }), []);
});

Deno.test("loadConfig() looks at files of the command line, not at those of fwknopd.conf", () => {
  const host = { kindOf: () => null };
  assert.deepEqual(wrong("SUDO_EXE /none\nGPG_HOME_DIR /none\nGPG_EXE /none\n", undefined, { world: host }), []);
  assert.match(wrong("", undefined, { world: host, argv: ["--sudo-exe", "/none"] }).join(), /sudo path '\/none'/);
});

Deno.test("loadConfig(): a locale that the system knows, and a file of keys, are notes", () => {
  const files = { "/keys": "KEY k\nHMAC_KEY h\n" };
  const { notes, warnings } = good("LOCALE C\n", "SOURCE ANY\nREQUIRE_SOURCE_ADDRESS Y\n%include_keys /keys\n", {
    files,
    world: { hasLocale: (name) => name === "C" },
  });
  assert.deepEqual([notes, warnings], [
    ["Locale set to 'C', which changes no message of this daemon", "Including key file: '/keys'"],
    [],
  ]);
  for (const line of ["LOCALE NONE", "", "LOCALE xx"]) {
    assert.deepEqual(good(`${line}\n`, undefined, { world: { hasLocale: (name) => name === "C" } }).notes, [], line);
  }
});
