/**
 * Every way in which an SPA message can be wrong, in one table: a stable code for programs, the number that the C
 * library gives the same thing, and its text. See facts/wire 11; sentences are our own where no script matches them.
 */

/** Numbers 5 to 93: the text is {@link LEAD_IN} followed directly by the token. */
const invalidData = () => ({
  "timeout-negative": [5, "CLIENT_TIMEOUT_NEGATIVE"],
  "plaintext-length": [6, "DECODE_MSGLEN_VALIDFAIL"],
  "plaintext-not-printable": [7, "DECODE_NON_ASCII"],
  "too-few-fields": [8, "DECODE_LT_MIN_FIELDS"],
  "too-many-fields": [9, "DECODE_GT_MAX_FIELDS"],
  "wrong-field-count": [10, "DECODE_WRONG_NUM_FIELDS"],
  "type-length": [11, "DECODE_ENC_MSG_LEN_MT_T_SIZE"],
  "random-invalid": [12, "DECODE_RAND_MISSING"],
  "username-missing": [13, "DECODE_USERNAME_MISSING"],
  "username-too-long": [14, "DECODE_USERNAME_TOOBIG"],
  "username-base64": [15, "DECODE_USERNAME_DECODEFAIL"],
  "username-invalid": [16, "DECODE_USERNAME_VALIDFAIL"],
  "timestamp-missing": [17, "DECODE_TIMESTAMP_MISSING"],
  "timestamp-too-long": [18, "DECODE_TIMESTAMP_TOOBIG"],
  "timestamp-invalid": [19, "DECODE_TIMESTAMP_DECODEFAIL"],
  "version-invalid": [20, "DECODE_VERSION_MISSING"],
  "version-too-long": [21, "DECODE_VERSION_TOOBIG"],
  "type-missing": [22, "DECODE_MSGTYPE_MISSING"],
  "type-too-long": [23, "DECODE_MSGTYPE_TOOBIG"],
  "type-invalid": [24, "DECODE_MSGTYPE_DECODEFAIL"],
  "message-missing": [25, "DECODE_MESSAGE_MISSING"],
  "message-too-long": [26, "DECODE_MESSAGE_TOOBIG"],
  "message-base64": [27, "DECODE_MESSAGE_DECODEFAIL"],
  "command-invalid": [28, "DECODE_MESSAGE_VALIDFAIL"],
  "access-invalid": [29, "DECODE_ACCESS_VALIDFAIL"],
  "nat-missing": [30, "DECODE_NATACCESS_MISSING"],
  "nat-too-long": [31, "DECODE_NATACCESS_TOOBIG"],
  "nat-base64": [32, "DECODE_NATACCESS_DECODEFAIL"],
  "nat-invalid": [33, "DECODE_NATACCESS_VALIDFAIL"],
  "server-auth-missing": [34, "DECODE_SRVAUTH_MISSING"],
  "server-auth-base64": [35, "DECODE_SRVAUTH_DECODEFAIL"],
  "server-auth-too-long": [36, "DECODE_SPA_EXTRA_TOOBIG"],
  "extra-too-long": [37, "DECODE_EXTRA_TOOBIG"],
  "extra-base64": [38, "DECODE_EXTRA_DECODEFAIL"],
  "timeout-missing": [39, "DECODE_TIMEOUT_MISSING"],
  "timeout-too-long": [40, "DECODE_TIMEOUT_TOOBIG"],
  "timeout-invalid": [41, "DECODE_TIMEOUT_VALIDFAIL"],
  "timeout-out-of-range": [42, "DECODE_TIMEOUT_DECODEFAIL"],
  "encode-message-too-long": [43, "ENCODE_MESSAGE_TOOBIG"],
  "encoded-length": [44, "ENCODE_MSGLEN_VALIDFAIL"],
  "digest-type-invalid": [45, "ENCODE_DIGEST_VALIDFAIL"],
  "digest-too-long": [46, "ENCODE_DIGEST_TOOBIG"],
  "not-base64": [47, "ENCODE_NOTBASE64"],
  "encrypt-message-length": [48, "ENCRYPT_MSGLEN_VALIDFAIL"],
  "encrypt-digest-length": [49, "ENCRYPT_DIGESTLEN_VALIDFAIL"],
  "encrypt-plaintext-length": [50, "ENCRYPT_PTLEN_VALIDFAIL"],
  "encrypt-result-length": [51, "ENCRYPT_RESULT_MSGLEN_VALIDFAIL"],
  "ciphertext-base64": [52, "ENCRYPT_CIPHERLEN_DECODEFAIL"],
  "ciphertext-length": [53, "ENCRYPT_CIPHERLEN_VALIDFAIL"],
  "decrypted-missing": [54, "ENCRYPT_DECRYPTED_MESSAGE_MISSING"],
  "decrypted-length": [55, "ENCRYPT_DECRYPTED_MSGLEN_VALIDFAIL"],
  "gpg-message-invalid": [56, "ENCRYPT_GPG_MESSAGE_VALIDFAIL"],
  "gpg-digest-invalid": [57, "ENCRYPT_GPG_DIGEST_VALIDFAIL"],
  "gpg-plaintext-length": [58, "ENCRYPT_GPG_MSGLEN_VALIDFAIL"],
  "gpg-result-length": [59, "ENCRYPT_GPG_RESULT_MSGLEN_VALIDFAIL"],
  "gpg-ciphertext-base64": [60, "ENCRYPT_GPG_CIPHER_DECODEFAIL"],
  "gpg-encoded-missing": [61, "ENCRYPT_GPG_ENCODEDMSG_NULL"],
  "gpg-encoded-length": [62, "ENCRYPT_GPG_ENCODEDMSGLEN_VALIDFAIL"],
  "encryption-type-invalid": [63, "ENCRYPT_TYPE_VALIDFAIL"],
  "encryption-mode-invalid": [64, "ENCRYPT_MODE_VALIDFAIL"],
  "encryption-type-unknown": [65, "ENCRYPT_TYPE_UNKNOWN"],
  "packet-missing": [66, "FUNCS_NEW_ENCMSG_MISSING"],
  "packet-length": [67, "FUNCS_NEW_MSGLEN_VALIDFAIL"],
  "generated-key-length": [68, "FUNCS_GEN_KEYLEN_VALIDFAIL"],
  "generated-hmac-key-length": [69, "FUNCS_GEN_HMACLEN_VALIDFAIL"],
  "generated-key-base64": [70, "FUNCS_GEN_KEY_ENCODEFAIL"],
  "generated-hmac-key-base64": [71, "FUNCS_GEN_HMAC_ENCODEFAIL"],
  "set-packet-length": [72, "FUNCS_SET_MSGLEN_VALIDFAIL"],
  "hmac-packet-length": [73, "HMAC_MSGLEN_VALIDFAIL"],
  "hmac-remainder-length": [74, "HMAC_ENCMSGLEN_VALIDFAIL"],
  "hmac-mismatch": [75, "HMAC_COMPAREFAIL"],
  "hmac-type-invalid": [76, "HMAC_TYPE_VALIDFAIL"],
  "hmac-length": [77, "HMAC_LEN_VALIDFAIL"],
  "message-port-missing": [78, "MESSAGE_PORT_MISSING"],
  "message-type-invalid": [79, "MESSAGE_TYPE_VALIDFAIL"],
  "message-empty": [80, "MESSAGE_EMPTY"],
  "message-command-missing": [81, "MESSAGE_CMD_MISSING"],
  "message-access-missing": [82, "MESSAGE_ACCESS_MISSING"],
  "message-nat-missing": [83, "MESSAGE_NAT_MISSING"],
  "message-service-missing": [84, "MESSAGE_PORTPROTO_MISSING"],
  "nat-empty": [85, "NAT_EMPTY"],
  "random-length": [86, "RAND_LEN_VALIDFAIL"],
  "server-auth-empty": [87, "SRVAUTH_MISSING"],
  "timestamp-negative": [88, "TIMESTAMP_VALIDFAIL"],
  "user-missing": [89, "USER_MISSING"],
  "user-first-character": [90, "USER_FIRSTCHAR_VALIDFAIL"],
  "user-character": [91, "USER_REMCHAR_VALIDFAIL"],
  "number-too-small": [92, "UTIL_STRTOL_LT_MIN"],
  "number-too-large": [93, "UTIL_STRTOL_GT_MAX"],
} as const);

