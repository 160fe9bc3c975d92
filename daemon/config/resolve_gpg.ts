/**
 * What a stanza says of GnuPG, checked as far as that needs no gpg: whether there are keys in the home is found out later
 * (`daemon/gpg/keys.ts`). What the C daemon only says in passing becomes a warning.
 */
import type { GpgEngine, GpgPolicy, GpgSigners } from "../gpg/policy.ts";
import type { KeyFile } from "../../lib/openpgp/file_keys.ts";
import { formatOrigin, type Given, type Origin } from "../../lib/settings/setting.ts";
import type { AccessSettings } from "./access_settings.ts";
import type { ConfigFiles, Report } from "./files.ts";
import { absolutePath, AS_OWNER } from "./read.ts";
import type { GpgDefaults } from "./resolve_server.ts";

/** The keys of the settings that are about GnuPG. */
type GpgKey = Extract<keyof AccessSettings, `gpg${string}`>;

/** How the stanza is named, and where its lines stand. */
interface Said {
  readonly origins: { readonly [key in GpgKey]?: Origin };
  readonly origin: Origin;
  /** All its lines, also those with values that could not be read. */
  readonly given: readonly Given[];
  /** Its SOURCE. */
  readonly source: string;
  readonly number: number;
}

/** What of the host is looked at. */
export type GpgFiles = Partial<Pick<ConfigFiles, "kindOf" | "readKey">> & Pick<ConfigFiles, "startDirectory">;

interface Context {
  readonly report: Report;
  readonly files: GpgFiles;
  readonly gpg: GpgDefaults;
}

/** Whether the stanza takes packets for GnuPG: as in C only with a passphrase, or the word that none is needed. */
export function wantsGpg(values: AccessSettings): boolean {
  return values.gpgDecryptPassword !== undefined || values.gpgAllowNoPassword ||
    values.gpgDecryptKeyFile !== undefined;
}

/** The policy; null where the stanza is not for GnuPG, and after a problem, which is reported. */
export function resolveGpg(values: AccessSettings, said: Said, context: Context): GpgPolicy | null {
  const { report } = context;
  if (!wantsGpg(values)) {
    warnUnused(said, report);
    return null;
  }
  if (values.gpgDecryptPassword !== undefined && values.gpgAllowNoPassword) {
    report.warnings.push(
      `${
        formatOrigin(said.origins.gpgAllowNoPassword ?? said.origin)
      }: GPG_ALLOW_NO_PW has no effect beside GPG_DECRYPT_PW`,
    );
  }
  const signers = resolveSigners(values, said, report);
  const engine = values.gpgDecryptKeyFile === undefined && values.gpgRemoteKeyFiles === undefined
    ? keyring(values, said, context)
    : keyFiles(values, said, context);
  if (engine === null || signers === undefined) return null;
  return { engine, recipients: null, passphrase: values.gpgDecryptPassword ?? null, signers };
}

/** Lines about GnuPG in a stanza that is not for it: in C they do nothing. */
function warnUnused({ given }: Said, { warnings }: Report): void {
  const unused = given.find(({ key }) => key.startsWith("gpg") && !HARMLESS.has(key));
  if (unused === undefined || given.some(({ key }) => key === "gpgDecryptPassword" || key === "gpgDecryptKeyFile")) {
    return;
  }
  warnings.push(
    `${formatOrigin(unused.origin)}: what the stanza says of GnuPG has no effect without GPG_DECRYPT_PW, or ` +
      "GPG_ALLOW_NO_PW Y for a key without passphrase",
  );
}

/** What asks for nothing as long as nothing else is said. */
const HARMLESS: ReadonlySet<string> = new Set([
  "gpgAllowNoPassword",
  "gpgRequireSignature",
  "gpgDisableSignature",
  "gpgIgnoreSignatureError",
]);

/** Who may sign; null: nobody has to. Undefined after a problem. */
function resolveSigners(values: AccessSettings, said: Said, report: Report): GpgSigners | null | undefined {
  const where = `stanza source: '${said.source}' #${said.number}`;
  const { gpgDisableSignature: disabled, gpgRequireSignature: required } = values;
  if (disabled && !required) {
    // The sentence of the C daemon.
    report.warnings.push(
      `Warning: GPG_REQUIRE_SIG should really be enabled for stanza source: '${said.source}' (#${said.number})`,
    );
    return null;
  }
  if (disabled) {
    report.warnings.push(`Warning: GPG_REQUIRE_SIG and GPG_DISABLE_SIG are both set, will check sigs (${where})`);
  }
  const signers = {
    fingerprints: values.gpgFingerprints ?? null,
    ids: values.gpgRemoteId ?? null,
    ignoreErrors: values.gpgIgnoreSignatureError,
  };
  if (said.given.some(({ key }) => NAMES_SIGNERS.has(key))) return signers;
  const { origins } = said;
  report.problems.push({
    origin: origins.gpgDecryptPassword ?? origins.gpgAllowNoPassword ?? said.origin,
    message: `Must have either sig ID's or fingerprints to check via GPG_REMOTE_ID or GPG_FINGERPRINT_ID (${where})`,
    hint: "write GPG_FINGERPRINT_ID and the fingerprint of the key that signs, which gpg --list-keys shows",
  });
  return undefined;
}

