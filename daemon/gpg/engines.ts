/** What opens the messages of a stanza: gpg with its keyring, or a library with keys in files. */
import { keyringOpener } from "../../lib/openpgp/keyring.ts";
import type { PgpOpen } from "../../lib/openpgp/openpgp.ts";
import { type GpgKeyFiles, type GpgPolicy } from "./policy.ts";
import { gpgProgram, type GpgTerms } from "./program.ts";

/** What opens messages by a policy. */
export type PgpEngines = (policy: GpgPolicy) => PgpOpen;

/** What engines need of the host. */
export interface EngineTerms extends GpgTerms {
  /** Unix seconds. */
  now(): number;
}

/**
 * Both. The library is loaded when the first message for keys in files comes, and the files of a policy are parsed once, as
 * long as the policy is in force.
 */
export function createEngines(terms: EngineTerms): PgpEngines {
  const inFiles = new WeakMap<GpgPolicy, PgpOpen>();
  return (policy) => {
    const { engine, passphrase } = policy;
    if (engine.kind === "keyring") return keyringOpener(gpgProgram(engine, terms), passphrase);
    const known = inFiles.get(policy);
    const open = known ?? keyFiles(engine, passphrase, terms);
    if (known === undefined) inFiles.set(policy, open);
    return open;
  };
}

function keyFiles(
  { decrypt, remote }: GpgKeyFiles,
  passphrase: Uint8Array | null,
  { now }: EngineTerms,
): PgpOpen {
  let opener: Promise<PgpOpen> | null = null;
  return async (message) => {
    opener ??= import("../../lib/openpgp/key_file_opener.ts")
      .then(({ keyFileOpener }) => keyFileOpener({ decrypt, remote, passphrase, now }));
    return await (await opener)(message);
  };
}
