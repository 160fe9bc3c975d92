/** One set of arguments for the C client and ours, and what can be read from their output. */
import { webEngine } from "../../lib/crypto/web_engine.ts";
import type { Fault } from "../../lib/faults.ts";
import type { Result } from "../../lib/result.ts";
import { open } from "../../lib/spa/open.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import { ALONE, type OwnRun, type Run, runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import type { RijndaelMode } from "../../lib/crypto/engine.ts";
import { rijndael } from "../fakes/secrets.ts";
import { cClientBlocker, gatedTest } from "../lab/gate.ts";

/** Surroundings that both clients get alike. */
interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input of a process. */
  readonly input?: string;
}

/** Both runs. */
export interface Both {
  readonly c: Run;
  readonly own: OwnRun;
}

/** What a test beside the C client works with. */
export interface Bench {
  /** A folder of the test's own, the home directory of both clients. */
  readonly home: string;
  both(argv: readonly string[], surroundings?: Surroundings): Promise<Both>;
}

/** A test that is ignored where the C client is not installed; under CI that is a failure. */
export function besideC(name: string, body: (bench: Bench) => Promise<void>): void {
  const fn = async () => {
    using folder = temporaryFolder();
    const home = folder.path;
    const now = Math.floor(Date.now() / 1000);
    await body({
      home,
      async both(argv, surroundings = {}) {
        const env = { HOME: home, ...surroundings.env };
        const [c, own] = await Promise.all([runC(argv, { home, ...surroundings }), runOwn(argv, { env, now })]);
        return { c, own };
      },
    });
  };
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  gatedTest(cClientBlocker(), { name, fn, sanitizeResources: false });
}

/** A rehearsal with the dump, as user `alice`. */
export const REHEARSE = [...ALONE, "-T", "-v", "-D", "127.0.0.1", "-U", "alice"] as const;
/** What is asked for where that does not matter. */
export const ACCESS = ["-A", "tcp/22", "-a", "192.0.2.10"] as const;
/** A key where that does not matter. */
export const KEY = ["--key-rijndael", "shortkey"] as const;

/** The first dump of a client's output, by labels. */
export function dumpOf(run: Run): Readonly<Record<string, string>> {
  const [first = ""] = run.out.slice(run.out.indexOf("SPA Field Values:")).split("\n\n");
  return Object.fromEntries(
    [...first.matchAll(/^ *([A-Za-z][A-Za-z ]*): (.*)$/gm)].map(([, label = "", value = ""]) => [label, value]),
  );
}

/** The packet that a dump shows. */
export function packetOf(run: Run): string {
  return dumpOf(run)["Final SPA Data"] ?? "";
}

/** Opens a packet with keys given as text. */
export async function openWith(
  wire: string,
  key: string,
  more: { readonly mode?: RijndaelMode; readonly hmac?: string } = {},
): Promise<Result<SpaMessage, Fault>> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const hmac = more.hmac === undefined ? null : { name: "sha256" as const, key: bytes(more.hmac) };
  return await open(webEngine, wire, rijndael(bytes(key), { ...more, hmac }));
}
