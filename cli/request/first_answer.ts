/** Several services are asked side by side: each gets its turn when the one before failed, or has not answered for a moment. */
import type { Ip } from "../../lib/net/address.ts";
import type { Result } from "../../lib/result.ts";

/** Asks one service; breaks off with the signal, and fails then. */
export type Asking = (url: URL, abort: AbortSignal) => Promise<Result<Ip, string>>;

/** Who answered first, or why each did not, in the order in which they stand. */
export type FirstAnswer =
  | { readonly ok: true; readonly url: URL; readonly ip: Ip }
  | { readonly ok: false; readonly failures: readonly (readonly [url: URL, reason: string])[] };

/**
 * The first good answer counts, and the other questions are broken off. `headStartMs` is how long a service is alone before
 * the next is asked beside it; `onNext` is told of that one. What `ask` throws ends it all.
 */
export async function firstAnswer(
  urls: readonly URL[],
  ask: Asking,
  options: { readonly headStartMs: number; readonly onNext?: (url: URL) => void },
): Promise<FirstAnswer> {
  const abort = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<FirstAnswer>();
  const failures = new Map<URL, string>();
  const asked: Promise<void>[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const beside = () => {
    const url = urls[asked.length];
    if (url !== undefined) options.onNext?.(url);
    next();
  };
  const next = () => {
    clearTimeout(timer);
    const url = urls[asked.length];
    if (url === undefined || abort.signal.aborted) return;
    timer = setTimeout(beside, options.headStartMs);
    asked.push(
      ask(url, abort.signal).then((answer) => {
        if (answer.ok) return resolve({ ok: true, url, ip: answer.value });
        failures.set(url, answer.fault);
        if (failures.size < urls.length) return next();
        resolve({ ok: false, failures: urls.map((each) => [each, failures.get(each) ?? ""]) });
      }).catch(reject),
    );
  };
  next();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    abort.abort();
    await Promise.all(asked);
  }
}
