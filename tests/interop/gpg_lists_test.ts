/** Who may sign: what stanzas say of it, and what then opens, in our daemon and in the C daemon. */
import assert from "node:assert/strict";
import {
  C_DAEMON,
  C_PROGRAMS,
  type Directives,
  knock,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  startDaemon,
} from "../lab/mod.ts";
import { GNUPG, type GpgHome, gpgHome } from "../lab/gpg_home.ts";

/** In the server's keyring: one that its owner vouches for, and one that nobody does. */
const SIGNERS = ["curve", "nist"] as const;
type Signer = (typeof SIGNERS)[number];

/** What a stanza says, who knocks, and whether that opens in our daemon and in C. */
type Row = readonly [says: Directives, signer: Signer, opens: readonly [ours: boolean, c: boolean]];

function rows(client: GpgHome): Readonly<Record<string, Row>> {
  const [vouched, unknown] = SIGNERS.map((name) => client.fingerprint(name)) as [string, string];
  const digits = (count: number) => ({ GPG_REMOTE_ID: vouched.slice(-count) });
  const [yes, no] = [[true, true], [false, false]] as const;
  return {
    "an id of 8 digits": [digits(8), "curve", yes],
    // In C only the last eight are compared.
    "an id of 16 digits": [digits(16), "curve", [true, false]],
    "an id of 40 digits": [digits(40), "curve", [true, false]],
    "the id of another": [digits(8), "nist", no],
    "a fingerprint": [{ GPG_FINGERPRINT_ID: vouched }, "curve", yes],
    "both lists": [{ GPG_FINGERPRINT_ID: `${vouched},${unknown}`, ...digits(8) }, "curve", yes],
    "in one list of two": [{ GPG_FINGERPRINT_ID: `${vouched},${unknown}`, ...digits(8) }, "nist", no],
    "nobody vouches for it": [{ GPG_FINGERPRINT_ID: unknown }, "nist", no],
    "nobody vouches for it, and nobody has to": [
      { GPG_FINGERPRINT_ID: unknown, GPG_IGNORE_SIG_VERIFY_ERROR: "Y" },
      "nist",
      yes,
    ],
    "nobody has to sign": [{ GPG_DISABLE_SIG: "Y" }, "nist", yes],
  };
}

/** The home of a server that knows both, and vouches for the first. */
async function serverHome(client: GpgHome): Promise<GpgHome> {
  const home = await gpgHome("rsa2048");
  for (const name of SIGNERS) await home.gpg(["--import"], await client.gpg(["--export", client.fingerprint(name)]));
  await home.gpg(["--quick-lsign-key", client.fingerprint(SIGNERS[0])]);
  return home;
}

/** A knock was judged. */
const JUDGED = /Error creating fko context|not in the GPG_|Added (?:access )?rule/;

labTest(
  "who may sign: ids, fingerprints, both, nobody; with an HMAC and without",
  async (t) => {
    await using client = await gpgHome(...SIGNERS);
    await using home = await serverHome(client);
    await client.gpg(["--import"], await home.gpg(["--export", home.fingerprint("rsa2048")]));
    await using lab = await makeLab({ guard: "iptables" });
    const server = lab.address("server");
    const table = Object.entries(rows(client));
    const keys = table.map(() => newKeys().HMAC_KEY_BASE64);
    const common = { GPG_HOME_DIR: home.path, GPG_DECRYPT_ID: home.fingerprint("rsa2048"), GPG_ALLOW_NO_PW: "Y" };
    const access = [
      ...table.map(([, [says]], index) => ({
        ...common,
        ...says,
        HMAC_KEY_BASE64: keys[index]!,
        FW_ACCESS_TIMEOUT: 60,
      })),
      { ...common, GPG_FINGERPRINT_ID: client.fingerprint("curve"), FW_ACCESS_TIMEOUT: 60 },
    ];
    let port = 2000;
    for (
      const [index, [name, program]] of ([["our daemon", OUR_DAEMON], ["the C daemon", C_DAEMON]] as const).entries()
    ) {
      const daemon = await startDaemon(lab, { program, access, args: ["-v"] });
      const tryKnock = async (signer: Signer, hmac: readonly string[], opens: boolean) => {
        const since = daemon.program.mark();
        const target = ["-A", `tcp/${++port}`, "-a", lab.address("knocker"), "-D", server];
        const recipient = ["--gpg-recipient-key", home.fingerprint("rsa2048"), "--gpg-home-dir", client.path];
        const signing = ["--gpg-signer-key", client.fingerprint(signer), "--gpg-no-signing-pw"];
        await knock(lab, [...target, ...recipient, ...signing, ...hmac]);
        await daemon.program.waitFor(JUDGED, { since });
        const said = daemon.program.lines.slice(since).join("\n");
        if (opens) assert.ok(await lab.opens("knocker", server, port), said);
        else assert.equal(await lab.probe("knocker", server, port), "filtered", said);
      };
      for (const [row, [what, [, signer, opens]]] of table.entries()) {
        await t.step(`${name}: ${what}`, () => tryKnock(signer, ["--key-base64-hmac", keys[row]!], opens[index]!));
      }
      await t.step(`${name}: no HMAC`, () => tryKnock("curve", [], true));
      await daemon.stop();
    }
  },
  { needs: { ...C_PROGRAMS, ...GNUPG } },
);
