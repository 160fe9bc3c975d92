/** One stanza of access.conf, resolved: what the gates and the grant planner work on. */
import type { DigestName, KeySet } from "../../lib/crypto/engine.ts";
import type { AddressList } from "../../lib/net/cidr.ts";
import type { Service } from "../../lib/net/service.ts";

export interface Stanza {
  /** 1-based in parse order across all files: the `#N` of log lines. */
  readonly number: number;
  /** Where its SOURCE line stands, for messages. */
  readonly origin: { readonly file: string; readonly line: number };
  readonly source: AddressList;
  /** Null: any. */
  readonly destination: AddressList | null;
  /** Null: every service may be asked for. */
  readonly openPorts: readonly Service[] | null;
  readonly restrictPorts: readonly Service[];
  /** Null when the stanza has only GPG secrets. */
  readonly keys: KeySet | null;
  readonly hmac: { readonly name: DigestName; readonly key: Uint8Array } | null;
  /** Seconds; FW_ACCESS_TIMEOUT. */
  readonly timeout: number;
  /** Seconds; MAX_FW_TIMEOUT. */
  readonly maxTimeout: number;
  /** MAX_OPEN_GRANTS. */
  readonly maxOpenGrants: number;
  readonly requireUsername: string | null;
  readonly requireSourceAddress: boolean;
  /** Unix seconds, or null for never. */
  readonly expiresAt: number | null;
}
