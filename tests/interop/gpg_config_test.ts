/** Stanzas for GnuPG: what the C daemon says of them and what ours does, and where the two differ on purpose. */
import assert from "node:assert/strict";
import { hostConfigFiles, loadConfig } from "../../daemon/config/mod.ts";
import { parseDaemonOptions } from "../../daemon/options.ts";
import { C_DAEMON } from "../lab/programs.ts";
import { C_PROGRAMS, gatedTest, missing } from "../lab/gate.ts";
import { GNUPG } from "../lab/gpg_home.ts";

const FPR = "0123456789ABCDEF0123456789ABCDEF01234567";
const BASE = ["GPG_HOME_DIR /tmp", "GPG_ALLOW_NO_PW Y"];

/** Lines of a stanza; whether C takes it; whether we do. */
const TABLE: readonly (readonly [lines: readonly string[], theirs: boolean, ours: boolean])[] = [
  [[...BASE, `GPG_FINGERPRINT_ID ${FPR}`], true, true],
  [[...BASE, "GPG_REMOTE_ID DEADBEEF"], true, true],
  [[...BASE, "GPG_REMOTE_ID DEADBEEF,12345678", `GPG_FINGERPRINT_ID ${FPR}`], true, true],
  [["GPG_HOME_DIR /tmp", "GPG_DECRYPT_PW p", "GPG_REMOTE_ID DEADBEEF"], true, true],
  [["GPG_HOME_DIR /tmp", "GPG_DECRYPT_PW p", "KEY k", "GPG_REMOTE_ID DEADBEEF"], true, true],
  [[...BASE, "GPG_REMOTE_ID DEADBEEF", "ENCRYPTION_MODE Asymmetric"], true, true],
  [[...BASE, "GPG_DISABLE_SIG Y"], true, true],
  [[...BASE, "GPG_DISABLE_SIG Y", "GPG_REQUIRE_SIG Y", "GPG_REMOTE_ID DEADBEEF"], true, true],
  [[...BASE, "GPG_IGNORE_SIG_VERIFY_ERROR Y", "GPG_REMOTE_ID DEADBEEF"], true, true],
  [["KEY k", "GPG_HOME_DIR /tmp", "GPG_REMOTE_ID DEADBEEF"], true, true],
  [BASE, false, false],
  [[...BASE, "GPG_REQUIRE_SIG N"], false, false],
  [["GPG_HOME_DIR /tmp", "GPG_DECRYPT_ID gw", "GPG_REMOTE_ID DEADBEEF"], false, false],
  [["GPG_HOME_DIR /none", "GPG_ALLOW_NO_PW Y", "GPG_REMOTE_ID DEADBEEF"], false, false],
  [["GPG_HOME_DIR /tmp", "GPG_DECRYPT_PW __CHANGEME__", "GPG_REMOTE_ID DEADBEEF"], false, false],
  [["GPG_HOME_DIR /tmp", "GPG_DECRYPT_PW hmackey", "GPG_REMOTE_ID DEADBEEF"], false, false],
  // What the C daemon takes and then refuses every packet by.
  [[...BASE, "GPG_REMOTE_ID alice@example.com"], true, false],
  [[...BASE, "GPG_FINGERPRINT_ID DEADBEEF"], true, false],
  [[...BASE, "KEY k", "GPG_REMOTE_ID DEADBEEF", "ENCRYPTION_MODE Asymmetric"], true, false],
  [[...BASE, "GPG_REMOTE_ID DEADBEEF", "GPG_EXE /none/gpg"], true, false],
  [[...BASE, "GPG_DISABLE_SIG Y", "GPG_REQUIRE_SIG Y"], true, false],
];

gatedTest(missing({ ...C_PROGRAMS, ...GNUPG }), {
  name: "stanzas for GnuPG are taken and refused as by the C daemon, but for what no packet would fit",
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "fwknop-gpg-" });
    try {
      for (const [lines, theirs, ours] of TABLE) {
        const access = ["SOURCE ANY", "HMAC_KEY hmackey", "REQUIRE_SOURCE_ADDRESS Y", ...lines, ""].join("\n");
        Deno.writeTextFileSync(`${folder}/a`, access, { mode: 0o600 });
        Deno.writeTextFileSync(`${folder}/c`, "\n", { mode: 0o600 });
        const argv = ["-f", "-D", "-c", `${folder}/c`, "-O", `${folder}/c`, "-a", `${folder}/a`];
        const c = await new Deno.Command(C_DAEMON.argv[0]!, { args: argv, stdout: "null", stderr: "null" }).output();
        const options = parseDaemonOptions(argv);
        assert.ok(options.ok);
        const loaded = loadConfig(options.options, hostConfigFiles("/"), 0);
        assert.deepEqual({ theirs: c.success, ours: loaded.ok }, { theirs, ours }, lines.join("; "));
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
