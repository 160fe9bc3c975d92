/** Habits of old clients that the C daemon takes, and ours: the same packet opens on both. */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, labTest, makeLab, OUR_DAEMON, startDaemon } from "../lab/mod.ts";
import { twinPacketOfBlocks, twinPad, twinPlaintext } from "../lib/spa/twin.ts";
import type { RijndaelSecrets } from "../../lib/crypto/secrets.ts";
import { rijndael } from "../fakes/secrets.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const LEGACY: RijndaelSecrets = rijndael(bytes("fwknoptest"), { mode: "legacy" });
const SIGNED: RijndaelSecrets = rijndael(bytes("fwknoptest"), { hmac: { name: "sha256", key: bytes("hmactest") } });

/** What such a client would send at this moment, for a port of the server. */
function message(user: string, access: string): Uint8Array {
  const now = Math.floor(Date.now() / 1000);
  return bytes(twinPlaintext(`1234567890123456:${user}:${now}:1.9.12:1:${access}`, "sha256"));
}

labTest(
  "packets in the manner of the Android, Perl and Erlang clients open with the C daemon and with ours",
  async () => {
    await using lab = await makeLab({ guard: "iptables" });
    const source = lab.address("knocker");
    const equalSigns = (text: string) => btoa(text);
    const access = (port: number) => equalSigns(`${source},tcp/${port}`).replaceAll("=", "");
    // As long as it takes until the message fills its last block.
    const users = Array.from({ length: 48 }, (_, i) => equalSigns("u".repeat(i + 1)).replaceAll("=", ""));
    const filling = users.find((user) => message(user, access(22)).length % 16 === 0) ?? assert.fail("no user fits");
    const packets: readonly (readonly [port: number, packet: string])[] = [
      [22, twinPacketOfBlocks(message(filling, access(22)), LEGACY, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))],
      [80, twinPacketOfBlocks(twinPad(message("cm9vdA==", access(80))), LEGACY, Uint8Array.of(2, 2, 3, 4, 5, 6, 7, 8))],
      [81, twinPacketOfBlocks(twinPad(message("cm9vdA==", access(81))), SIGNED, Uint8Array.of(3, 2, 3, 4, 5, 6, 7, 8))],
    ];
    for (const program of [C_DAEMON, OUR_DAEMON]) {
      await using daemon = await startDaemon(lab, {
        program,
        access: [
          { KEY: "fwknoptest", ENCRYPTION_MODE: "legacy", FW_ACCESS_TIMEOUT: 20 },
          { KEY: "fwknoptest", HMAC_KEY: "hmactest", FW_ACCESS_TIMEOUT: 20 },
        ],
      });
      for (const [port, packet] of packets) {
        lab.send("knocker", lab.address("server"), 62201, packet);
        assert.ok(await lab.opens("knocker", lab.address("server"), port), `${port} ${daemon.program.output}`);
      }
      // Both close what they opened when they end.
      await daemon.stop();
      for (const [port] of packets) assert.equal(await lab.probe("knocker", lab.address("server"), port), "filtered");
    }
  },
  { needs: C_PROGRAMS },
);
