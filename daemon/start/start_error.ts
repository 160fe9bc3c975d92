/** What keeps the daemon from starting, in one sentence and with the next move, whatever room it comes from. */
import { FfiError } from "../../ffi/errors.ts";
import { reasonOf as sentenceOf } from "../../lib/host/reason.ts";
import { ClosesFileError } from "../command/closes_file.ts";
import { FirewallError } from "../firewall/firewall.ts";
import { ReplayStoreError } from "../replay/file.ts";

/** A failure that is the operator's to mend. */
export class StartError extends Error {
  override readonly name = "StartError";
  constructor(message: string, readonly hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Sentence and hint of an error that a start can meet; null for one that is our own mistake and has no remedy. */
export function explain(error: unknown): { readonly message: string; readonly hint: string | null } | null {
  for (const kind of [StartError, FirewallError, ReplayStoreError, ClosesFileError]) {
    if (error instanceof kind) return error;
  }
  if (error instanceof FfiError) return { message: error.message, hint: error.details.hint ?? null };
  if (error instanceof Deno.errors.NotCapable) {
    return { message: sentenceOf(error), hint: "start fwknopd with the permissions of packaging/permissions.json" };
  }
  return null;
}

/** What is our own mistake, with all that a report needs: in the background nobody would see what the runtime prints of it. */
export function unexpected(error: unknown): string {
  return `Unexpected failure, please report it: ${
    error instanceof Error ? error.stack ?? error.message : String(error)
  }`;
}

/** The sentence of any error, with its hint where it has one: for the log. */
export function reasonOf(error: unknown): string {
  const known = explain(error);
  if (known !== null) return known.hint === null ? known.message : `${known.message} (${known.hint})`;
  return sentenceOf(error);
}
