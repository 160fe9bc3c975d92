/**
 * Tests that need what may be absent: network namespaces, the C programs. Without it such a test is ignored, never
 * passed, and says why; under `CI=true` that is a failure, because a green run must mean that all of it was exercised.
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
  gatedTest(reason, { name, fn: (t) => showFirst(() => body(t)), sanitizeOps: false, sanitizeResources: false });
}

/** Registers a test that runs the C client, beside ours or alone. */
export function cClientTest(name: string, fn: Deno.TestDefinition["fn"]): void {
  gatedTest(cClientBlocker(), { name, fn });
}

/** Registers a test that runs other people's programs, given with the Debian package that holds each. */
export function testWith(needs: Readonly<Record<string, string>>, name: string, fn: Deno.TestDefinition["fn"]): void {
  gatedTest(missing(needs), { name, fn });
}

/** Why the C client cannot be run here, or null when it can. */
export function cClientBlocker(): string | null {
  return missing(C_CLIENT_PROGRAM);
}

/** Registers a test that runs only where `reason`, which says what it lacks, is null. */
export function gatedTest(reason: string | null, test: Deno.TestDefinition): void {
  if (reason === null) {
    Deno.test(test);
  } else if (Deno.env.get("CI") === "true") {
    Deno.test(test.name, () => {
      throw new Error(`CI must be able to run this test, but ${reason}`);
    });
  } else {
    console.log(`skipped: ${test.name}: ${reason}`);
    Deno.test({ name: test.name, ignore: true, fn: () => {} });
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

/** Which of these programs is absent, each with its Debian package; null when all are there. */
export function missing(needs: Readonly<Record<string, string>>): string | null {
  for (const [program, debianPackage] of Object.entries(needs)) {
    if (!isInstalled(program)) return `the program "${program}" is absent (apt-get install ${debianPackage})`;
  }
  return null;
}

/** The C client. In PATH another program of that name may come first: ours, installed. */
const C_CLIENT_PROGRAM: Readonly<Record<string, string>> = { "/usr/bin/fwknop": "fwknop-client" };

/** What the tests against the C programs need. */
export const C_PROGRAMS: Readonly<Record<string, string>> = {
  ...C_CLIENT_PROGRAM,
  "/usr/sbin/fwknopd": "fwknop-server",
};
