/**
 * What came of the last messages. Stanzas mostly have one home, and differ in who may sign: a packet is decrypted once for
 * all of them. Pure.
 */
import { equalConstantTime } from "../../lib/bytes.ts";
import type { GpgPolicy } from "./policy.ts";

/** The last of something, by message and by what opens it. */
export interface Recent<Value> {
  /** What came of it; undefined where it is not one of the last. */
  find(body: string, policy: GpgPolicy): Value | undefined;
  remember(body: string, policy: GpgPolicy, value: Value): void;
}

/** Empty. */
export function createRecent<Value>(most: number): Recent<Value> {
  const last: { readonly body: string; readonly policy: GpgPolicy; readonly value: Value }[] = [];
  return {
    find: (body, policy) => last.find((one) => one.body === body && opensAlike(one.policy, policy))?.value,
    remember(body, policy, value) {
      last.push({ body, policy, value });
      if (last.length > most) last.shift();
    },
  };
}

/** Whether both open the same messages; for keys in files that is asked of one policy only. */
function opensAlike(one: GpgPolicy, other: GpgPolicy): boolean {
  if (one === other) return true;
  const [a, b] = [one.engine, other.engine];
  return a.kind === "keyring" && b.kind === "keyring" && a.exe === b.exe && a.home === b.home &&
    equalConstantTime(one.passphrase ?? NONE, other.passphrase ?? NONE);
}

const NONE = new Uint8Array(0);
