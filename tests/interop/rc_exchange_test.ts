/** What one client writes is used by the other: keys made into a stanza, and files of packets. */
import assert from "node:assert/strict";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { open } from "../../lib/spa/open.ts";
import { parseStanzaFile } from "../../lib/settings/rc_file.ts";
import { decodeKey } from "../../cli/options/kinds.ts";
import { runC, runOwn } from "../cli/harness.ts";
import { ACCESS, besideC, KEY, openWith, packetOf, REHEARSE } from "./side_by_side.ts";
import { rijndael } from "../fakes/secrets.ts";

besideC("keys that either client makes into a stanza, the other one knocks with", async ({ home }) => {
  for (const digest of ["md5", "sha1", "sha256", "sha384", "sha512"] as const) {
    for (const maker of ["c", "own"]) {
      const path = `${home}/${maker}-${digest}`;
      Deno.writeTextFileSync(path, "[default]\n", { mode: 0o600 });
      const make = ["-k", "--save-rc-stanza", "-n", "gw", "-D", "127.0.0.1", ...ACCESS, "--hmac-digest-type", digest];
      const args = ["--rc-file", path, "--no-save-args", ...make];
      const made = maker === "c" ? await runC(args, { home }) : await runOwn(args);
      assert.equal(made.out, `[+] Wrote Rijndael and HMAC keys to rc file: ${path}\n`);
      const entries = parseStanzaFile(Deno.readTextFileSync(path), path).stanzas.flatMap((stanza) => stanza.entries);
      const bytes = (name: string) => decodeKey(entries.find((entry) => entry.name === name)?.value ?? "");
      const [encryption, hmac] = [bytes("KEY_BASE64"), bytes("HMAC_KEY_BASE64")];
      assert.ok(encryption !== null && hmac !== null);
      const use = ["--rc-file", path, "-n", "gw", "--no-save-args", "-T", "-v"];
      for (const run of [await runC(use, { home }), await runOwn(use)]) {
        assert.equal(run.code, 0, run.err);
        const opened = await open(
          webEngine,
          packetOf(run),
          rijndael(encryption, { hmac: { name: digest, key: hmac } }),
        );
        assert.ok(opened.ok, `${maker} ${digest}`);
      }
    }
  }
});

besideC("-k asks before it replaces the keys of a stanza, and says when it did not", async ({ home }) => {
  const old = "[default]\n[gw]\nKEY_BASE64 b2xk\nHMAC_KEY_BASE64 b2xkaG1hYw==\n";
  for (const [answers, kept] of [["yy", []], ["nn", ["b2xk", "b2xkaG1hYw=="]], ["yn", ["b2xkaG1hYw=="]]] as const) {
    for (const client of ["c", "own"]) {
      const path = `${home}/${client}-${answers}`;
      Deno.writeTextFileSync(path, old, { mode: 0o600 });
      const args = ["--rc-file", path, "--no-save-args", "-k", "--save-rc-stanza", "-n", "gw", "-D", "127.0.0.1"];
      const run = client === "c"
        ? await runC(args, { home, input: [...answers].map((letter) => `${letter}\n`).join("") })
        : await runOwn(args, { answers: [...answers] });
      const text = Deno.readTextFileSync(path);
      for (const key of ["b2xk", "b2xkaG1hYw=="]) {
        assert.equal(
          text.includes(` ${key}\n`),
          (kept as readonly string[]).includes(key),
          `${client} ${answers}\n${text}`,
        );
      }
      if (client === "own") assert.equal(/keeps an old key/.test(run.err), kept.length > 0, run.err);
    }
  }
});

besideC("both clients write packets as lines of one form, and each adds to the other's file", async ({ home }) => {
  const file = `${home}/packets`;
  const args = [...REHEARSE, ...ACCESS, ...KEY, "-b", "-B", file];
  const wires: string[] = [];
  for (const run of [() => runC(args, { home }), () => runOwn(args), () => runC(args, { home })]) {
    wires.push(packetOf(await run()));
    assert.equal(Deno.readTextFileSync(file), wires.map((wire) => `${wire}\n`).join(""));
  }
  for (const wire of wires) assert.ok((await openWith(wire, "shortkey")).ok);
  assert.equal(new Set(wires).size, 3);
});
