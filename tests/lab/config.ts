/** Writes configuration that both the C programs and ours read. */

import { escapedBytes } from "../../lib/bytes.ts";

/** `NAME value` pairs in order; a value null leaves the name out. Bytes that are no UTF-8 are those of `escapedText`. */
export type Directives = Readonly<Record<string, string | number | null>>;

/** The secrets that a knocker and a server share. */
export interface SharedKeys {
  readonly KEY_BASE64: string;
  readonly HMAC_KEY_BASE64: string;
}

/** Fresh random keys, encoded as both sides want them. */
export function newKeys(encryptionBytes = 32, hmacBytes = 64): SharedKeys {
  return { KEY_BASE64: randomBase64(encryptionBytes), HMAC_KEY_BASE64: randomBase64(hmacBytes) };
}

function randomBase64(bytes: number): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes))));
}

/** Writes `fwknopd.conf` in `dir`, with run directory, PID file and replay file below `dir`. Returns its path. */
export async function writeServerConfig(dir: string, directives: Directives): Promise<string> {
  const all: Directives = {
    FWKNOP_RUN_DIR: `${dir}/run`,
    FWKNOP_PID_FILE: `${dir}/run/fwknopd.pid`,
    DIGEST_FILE: `${dir}/run/digest.cache`,
    ...directives,
  };
  await Deno.mkdir(`${dir}/run`, { recursive: true, mode: 0o700 });
  return await writePrivate(`${dir}/fwknopd.conf`, lines(all, ";"));
}

/** Writes `access.conf` in `dir`. Each stanza gets `SOURCE ANY` unless it says otherwise. Returns its path. */
export async function writeAccess(dir: string, stanzas: readonly Directives[]): Promise<string> {
  const text = stanzas.map((stanza) => {
    const { SOURCE = "ANY", ...rest } = stanza;
    return lines({ SOURCE, ...rest });
  }).join("\n");
  return await writePrivate(`${dir}/access.conf`, text);
}

/** Writes a `.fwknoprc` with one section per entry. Returns its path. */
export async function writeRc(dir: string, sections: Readonly<Record<string, Directives>>): Promise<string> {
  const text = Object.entries(sections).map(([name, directives]) => `[${name}]\n${lines(directives)}`).join("\n");
  return await writePrivate(`${dir}/fwknoprc`, text);
}

async function writePrivate(path: string, text: string): Promise<string> {
  await Deno.writeFile(path, escapedBytes(text), { mode: 0o600 });
  await Deno.chmod(path, 0o600);
  return path;
}

function lines(directives: Directives, end = ""): string {
  return Object.entries(directives)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}    ${value}${end}\n`)
    .join("");
}
