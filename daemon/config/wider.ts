/**
 * What makes a stanza wider than its author may think, one row each: told with its policy (`policy.ts`), where somebody
 * asks what a file means. Nothing here is a mistake. Pure; no key is in any text.
 */
import { equalConstantTime } from "../../lib/bytes.ts";
import type { ServerConfig } from "./resolve_server.ts";
import { hmacOf, rijndaelOf, type Stanza } from "./stanza.ts";

/** What a stanza is looked at with. */
export interface Surroundings {
  readonly stanzas: readonly Stanza[];
  readonly config: Pick<ServerConfig, "firewall">;
}

/** Says what is wide about a stanza, with what to write; null where nothing is. */
type Row = (stanza: Stanza, around: Surroundings) => string | null;

/** Bytes of a key that nobody can guess. */
const SAFE_KEY = 16;

const ROWS: readonly Row[] = [
  (stanza) =>
    hmacOf(stanza) === null
      ? "there is no HMAC key, so packets are encrypted and not authenticated (write HMAC_KEY_BASE64)"
      : null,
  ({ source, requireSourceAddress }) =>
    source.any && !requireSourceAddress
      ? "SOURCE is ANY and the packet need not name an address: whoever catches it first may send it from their own " +
        "(write REQUIRE_SOURCE_ADDRESS Y)"
      : null,
  ({ openPorts }) =>
    openPorts === null ? "OPEN_PORTS is absent, so every port may be asked for (name the ports)" : null,
  (stanza) => shortKey("encryption", rijndaelOf(stanza)?.key),
  (stanza) => shortKey("HMAC", hmacOf(stanza)?.key),
  (stanza, { stanzas }) => {
    const twins = stanzas.filter((other) => other !== stanza && equal(rijndaelOf(other), rijndaelOf(stanza)));
    if (twins.length === 0) return null;
    const same = twins.every((other) => equal(hmacOf(other), hmacOf(stanza)) || hmacOf(other) === hmacOf(stanza));
    const names = twins.map(({ number }) => `#${number}`).join(" and ");
    return `the ${same ? "keys are" : "encryption key is"} also in stanza ${names}: the first that takes the packet ` +
      "counts, and what one refuses another may open (make a key for each)";
  },
  ({ gpg }) =>
    gpg !== null && gpg.signers === null
      ? "packets for GnuPG need no signature: whoever has the public key of the server may send them, which is no secret " +
        "(remove GPG_DISABLE_SIG)"
      : null,
  ({ gpg }) =>
    gpg?.signers?.ignoreErrors
      ? "a signature counts by a key that has expired, is revoked or that nobody vouches for (remove GPG_IGNORE_SIG_VERIFY_ERROR)"
      : null,
  ({ nat, cycle }, { config: { firewall } }) =>
    firewall.switches.forwarding && cycle === null && nat.forceNat === null && nat.allow === null
      ? "ENABLE_IPT_FORWARDING lets a NAT request lead to every host that this one reaches (write NAT_ALLOW)"
      : null,
  ({ commands }) =>
    commands !== null && (commands.runAs === null || commands.runAs.uid === 0)
      ? `packets may carry commands, which run as ${
        commands.runAs?.user ?? "the user of the daemon, who may be root"
      } ` +
        "(write CMD_EXEC_USER)"
      : null,
];

/** One sentence for each row that applies. */
export function widenings(stanza: Stanza, around: Surroundings): readonly string[] {
  return ROWS.map((row) => row(stanza, around)).filter((line) => line !== null);
}

function shortKey(which: string, key: Uint8Array | undefined): string | null {
  if (key === undefined || key.length >= SAFE_KEY) return null;
  const bytes = key.length === 1 ? "1 byte" : `${key.length} bytes`;
  return `the ${which} key has ${bytes}, fewer than ${SAFE_KEY}, and may be guessed (fwknopd --key-gen makes one)`;
}

function equal(a: { readonly key: Uint8Array } | null, b: { readonly key: Uint8Array } | null): boolean {
  return a !== null && b !== null && equalConstantTime(a.key, b.key);
}
