/**
 * What is used of the library for OpenPGP. A module of its own, which nothing but a dynamic import reaches: it is as large
 * as all the rest of the client, and has a file of its own in the bundle (`.ci/bundle.ts`).
 */
import { type Config, config, enums } from "openpgp";

export { createMessage, decryptKey, encrypt, enums, readKeys, readMessage } from "openpgp";

/**
 * As gpg: old kinds of keys are no worse than those who chose them think, and nothing of the library's own is added.
 */
export const CONFIG: Config = {
  ...config,
  ...{ showVersion: false, showComment: false, nonDeterministicSignaturesViaNotation: false },
  rejectPublicKeyAlgorithms: new Set(),
  rejectHashAlgorithms: new Set([enums.hash.md5]),
  rejectMessageHashAlgorithms: new Set([enums.hash.md5]),
  // More than there is in any packet, less than a bomb.
  maxDecompressedMessageSize: 65_536,
};
