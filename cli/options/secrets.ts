/** Options and directives for keys, digests and cipher modes, and those of GPG. */
import { MAX_KEY_LENGTH, MAX_SENT_HMAC_KEY_LENGTH } from "../../lib/limits.ts";
import { integer, path, text } from "../../lib/settings/kinds.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import { base64Key, bounded, digest, directory, mode, rawKey, yesNo } from "./kinds.ts";

const KEYS = "Keys";
const ALGORITHMS = "Algorithms";
const NEW_KEYS = "New keys and enrolment";
const GPG = "GnuPG";

/** Rows of facts/client 2 and facts/client 3: keys, algorithms, key generation. */
export const KEY_OPTIONS = {
  key: {
    kind: rawKey(MAX_KEY_LENGTH),
    option: { long: ["key-rijndael"], argument: "required" },
    directive: ["KEY", "GPG_SIGNING_PW"],
    secret: true,
    group: KEYS,
    doc: "encryption key as text; as an option every user of this machine can see it",
  },
  keyBase64: {
    kind: base64Key(MAX_KEY_LENGTH),
    option: { long: ["key-base64-rijndael"], argument: "required" },
    directive: ["KEY_BASE64", "GPG_SIGNING_PW_BASE64"],
    secret: true,
    group: KEYS,
    doc: "encryption key in base64; as an option every user of this machine can see it",
  },
  keyFile: {
    kind: path(),
    option: { short: "G", long: ["get-key"], argument: "required" },
    directive: ["KEY_FILE"],
    group: KEYS,
    doc: "take the encryption key from this file",
    detail: "The line of the server in the file is `HOST: KEY`; the last one counts.",
  },
  keyCmd: {
    kind: text({ valueName: "COMMAND" }),
    directive: ["KEY_CMD"],
    group: KEYS,
    doc: "take the encryption key from the first line that this program prints",
    detail:
      "Run without a shell, with this program's environment (except LD_*); words may be quoted. The line is the key as text, or in base64 after base64:. A line KEY_BASE64: as --key-gen prints it is found wherever it stands.",
  },
  hmacKey: {
    kind: rawKey(MAX_SENT_HMAC_KEY_LENGTH),
    option: { long: ["key-hmac"], argument: "required" },
    directive: ["HMAC_KEY"],
    secret: true,
    group: KEYS,
    doc: "HMAC key as text; as an option every user of this machine can see it",
  },
  hmacKeyBase64: {
    kind: base64Key(MAX_SENT_HMAC_KEY_LENGTH),
    option: { long: ["key-base64-hmac"], argument: "required" },
    directive: ["HMAC_KEY_BASE64"],
    secret: true,
    group: KEYS,
    doc: "HMAC key in base64; as an option every user of this machine can see it",
  },
  hmacKeyFile: {
    kind: path(),
    option: { long: ["get-hmac-key"], argument: "required" },
    directive: ["HMAC_KEY_FILE"],
    group: KEYS,
    doc: "take the HMAC key from this file",
  },
  hmacKeyCmd: {
    kind: text({ valueName: "COMMAND" }),
    directive: ["HMAC_KEY_CMD"],
    group: KEYS,
    doc: "take the HMAC key from the first line that this program prints",
    detail: "As KEY_CMD; a line HMAC_KEY_BASE64: is found wherever it stands, so both may run the same program.",
  },
  useHmac: {
    kind: yesNo,
    option: { long: ["use-hmac"], argument: "none" },
    directive: ["USE_HMAC"],
    fallback: false,
    group: KEYS,
    doc: "authenticate the packet; asks for the HMAC key when there is none",
  },
  stdin: {
    kind: yesNo,
    option: { long: ["stdin"], argument: "none" },
    fallback: false,
    group: KEYS,
    doc: "read the encryption key, then the HMAC key, from lines of standard input",
  },
  fd: {
    kind: integer(0, 1_048_576, "N"),
    option: { long: ["fd"], argument: "required" },
    group: KEYS,
    doc: "the same from this file descriptor",
  },
  digestType: {
    kind: digest("digest"),
    option: { short: "m", long: ["digest-type"], argument: "required" },
    directive: ["DIGEST_TYPE"],
    fallback: "sha256",
    group: ALGORITHMS,
    doc: "digest inside the packet: md5, sha1, sha256, sha384, sha512, sha3_256, sha3_512",
  },
  hmacDigestType: {
    kind: digest("hmac digest"),
    option: { long: ["hmac-digest-type"], argument: "required" },
    directive: ["HMAC_DIGEST_TYPE"],
    fallback: "sha256",
    group: ALGORITHMS,
    doc: "digest of the HMAC",
  },
  encryptionMode: {
    kind: mode,
    option: { short: "M", long: ["encryption-mode"], argument: "required" },
    directive: ["ENCRYPTION_MODE"],
    fallback: "cbc",
    group: ALGORITHMS,
    doc: "cipher mode: CBC, CTR, CFB, OFB, ECB, or legacy for servers before 2.5",
  },
  keyHint: {
    kind: yesNo,
    option: { exact: ["no-key-hint"], argument: "none" },
    given: false,
    directive: ["KEY_HINT"],
    fallback: true,
    group: ALGORITHMS,
    doc: "let no part of the salt tell the server which keys to try first",
    detail:
      "A server with many users finds the right one by three bytes of the salt, which change every 30 seconds and which nobody can tell from random ones without the HMAC key. Somebody who watches the wire sees that two packets within the same 30 seconds are of one key. `KEY_HINT N` switches it off. C servers take these packets like any others; in CTR and OFB mode the salt is always random.",
  },
  keyGen: {
    kind: yesNo,
    option: { short: "k", long: ["key-gen"], argument: "none" },
    fallback: false,
    group: NEW_KEYS,
    doc: "make a new encryption key and HMAC key, and print them",
  },
  keyGenFile: {
    kind: path(),
    option: { short: "K", long: ["key-gen-file"], argument: "required" },
    group: NEW_KEYS,
    doc: "the same into a file",
  },
  keyLen: {
    kind: bounded([1, MAX_KEY_LENGTH], "Invalid key length: must be in", "BYTES"),
    option: { long: ["key-len"], argument: "required" },
    fallback: MAX_KEY_LENGTH,
    group: NEW_KEYS,
    doc: "length of the new encryption key",
    hidden: true,
  },
  hmacKeyLen: {
    kind: bounded([1, MAX_SENT_HMAC_KEY_LENGTH], "Invalid hmac key length: must be in", "BYTES"),
    option: { long: ["hmac-key-len"], argument: "required" },
    group: NEW_KEYS,
    doc: "length of the new HMAC key",
    hidden: true,
  },
} as const satisfies SettingTable;

