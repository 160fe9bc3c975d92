/**
 * Finds the keys that stanzas name for GnuPG, when the configuration is read: what is not there, or not the only one of its
 * name, is told then and not by the first packet. Each id becomes the fingerprint of the key that it names, because anybody
 * can make another key with the same id.
 */
import { formatGpgFailure, type GpgFailure } from "../../lib/openpgp/failure.ts";
import { isTrusted, type ListedKey, nameOne, usablePart } from "../../lib/openpgp/key_list.ts";
import type { Result } from "../../lib/result.ts";
import { formatOrigin, type Origin, type Problem } from "../../lib/settings/setting.ts";
import type { ResolvedStanza } from "../config/resolve_stanza.ts";
import { createKeyFileLists, type KeyFileLists } from "./key_file_lists.ts";
import { type FoundKeys, listHome } from "./key_lists.ts";
import type { GpgKeyFiles, GpgKeyring, GpgPolicy, GpgRunner, GpgSigners } from "./policy.ts";

/** What finding keys needs. */
export interface KeySearch {
  readonly runGpg: GpgRunner;
  /** Unix seconds. */
  readonly now: number;
}

/** The stanzas with the keys that were found, and what is wrong. */
export interface KeysFound {
  readonly access: readonly ResolvedStanza[];
  readonly problems: readonly Problem[];
  /** Lines for the log. */
  readonly warnings: readonly string[];
}

/** A stanza for GnuPG while its keys are looked for. */
interface Looked {
  readonly stanza: ResolvedStanza;
  readonly problems: Problem[];
  readonly warnings: string[];
}

/** Looks for the keys of all stanzas, each home once. Whatever is wrong with one is said, and the others are looked at. */
export async function findGpgKeys(access: readonly ResolvedStanza[], search: KeySearch): Promise<KeysFound> {
  const homes = new Map<string, Promise<Result<FoundKeys, GpgFailure>>>();
  const read = createKeyFileLists(search.now);
  const said = new Set<string>();
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const found: ResolvedStanza[] = [];
  for (const engine of keyrings(access)) homes.set(placeOf(engine), listHome(search.runGpg(engine), engine));
  for (const stanza of access) {
    const looked: Looked = { stanza, problems, warnings };
    const { gpg } = stanza.stanza;
    if (gpg === null) found.push(stanza);
    else if (gpg.engine.kind === "files") found.push(await inFiles(looked, gpg, { files: gpg.engine, read }));
    else {
      const listed = await homes.get(placeOf(gpg.engine))!;
      if (listed.ok) {
        warnings.push(...listed.value.warnings.filter((line) => !warnings.includes(line)));
        found.push(inKeyring(looked, gpg, { engine: gpg.engine, listed: listed.value }));
      } else if (!said.has(placeOf(gpg.engine))) {
        said.add(placeOf(gpg.engine));
        problem(looked, "gpgHome", [formatGpgFailure(listed.fault), listed.fault.remedy]);
      }
    }
  }
  return { access: found, problems, warnings };
}

function placeOf({ exe, home }: Pick<GpgKeyring, "exe" | "home">): string {
  return `${exe}\0${home}`;
}

/** Each home with all that is wanted of it. */
function keyrings(access: readonly ResolvedStanza[]) {
  const policies = access.flatMap(({ stanza: { gpg } }) => gpg?.engine.kind === "keyring" ? [gpg] : []);
  return [...Map.groupBy(policies, ({ engine }) => placeOf(engine as GpgKeyring)).values()].map((group) => {
    const { exe, home } = group[0]!.engine as GpgKeyring;
    const signers = group.flatMap(({ signers }) => [...signers?.fingerprints ?? [], ...signers?.ids ?? []]);
    const decrypt = group.map(({ engine }) => (engine as GpgKeyring).decryptId);
    return { exe, home, signers: [...new Set(signers)], decrypt: [...new Set(decrypt)] };
  });
}

/** What is wrong, and what to do about it. */
type Words = readonly [message: string, hint: string];

function problem({ stanza, problems }: Looked, key: keyof ResolvedStanza["origins"], [message, hint]: Words): void {
  problems.push({ origin: place(stanza, key), message, hint });
}

function place({ origins, stanza }: ResolvedStanza, key: keyof ResolvedStanza["origins"]): Origin {
  return origins[key] ?? origins.gpgDecryptPassword ?? origins.gpgAllowNoPassword ?? stanza.origin;
}

function warn({ stanza, warnings }: Looked, key: keyof ResolvedStanza["origins"], line: string): void {
  warnings.push(`${formatOrigin(place(stanza, key))}: ${line}`);
}