/** The other numbers, with their whole text. */
const otherFaults = () => ({
  "success": [0, "Success"],
  "context-not-set-up": [1, "The SPA context is not set up"],
  "out-of-memory": [2, "Out of memory"],
  "short-io": [3, "Fewer bytes were read or written than asked for"],
  "bad-argument": [4, "Args contain invalid data"],
  "value-too-long": [94, "A value is longer than the format allows"],
  "key-length": [95, "Invalid key length"],
  "user-name-unknown": [96, "The user name could not be determined"],
  "field-missing": [97, "A field that this message type requires is missing"],
  "encoded-missing": [98, "There is no encoded data"],
  "digest-type-unknown": [99, "The digest type is unknown"],
  "allow-ip-invalid": [100, "Invalid allow IP address in the SPA message"],
  "command-message-invalid": [101, "Invalid SPA command message"],
  "access-message-invalid": [102, "Invalid SPA access message"],
  "nat-access-invalid": [103, "Invalid SPA nat_access message"],
  "encryption-invalid": [104, "The encryption type is not valid"],
  "wrong-encryption-type": [105, "This call does not apply to the encryption type in use"],
  "decrypted-size": [106, "The size of the decrypted data is implausible"],
  "not-decryptable": [107, "Decryption failed: the data is not a decryptable SPA message (often: the wrong key)"],
  "digest-mismatch": [108, "The digest inside the message does not match its content"],
  "hmac-key-length": [109, "Invalid HMAC key length"],
  "hmac-type-unusable": [110, "The HMAC type cannot be used"],
  "not-compiled-in": [111, "This feature is not built in"],
  "wipe-failed": [112, "Key material could not be wiped"],
  "unclassified": [113, "Unclassified error"],
  "gpg-key-not-set": [115, "The GPG recipient or signer is not set"],
  "gpg-no-openpgp": [116, "GPG: OpenPGP is not supported by the engine"],
  "gpg-context": [117, "GPG: the context could not be created"],
  "gpg-plain-object": [118, "GPG: the plaintext object could not be created"],
  "gpg-protocol": [119, "GPG: the OpenPGP protocol could not be selected"],
  "gpg-cipher-object": [120, "GPG: the ciphertext object could not be created"],
  "gpg-passphrase": [121, "GPG: the passphrase was refused"],
  "gpg-encrypt": [122, "GPG: signing or encryption failed"],
  "gpg-signer-context": [123, "GPG: no context for the signer's key"],
  "gpg-signer-listing": [124, "GPG: the signer's key could not be listed"],
  "gpg-signer-not-found": [125, "The key for the given signer was not found"],
  "gpg-signer-ambiguous": [126, "Ambiguous name of the signer's key"],
  "gpg-signer-not-added": [127, "GPG: the signer's key could not be added"],
  "gpg-recipient-context": [128, "GPG: no context for the recipient's key"],
  "gpg-recipient-listing": [129, "GPG: the recipient's key could not be listed"],
  "gpg-recipient-not-found": [130, "The key for the given recipient was not found"],
  "gpg-recipient-ambiguous": [131, "Ambiguous name of the recipient's key"],
  "gpg-decrypt": [132, "GPG: decryption failed"],
  "gpg-algorithm": [133, "GPG: the algorithm is not supported"],
  "gpg-executable": [134, "Unable to stat the GPG executable"],
  "gpg-home-bad": [135, "Unable to stat the GPG home directory"],
  "gpg-home-not-set": [136, "GPG: the home directory could not be set"],
  "gpg-signature-missing": [137, "Missing GPG signature"],
  "gpg-signature-bad": [138, "GPG: the signature is not good"],
  "gpg-signature-off": [139, "GPG: signature checks are switched off"],
  // Ours, with the number of the C daemon, which looks before its library does (facts/packets 3, facts/process 9).
  "prefix-attached": [
    4096,
    "Data is not a valid SPA message format: the prefix that clients cut off is still attached",
  ],
} as const);

