import assert from "node:assert/strict";
import fc from "fast-check";
import { isKeyText, parseKeyText } from "../../../cli/enrolment/key_text.ts";
import { H64, K64, runOwn, runOwnProcess, temporaryFolder } from "../harness.ts";

/** The same two keys in the forms in which tools and people write them. */
const FORMS = [
  `KEY_BASE64:${K64} HMAC_KEY_BASE64:${H64}`,
  `HMAC_KEY_BASE64:${H64} KEY_BASE64:${K64}`,
  `KEY_BASE64:${K64}\nHMAC_KEY_BASE64:${H64}\n`,
  `KEY_BASE64: ${K64}\r\nHMAC_KEY_BASE64: ${H64}\r\n`,
  `KEY_BASE64                  ${K64}\nHMAC_KEY_BASE64             ${H64}`,
  `  key_base64=${K64}   hmac_key_base64=${H64}  `,
  `KEY_BASE64 : ${K64} HMAC_KEY_BASE64 : ${H64}`,
];

for (const text of FORMS) {
  Deno.test(`--import takes ${JSON.stringify(text.replaceAll(/[A-Za-z0-9+/]{30,}=*/g, "…"))}`, async () => {
    using home = temporaryFolder();
    const piped = await runOwnProcess(["--import", "-", "-n", "phone"], { home: home.path, input: text });
    assert.equal(piped.code, 0, piped.err);
    assert.match(piped.err, /warning: the text names no server: knock with -n phone -D HOST/);
    const path = `${home.path}/.fwknoprc`;
    const stanza = Deno.readTextFileSync(path).split("[phone]\n")[1] ?? "";
    assert.match(stanza, new RegExp(`^KEY_BASE64 +${K64.replaceAll("+", "\\+")}$`, "m"));
    assert.match(stanza, new RegExp(`^HMAC_KEY_BASE64 +${H64.replaceAll("+", "\\+")}$`, "m"));
    const env = { HOME: home.path };
    const argument = await runOwn(["--import", text, "-n", "other", "-D", "gw.example.org", "-A", "tcp/22", "-R"], {
      env,
    });
    assert.equal(argument.code, 0, argument.err);
    assert.match(argument.err, /warning: every user of this machine can see the keys/);
    const other = Deno.readTextFileSync(path).split("[other]\n")[1] ?? "";
    for (const line of ["SPA_SERVER +gw.example.org", "ACCESS +tcp/22", "ALLOW_IP +resolve"]) {
      assert.match(other, new RegExp(`^${line}$`, "m"));
    }
  });
}

Deno.test("--import takes a server and a request that stand in the text, and names the stanza by the server", async () => {
  using home = temporaryFolder();
  const env = { HOME: home.path };
  const text = `SPA_SERVER:192.0.2.1 ACCESS:tcp/22 ALLOW_IP:source KEY:secret HMAC_KEY:other`;
  assert.equal((await runOwn(["--import", text], { env })).code, 0);
  const knock = await runOwn(["-n", "192.0.2.1"], { env });
  assert.deepEqual([knock.code, knock.sent[0]?.target.host], [0, "192.0.2.1"], knock.err);
  assert.match(Deno.readTextFileSync(`${home.path}/.fwknoprc`), /^KEY_BASE64 +c2VjcmV0$/m);
});

Deno.test("--import refuses a text that is not whole or says too much, without a word of it, and stores nothing", async () => {
  using home = temporaryFolder();
  const path = `${home.path}/.fwknoprc`;
  Deno.writeTextFileSync(path, "[default]\n", { mode: 0o600 });
  const rows: readonly (readonly [text: string, said: RegExp])[] = [
    [`HMAC_KEY_BASE64:${H64}`, /Cannot import the text: it holds no encryption key/],
    [`KEY_BASE64:${K64} KEY_BASE64:${K64}`, /KEY_BASE64 is there twice/],
    [`KEY_BASE64:${K64} KEY:x`, /KEY is there twice, or in two forms/],
    [`KEY_BASE64:${K64} hunter2`, /a word that is neither/],
    [`KEY_BASE64:${K64} HMAC_KEY_BASE64:`, /HMAC_KEY_BASE64 has no value/],
    [`KEY_BASE64:${K64} KEY_CMD:touch`, /a word that is neither/],
    [`KEY_BASE64:${K64} HMAC_KEY_BASE64:${K64}`, /identical/],
    ["KEY_BASE64:!!!", /KEY_BASE64: the key doesn't look like base64/],
    [`KEY_BASE64:${H64}`, /KEY_BASE64: Invalid .*key length/],
    [`KEY_BASE64:${K64} SPA_SERVER:x;touch`, /SPA_SERVER/],
    [`KEY_BASE64:${K64} ${"x".repeat(5000)}`, /longer than 4096 characters/],
  ];
  for (const [text, said] of rows) {
    const run = await runOwn(["--import", text, "-n", "gw"], { env: { HOME: home.path } });
    assert.equal(run.code, 1, text);
    assert.match(run.err, said, text);
    for (const secret of [K64, H64, "hunter2"]) assert.ok(!run.err.includes(secret), run.err);
    assert.equal(Deno.readTextFileSync(path), "[default]\n");
  }
  const unnamed = await runOwn(["--import", `KEY_BASE64:${K64}`], { env: { HOME: home.path } });
  assert.match(unnamed.err, /says nothing of a name or a server\n.*name the stanza with -n/);
});

Deno.test("parseKeyText() never throws, and its fault is no part of the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
    for (const whole of [text, `KEY_BASE64:${text}`, `KEY ${text}`]) {
      isKeyText(whole);
      const read = parseKeyText(whole);
      if (!read.ok && text.trim().length > 8) assert.ok(!read.fault.includes(text.trim()));
    }
  }));
});
