import assert from "node:assert/strict";
import { GNUPG, gpgHome } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { ALONE, runOwn } from "../harness.ts";

testWith(GNUPG, "--doctor looks at the keys, what they are good for, and how long the packet will be", async () => {
  await using home = await gpgHome("curve", "rsa4096", "rsa2048", "expired", "revoked");
  await using stranger = await gpgHome("rsa3072");
  await home.gpg(["--import", await stranger.keyFile("rsa3072")]);
  const file = await home.keyFile("curve", { secret: true });
  const open = `${home.path}/open.asc`;
  Deno.writeTextFileSync(open, Deno.readTextFileSync(file));
  Deno.chmodSync(open, 0o644);
  const ring = ["--gpg-home-dir", home.path, "--gpg-recipient-key"];
  const signed = ["--gpg-signer-key", "rsa2048", "--gpg-agent"];
  const rows: readonly (readonly [args: readonly string[], says: readonly RegExp[], code: 0 | 1])[] = [
    [
      [...ring, "curve", ...signed],
      [
        /^ok {3}gpg: recipient curve <curve@test>, ECDH-255/m,
        /^ok {3}gpg: signer rsa2048/m,
        /^ok {3}gpg: gpg-agent has/m,
        /^ok {3}gpg: the packet will have about [0-9]{3} of/m,
      ],
      0,
    ],
    [[...ring, "rsa2048"], [/^warn gpg: the packet is not signed/m], 0],
    [[...ring, "rsa3072", ...signed], [/^warn gpg: nobody whom you trust says that the key [0-9A-F]{40}/m], 0],
    [[...ring, "rsa4096", "--gpg-signer-key", "rsa4096"], [
      /^fail gpg: the packet will have about 1[67][0-9]{2} of at most 1499 .*RSA-3072 signed by/m,
    ], 1],
    [[...ring, "curve"], [/^fail gpg: .*below 400 servers take it for Rijndael/m], 1],
    [[...ring, "expired"], [/^fail gpg: Error 122 .*expired on/m], 1],
    [[...ring, "revoked"], [/^fail gpg: Error 122 .*is revoked/m], 1],
    [[...ring, "nobody"], [/^fail gpg: Error 130 - The key for .* not found/m], 1],
    [["--gpg-home-dir", "/nowhere", "--gpg-recipient-key", "x"], [/^fail gpg: Error 135 - Unable to stat/m], 1],
    [["--gpg-recipient-key", file, "--gpg-signer-key", file, "--gpg-agent"], [/^warn gpg: no agent knows/m], 0],
    [["--gpg-recipient-key", file, "--gpg-signer-key", file, "--gpg-no-signing-pw"], [
      /^ok {3}gpg: the signing key has no passphrase/m,
    ], 0],
    [["--gpg-recipient-key", file, "--gpg-signer-key", open], [
      /^warn gpg: others may read the signing key in .*open.asc: chmod 600/m,
    ], 0],
  ];
  for (const [args, says, code] of rows) {
    const run = await runOwn([
      ...ALONE,
      "--doctor",
      "-D",
      "127.0.0.1",
      "-s",
      "-A",
      "tcp/22",
      "--key-hmac",
      "h".repeat(32),
      ...args,
    ], {
      env: { HOME: home.path, LOGNAME: "alice" },
      now: Math.floor(Date.now() / 1000),
    });
    for (const pattern of says) assert.match(run.out, pattern, run.err);
    assert.equal(run.code, code, run.out);
    assert.doesNotMatch(run.out, /cipher mode|encryption key/);
  }
});