/** Lines that say who may sign, or from which it shows that somebody has to say so. */
const NAMES_SIGNERS: ReadonlySet<string> = new Set([
  "gpgFingerprints",
  "gpgRemoteId",
  "gpgRemoteKeyFiles",
  "gpgDecryptKeyFile",
]);

/** What `kindOf` finds in place of a folder. */
const NO_HOME = { file: "is no directory", program: "is no directory", other: "is no directory" } as const;

function keyring(values: AccessSettings, said: Said, { files, gpg, report }: Context): GpgEngine | null {
  const path = (given: string) => absolutePath(given, files.startDirectory);
  const home = values.gpgHome === undefined ? gpg.home : path(values.gpgHome);
  const exe = values.gpgExe === undefined ? gpg.exe : path(values.gpgExe);
  const origin = said.origins.gpgHome ?? said.origin;
  const before = report.problems.length;
  const kind = files.kindOf?.(home);
  if (kind !== undefined && kind !== "folder") {
    const why = kind === null ? "unable to stat() it: it is not there" : NO_HOME[kind];
    const message = `GPG_HOME_DIR directory '${home}' stat()/existence problem: ${why}`;
    const hint = "name the directory that gpg --homedir is to use, which holds the keys of the server";
    report.problems.push({ origin, message, hint });
  }
  const program = files.kindOf?.(exe);
  if (program !== undefined && program !== "program") {
    const why = program === null ? "is not there" : program === "folder" ? "is a directory" : "cannot be executed";
    const message = `GPG_EXE: '${exe}' ${why}`;
    const hint = program === null
      ? "install gnupg, or name another gpg, or use GPG_DECRYPT_KEY_FILE, which needs none"
      : "name a gpg";
    report.problems.push({ origin: said.origins.gpgExe ?? said.origin, message, hint });
  }
  if (report.problems.length > before) return null;
  return { kind: "keyring", exe, home, decryptId: values.gpgDecryptId ?? null };
}

/** Keys of files, and nothing of a keyring beside them. */
function keyFiles(values: AccessSettings, said: Said, context: Context): GpgEngine | null {
  const { report } = context;
  const before = report.problems.length;
  for (
    const [key, name] of [["gpgHome", "GPG_HOME_DIR"], ["gpgExe", "GPG_EXE"], [
      "gpgDecryptId",
      "GPG_DECRYPT_ID",
    ]] as const
  ) {
    const origin = said.origins[key];
    if (origin === undefined) continue;
    const message = `${name}: the stanza has its keys in files, and no gpg is run`;
    report.problems.push({ origin, message, hint: "remove the line, or the key files" });
  }
  const { gpgDecryptKeyFile: decryptPath, gpgRemoteKeyFiles: remotePaths } = values;
  if (decryptPath === undefined) {
    const message = "GPG_REMOTE_KEY_FILE: needs GPG_DECRYPT_KEY_FILE, the file with the secret key of the server";
    const hint = "write both, or import the keys into GPG_HOME_DIR";
    report.problems.push({ origin: said.origins.gpgRemoteKeyFiles ?? said.origin, message, hint });
    return null;
  }
  const signed = !values.gpgDisableSignature || values.gpgRequireSignature === true;
  if (signed && remotePaths === undefined) {
    const message = "GPG_DECRYPT_KEY_FILE: the files with the keys that may sign are missing " +
      "(Must have either sig ID's or fingerprints of keys in GPG_REMOTE_KEY_FILE)";
    const hint = "write GPG_REMOTE_KEY_FILE and the files";
    report.problems.push({ origin: said.origins.gpgDecryptKeyFile ?? said.origin, message, hint });
  }
  const decrypt = readKeyFile(decryptPath, said.origins.gpgDecryptKeyFile ?? said.origin, context);
  const remote = (remotePaths ?? []).map((path) =>
    readKeyFile(path, said.origins.gpgRemoteKeyFiles ?? said.origin, context)
  );
  if (report.problems.length > before || decrypt === null) return null;
  return { kind: "files", decrypt, remote: remote.filter((file) => file !== null) };
}

function readKeyFile(given: string, origin: Origin, { files, report }: Context): KeyFile | null {
  const path = absolutePath(given, files.startDirectory);
  const read = files.readKey?.(path);
  if (read?.ok) {
    report.warnings.push(...read.value.warnings.filter((line) => !report.warnings.includes(line)));
    return { path, bytes: read.value.bytes };
  }
  const why = read?.fault.message ?? "it cannot be read here";
  const message = `Could not open key file: ${path}: ${why}`;
  const hint = /denied/.test(why) ? AS_OWNER : "name a file that gpg --export or gpg --export-secret-keys has written";
  report.problems.push({ origin, message, hint });
  return null;
}
