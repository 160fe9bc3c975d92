/** What all packets of one run have in common. */
import type { Secrets } from "../../lib/crypto/secrets.ts";
import type { KnockRequest } from "../../lib/spa/request.ts";
import type { Gpg } from "../gpg/gpg.ts";

/** Request and keys. */
export interface Prepared {
  readonly request: KnockRequest;
  readonly secrets: Secrets;
  /** With GnuPG: what signs and encrypts. */
  readonly gpg?: Gpg | undefined;
}
