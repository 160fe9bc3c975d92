/**
 * Giving up rights before the first packet is looked at. What the runtime's permissions cannot
 * wall off, because native code runs outside of them, is the business of uid, capabilities and systemd (SECURITY.md).
 */
import { loadRemainingTables } from "../../ffi/loader.ts";

/** The runtime's permissions that a daemon may have been started with. */
const RIGHTS = ["env", "ffi", "net", "read", "run", "sys", "write"] as const;

/** One of them. */
export type Right = (typeof RIGHTS)[number];

/** A part of the daemon that works while packets are looked at. */
export interface Part {
  /** The rights that it uses then. What was opened before needs none. */
  readonly needs: readonly Right[];
}

/** The rights that none of these parts needs. */
export function rightsToGiveUp(parts: readonly Part[]): readonly Right[] {
  const needed = new Set(parts.flatMap(({ needs }) => needs));
  return RIGHTS.filter((right) => !needed.has(right));
}

/** Revokes the rights that none of these parts needs, for good. */
export function giveUpRights(parts: readonly Part[]): void {
  loadRemainingTables();
  for (const name of rightsToGiveUp(parts)) Deno.permissions.revokeSync({ name });
}
