/** GnuPG before a knock: whether its keys are there and good for something, and how long the packet will be. */
import { DIGESTS } from "../../lib/crypto/digest.ts";
import { doubt, failure, type Finding, fine } from "../../lib/finding.ts";
import { MAX_SPA_LENGTH, MIN_GPG_LENGTH } from "../../lib/limits.ts";
import { formatGpgFailure } from "../../lib/openpgp/failure.ts";
import { formatDay } from "../../lib/openpgp/key_list.ts";
import type { OpenPgp, PgpKey } from "../../lib/openpgp/openpgp.ts";
import { formatKind, packetLength, remedyForLength } from "../../lib/openpgp/size.ts";
import { openEngine } from "../gpg/gpg.ts";
import { isKeyFile } from "../gpg/key_file.ts";
import { keysOf, partsOf } from "../gpg/length.ts";
import { wantsHmac } from "../keys/collect.ts";
import type { ClientSettings } from "../options/table.ts";
import type { World } from "../ui/world.ts";

/** What compressing may make a packet shorter than it is thought to be. */
const UNSURE = 60;
/** Seconds before its end when the end of a key is told. */
const SOON = 30 * 86_400;

/** What is found. `plaintext`: bytes of the message, or null where that is not known. Nothing is signed or asked. */
export async function examineGpg(
  settings: ClientSettings,
  plaintext: number | null,
  world: World,
): Promise<readonly Finding[]> {
  const opened = await openEngine(settings, world);
  if (!opened.ok) return [failure("gpg", formatGpgFailure(opened.fault), opened.fault.remedy)];
  const pgp = opened.value;
  return [
    ...keyFindings("recipient", pgp.recipient, world.now()),
    ...(pgp.signer === null ? [UNSIGNED] : keyFindings("signer", pgp.signer, world.now())),
    ...(pgp.signer === null ? [] : [passphrase(settings), ...exposedFile(settings)]),
    ...(plaintext === null ? [] : [lengthFinding(pgp, { plaintext, tag: tagOf(settings) })]),
  ];
}

const UNSIGNED = doubt(
  "gpg",
  "the packet is not signed",
  "name your key with --gpg-signer-key: servers refuse what is not signed unless they have GPG_DISABLE_SIG",
);

function keyFindings(role: "recipient" | "signer", key: PgpKey, now: number): readonly Finding[] {
  const what = `${role} ${key.userId}, ${formatKind(key.kind)}, fingerprint ${key.fingerprint}`;
  const findings: Finding[] = [];
  if (key.expires !== null && key.expires - now < SOON) {
    findings.push(doubt("gpg", `the key of the ${role} expires on ${formatDay(key.expires)}`, "renew it in time"));
  }
  // Whom somebody says that the own key belongs to matters to nobody here.
  if (role === "recipient" && key.trusted === false) {
    const found = `nobody whom you trust says that the key ${key.fingerprint} is that of ${key.userId}`;
    findings.push(doubt("gpg", found, "compare the fingerprint with the server's: gpg --fingerprint"));
  }
  return [fine("gpg", what), ...findings];
}

/** Where the passphrase of the signing key comes from. Whether it is right only signing tells. */
function passphrase(settings: ClientSettings): Finding {
  const { gpgAgent, gpgNoSigningPw, gpgSigner = "", key, keyBase64, keyFile, keyCmd } = settings;
  if (gpgAgent && isKeyFile(gpgSigner)) {
    return doubt("gpg", "no agent knows the passphrase of a key file", "leave out --gpg-agent (USE_GPG_AGENT)");
  }
  if (gpgAgent) return fine("gpg", "gpg-agent has the passphrase, or asks for it");
  const given = [key, keyBase64, keyFile, keyCmd].some((source) => source !== undefined);
  if (given) return fine("gpg", "the passphrase is given");
  return fine("gpg", gpgNoSigningPw ? "the signing key has no passphrase" : "the passphrase is asked for");
}

/** Whoever reads the file has the key, or the work of guessing its passphrase. */
function exposedFile({ gpgSigner = "" }: ClientSettings): readonly Finding[] {
  const exposed = isKeyFile(gpgSigner) && ((Deno.statSync(gpgSigner).mode ?? 0) & 0o077) !== 0;
  return exposed ? [doubt("gpg", `others may read the signing key in ${gpgSigner}`, `chmod 600 ${gpgSigner}`)] : [];
}

function lengthFinding(pgp: OpenPgp, message: { readonly plaintext: number; readonly tag: number }): Finding {
  const parts = partsOf(pgp, message);
  const length = packetLength(parts);
  const found = `the packet will have about ${length} of at most ${MAX_SPA_LENGTH} characters, with ${keysOf(pgp)}`;
  if (length > MAX_SPA_LENGTH) {
    const judge = length > MAX_SPA_LENGTH + UNSURE ? failure : doubt;
    return judge("gpg", found, remedyForLength(parts));
  }
  // Receivers look at the length after they have checked the HMAC.
  const measured = length - message.tag;
  if (measured >= MIN_GPG_LENGTH + UNSURE) return fine("gpg", found);
  const judge = measured < MIN_GPG_LENGTH ? failure : doubt;
  return judge("gpg", `${found}: below ${MIN_GPG_LENGTH} servers take it for Rijndael`, "sign it, or use -m sha512");
}

function tagOf(settings: ClientSettings): number {
  return wantsHmac(settings) ? DIGESTS[settings.hmacDigestType].characters : 0;
}
