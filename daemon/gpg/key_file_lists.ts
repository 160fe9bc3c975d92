/** Which keys there are in files, in the shape in which gpg lists those of a home. */
import type { Key } from "openpgp";
import { equalConstantTime } from "../../lib/bytes.ts";
import type { GpgFailure } from "../../lib/openpgp/failure.ts";
import { type KeyFile, keysIn, unlockKey } from "../../lib/openpgp/file_keys.ts";
import type { ListedKey, ListedPart } from "../../lib/openpgp/key_list.ts";
import type { Result } from "../../lib/result.ts";

/** Files of keys. Each is read once, and each passphrase tried once (a tenth of a second), however many stanzas name it. */
export interface KeyFileLists {
  /** Its keys; none where it is no such file. */
  list(file: KeyFile): Promise<readonly ListedKey[]>;
  /** Whether the passphrase is that of its secret key; null where it holds none. */
  unlock(file: KeyFile, passphrase: Uint8Array | null): Promise<Result<unknown, GpgFailure> | null>;
}

/** What was asked of a file already. No key and no passphrase becomes a text, which nobody could overwrite. */
interface Read {
  readonly file: KeyFile;
  readonly keys: Promise<readonly ListedKey[]>;
  readonly tries: { readonly passphrase: Uint8Array | null; readonly unlocked: ReturnType<KeyFileLists["unlock"]> }[];
}

/** Nothing is read yet. `now`: Unix seconds. */
export function createKeyFileLists(now: number): KeyFileLists {
  const known = new Map<string, Read>();
  function read(file: KeyFile): Read {
    const before = known.get(file.path);
    if (before !== undefined && equalConstantTime(before.file.bytes, file.bytes)) return before;
    const fresh = { file, keys: listFile(file, now), tries: [] };
    known.set(file.path, fresh);
    return fresh;
  }
  return {
    list: (file) => read(file).keys,
    unlock(file, passphrase) {
      const { tries } = read(file);
      const before = tries.find((one) => isSame(one.passphrase, passphrase));
      if (before !== undefined) return before.unlocked;
      const unlocked = tryPassphrase(file, passphrase);
      tries.push({ passphrase, unlocked });
      return unlocked;
    },
  };
}

function isSame(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : equalConstantTime(one, other);
}

async function tryPassphrase(file: KeyFile, passphrase: Uint8Array | null) {
  const [key] = await keysIn(file);
  return key?.isPrivate() ? await unlockKey(key, file.path, passphrase) : null;
}

async function listFile(file: KeyFile, now: number): Promise<readonly ListedKey[]> {
  const keys = await keysIn(file);
  return await Promise.all(keys.map((key) => listed(key, new Date(now * 1000))));
}

async function listed(key: Key, date: Date): Promise<ListedKey> {
  const { CONFIG } = await import("../../lib/openpgp/library.ts");
  const able = async (find: () => Promise<{ getFingerprint(): string }>) => {
    try {
      return (await find()).getFingerprint();
    } catch {
      return null;
    }
  };
  const signs = await able(() => key.getSigningKey(undefined, date, undefined, CONFIG));
  const encrypts = await able(() => key.getEncryptionKey(undefined, date, undefined, CONFIG));
  const ends = await key.getExpirationTime(undefined, CONFIG);
  const expires = ends instanceof Date ? ends.getTime() / 1000 : null;
  const revoked = await key.isRevoked(undefined, undefined, date, CONFIG);
  const validity = revoked ? "r" : expires !== null && expires * 1000 <= date.getTime() ? "e" : "";
  const parts = key.getKeys().map((part, index): ListedPart => ({
    fingerprint: part.getFingerprint().toUpperCase(),
    kind: { algorithm: "unknown", bits: 0 },
    validity: index === 0 ? validity : "",
    created: part.getCreationTime().getTime() / 1000,
    expires: index === 0 ? expires : null,
    abilities: `${part.getFingerprint() === signs ? "s" : ""}${part.getFingerprint() === encrypts ? "e" : ""}`,
    stub: false,
  }));
  return { parts: parts as [ListedPart, ...ListedPart[]], userId: key.getUserIDs()[0] ?? "", disabled: false };
}
