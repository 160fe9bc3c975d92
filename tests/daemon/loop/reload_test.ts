import assert from "node:assert/strict";
import { loadConfig } from "../../../daemon/config/mod.ts";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { parseDaemonOptions } from "../../../daemon/options.ts";
import { makeActiveConfig } from "../../../daemon/loop/active_config.ts";
import { makeReload } from "../../../daemon/loop/reload.ts";
import { memoryStore } from "../../../daemon/replay/store.ts";
import { inMemory, STANZA } from "../config/in_memory.ts";
import { hmacOf, rijndaelOf, type Stanza } from "../../../daemon/config/stanza.ts";

const source: PacketSource = {
  banner: [],
  fd: null,
  read: () => ({ datagrams: [], taken: 0, more: false, ended: true }),
  statistics: () => null,
  [Symbol.dispose]: () => {},
};

/** A daemon that runs with {@link STANZA}; `texts` is what its files say from now on. */
function running() {
  const parsed = parseDaemonOptions(["-c", "/c", "-a", "/a"]);
  assert.ok(parsed.ok);
  const texts: Record<string, string> = { "/c": "", "/a": STANZA };
  const files = inMemory(texts);
  const loaded = loadConfig(parsed.options, files, 0);
  assert.ok(loaded.ok);
  const lines: string[] = [];
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const store = memoryStore();
  const { config, stanzas } = loaded;
  const active = makeActiveConfig({ config, stanzas, source, log, store, test: true });
  texts["/c"] = "\n";
  return {
    texts,
    lines,
    active,
    ...makeReload({ options: parsed.options, loaded, files }, { store, openSource: () => source }),
  };
}

Deno.test("makeReload() takes a stanza that lost its HMAC key, and says what is weaker", async () => {
  const { texts, lines, active, reload } = running();
  texts["/a"] = STANZA.replace(/HMAC_KEY .*\n/, "");
  const next = await reload(active, false);
  assert.ok(next !== "later" && next !== active);
  assert.equal(next.context.stanzas[0]?.secrets[0]?.hmac, null);
  assert.ok(
    lines.includes(
      "warning: /a:1: stanza #1 is weaker than the one in force: the HMAC key was of 7 bytes, is none",
    ),
    lines.join("\n"),
  );
});

Deno.test("makeReload() overwrites the keys that are no longer in force, and no others", async () => {
  const { texts, active, reload } = running();
  const keysOf = ([stanza]: readonly Stanza[]) => {
    assert.ok(stanza);
    return [rijndaelOf(stanza)?.key ?? new Uint8Array(), hmacOf(stanza)?.key ?? new Uint8Array()];
  };
  const keys = keysOf(active.context.stanzas);
  texts["/a"] = "nonsense\n";
  assert.equal(await reload(active, false), active);
  for (const key of keys) assert.ok(key.length > 0 && key.every((byte) => byte !== 0));
  texts["/a"] = STANZA;
  const next = await reload(active, false);
  assert.ok(next !== "later" && next !== active);
  for (const key of keys) assert.ok(key.every((byte) => byte === 0));
  for (const key of keysOf(next.context.stanzas)) assert.ok(key.length > 0 && key.every((byte) => byte !== 0));
});

Deno.test("makeReload() compares with what is in force, not with what was read at start", async () => {
  const { texts, lines, active, reload } = running();
  texts["/a"] = STANZA.replace("ANY", "192.0.2.1");
  const next = await reload(active, false);
  assert.ok(next !== "later");
  texts["/a"] = STANZA;
  await reload(next, false);
  assert.ok(lines.some((line) => line.includes("SOURCE was 192.0.2.1, is ANY")), lines.join("\n"));
});

Deno.test("makeReload() waits for the rest of a file that ends in the middle of a line", async () => {
  for (const half of [STANZA.slice(0, 20), STANZA.slice(0, -1), ""]) {
    const { texts, lines, active, reload } = running();
    texts["/a"] = half;
    assert.equal(await reload(active, false), "later");
    assert.equal(await reload(active, true), "later");
    texts["/a"] = `${STANZA}OPEN_PORTS tcp/22\n`;
    const next = await reload(active, true);
    assert.ok(next !== "later");
    assert.deepEqual(next.context.stanzas[0]?.openPorts, [{ proto: "tcp", port: 22 }]);
    assert.equal(lines.filter((line) => line.includes("ends in the middle of a line")).length, 1, lines.join("\n"));
    assert.equal(lines.filter((line) => line.includes("Got SIGHUP")).length, 1);
  }
});

Deno.test("makeReload() does not wait for ever: a file without a last line end is taken as it is, a bad one refused", async () => {
  const { texts, active, reload } = running();
  texts["/a"] = `${STANZA}OPEN_PORTS tcp/22`;
  let answer = await reload(active, false);
  let asked = 1;
  for (; answer === "later"; asked++) answer = await reload(active, true);
  assert.equal(asked, 5);
  assert.deepEqual(answer.context.stanzas[0]?.openPorts, [{ proto: "tcp", port: 22 }]);
  texts["/a"] = "";
  const before = answer;
  answer = await reload(before, false);
  for (asked = 1; answer === "later"; asked++) answer = await reload(before, true);
  assert.equal(answer, before);
  assert.equal(asked, 5);
});
