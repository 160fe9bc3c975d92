/** The sources of a start and of a reload: what is in use stays, what is new is opened, and an absent interface is waited for. */
import { FfiError } from "../../ffi/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ServerConfig } from "../config/mod.ts";
import { wantedSources } from "../config/sources.ts";
import { absentSource } from "../packet/absent.ts";
import type { PacketSource, SourceInUse } from "../packet/datagram.ts";
import { isNoInterface } from "../packet/open.ts";
import { sameSource, type SourceSpec } from "../packet/spec.ts";

/** How sources are opened. */
export interface SourceOpening {
  /** Those that are wanted as they are stay as they are. */
  readonly inUse: readonly SourceInUse[];
  /** Opens one. Throws `FfiError` with a hint. */
  readonly open: (spec: SourceSpec) => PacketSource;
  readonly log: Log;
}

/**
 * The sources that a configuration asks for, each as it is in use or opened now. Where the configuration says so, an interface
 * that is not there, or down, is waited for. Every other failure is thrown, all of them as one, and nothing is left open.
 */
export function openSources(config: ServerConfig, { inUse, open, log }: SourceOpening): readonly SourceInUse[] {
  const sources: SourceInUse[] = [];
  const failures: FfiError[] = [];
  for (const spec of wantedSources(config)) {
    const source = inUse.find((one) => sameSource(one.spec, spec))?.source ?? attempt(spec, open);
    if (!(source instanceof FfiError)) sources.push({ spec, source });
    else if (config.capture.exitAtInterfaceDown || !isNoInterface(source)) failures.push(source);
    else {
      log("warning", `${source.message}: trying again every second until it can be opened`);
      sources.push({ spec, source: absentSource() });
    }
  }
  const [first] = failures;
  if (first === undefined) return sources;
  for (const { source } of newSources(sources, inUse)) source[Symbol.dispose]();
  if (failures.length === 1) throw first;
  throw new FfiError(failures.map(({ message }) => message).join("; "), first.details);
}

/** Those that were opened now. */
export function newSources(sources: readonly SourceInUse[], before: readonly SourceInUse[]): readonly SourceInUse[] {
  return sources.filter(({ source }) => !before.some((one) => one.source === source));
}

function attempt(spec: SourceSpec, open: SourceOpening["open"]): PacketSource | FfiError {
  try {
    return open(spec);
  } catch (error) {
    if (error instanceof FfiError) return error;
    throw error;
  }
}
