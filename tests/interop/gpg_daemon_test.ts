/** Our daemon with GnuPG, by the gpg program and by key files: knocks of our client and of the C client. */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  C_PROGRAMS,
  type Directives,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  startDaemon,
} from "../lab/mod.ts";
import { GNUPG, type GpgHome, gpgHome, type GpgKeyName, PASSPHRASE } from "../lab/gpg_home.ts";

interface Pair {
  readonly recipient: GpgKeyName;
  readonly signer: GpgKeyName;
  /** Has a passphrase: the server knows it. */
  readonly locked?: true;
}

/** Pairs that fit into a packet. */
const PAIRS: readonly Pair[] = [
  { recipient: "rsa2048", signer: "rsa2048" },
  { recipient: "rsa3072", signer: "rsa2048" },
  { recipient: "rsa4096", signer: "curve" },
  { recipient: "elgamal", signer: "elgamal" },
  { recipient: "curve", signer: "curve" },
  { recipient: "nist", signer: "nist" },
  { recipient: "subkeys", signer: "subkeys" },
  { recipient: "locked", signer: "lockedCurve", locked: true },
];
const KEYS = [...new Set(PAIRS.flatMap(({ recipient, signer }) => [recipient, signer]))];

const ENGINES = ["keyring", "files"] as const;
type Engine = typeof ENGINES[number];

/** What a server says of the keys of a pair, by either engine. */
async function stanza(home: GpgHome, { recipient, signer, locked }: Pair, engine: Engine): Promise<Directives> {
  const keys = engine === "keyring" ? { GPG_HOME_DIR: home.path, GPG_DECRYPT_ID: home.fingerprint(recipient) } : {
    GPG_DECRYPT_KEY_FILE: await home.keyFile(recipient, { secret: true }),
    GPG_REMOTE_KEY_FILE: await home.keyFile(signer),
  };
  return {
    ...keys,
    ...(locked ? { GPG_DECRYPT_PW: PASSPHRASE } : { GPG_ALLOW_NO_PW: "Y" }),
    GPG_REQUIRE_SIG: "Y",
    GPG_FINGERPRINT_ID: home.fingerprint(signer),
    FW_ACCESS_TIMEOUT: 30,
  };
}

/** What a client says of them. */
async function options(home: GpgHome, { recipient, signer, locked }: Pair, engine: Engine): Promise<string[]> {
  const keys = engine === "keyring"
    ? [
      ...["--gpg-recipient-key", home.fingerprint(recipient)],
      ...["--gpg-signer-key", home.fingerprint(signer), "--gpg-home-dir", home.path],
    ]
    : [
      ...["--gpg-recipient-key", await home.keyFile(recipient)],
      ...["--gpg-signer-key", await home.keyFile(signer, { secret: true })],
    ];
  return [...keys, ...(locked ? ["--key-rijndael", PASSPHRASE] : ["--gpg-no-signing-pw"])];
}

/** One stanza for each pair and engine, each with an HMAC key of its own. */
async function startAll(lab: Lab, home: GpgHome) {
  const doors = PAIRS.flatMap((pair) => ENGINES.map((engine) => ({ pair, engine, hmac: newKeys().HMAC_KEY_BASE64 })));
  const access = await Promise.all(
    doors.map(async ({ pair, engine, hmac }) => ({ ...await stanza(home, pair, engine), HMAC_KEY_BASE64: hmac })),
  );
  return { doors, daemon: await startDaemon(lab, { access, args: ["-v"] }) };
}

labTest(
  "F3: a packet for every kind of key opens our daemon: four ways to pair gpg and key files, and the C client",
  async (t) => {
    await using lab = await makeLab();
    await using home = await gpgHome(...KEYS);
    const { doors, daemon } = await startAll(lab, home);
    const server = lab.address("server");
    let port = 2000;
    for (const { pair, engine, hmac } of doors) {
      const target = ["-a", lab.address("knocker"), "-D", server, "--key-base64-hmac", hmac];
      const clients = [
        ...await Promise.all(ENGINES.map(async (one) => [one, {}, await options(home, pair, one)] as const)),
        // It asks a terminal for the passphrase.
        ...(pair.locked
          ? []
          : [["the C client", { program: C_CLIENT }, await options(home, pair, "keyring")] as const]),
      ];
      for (const [client, program, args] of clients) {
        await t.step(`${pair.recipient} signed by ${pair.signer}: ${client}, server with ${engine}`, async () => {
          assert.equal(await lab.probe("knocker", server, ++port), "filtered");
          const mark = daemon.program.mark();
          await knock(lab, ["-A", `tcp/${port}`, ...target, ...args], program);
          assert.ok(await lab.opens("knocker", server, port), daemon.program.lines.slice(mark).join("\n"));
          const signed = /Incoming SPA data signed by '[0-9A-F]{8}' \(fingerprint '[0-9A-F]{40}'\)/;
          await daemon.program.waitFor(signed, { since: mark });
        });
      }
    }
  },
  { needs: { ...C_PROGRAMS, ...GNUPG } },
);