const LEAD_IN = "Args contain invalid data: FKO_ERROR_INVALID_DATA_";

/** Stable names of the faults. They never change their meaning; new ones may be added. */
export type FaultCode = keyof ReturnType<typeof invalidData> | keyof ReturnType<typeof otherFaults>;

/** One way of being wrong. Equal faults are the same object. */
export interface Fault {
  readonly code: FaultCode;
  /** Number of facts/wire 11; from 4096 on, of facts/process 9. */
  readonly number: number;
}

interface Row extends Fault {
  readonly text: string;
}

/** Built at the first fault: a knock that goes well never needs it, and 140 rows are half a millisecond of its start. */
let built: ReadonlyMap<FaultCode, Row> | undefined;

function rows(): ReadonlyMap<FaultCode, Row> {
  return built ??= new Map(buildRows());
}

function* buildRows(): Generator<[FaultCode, Row]> {
  for (const [code, [number, token]] of entries(invalidData())) {
    yield [code, Object.freeze({ code, number, text: LEAD_IN + token })];
  }
  for (const [code, [number, text]] of entries(otherFaults())) yield [code, Object.freeze({ code, number, text })];
}

function entries<Code extends FaultCode>(table: Readonly<Record<Code, readonly [number, string]>>) {
  return Object.entries(table) as [Code, readonly [number, string]][];
}

/** The fault of that code. */
export function fault(code: FaultCode): Fault {
  return row(code);
}

/**
 * What the C programs print after `Error <number> - `: for 5 to 93 the sentence and token that scripts match on.
 * Composed by the caller: `` `Error ${fault.number} - ${faultText(fault)}` ``.
 */
export function faultText(fault: Fault): string {
  return row(fault.code).text;
}

/** All faults in the order of their numbers. */
export function allFaults(): Fault[] {
  return [...rows().values()].sort((a, b) => a.number - b.number);
}

function row(code: FaultCode): Row {
  const found = rows().get(code);
  if (found === undefined) throw new RangeError(`"code" expected a fault code, got "${code}"`);
  return found;
}
