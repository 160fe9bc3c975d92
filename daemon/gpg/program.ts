/**
 * The gpg program, as the daemon runs it: within limits of time and size, with nothing of the daemon's environment, and
 * ended when the daemon ends. Its agent goes on, as with the C daemon, and is there for the next packet.
 */
import { type Cut, exchange } from "../../ffi/libc/exchange.ts";
import { wipe } from "../../lib/bytes.ts";
import type { FaultCode } from "../../lib/faults.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { gpgFail, type GpgFailure } from "../../lib/openpgp/failure.ts";
import type { GpgRun, RunGpg } from "../../lib/openpgp/keyring.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { GpgKeyring } from "./policy.ts";

/** A packet takes a tenth of a second, with the start of the agent a quarter; smart cards take longer. */
const TIMEOUT_MS = 10_000;
/** What it has to end by itself in. The daemon is to end within a second. */
const GRACE_MS = 400;
/** A packet is far less, a listing of many keys is not. */
const OUTPUT_LIMIT = 4 * 1024 * 1024;
const STATUS_FD = 3;

type Place = Pick<GpgKeyring, "exe" | "home">;

/** Until when it runs. */
export interface GpgTerms {
  /** Ends what runs. */
  readonly stop?: AbortSignal | undefined;
  /** Default: {@link TIMEOUT_MS}. */
  readonly timeoutMs?: number;
}

/** What runs gpg with that home. What it is given to read may have 4096 bytes. */
export function gpgProgram(
  { exe, home }: Place,
  { stop, timeoutMs = TIMEOUT_MS }: GpgTerms = {},
): RunGpg {
  const before = ["--homedir", home, "--status-fd", String(STATUS_FD)];
  const terms = { outputLimits: [OUTPUT_LIMIT, OUTPUT_LIMIT, OUTPUT_LIMIT], timeoutMs, graceMs: GRACE_MS, stop };
  const program = { path: exe, env: ENVIRONMENT };
  return async (args, stdin) => {
    if (stop?.aborted) return ended("stop", { exe, home });
    const input = Uint8Array.from(stdin);
    try {
      return said(await exchange({ ...program, args: [...before, ...args] }, { ...terms, input }), { exe, home });
    } catch (error) {
      return gpgFail("gpg-executable", `${exe}: ${reasonOf(error)}`, "install gnupg, or name gpg with GPG_EXE");
    } finally {
      wipe(input);
    }
  };
}

/** The whole of it. */
const ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" } as const;

function said(
  { end, outputs, cut }: Awaited<ReturnType<typeof exchange>>,
  place: Place,
): Result<GpgRun, GpgFailure> {
  if (cut !== null) return ended(cut, place);
  const [stdout = new Uint8Array(0), stderr, status] = outputs;
  const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
  return ok({
    code: "status" in end ? end.status : 128 + end.signal,
    stdout,
    stderr: text(stderr),
    status: text(status),
  });
}

function ended(cut: Cut, place: Place) {
  return gpgFail(...CUTS[cut](place));
}

type Words = readonly [code: FaultCode, what: string, remedy: string];

/** What is said where gpg was ended. */
const CUTS: Readonly<Record<Cut, (place: Place) => Words>> = {
  time: ({ exe, home }) => [
    "gpg-context",
    `${exe} takes too long`,
    `is its agent alive? gpg-connect-agent --homedir ${home} /bye`,
  ],
  output: ({ exe }) => ["gpg-context", `${exe} prints without end`, "is it gpg?"],
  stop: ({ exe }) => ["gpg-context", `${exe} was ended, because the daemon ends`, "send the packet again"],
};