/** Rows of GPG. */
export const GPG_OPTIONS = {
  useGpg: {
    kind: yesNo,
    option: { short: "g", long: ["gpg-encryption"], argument: "none" },
    directive: ["USE_GPG"],
    fallback: false,
    group: GPG,
    doc: "encrypt with GnuPG, to the key of --gpg-recipient-key",
    detail:
      "Needs the gpg program and its keyring, or key files. A packet has at most 1,499 characters: --doctor tells how many there would be with these keys. Our own daemon does not open such packets yet.",
  },
  gpgRecipient: {
    kind: text({ valueName: "KEY" }),
    option: { long: ["gpg-recipient-key"], exact: ["gpg--recipient"], argument: "required" },
    directive: ["GPG_RECIPIENT"],
    group: GPG,
    doc: "the server's key: its name, id or fingerprint in the keyring, or a file that holds it",
    detail:
      "What has a slash in it, or ends in .asc, .gpg, .pgp or .key, is a file: no gpg is needed then. One that only this server has the secret part of. Keys of elliptic curves work too, also with servers of the C program.",
  },
  gpgSigner: {
    kind: text({ valueName: "KEY" }),
    option: { long: ["gpg-signer-key"], argument: "required" },
    directive: ["GPG_SIGNER"],
    group: GPG,
    doc: "the key that signs: its name, id or fingerprint in the keyring, or a file with the secret key",
    detail:
      "Without it the packet is only encrypted, which servers refuse unless GPG_DISABLE_SIG says otherwise. Its passphrase is what the encryption key is else: KEY (GPG_SIGNING_PW), KEY_FILE, KEY_CMD, --stdin, --fd, or a question.",
  },
  gpgHomeDir: {
    kind: directory,
    option: { long: ["gpg-home-dir"], argument: "required" },
    directive: ["GPG_HOMEDIR"],
    group: GPG,
    doc: "directory of the keyring; by default gpg's own, ~/.gnupg",
  },
  gpgExe: {
    kind: path(),
    option: { long: ["gpg-exe"], argument: "required" },
    directive: ["GPG_EXE"],
    group: GPG,
    doc: "the gpg program; by default /usr/bin/gpg",
  },
  gpgAgent: {
    kind: yesNo,
    option: { long: ["gpg-agent"], argument: "none" },
    directive: ["USE_GPG_AGENT"],
    fallback: false,
    group: GPG,
    doc: "leave the passphrase to gpg-agent and its pinentry: also for smart cards",
  },
  gpgNoSigningPw: {
    kind: yesNo,
    option: { long: ["gpg-no-signing-pw"], argument: "none" },
    directive: ["GPG_NO_SIGNING_PW"],
    fallback: false,
    group: GPG,
    doc: "the signing key has no passphrase",
  },
} as const satisfies SettingTable;
