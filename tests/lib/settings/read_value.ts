/** Reading one value with a kind, for tests of kinds. */
import assert from "node:assert/strict";
import type { Kind } from "../../../lib/settings/setting.ts";

/** The value of a text that is taken. */
export function value<Value>(kind: Kind<Value>, given: string): Value {
  const read = kind.parse(given);
  if (!read.ok) throw new assert.AssertionError({ message: `"${given}" was refused: ${read.fault}` });
  return read.value;
}

/** Why a text is refused. */
export function fault<Value>(kind: Kind<Value>, given: string): string {
  const read = kind.parse(given);
  if (read.ok) throw new assert.AssertionError({ message: `"${given}" was taken` });
  return read.fault;
}
