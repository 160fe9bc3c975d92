/**
 * Opens messages by the library, and says of them what gpg says: every signature, and what the text is wrapped in. The time
 * is a parameter.
 */
import type {
  Key,
  KeyID,
  LiteralDataPacket,
  Message,
  OnePassSignaturePacket,
  PrivateKey,
  SignaturePacket,
  Subkey,
} from "openpgp";
import { ok, type Result } from "../result.ts";
import { gpgFail, type GpgFailure } from "./failure.ts";
import type { Decrypted, PgpSignature } from "./openpgp.ts";

/** With what a message is opened. */
export interface Unsealing {
  /** Its passphrase is known already. */
  readonly to: PrivateKey;
  /** Keys that may have signed. */
  readonly by: readonly Key[];
  readonly date: Date;
}

const library = () => import("./library.ts");

/** What was in the message. */
export async function unseal(message: Uint8Array, unsealing: Unsealing): Promise<Result<Decrypted, GpgFailure>> {
  const { CONFIG, readMessage } = await library();
  const { to, date } = unsealing;
  try {
    const sealed = await readMessage({ binaryMessage: message, config: CONFIG });
    keepFirstSessionKeys(sealed);
    const opened = (await sealed.decrypt([to], undefined, undefined, date, CONFIG)).unwrapCompressed();
    return await look(opened, unsealing);
  } catch (error) {
    return gpgFail("gpg-decrypt", reason(error), "is it for this key?");
  }
}

/** Of several for the same key gpg takes the first, whatever comes of it. */
function keepFirstSessionKeys({ packets }: Message<Uint8Array>): void {
  const seen = new Set<string>();
  for (const packet of [...packets]) {
    const id = (packet as { readonly publicKeyID?: KeyID }).publicKeyID?.toHex();
    if (id === undefined) continue;
    if (seen.has(id)) packets.splice(packets.indexOf(packet), 1);
    seen.add(id);
  }
}

/** The text, and all that stands in front of it: behind it is as much again, or the library has thrown. */
async function look(opened: Message<Uint8Array>, { by, date }: Unsealing): Promise<Result<Decrypted, GpgFailure>> {
  const { enums } = await library();
  const [at, ...others] = opened.packets.indexOfTag(enums.packet.literalData);
  const signed = opened.packets.slice(0, at);
  const isSignature = (tag: unknown) => tag === enums.packet.onePassSignature || tag === enums.packet.signature;
  if (at === undefined || others.length > 0 || !signed.every((each) => isSignature(tagOf(each)))) {
    return gpgFail("gpg-decrypt", "it does not hold one text", "send it with fwknop");
  }
  const text = opened.packets[at] as LiteralDataPacket;
  const found = await signaturesOf(opened, text, { by, date });
  const announced = signed.filter((each) => tagOf(each) === enums.packet.onePassSignature).toReversed();
  const first = found.length - announced.length;
  const signatures = found.map(({ packet, judged }, index) =>
    index < first || isAnnounced(packet, announced[index - first]!) ? judged : UNKNOWN
  );
  const unknown = Array.from({ length: Math.max(0, signed.length - found.length) }, () => UNKNOWN);
  const [format = 0] = text.write() as Uint8Array;
  return ok({
    plaintext: opened.getLiteralData()!,
    signatures: [...signatures, ...unknown],
    literals: [{ format: String.fromCharCode(format), name: opened.getFilename() ?? "" }],
    encryptions: 1,
  });
}

function tagOf(packet: object): unknown {
  return (packet.constructor as Partial<typeof OnePassSignaturePacket>).tag;
}

/** How a text is to be hashed is said before it already, by a packet that is whole. */
function isAnnounced({ hashAlgorithm }: SignaturePacket, announced: object): boolean {
  const said = announced as Partial<Pick<SignaturePacket, "hashAlgorithm"> & { flags: number }>;
  return said.flags !== undefined && said.hashAlgorithm === hashAlgorithm;
}

/** Of a kind that nobody can check. */
const UNKNOWN: PgpSignature = { fingerprint: "", primary: "", good: false, right: false, trusted: null };

async function signaturesOf(
  opened: Message<Uint8Array>,
  text: LiteralDataPacket,
  { by, date }: Omit<Unsealing, "to">,
): Promise<readonly { readonly packet: SignaturePacket; readonly judged: PgpSignature }[]> {
  const { CONFIG } = await library();
  const found = await opened.verify([], date, CONFIG);
  return await Promise.all(found.map(async ({ signature }) => {
    const [packet] = (await signature).packets as unknown as readonly [SignaturePacket];
    return { packet, judged: await judge(packet, text, { by, date }) };
  }));
}

/** As gpg does: whether a key is good is asked of the present, and clocks of clients may be ahead. */
async function judge(
  packet: SignaturePacket,
  text: LiteralDataPacket,
  { by, date }: Omit<Unsealing, "to">,
): Promise<PgpSignature> {
  const key = by.find((each) => each.getKeys(packet.issuerKeyID).length > 0);
  const [part] = key?.getKeys(packet.issuerKeyID) ?? [];
  if (key === undefined || part === undefined) return UNKNOWN;
  const expires = packet.getExpirationTime();
  const inTime = packet.created! >= part.getCreationTime() && (!(expires instanceof Date) || date < expires);
  const right = inTime && await isRight(packet, text, part) && (part === key || await maySign(key, part, null));
  return {
    fingerprint: part.getFingerprint().toUpperCase(),
    primary: key.getFingerprint().toUpperCase(),
    good: right && await maySign(key, part, date),
    right,
    trusted: null,
  };
}

async function isRight(packet: SignaturePacket, text: LiteralDataPacket, part: Key | Subkey): Promise<boolean> {
  const { CONFIG } = await library();
  try {
    // Null: at no special time.
    await packet.verify(part.keyPacket, packet.signatureType!, text, null as never, false, CONFIG);
    return true;
  } catch {
    return false;
  }
}

/** Whether the key says that this part of it signs. Null: or has ever said so. */
async function maySign(key: Key, part: Key | Subkey, date: Date | null): Promise<boolean> {
  const { CONFIG } = await library();
  try {
    await key.getSigningKey(part.getKeyID(), date, undefined, CONFIG);
    return true;
  } catch {
    return false;
  }
}

/** What the library says, as one line. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!.replace(/\.$/, "");
}
