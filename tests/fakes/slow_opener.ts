/** Packets that are opened by something slow, such as a program: the test says when, and what comes out. */
import { notOpened, type SlowOpener } from "../../daemon/verify/attempt.ts";
import { authenticationTag } from "../../lib/spa/tag.ts";
import { nobleEngine } from "../../lib/crypto/noble_engine.ts";
import type { HmacKey, Secrets } from "../../lib/crypto/secrets.ts";
import { fault } from "../../lib/faults.ts";
import { fail, ok } from "../../lib/result.ts";
import { PREFIXES } from "../../lib/wire/envelope.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";

/** The HMAC key of {@link SLOW}. */
const HMAC: HmacKey = { name: "sha256", key: new TextEncoder().encode("HMAC key of packets that open slowly") };

/** Secrets of a stanza whose packets are opened by something slow. */
export const SLOW: Secrets = { cipher: { kind: "gpg" }, hmac: HMAC };

/** The same without an HMAC. */
export const SLOW_WITHOUT_HMAC: Secrets = { cipher: { kind: "gpg" }, hmac: null };

let made = 0;

/** A packet for {@link SLOW} or other secrets of its kind. No two are equal; what is in it the opener says. */
export async function slowPacket({ hmac }: Secrets = SLOW): Promise<string> {
  const body = `PACKET${String(made++).padStart(6, "0")}`.padEnd(500, "A");
  return hmac === null ? body : body + await authenticationTag(nobleEngine, PREFIXES.gpg + body, hmac);
}

/** What was asked of a slow opener, in order. */
export interface Asked {
  readonly body: string;
  /** Number of the stanza. */
  readonly stanza: number;
  /** It is done. Null: it does not open. */
  answer(message: SpaMessage | null): void;
  /** It broke. */
  reject(): void;
}

/** A slow opener that answers when the test says so. */
export function slowOpener(): { readonly open: SlowOpener; readonly asked: readonly Asked[] } {
  const asked: Asked[] = [];
  return {
    asked,
    open: (body, match) =>
      new Promise((resolve, reject) => {
        asked.push({
          body,
          stanza: match.stanza.number,
          answer: (message) =>
            resolve(message === null ? fail([notOpened(match, fault("decrypted-missing"))]) : ok({ message })),
          reject: () => reject(new Error("the program broke")),
        });
      }),
  };
}
