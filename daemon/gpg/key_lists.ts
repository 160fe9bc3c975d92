/** Which keys there are in a home of GnuPG. How gpg is run is a parameter. */
import type { GpgFailure } from "../../lib/openpgp/failure.ts";
import { gpgFail } from "../../lib/openpgp/failure.ts";
import { type ListedKey, parseKeyList } from "../../lib/openpgp/key_list.ts";
import { LISTING, type RunGpg } from "../../lib/openpgp/keyring.ts";
import { ok, type Result } from "../../lib/result.ts";

/** What is asked of a home. */
export interface WantedKeys {
  readonly home: string;
  /** Ids and fingerprints of keys that sign. */
  readonly signers: readonly string[];
  /** Names of keys that decrypt; null: any. */
  readonly decrypt: readonly (string | null)[];
}

/** What was found. */
export interface FoundKeys {
  /** Public keys, those that were asked for among them. */
  readonly signers: readonly ListedKey[];
  /** Secret keys by the name that they were asked for. */
  readonly decrypt: ReadonlyMap<string | null, SecretKeys>;
  /** Lines for the log. */
  readonly warnings: readonly string[];
}

/** The secret keys of one name. */
export interface SecretKeys {
  readonly keys: readonly ListedKey[];
  /** Whether the public key of that name is there, where no secret one is. */
  readonly publicOnly: boolean;
}

/** Lines of gpg about a home that it cannot use: it writes into it, and so does its agent. */
const BROKEN =
  /^gpg: .*(?:keyblock resource|Permission denied|Not a directory|no such directory|Read-only file system|connect to the agent).*$/im;
/** What the arguments of one program have room for, many times over. */
const NAMES_OF_ONE_RUN = 500;

/** Lists what is wanted of a home, with one run for all keys that sign and one for each that decrypts. */
export async function listHome(run: RunGpg, { home, ...wanted }: WantedKeys): Promise<Result<FoundKeys, GpgFailure>> {
  const warnings: string[] = [];
  const list = async (command: string, names: readonly string[]): Promise<Result<readonly ListedKey[], GpgFailure>> => {
    const ran = await run([...LISTING, command, ...names.length === 0 ? [] : ["--", ...names]], new Uint8Array(0));
    if (!ran.ok) return ran;
    const { stdout, stderr } = ran.value;
    for (const [, what] of stderr.matchAll(/WARNING: (unsafe (?:ownership|permissions) on .*)/g)) {
      const line = `gpg: ${what} (chown -R to the user who runs fwknopd, chmod 700)`;
      if (!warnings.includes(line)) warnings.push(line);
    }
    const keys = parseKeyList(new TextDecoder().decode(stdout));
    // Its exit status is the same where the home is broken and where there is no such key.
    const broken = BROKEN.exec(stderr);
    if (keys.length > 0 || broken === null) return ok(keys);
    const what = `the keys in ${home} cannot be listed: ${broken[0].replace(/^gpg: /, "")}`;
    const remedy =
      `gpg --homedir ${home} --list-secret-keys has to work for the user of fwknopd, who has to be able to write ` +
      "there: the service of the package may write below /var/lib/fwknop";
    return gpgFail("gpg-context", what, remedy);
  };
  const signers: ListedKey[] = [];
  for (let at = 0; at < wanted.signers.length; at += NAMES_OF_ONE_RUN) {
    const listed = await list("--list-keys", wanted.signers.slice(at, at + NAMES_OF_ONE_RUN));
    if (!listed.ok) return listed;
    signers.push(...listed.value);
  }
  const decrypt = new Map<string | null, SecretKeys>();
  for (const name of wanted.decrypt) {
    const names = name === null ? [] : [name];
    const secret = await list("--list-secret-keys", names);
    if (!secret.ok) return secret;
    const known = secret.value.length > 0 || name === null ? secret : await list("--list-keys", names);
    if (!known.ok) return known;
    decrypt.set(name, { keys: secret.value, publicOnly: secret.value.length === 0 && known.value.length > 0 });
  }
  return ok({ signers, decrypt, warnings });
}
