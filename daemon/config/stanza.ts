/** One stanza of access.conf, resolved: what the gates and the grant planner work on. */
import type { RijndaelSecret, Secrets } from "../../lib/crypto/secrets.ts";
import type { AddressList } from "../../lib/net/cidr.ts";
import type { Service } from "../../lib/net/service.ts";
import type { CommandCycle, CommandPolicy } from "../command/policy.ts";
import type { GpgPolicy } from "../gpg/policy.ts";
import type { Guard } from "../grants/grants.ts";
import type { NatPolicy } from "../grants/nat_policy.ts";

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
  /** One set for each way to encrypt that the stanza takes. */
  readonly secrets: readonly Secrets[];
  /** How packets for GnuPG are opened; null: none is. */
  readonly gpg: GpgPolicy | null;
  /** Seconds; FW_ACCESS_TIMEOUT. */
  readonly timeout: number;
  /** Seconds; MAX_FW_TIMEOUT. */
  readonly maxTimeout: number;
  /** MAX_OPEN_GRANTS. */
  readonly maxOpenGrants: number;
  /** GUARD: where the services of plain requests are met. */
  readonly guard: Guard;
  readonly nat: NatPolicy;
  /** What is done with commands in packets; null: they are refused. */
  readonly commands: CommandPolicy | null;
  /** Commands that run instead of opening a door; null: doors are opened. */
  readonly cycle: CommandCycle | null;
  readonly requireUsername: string | null;
  readonly requireSourceAddress: boolean;
  /** What the name of the system has to contain that the packet seems to come from; null: any system. */
  readonly requireSystem: RegExp | null;
  /** KEY_HINT and REQUIRE_KEY_HINT: what hints in the salt of packets are for. */
  readonly keyHint: KeyHintUse;
  /** Unix seconds, or null for never. */
  readonly expiresAt: number | null;
}

/** No hint leads to the stanza; its keys are tried first where one does; or they are tried for no other packet. */
export type KeyHintUse = "none" | "first" | "only";

/** The Rijndael key of a stanza; null where it has none. */
export function rijndaelOf({ secrets }: Pick<Stanza, "secrets">): RijndaelSecret | null {
  for (const { cipher } of secrets) if (cipher.kind === "rijndael") return cipher;
  return null;
}

/** The HMAC key of a stanza, which all its sets share; null where it has none. */
export function hmacOf({ secrets }: Pick<Stanza, "secrets">): Secrets["hmac"] {
  return secrets[0]?.hmac ?? null;
}
