/**
 * Opens packets for GnuPG beside everything else. What costs nothing comes first: whether it is a message at all, and for
 * whom. Then it is decrypted, with so many others at once, and its signature is judged, before anything of it is recorded:
 * who knows no more than the public key of the server leaves no trace.
 */
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import { fault } from "../../lib/faults.ts";
import { HIDDEN_RECIPIENT, recipientsOf } from "../../lib/openpgp/framing.ts";
import { gpgFail, type GpgFailure } from "../../lib/openpgp/failure.ts";
import type { Decrypted, PgpSignature } from "../../lib/openpgp/openpgp.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { GpgLines } from "../../lib/spa/dump.ts";
import { pgpMessages, readPgpText } from "../../lib/spa/open.ts";
import { hmacOf } from "../config/stanza.ts";
import { notOpened, type Opened, type SlowOpener } from "../verify/attempt.ts";
import type { Finding } from "../verify/findings.ts";
import { atStanza, type StanzaMatch } from "../verify/gates.ts";
import { refusal } from "../verify/refusals.ts";
import { remark } from "../verify/remarks.ts";
import { type Allowed, createAllowance } from "./allowance.ts";
import type { PgpEngines } from "./engines.ts";
import type { GpgPolicy } from "./policy.ts";
import { createRecent } from "./recent.ts";
import { judge, type Unwelcome } from "./signer.ts";
import { createTurns } from "./turns.ts";

/** How much is done for packets. */
export interface GpgLimits {
  /** Packets that are decrypted at the same time. */
  readonly atOnce: number;
  /** Packets that wait for that. */
  readonly waiting: number;
  /** Packets of stanzas without an HMAC key, which everybody can send. */
  readonly strangers: Allowed;
}

/**
 * One agent works for all of them, one after the other, so that more at once are no faster. Strangers: a person knocks a few
 * times in a minute; what they are allowed takes a tenth of one processor.
 */
export const GPG_LIMITS: GpgLimits = { atOnce: 4, waiting: 128, strangers: { burst: 10, perSecond: 4 } };

/** Messages of which is known what came of them: more than are opened at the same time. */
const RECENT = 16;

/** What the opener works with. */
export interface GpgOpenerParts {
  readonly crypto: Pick<CryptoEngine, "digest">;
  readonly engines: PgpEngines;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
  readonly limits?: GpgLimits;
}

/** What opens packets for GnuPG. */
export function createGpgOpener({ crypto, engines, steady, limits = GPG_LIMITS }: GpgOpenerParts): SlowOpener {
  const turns = createTurns(limits);
  const isAllowed = createAllowance(limits.strangers, steady);
  const recent = createRecent<Promise<Result<Decrypted, GpgFailure>>>(RECENT);
  return async (body, match) => {
    const { stanza } = match;
    const { gpg } = stanza;
    const hmac = hmacOf(stanza);
    if (gpg === null) return fail([notOpened(match, fault("gpg-context"))]);
    const messages = messagesFor(body, gpg);
    if (!messages.ok) return fail([notOpened(match, messages.fault.fault, messages.fault.what)]);
    const known = recent.find(body, gpg);
    if (known === undefined && hmac === null && !isAllowed()) {
      return fail([busy(match, "they have no HMAC, and come too often")]);
    }
    const work = known ?? turns.take(() => decryptFirst(messages.value, engines(gpg)), hmac !== null);
    if (work === null) return fail([busy(match, "others wait already")]);
    if (known === undefined) recent.remember(body, gpg, work);
    const decrypted = await work;
    if (!decrypted.ok) return fail([notOpened(match, decrypted.fault.fault, decrypted.fault.what)]);
    const judged = judge(decrypted.value, gpg);
    if (!judged.ok) return fail(unwelcome(match, judged.fault));
    const message = await readPgpText(crypto, decrypted.value.plaintext, { hmac });
    if (!message.ok) return fail([notOpened(match, message.fault)]);
    return ok({ message: message.value, gpg: told(gpg, decrypted.value, judged.value) });
  };
}

/** Those that a body may be and that are for a key of ours, or do not say for whom. */
function messagesFor(body: string, { recipients }: GpgPolicy): Result<readonly Uint8Array[], GpgFailure> {
  const sound = pgpMessages(body).flatMap((message) => {
    const ids = recipientsOf(message);
    return ids === null ? [] : [{ message, ids }];
  });
  const isOurs = (id: string) => recipients === null || id === HIDDEN_RECIPIENT || recipients.includes(id);
  const ours = sound.filter(({ ids }) => ids.some(isOurs));
  if (ours.length > 0) return ok(ours.map(({ message }) => message));
  const [other] = sound;
  return other === undefined
    ? gpgFail("gpg-decrypt", "it is no message that is encrypted to a key", "send it with fwknop")
    : gpgFail("gpg-decrypt", `it is for the key ${other.ids[0]}`, "GPG_DECRYPT_ID names the key that decrypts");
}

/** The first that opens, or why the last one did not. */
async function decryptFirst(
  messages: readonly Uint8Array[],
  open: ReturnType<PgpEngines>,
): Promise<Result<Decrypted, GpgFailure>> {
  let last: Result<Decrypted, GpgFailure> = gpgFail("gpg-decrypt", "there is nothing to open", "send it again");
  for (const message of messages) {
    last = await open(message);
    if (last.ok) break;
  }
  return last;
}

function busy(match: StanzaMatch, reason: string): Finding {
  return refusal("gpg-busy", { ...atStanza(match), reason });
}

/** What is said of a signature that does not count, in the words of the C daemon. */
function unwelcome(match: StanzaMatch, why: Unwelcome): readonly Finding[] {
  if ("failure" in why) return [notOpened(match, why.failure.fault, why.failure.what)];
  const { list, signer: { fingerprint } } = why.unlisted;
  const facts = { ...atStanza(match), fingerprint };
  const code = list === "GPG_REMOTE_ID" ? "signer-id-not-listed" : "fingerprint-not-listed";
  return [remark("signed-by", facts), refusal(code, facts)];
}

function told(
  { engine, signers }: GpgPolicy,
  { signatures }: Decrypted,
  counted: PgpSignature | null,
): NonNullable<Opened["gpg"]> {
  const keyring = engine.kind === "keyring" ? engine : null;
  const lines: GpgLines = {
    signer: null,
    recipient: engine.kind === "keyring" ? engine.decryptId : engine.decrypt.path,
    home: keyring?.home ?? null,
    exe: keyring?.exe ?? null,
    signature: counted ?? signatures[0] ?? null,
    verify: signers !== null,
    ignoreErrors: signers?.ignoreErrors ?? false,
  };
  return { lines, signer: counted?.fingerprint ?? null };
}