/** The same stanza with what was found of its keys. */
function withKeys(
  { stanza }: Looked,
  gpg: GpgPolicy,
  { recipients, signers }: { readonly recipients: readonly ListedKey[]; readonly signers: GpgSigners | null },
): ResolvedStanza {
  const ids = recipients.flatMap(({ parts }) => parts.map(({ fingerprint }) => keyId(fingerprint)));
  return { ...stanza, stanza: { ...stanza.stanza, gpg: { ...gpg, recipients: ids, signers } } };
}

/** Of fingerprints of 64 digits it is the beginning. */
function keyId(fingerprint: string): string {
  return fingerprint.length === 64 ? fingerprint.slice(0, 16) : fingerprint.slice(-16);
}

function inKeyring(
  looked: Looked,
  gpg: GpgPolicy,
  { engine, listed }: { readonly engine: GpgKeyring; readonly listed: FoundKeys },
): ResolvedStanza {
  const { decryptId, home } = engine;
  const { keys = [], publicOnly = false } = listed.decrypt.get(decryptId) ?? {};
  const name = decryptId === null ? `GPG_HOME_DIR ${home}` : `GPG_DECRYPT_ID: "${decryptId}"`;
  const importing = `gpg --homedir ${home} --import FILE`;
  if (keys.length === 0) {
    const what = decryptId === null
      ? "holds no secret key"
      : publicOnly
      ? `names a key whose secret part is not in ${home}`
      : `fits no key in ${home}`;
    problem(looked, "gpgDecryptId", [`${name} ${what}, so no packet could be decrypted`, `import it: ${importing}`]);
  } else if (keys.length > 1 && decryptId !== null) {
    problem(looked, "gpgDecryptId", [`${name} fits ${keys.length} keys in ${home}`, nameOne(keys)]);
  }
  const usable = keys.filter((key) => mayDecrypt(key, decryptId === null && keys.length > 1 ? null : looked));
  const context = { keys: listed.signers, where: home, importing };
  const signers = gpg.signers === null ? null : resolveSigners(looked, gpg.signers, context);
  if (signers !== null && !signers.ignoreErrors) warnOfDoubts(looked, signers, { keys: listed.signers, home });
  return withKeys(looked, gpg, { recipients: usable, signers });
}

/** Whether packets can be decrypted by it; why not is said to whoever is given. */
function mayDecrypt(key: ListedKey, looked: Looked | null): boolean {
  const [{ fingerprint, validity }] = key.parts;
  const part = usablePart(key, "encrypt");
  if (typeof part !== "string" && !part.stub) return true;
  if (looked === null) return false;
  const what = typeof part === "string" ? part : "its secret part is not here";
  const line = `the key ${fingerprint} (${key.userId}) cannot be used: ${what}`;
  // Time passes by itself: what ends by it must not keep the daemon from starting, for other stanzas.
  if (validity === "e" || /expired/.test(what)) {
    warn(
      looked,
      "gpgDecryptId",
      `${line}: clients can encrypt nothing to it (gpg --quick-set-expire ${fingerprint} 2y)`,
    );
    return true;
  }
  problem(looked, "gpgDecryptId", [line, "name another with GPG_DECRYPT_ID"]);
  return false;
}

/** Where keys that sign are looked for. */
interface Place {
  readonly keys: readonly ListedKey[];
  /** For messages: the home or the files. */
  readonly where: string;
  /** What gets a missing key there. */
  readonly importing: string;
}

/** Both lists as fingerprints. What fits none or two is a problem. */
function resolveSigners(looked: Looked, signers: GpgSigners, at: Place): GpgSigners {
  const before = looked.problems.length;
  const lists = [
    ["gpgFingerprints", "GPG_FINGERPRINT_ID", signers.fingerprints],
    ["gpgRemoteId", "GPG_REMOTE_ID", signers.ids],
  ] as const;
  const [prints = null, ids = null] = lists.map(([key, name, list]) =>
    list === null ? null : list.flatMap((id) => {
      const found = signerOf(id, at.keys);
      if (typeof found !== "string") {
        const [message, hint] = found.length === 0
          ? [
            `${name}: no key in ${at.where} fits ${id}`,
            `get the public key of the client and import it: ${at.importing}`,
          ]
          : [`${name}: ${id} fits ${found.length} keys in ${at.where}`, nameOne(found)];
        problem(looked, key, [message, hint]);
        return [];
      }
      return [found];
    })
  );
  const keysOf = (list: readonly string[]) =>
    at.keys.filter(({ parts }) => parts.some(({ fingerprint }) => list.includes(fingerprint)));
  if (prints && ids && looked.problems.length === before && !keysOf(prints).some((key) => keysOf(ids).includes(key))) {
    const message = "GPG_REMOTE_ID: no key is in GPG_FINGERPRINT_ID too, and a key has to be in both to sign packets";
    problem(looked, "gpgRemoteId", [message, "name the same keys in both, or remove one of the two"]);
  }
  return { ...signers, fingerprints: prints, ids };
}

