/**
 * Tests that need network namespaces. Without them such a test says why it did not run; under `CI=true` that is a
 * failure, because a green run must mean that the firewall was really exercised.
 */

let known: { readonly reason: string | null } | undefined;

/** Why no lab can be made on this machine, or null when it can. */
export function labBlocker(): string | null {
  known ??= { reason: missing(LAB_PROGRAMS) ?? findBlocker() };
  return known.reason;
}

/** What a lab is made of, and the Debian package of each. */
const LAB_PROGRAMS: Readonly<Record<string, string>> = { ip: "iproute2", nft: "nftables" };
/** What tests put on the server besides. */
const TEST_PROGRAMS: Readonly<Record<string, string>> = { iptables: "iptables", ip6tables: "iptables" };

function findBlocker(): string | null {
  if (Deno.build.os !== "linux") return `network namespaces need Linux, this is ${Deno.build.os}`;
  if (Deno.uid() !== 0) return `network namespaces need root, this is uid ${Deno.uid()}`;
  const name = `fwtry-${crypto.randomUUID()}`;
  const made = new Deno.Command("ip", { args: ["netns", "add", name], stderr: "piped", stdout: "null" }).outputSync();
  if (!made.success) return `cannot make a network namespace: ${new TextDecoder().decode(made.stderr).trim()}`;
  new Deno.Command("ip", { args: ["netns", "del", name], stderr: "null", stdout: "null" }).outputSync();
  return null;
}

/** Whether a program is found in PATH or in the system directories that an ordinary PATH lacks; a path is looked at itself. */
export function isInstalled(program: string): boolean {
  const folders = program.startsWith("/")
    ? ["/"]
    : [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return folders.some((folder) => {
    try {
      return folder !== "" && Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

/** Options of `labTest`. */
export interface LabTestOptions {
  /** Further programs that must be installed, with the Debian package that holds each. */
  readonly needs?: Readonly<Record<string, string>>;
  /** Other reason not to run, evaluated once; null means run. */
  readonly blocker?: () => string | null;
}

/**
 * Registers a test that needs a lab. Labs live across the tests of a file, so the leak checks of Deno are off here;
 * the lab does its own cleaning up.
 */
export function labTest(
  name: string,
  body: (t: Deno.TestContext) => Promise<void>,
  options: LabTestOptions = {},
): void {
  const reason = labBlocker() ?? missing({ ...TEST_PROGRAMS, ...options.needs }) ?? options.blocker?.() ?? null;
  if (reason === null) {
    Deno.test({ name, fn: (t) => showFirst(() => body(t)), sanitizeOps: false, sanitizeResources: false });
  } else if (Deno.env.get("CI") === "true") {
    Deno.test(name, () => {
      throw new Error(`CI must be able to run this test, but ${reason}`);
    });
  } else {
    console.log(`skipped: ${name}: ${reason}`);
    Deno.test({ name, ignore: true, fn: () => {} });
  }
}

/**
 * Runs a test's body. When it fails and tidying up fails as well, `using` throws a SuppressedError, which Deno prints without
 * the errors in it: then the first one is thrown, because it is the reason, and the later ones are only said.
 */
export async function showFirst(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    let first = error;
    for (; first instanceof SuppressedError; first = first.suppressed) console.log(`afterwards: ${first.error}`);
    throw first;
  }
}

function missing(needs: Readonly<Record<string, string>>): string | null {
  for (const [program, debianPackage] of Object.entries(needs)) {
    if (!isInstalled(program)) return `the program "${program}" is absent (apt-get install ${debianPackage})`;
  }
  return null;
}

/** What the tests against the C programs need. In PATH another program of that name may come first: ours, installed. */
export const C_PROGRAMS: Readonly<Record<string, string>> = {
  "/usr/bin/fwknop": "fwknop-client",
  "/usr/sbin/fwknopd": "fwknop-server",
};
