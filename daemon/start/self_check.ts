/**
 * A knock of our own before the first one of somebody else: proves with the keys of every stanza that what is sealed opens
 * again and opens once. That the first knock is fast is for `rehearsal.ts`.
 */
import { randomBytes } from "../../lib/host/entropy.ts";
import { ipFromBytes, UNSPECIFIED4 } from "../../lib/net/address.ts";
import type { Secrets } from "../../lib/crypto/secrets.ts";
import type { SealRequest } from "../../lib/spa/request.ts";
import { seal } from "../../lib/spa/seal.ts";
import type { Datagram } from "../packet/datagram.ts";
import { rijndaelOf, type Stanza } from "../config/stanza.ts";
import { memoryStore } from "../replay/memory.ts";
import { StartError } from "./start_error.ts";
import { decide } from "../verify/decide.ts";
import type { DecisionContext } from "../verify/decision.ts";
import { createSieve } from "../verify/sieve.ts";
import { stanzaIndex } from "../verify/stanza_index.ts";

/** Knocks at least: one with a hint and one without. */
const KNOCKS = 2;

/** An address of documents (RFC 5737). */
const SOMEBODY = ipFromBytes(Uint8Array.of(192, 0, 2, 1));

/** Throws {@link StartError} when a packet made with a stanza's keys is not admitted, or is admitted twice. */
export async function testOurselves(context: DecisionContext, now: number): Promise<void> {
  const usable = context.index.stanzas.filter((stanza) => rijndaelOf(stanza) !== null);
  for (let i = 0; i < Math.max(KNOCKS, usable.length) && usable.length > 0; i++) {
    const stanza = usable[i % usable.length];
    // Now with a hint and now without one, as packets come.
    const hint = i % 2 === 1 || stanza?.keyHint === "only";
    if (stanza !== undefined) await knockOnce(stanza, context, { now, hint });
  }
}

async function knockOnce(
  stanza: Stanza,
  context: DecisionContext,
  { now, hint }: { readonly now: number; readonly hint: boolean },
): Promise<void> {
  // What another program opens is not tried here.
  const wide = openWide(stanza);
  const secrets = wide.secrets.find(({ cipher }) => cipher.kind === "rijndael");
  if (secrets === undefined) return;
  const request: SealRequest = {
    kind: "access",
    allow: SOMEBODY,
    services: [{ proto: "tcp", port: 22 }],
    nat: null,
    timeout: 0,
    user: stanza.requireUsername ?? "fwknopd",
    digest: "sha256",
  };
  const sealed = await seal(context.engine, request, secrets, { now, random: randomBytes, hint });
  if (!sealed.ok) throw failure(stanza, `a packet could not be sealed (${sealed.fault.code})`);
  const alone = [wide];
  const sieve = createSieve(context.engine, alone, context.policy);
  const own = { index: stanzaIndex(alone), sieve, trialTime: undefined, store: memoryStore(), testMode: false };
  const trial = { ...context, ...own };
  const datagram: Datagram = {
    payload: new TextEncoder().encode(sealed.value.wire),
    source: UNSPECIFIED4,
    destination: UNSPECIFIED4,
    protocol: 17,
    sourcePort: 0,
    destinationPort: 0,
    receivedAt: now * 1000,
  };
  const http = { ...context.policy.http, enabled: false };
  const first = await decide(datagram, { ...trial, policy: { ...context.policy, http } }, now);
  if (first.kind !== "admit") throw failure(stanza, "a packet sealed with its keys was not admitted");
  const second = await decide(datagram, trial, now);
  sieve?.wipe();
  if (second.kind === "admit") throw failure(stanza, "a packet was admitted twice");
}

/**
 * Only the keys are on trial: everything else of the stanza is opened wide. They are copies: what is made of a key when it is
 * used first, and kept as long as the key, is not kept for stanzas that nobody knocks at.
 */
function openWide(stanza: Stanza): Stanza {
  const source = { text: "ANY", any: true, ranges: [] };
  return {
    ...stanza,
    secrets: stanza.secrets.map(copyOf),
    source,
    destination: null,
    openPorts: null,
    restrictPorts: [],
    requireSystem: null,
    expiresAt: null,
  };
}

function copyOf({ hmac, cipher }: Secrets): Secrets {
  return {
    hmac: hmac === null ? null : { ...hmac, key: hmac.key.slice() },
    cipher: cipher.kind === "gpg" ? cipher : { ...cipher, key: cipher.key.slice() },
  };
}

function failure(stanza: Stanza, what: string): StartError {
  const { file, line } = stanza.origin;
  return new StartError(
    `Cannot use the stanza at ${file}:${line}: the self-check failed: ${what}`,
    "please report this",
  );
}
