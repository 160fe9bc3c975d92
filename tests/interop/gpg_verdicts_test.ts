/** Packets for GnuPG that are not as a client makes them: what our daemon does with each, by gpg and by key files, beside the C daemon. */
import assert from "node:assert/strict";
import type { Key } from "openpgp";
import { keysIn } from "../../lib/openpgp/file_keys.ts";
import { withOldHeader } from "../../lib/openpgp/framing.ts";
import { C_DAEMON, C_PROGRAMS, labTest, makeLab, newKeys, OUR_DAEMON, startDaemon } from "../lab/mod.ts";
import { GNUPG, type GpgHome, gpgHome, type GpgKeyName } from "../lab/gpg_home.ts";
import { gpgPacket, type Wrap } from "../lab/gpg_packet.ts";
import { fileOf } from "../lib/openpgp/engines.ts";
import { compressed, encrypted, literal, packets, signedBy, signedByHand } from "../lib/openpgp/packets.ts";

/** Who may sign. */
const LISTED = ["nist", "expired", "revoked", "subkeys"] as const;

/** Whether a packet opens: our daemon by gpg, by key files, and the C daemon. */
type Opens = readonly [keyring: boolean, files: boolean, c: boolean];
const [NEVER, ALWAYS]: readonly Opens[] = [[false, false, false], [true, true, true]];
const ONLY_C: Opens = [false, false, true];

/** How each packet is made of a text, and what it opens. */
async function rows(home: GpgHome): Promise<Readonly<Record<string, readonly [wrap: Wrap, opens: Opens]>>> {
  const [key] = await keysIn(await fileOf(home, "rsa2048", false)) as [Key];
  const [revoked] = await keysIn(await fileOf(home, "revoked", true)) as [Key];
  const seal = async (inner: Uint8Array, how: "mdc" | "none" = "mdc") =>
    withOldHeader(packets(await encrypted(inner, { key, how })))!;
  const by = (signers: readonly GpgKeyName[], ...args: string[]): Wrap => async (text) =>
    await seal(packets(await signedBy(home, signers, { text, args })));
  const flipped = (at: number): Wrap => async (text) => {
    const message = await by(["nist"])(text);
    return message.with(at, message.at(at)! ^ 1);
  };
  return {
    "as clients make it": [by(["nist"]), ALWAYS!],
    "signed by a subkey": [by(["subkeys"]), [true, true, false]],
    "only encrypted": [async (text) => await seal(packets([literal(text)])), NEVER!],
    "signed by another key": [by(["signOnly"]), NEVER!],
    "signed by one of the list and by another key": [by(["nist", "signOnly"]), ONLY_C],
    "the key has expired": [by(["expired"], "--faked-system-time", "20200110T000000!"), NEVER!],
    "the key is revoked": [async (text) => await seal(packets(await signedByHand(revoked, text))), NEVER!],
    "another text than that which was signed": [
      async (text) =>
        await seal(packets((await signedBy(home, ["nist"], { text: text.slice(1) })).with(1, literal(text)))),
      NEVER!,
    ],
    "it is a file": [by(["nist"], "--set-filename", "x"), ONLY_C],
    "two texts": [
      async (text) => await seal(packets([literal(text), ...await signedBy(home, ["nist"], { text })])),
      NEVER!,
    ],
    "encrypted twice": [async (text) => await seal(await by(["nist"])(text)), ONLY_C],
    "compressed": [
      async (text) => await seal(packets([await compressed(packets(await signedBy(home, ["nist"], { text })))])),
      ALWAYS!,
    ],
    "without what shows changes": [
      async (text) => await seal(packets(await signedBy(home, ["nist"], { text })), "none"),
      NEVER!,
    ],
    "changed at the end": [flipped(-30), NEVER!],
    "changed in the session key": [flipped(100), NEVER!],
    "cut off": [async (text) => (await by(["nist"])(text)).slice(0, -60), NEVER!],
  };
}

/** A decision was made and told. */
const DECIDED =
  /Error creating fko context|not in the GPG_|Added (?:access )?rule|No stanza encryption mode|replay|not opened/i;

const DAEMONS = [
  { name: "our daemon, gpg", program: OUR_DAEMON, files: false },
  { name: "our daemon, key files", program: OUR_DAEMON, files: true },
  { name: "the C daemon", program: C_DAEMON, files: false },
] as const;

labTest(
  "packets that no client makes open nothing, nor does a replay in any disguise; beside the C daemon",
  async (t) => {
    await using lab = await makeLab({ guard: "iptables" });
    await using home = await gpgHome("rsa2048", "signOnly", ...LISTED);
    const { HMAC_KEY_BASE64 } = newKeys();
    const server = lab.address("server");
    const table = await rows(home);
    let port = 2000;
    const asked = () => ({ allow: lab.address("knocker"), service: `tcp/${++port}` });
    const good = async () => await gpgPacket(asked(), table["as clients make it"]![0], HMAC_KEY_BASE64);
    const send = (packet: string) => lab.send("knocker", server, 62201, packet);
    /** A packet of a client opens, so those before it were looked at: the C daemon takes one after the other. */
    const processed = async () => {
      send(await good());
      assert.ok(await lab.opens("knocker", server, port));
    };
    for (const [index, { name, program, files }] of DAEMONS.entries()) {
      const keys = files
        ? {
          GPG_DECRYPT_KEY_FILE: await home.keyFile("rsa2048", { secret: true }),
          GPG_REMOTE_KEY_FILE: (await Promise.all(LISTED.map((each) => home.keyFile(each)))).join(","),
        }
        : { GPG_HOME_DIR: home.path, GPG_DECRYPT_ID: home.fingerprint("rsa2048") };
      const ids = LISTED.map((each) => home.fingerprint(each)).join(",");
      const access = [{
        ...keys,
        GPG_ALLOW_NO_PW: "Y",
        GPG_FINGERPRINT_ID: ids,
        HMAC_KEY_BASE64,
        FW_ACCESS_TIMEOUT: 60,
      }];
      const daemon = await startDaemon(lab, { program, access, args: ["-v"] });
      for (const [row, [wrap, opens]] of Object.entries(table)) {
        await t.step(`${name}: ${row}`, async () => {
          const packet = await gpgPacket(asked(), wrap, HMAC_KEY_BASE64);
          const door = port;
          const since = daemon.program.mark();
          send(packet);
          if (program === C_DAEMON) await processed();
          else await daemon.program.waitFor(DECIDED, { since });
          const said = daemon.program.lines.slice(since).join("\n");
          if (opens[index]) assert.ok(await lab.opens("knocker", server, door), said);
          else assert.equal(await lab.probe("knocker", server, door), "filtered", said);
        });
      }
      await t.step(`${name}: in disguise, before and after`, async () => {
        const packet = await good();
        const door = port;
        send(`hQ${packet}`);
        await processed();
        assert.equal(await lab.probe("knocker", server, door), "filtered");
        send(packet);
        assert.ok(await lab.opens("knocker", server, door));
        const since = daemon.program.mark();
        for (const again of [packet, `hQ${packet}`]) send(again);
        await processed();
        const added = daemon.program.lines.slice(since).filter((line) => /^\S*\s*Added/.test(line));
        assert.equal(added.filter((line) => line.includes(String(door))).length, 0, added.join("\n"));
      });
      await daemon.stop();
    }
  },
  { needs: { ...C_PROGRAMS, ...GNUPG } },
);
