/** Homes of GnuPG with keys of every kind, made by gpg itself, and key files from them. */

/** The keys that can be asked for. Each is called `NAME <NAME@test>`. */
const RECIPES = {
  rsa2048: { parts: ["rsa2048 cert,sign", "rsa2048 encr"] },
  rsa3072: { parts: ["rsa3072 cert,sign", "rsa3072 encr"] },
  rsa4096: { parts: ["rsa4096 cert,sign", "rsa4096 encr"] },
  elgamal: { parts: ["dsa2048 cert,sign", "elg2048 encr"] },
  curve: { parts: ["ed25519 cert,sign", "cv25519 encr"] },
  nist: { parts: ["nistp256 cert,sign", "nistp256 encr"] },
  /** Certifies only: a subkey signs, another encrypts. */
  subkeys: { parts: ["rsa2048 cert", "rsa2048 sign", "cv25519 encr"] },
  /** Has {@link PASSPHRASE}. */
  locked: { parts: ["rsa2048 cert,sign", "rsa2048 encr"], passphrase: true },
  lockedCurve: { parts: ["ed25519 cert,sign", "cv25519 encr"], passphrase: true },
  expired: { parts: ["ed25519 cert,sign", "cv25519 encr"], expired: true },
  revoked: { parts: ["ed25519 cert,sign", "cv25519 encr"], revoked: true },
  signOnly: { parts: ["ed25519 cert,sign"] },
} as const satisfies Readonly<Record<string, Recipe>>;

interface Recipe {
  /** The primary key, then subkeys. */
  readonly parts: readonly string[];
  readonly passphrase?: true;
  readonly expired?: true;
  readonly revoked?: true;
}

/** A key that can be asked for. */
export type GpgKeyName = keyof typeof RECIPES;

/** Of the keys that have one. */
export const PASSPHRASE = "correct horse";

/** What tests with gpg need, with the Debian package. */
export const GNUPG: Readonly<Record<string, string>> = { gpg: "gnupg" };

/** A home with the keys that were asked for. Disposal ends its agent. */
export class GpgHome implements AsyncDisposable {
  /** Short: the path of the agent's socket may have 107 bytes. */
  readonly path = Deno.makeTempDirSync({ prefix: "fwgpg-" });
  readonly #fingerprints = new Map<GpgKeyName, string>();

  constructor() {
    this.#configure();
  }

  /** Passphrases of tests need not be costly to guess: by default each use of one may take seconds. */
  #configure(...lines: readonly string[]): void {
    Deno.writeTextFileSync(`${this.path}/gpg-agent.conf`, ["s2k-count 65536", ...lines, ""].join("\n"));
  }

  /** Of the primary key. */
  fingerprint(name: GpgKeyName): string {
    const found = this.#fingerprints.get(name);
    if (found === undefined) throw new Error(`no key ${name} was asked for`);
    return found;
  }

  /** Runs gpg on this home. Throws where it fails. */
  async gpg(args: readonly string[], stdin?: Uint8Array): Promise<Uint8Array> {
    const ran = await this.tryGpg(args, stdin);
    if (ran.code !== 0) throw new Error(`gpg ${args.join(" ")}: ${ran.stderr}`);
    return ran.stdout;
  }

  /** The same with its failures. */
  async tryGpg(args: readonly string[], stdin: Uint8Array = new Uint8Array(0)) {
    const child = new Deno.Command("gpg", {
      args: ["--homedir", this.path, "--batch", "--no-tty", "--quiet", "--status-fd", "2", ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(stdin).catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    return { code, stdout, stderr: new TextDecoder().decode(stderr) };
  }

  /** Makes a key. */
  async make(name: GpgKeyName): Promise<void> {
    const { parts: [primary = "", ...subkeys], ...recipe }: Recipe = RECIPES[name];
    const passphrase = ["--pinentry-mode", "loopback", "--passphrase", recipe.passphrase ? PASSPHRASE : ""];
    const time = recipe.expired ? ["--faked-system-time", "20200101T000000!"] : [];
    const ends = recipe.expired ? "2020-02-01" : "0";
    const made = await this.tryGpg([
      ...time,
      ...passphrase,
      "--quick-gen-key",
      `${name} <${name}@test>`,
      ...primary.split(" "),
      ends,
    ]);
    const [, fingerprint] = /KEY_CREATED \S ([0-9A-F]{40})/.exec(made.stderr) ?? [];
    if (fingerprint === undefined) throw new Error(`cannot make ${name}: ${made.stderr}`);
    this.#fingerprints.set(name, fingerprint);
    for (const subkey of subkeys) {
      await this.gpg([...time, ...passphrase, "--quick-add-key", fingerprint, ...subkey.split(" "), ends]);
    }
    if (recipe.revoked) {
      const certificate = Deno.readTextFileSync(`${this.path}/openpgp-revocs.d/${fingerprint}.rev`);
      await this.gpg(["--import"], new TextEncoder().encode(certificate.replace(/^:-----/m, "-----")));
    }
  }

  /** Writes the public key, or with `secret` the whole, into a file beside the home. Returns its path. */
  async keyFile(name: GpgKeyName, { secret = false } = {}): Promise<string> {
    const path = `${this.path}/${name}${secret ? ".sec" : ""}.asc`;
    const passphrase = "passphrase" in RECIPES[name] ? PASSPHRASE : "";
    const exporting = secret
      ? ["--pinentry-mode", "loopback", "--passphrase", passphrase, "--export-secret-keys"]
      : ["--export"];
    Deno.writeFileSync(path, await this.gpg(["--armor", ...exporting, this.fingerprint(name)]), { mode: 0o600 });
    return path;
  }

  /** Forgets every passphrase. */
  async lock(): Promise<void> {
    await gpgconf(this.path, ["--reload", "gpg-agent"]);
  }

  /** Ends the agent; the next one has these lines in its configuration. */
  async newAgent(...lines: readonly string[]): Promise<void> {
    await gpgconf(this.path, ["--kill", "gpg-agent"]);
    this.#configure(...lines);
  }

  /** A pinentry that answers each question of the agent with `answer`, and notes all that it hears. Its line for `newAgent`. */
  pinentry(answer: string): string {
    const path = `${this.path}/pinentry`;
    const script = [
      "#!/bin/sh",
      "echo OK",
      'while read -r command rest; do echo "$command $rest" >>"$0.log"',
      `case $command in GETPIN) echo '${answer}';; BYE) echo OK; exit;; *) echo OK;; esac; done`,
    ];
    Deno.writeTextFileSync(path, `${script.join("\n")}\n`, { mode: 0o700 });
    return `pinentry-program ${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await gpgconf(this.path, ["--kill", "all"]);
    await Deno.remove(this.path, { recursive: true });
  }
}

/** A home with these keys. */
export async function gpgHome(...names: readonly GpgKeyName[]): Promise<GpgHome> {
  const home = new GpgHome();
  for (const name of names) await home.make(name);
  return home;
}

async function gpgconf(home: string, args: readonly string[]): Promise<void> {
  await new Deno.Command("gpgconf", { args: ["--homedir", home, ...args], stdout: "null", stderr: "null" }).output();
}
