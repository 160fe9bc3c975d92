/** Packets and stanzas for tests of the daemon's brain: real packets by the real codec, fixed keys, no clock. */
import { nobleEngine } from "../../lib/crypto/noble_engine.ts";
import { parseIp } from "../../lib/net/address.ts";
import { parseAddressList } from "../../lib/net/cidr.ts";
import { fail } from "../../lib/result.ts";
import { hintedSalt } from "../../lib/spa/key_hint.ts";
import { sealFields } from "../../lib/spa/seal.ts";
import { MESSAGE_TYPES } from "../../lib/wire/fields.ts";
import type { SpaFields } from "../../lib/wire/message.ts";
import type { Datagram } from "../../daemon/packet/datagram.ts";
import { NO_NAT_POLICY } from "../../daemon/grants/nat_policy.ts";
import { memoryStore } from "../../daemon/replay/memory.ts";
import { levelOf, textOf } from "../../daemon/report/log_lines.ts";
import type { Decision, DecisionContext } from "../../daemon/verify/decision.ts";
import type { NameResolver } from "../../daemon/verify/nat_target.ts";
import { createSieve } from "../../daemon/verify/sieve.ts";
import { stanzaIndex } from "../../daemon/verify/stanza_index.ts";
import type { LogLevel } from "../../lib/log.ts";
import type { Stanza } from "../../daemon/config/stanza.ts";
import type { RijndaelSecrets } from "../../lib/crypto/secrets.ts";
import { rijndael } from "./secrets.ts";

/** Unix seconds at which every fake knock is made. */
export const NOW = 1_795_300_800;

const bytes = (text: string) => new TextEncoder().encode(text);

export const KEYS: RijndaelSecrets = rijndael(bytes("Rijndael-test-key-0123456789abcd"), {
  hmac: { name: "sha256", key: bytes("HMAC-test-key-for-tests-of-the-daemon") },
});

export function ip(text: string) {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new RangeError(`"text" expected an address, got ${text}`);
  return parsed.value;
}

export function addresses(text: string) {
  const parsed = parseAddressList(text);
  if (!parsed.ok) throw new RangeError(`"text" expected an address list, got ${text}`);
  return parsed.value;
}

export function stanza(changes: Partial<Stanza> = {}): Stanza {
  return {
    number: 1,
    origin: { file: "access.conf", line: 1 },
    source: addresses("ANY"),
    destination: null,
    openPorts: null,
    restrictPorts: [],
    secrets: [KEYS],
    timeout: 30,
    maxTimeout: 300,
    maxOpenGrants: 1000,
    guard: "input",
    nat: NO_NAT_POLICY,
    commands: null,
    cycle: null,
    requireUsername: null,
    requireSourceAddress: false,
    requireSystem: null,
    gpg: null,
    keyHint: "first",
    expiresAt: null,
    ...changes,
  };
}

let made = 0;

/**
 * The text of a packet. Every call has another random value and salt, so no two packets are equal. `hintedAt`: Unix seconds at
 * which its client made the hint in its salt; by default it has none.
 */
export async function knock(
  changes: Partial<SpaFields> = {},
  keys: RijndaelSecrets = KEYS,
  hintedAt: number | null = null,
): Promise<string> {
  made++;
  const said: SpaFields = {
    random: String(made).padStart(16, "1234567890"),
    username: "alice",
    timestamp: NOW,
    version: "3.0.0",
    type: 1,
    message: "192.0.2.10,tcp/22",
    natAccess: null,
    serverAuth: null,
    clientTimeout: 0,
    ...changes,
  };
  const bytesOfSalt = new Uint8Array(8);
  new DataView(bytesOfSalt.buffer).setUint32(4, made);
  const hmacKey = keys.hmac?.key;
  const salt = hintedAt === null || hmacKey === undefined
    ? bytesOfSalt
    : await hintedSalt(nobleEngine, bytesOfSalt, { hmacKey, now: hintedAt });
  const fields = said.clientTimeout > 0 ? { ...said, type: MESSAGE_TYPES[said.type].withTimeout } : said;
  const sealed = await sealFields(nobleEngine, fields, "sha256", { secrets: keys, salt });
  if (!sealed.ok) throw new RangeError(`"changes" expected fields that can be sealed, got fault ${sealed.fault.code}`);
  return sealed.value.wire;
}

/** A resolver that knows nobody. */
export const noNames: NameResolver = () => Promise.resolve(fail("nobody is asked"));

/** A UDP datagram with this text. */
export function datagram(text: string, changes: Partial<Datagram> = {}): Datagram {
  return {
    payload: bytes(text),
    source: ip("198.51.100.7"),
    destination: ip("203.0.113.1"),
    protocol: 17,
    sourcePort: 40000,
    destinationPort: 62201,
    receivedAt: NOW * 1000,
    ...changes,
  };
}

/** What a decision depends on: stanzas that are opened in memory, no HTTP, and a store of its own. */
export function decisionContext(
  stanzas: readonly Stanza[] = [stanza()],
  changes: Partial<DecisionContext> = {},
): DecisionContext {
  const policy = {
    maxAge: 120,
    http: { enabled: false, anyUserAgent: false, trustForwardedFor: false, proxies: null },
  };
  const store = memoryStore();
  const sieve = createSieve(nobleEngine, stanzas, policy);
  return { engine: nobleEngine, index: stanzaIndex(stanzas), sieve, policy, store, testMode: false, ...changes };
}

/** The lines of a decision, with their levels; none of one that is not made yet. */
export function linesOf(decision: Decision): readonly { readonly level: LogLevel; readonly text: string }[] {
  if (decision.kind === "pending" || decision.kind === "waiting") return [];
  return decision.findings.map((finding) => ({ level: levelOf(finding), text: textOf(finding) }));
}

/** The text of the last line. */
export function lastLine(decision: Decision): string {
  return linesOf(decision).at(-1)?.text ?? "";
}
