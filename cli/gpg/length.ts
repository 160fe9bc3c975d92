/** Why a packet of GnuPG was not built: mostly its length, which the keys decide. */
import { DIGESTS } from "../../lib/crypto/digest.ts";
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { type Fault, faultText } from "../../lib/faults.ts";
import { MAX_SPA_LENGTH, MIN_GPG_LENGTH } from "../../lib/limits.ts";
import type { OpenPgp } from "../../lib/openpgp/openpgp.ts";
import { formatKind, packetLength, type PacketParts, remedyForLength } from "../../lib/openpgp/size.ts";
import { ClientError } from "../ui/tui.ts";

/** Bytes of a usual message, for what fits. */
const USUAL_MESSAGE = 110;

/** What is said of it. */
export function gpgPacketError(
  fault: Fault,
  { secrets: { hmac }, pgp }: { readonly secrets: Secrets; readonly pgp: OpenPgp },
): ClientError {
  const parts = partsOf(pgp, { plaintext: USUAL_MESSAGE, tag: hmac === null ? 0 : DIGESTS[hmac.name].characters });
  const said = `Cannot build the packet: Error ${fault.number} - ${faultText(fault)}`;
  if (fault.code === "gpg-result-length") {
    const length = packetLength(parts);
    return new ClientError(
      `${said}: with ${keysOf(pgp)} it has about ${length} characters, and servers take ${MAX_SPA_LENGTH}`,
      remedyForLength(parts),
    );
  }
  if (fault.code === "encryption-type-unknown") {
    return new ClientError(
      `${said}: with ${keysOf(pgp)} it has less than ${MIN_GPG_LENGTH} characters, and servers take it for Rijndael`,
      pgp.signer === null ? "sign it with --gpg-signer-key, or use -m sha512" : "use a longer digest: -m sha512",
    );
  }
  return new ClientError(said, "ask for fewer ports, or use a shorter command, user name or digest");
}

/** What the length of a packet with these keys depends on. */
export function partsOf(pgp: OpenPgp, message: Pick<PacketParts, "plaintext" | "tag">): PacketParts {
  return { recipient: pgp.recipient.kind, signer: pgp.signer?.kind ?? null, ...message };
}

/** The keys, for a sentence. */
export function keysOf({ recipient, signer }: OpenPgp): string {
  const signed = signer === null ? "no signature" : `a signature of ${formatKind(signer.kind)}`;
  return `a recipient of ${formatKind(recipient.kind)} and ${signed}`;
}
