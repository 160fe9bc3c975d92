/**
 * Names of NAT hosts to addresses, by the resolver of the machine (/etc/hosts, nsswitch). It may hang for as long as it likes:
 * who waits for an answer waits a few seconds, and only so many questions are under way at once.
 */
import { ResolveError, resolveHost } from "../../ffi/libc/resolver.ts";
import { waitAtMost } from "../../lib/host/wait_at_most.ts";
import { type Ip, parseIp } from "../../lib/net/address.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { isHostAddress, isLoopback } from "../grants/nat_policy.ts";
import type { NameResolver } from "../verify/nat_target.ts";

/** How long an answer is waited for. */
const WAIT_MS = 3000;
/** Each question that is under way holds a thread of the runtime, of which there are 32 for everything. */
const MOST = 8;

/** How names are looked up. */
export interface ResolverParts {
  /** The addresses of a name, as text. May hang, may throw. */
  readonly lookUp: (host: string, family: 4 | 6) => Promise<readonly string[]>;
  readonly waitMs?: number;
  readonly most?: number;
}

/** By getaddrinfo(3). */
export const HOST_RESOLVER: ResolverParts = {
  lookUp: async (host, family) => (await resolveHost(host, { family, port: 0 })).map(({ text }) => text),
};

/** One for the life of the daemon: what hangs counts until it ends, also over a reload. */
export function createNameResolver({ lookUp, waitMs = WAIT_MS, most = MOST }: ResolverParts): NameResolver {
  const running = new Map<string, Promise<Result<Ip, string>>>();

  /** The same name is asked for once at a time, whoever wants to know. */
  function ask(host: string, family: 4 | 6): Promise<Result<Ip, string>> | null {
    const key = `${family} ${host.toLowerCase()}`;
    const known = running.get(key);
    if (known !== undefined) return known;
    if (running.size >= most) return null;
    const answer = answerOf(() => lookUp(host, family), family).finally(() => running.delete(key));
    running.set(key, answer);
    return answer;
  }

  return async (host, family) => {
    const answer = ask(host, family);
    if (answer === null) return fail(`${most} names are being looked up already`);
    let found: Result<Ip, string> = fail(`no answer within ${waitMs / 1000} seconds`);
    await waitAtMost(answer.then((result) => void (found = result)), waitMs);
    return found;
  };
}

/** The first answer that is the address of one host other than this one. */
async function answerOf(lookUp: () => Promise<readonly string[]>, family: 4 | 6): Promise<Result<Ip, string>> {
  try {
    const found = (await lookUp()).map(parseIp).flatMap((ip) => ip.ok && ip.value.family === family ? [ip.value] : []);
    const host = found.find((ip) => isHostAddress(ip) && !isLoopback(ip));
    if (host !== undefined) return ok(host);
    const only = found[0];
    return fail(only === undefined ? `it has no IPv${family} address` : `${only.text} is no host that NAT can lead to`);
  } catch (error) {
    if (error instanceof ResolveError) return fail(error.reason);
    return fail("it cannot be looked up");
  }
}
