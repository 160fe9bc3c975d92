/** What opens the messages of a stanza: gpg with its keyring, or a library with keys in files. */
import { keyringOpener } from "../../lib/openpgp/keyring.ts";
import type { PgpOpen } from "../../lib/openpgp/openpgp.ts";
import { createFileOpener, type WorkerTerms } from "./key_file_worker.ts";
import type { GpgPolicy } from "./policy.ts";
import { gpgProgram, type GpgTerms } from "./program.ts";

/** What opens messages by a policy. */
export type PgpEngines = (policy: GpgPolicy) => PgpOpen;

/** Both. Nothing is loaded or started before the first message. */
export function createEngines(terms: GpgTerms & WorkerTerms): PgpEngines {
  const byFiles = createFileOpener(terms);
  return (policy) => {
    const { engine, passphrase } = policy;
    return engine.kind === "keyring" ? keyringOpener(gpgProgram(engine, terms), passphrase) : byFiles(engine, policy);
  };
}