/** The fingerprint that an id stands for; else the keys that it may stand for. A subkey is named by its own. */
function signerOf(id: string, keys: readonly ListedKey[]): string | readonly ListedKey[] {
  const fits = keys.filter(({ parts }) => parts.some(({ fingerprint }) => fitsId(fingerprint, id)));
  const distinct = [...new Map(fits.map((key) => [key.parts[0].fingerprint, key])).values()];
  const [only] = distinct;
  if (only === undefined || distinct.length > 1) return distinct;
  return only.parts.find(({ fingerprint }) => fitsId(fingerprint, id))!.fingerprint;
}

function fitsId(fingerprint: string, id: string): boolean {
  return fingerprint === id || fingerprint.length === 40 && id.length < 40 && fingerprint.endsWith(id);
}

/** Keys of the lists by which no packet will be taken, as things are. */
function warnOfDoubts(
  looked: Looked,
  { fingerprints, ids }: GpgSigners,
  { keys, home }: { readonly keys: readonly ListedKey[]; readonly home: string | null },
): void {
  const listed = new Set([...fingerprints ?? [], ...ids ?? []]);
  const told = new Set<string>();
  for (const key of keys) {
    const [{ fingerprint, validity }] = key.parts;
    if (told.has(fingerprint) || !key.parts.some((part) => listed.has(part.fingerprint))) continue;
    told.add(fingerprint);
    const part = usablePart(key, "sign");
    const name = `the key ${fingerprint} (${key.userId})`;
    const line = fingerprints === null ? "gpgRemoteId" : "gpgFingerprints";
    // Its secret part is with the client.
    if (typeof part === "string" && part !== "its secret part is not here") {
      warn(looked, line, `${name} can sign no packet: ${part} (get the client's new key)`);
    } else if (home !== null && !isTrusted(key) && validity !== "m") {
      const remedy = `gpg --homedir ${home} --quick-lsign-key ${fingerprint}`;
      warn(
        looked,
        line,
        `nobody says whose key ${fingerprint} (${key.userId}) is, so its packets are refused (${remedy})`,
      );
    }
  }
}

/** Keys of files: read, and the secret one unlocked, so that a wrong passphrase is told now. */
async function inFiles(
  looked: Looked,
  gpg: GpgPolicy,
  { files, read }: { readonly files: GpgKeyFiles; readonly read: KeyFileLists },
): Promise<ResolvedStanza> {
  const { decrypt, remote } = files;
  const keys = await read.list(decrypt);
  const exporting = "make it with gpg --armor --export-secret-keys KEY";
  const [key] = keys;
  if (key === undefined) problem(looked, "gpgDecryptKeyFile", [`${decrypt.path} holds no OpenPGP key`, exporting]);
  else if (keys.length > 1) {
    problem(looked, "gpgDecryptKeyFile", [`${decrypt.path} holds ${keys.length} keys`, exporting]);
  } else if (mayDecrypt(key, looked)) await unlock(looked, gpg, { files, read });
  const lists = await Promise.all(remote.map(read.list));
  for (const [index, list] of lists.entries()) {
    if (list.length > 0) continue;
    const message = `${remote[index]!.path} holds no OpenPGP key`;
    problem(looked, "gpgRemoteKeyFiles", [message, "make it with gpg --armor --export KEY"]);
  }
  const all = lists.flat();
  const { signers } = gpg;
  if (signers === null) return withKeys(looked, gpg, { recipients: keys, signers });
  const at = {
    keys: all,
    where: remote.map(({ path }) => path).join(", "),
    importing: "add its file to GPG_REMOTE_KEY_FILE",
  };
  const resolved = signers.fingerprints === null && signers.ids === null
    ? { ...signers, fingerprints: all.map(({ parts: [{ fingerprint }] }) => fingerprint) }
    : resolveSigners(looked, signers, at);
  warnOfDoubts(looked, resolved, { keys: all, home: null });
  return withKeys(looked, gpg, { recipients: keys, signers: resolved });
}

async function unlock(
  looked: Looked,
  { passphrase }: GpgPolicy,
  { files: { decrypt }, read }: { readonly files: GpgKeyFiles; readonly read: KeyFileLists },
): Promise<void> {
  const unlocked = await read.unlock(decrypt, passphrase);
  if (unlocked === null) {
    const hint = "make it with gpg --armor --export-secret-keys KEY";
    return problem(looked, "gpgDecryptKeyFile", [`${decrypt.path} holds no secret key`, hint]);
  }
  if (unlocked.ok) return;
  const hint = passphrase === null ? "write it as GPG_DECRYPT_PW" : "mend GPG_DECRYPT_PW";
  problem(looked, passphrase === null ? "gpgDecryptKeyFile" : "gpgDecryptPassword", [unlocked.fault.what, hint]);
}
