/** What gpg says on its status descriptor (`[GNUPG:] KEYWORD …`), and the failure that it tells of. Pure. */
import type { Decrypted, PgpSignature } from "./openpgp.ts";
import type { FaultCode } from "../faults.ts";
import { gpgFail } from "./failure.ts";

/** One line. */
interface StatusLine {
  readonly keyword: string;
  readonly args: readonly string[];
}

const MARK = "[GNUPG:] ";

/** What gpg had to say. */
export interface GpgWords {
  /** Its status lines. There may be sentences between them. */
  readonly status: string;
  /** Its sentences. There may be status lines between them. */
  readonly stderr: string;
}

function parseStatus(text: string): readonly StatusLine[] {
  return text.split("\n").filter((line) => line.startsWith(MARK)).map((line) => {
    const [keyword = "", ...args] = line.slice(MARK.length).split(" ");
    return { keyword, args };
  });
}

/** Codes of libgpg-error, the lower half of what FAILURE says. */
const BAD_PASSPHRASE = 11;
const NO_SECRET_KEY = 17;

const NO_QUESTION = "the agent cannot ask for the passphrase of the signing key here";
const GIVE_PASSPHRASE =
  "unlock the key first, start this in a terminal (export GPG_TTY=$(tty)), or give the passphrase with --fd or --stdin";
const AGAIN = "run it again";
const SECRET_KEYS = "see gpg --list-secret-keys";

/** What they mean where a packet is made. */
const SEALING_FAILURES: Readonly<Record<number, readonly [code: FaultCode, what: string, remedy: string]>> = {
  [BAD_PASSPHRASE]: [
    "gpg-passphrase",
    "the passphrase of the signing key is wrong",
    "type it again, or mend the stanza",
  ],
  [NO_SECRET_KEY]: ["gpg-signer-not-found", "the secret key is not here", SECRET_KEYS],
  60: [
    "gpg-passphrase",
    "gpg-agent takes no passphrase from a program",
    "leave the question to it with --gpg-agent, or remove no-allow-loopback-pinentry from gpg-agent.conf",
  ],
  62: ["gpg-passphrase", "nobody answered the question for the passphrase", AGAIN],
  77: ["gpg-encrypt", "gpg-agent does not answer", "start it: gpg-connect-agent /bye"],
  85: ["gpg-encrypt", `${NO_QUESTION}: there is no pinentry`, `install pinentry-curses, or: ${GIVE_PASSPHRASE}`],
  99: ["gpg-passphrase", "the question for the passphrase was cancelled", AGAIN],
  177: [
    "gpg-passphrase",
    "the signing key has a passphrase, and none was given",
    "leave out --gpg-no-signing-pw (GPG_NO_SIGNING_PW), or use --gpg-agent",
  ],
  198: ["gpg-passphrase", "the question for the passphrase was cancelled", AGAIN],
  // ENOTTY, as libgpg-error numbers it.
  [0x8000 | 102]: ["gpg-encrypt", `${NO_QUESTION}: there is no terminal`, GIVE_PASSPHRASE],
};

/** Why signing or encryption failed. */
export function encryptionFailure(said: GpgWords) {
  const status = parseStatus(said.status);
  const refused = status.find(({ keyword }) => keyword === "INV_RECP");
  if (refused !== undefined) {
    const what = `gpg does not encrypt to this key (reason ${refused.args[0]})`;
    return gpgFail("gpg-encrypt", what, "see gpg --list-keys");
  }
  const known = SEALING_FAILURES[failureCode(status) ?? 0];
  if (known !== undefined) return gpgFail(...known);
  if (status.some(({ keyword }) => keyword === "INV_SGNR")) {
    return gpgFail("gpg-signer-not-found", "gpg does not sign with this key", SECRET_KEYS);
  }
  return gpgFail("gpg-encrypt", lastWords(said.stderr), "try it by hand with gpg --sign --encrypt");
}

/** Why a message did not open. */
export function decryptionFailure(said: GpgWords) {
  const status = parseStatus(said.status);
  const code = failureCode(status);
  if (code === BAD_PASSPHRASE) {
    return gpgFail("gpg-passphrase", "the passphrase is wrong", "type it again, or mend the stanza");
  }
  if (status.some(({ keyword }) => keyword === "NO_SECKEY") || code === NO_SECRET_KEY) {
    return gpgFail("gpg-decrypt", "the secret key of the recipient is not here", "only the server has it, mostly");
  }
  return gpgFail("gpg-decrypt", lastWords(said.stderr), "try it by hand with gpg --decrypt");
}

/** What was in a message that gpg decrypted; null where it did not say that it is whole. */
export function decryptedMessage(plaintext: Uint8Array, said: Pick<GpgWords, "status">): Decrypted | null {
  const status = parseStatus(said.status);
  const count = (wanted: string) => status.filter(({ keyword }) => keyword === wanted).length;
  if (count("DECRYPTION_OKAY") === 0 || count("GOODMDC") === 0) return null;
  const literals = status.filter(({ keyword }) => keyword === "PLAINTEXT")
    .map(({ args: [format = "", , name = ""] }) => ({ format: String.fromCharCode(parseInt(format, 16)), name }));
  return { plaintext, signatures: signatures(status), literals, encryptions: count("BEGIN_DECRYPTION") };
}

/** What gpg says of each signature starts with NEWSIG. */
function signatures(status: readonly StatusLine[]): readonly PgpSignature[] {
  const found: { -readonly [Key in keyof PgpSignature]: PgpSignature[Key] }[] = [];
  for (const { keyword, args } of status) {
    if (keyword === "NEWSIG") found.push({ fingerprint: "", primary: "", good: false, right: false, trusted: null });
    const last = found.at(-1);
    if (last === undefined) continue;
    if (keyword === "GOODSIG") last.good = true;
    // Right by a key that is there, whatever became of that since.
    if (keyword === "VALIDSIG") {
      Object.assign(last, { fingerprint: args[0] ?? "", primary: args[9] ?? "", right: true });
    }
    // Of a key that is not here: only its id is known.
    if (keyword === "ERRSIG") last.fingerprint = args[6]?.match(/^[0-9A-F]{40}$/)?.[0] ?? "";
    const trust = TRUST[keyword];
    if (trust !== undefined) last.trusted = trust;
  }
  return found.map((each) => ({ ...each, good: each.good && each.right }));
}

/** Whether that is at least marginal, as the C programs ask for. */
const TRUST: Readonly<Record<string, boolean>> = {
  TRUST_UNDEFINED: false,
  TRUST_NEVER: false,
  TRUST_MARGINAL: true,
  TRUST_FULLY: true,
  TRUST_ULTIMATE: true,
};

function failureCode(status: readonly StatusLine[]): number | null {
  const said = status.findLast(({ keyword }) => keyword === "FAILURE");
  return said === undefined ? null : Number(said.args[1]) & 0xffff;
}

/** The last of gpg's own sentences. */
function lastWords(text: string): string {
  const last = text.trimEnd().split("\n").findLast((line) => line !== "" && !line.startsWith(MARK));
  return last === undefined ? "gpg did not say why" : `gpg says: ${last.replace(/^gpg: /, "")}`;
}
