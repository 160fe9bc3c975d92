/**
 * The result of a function whose input may well be invalid: packet bytes, configuration text, answers of others.
 * Failures of the system are thrown instead.
 */
export type Result<Value, Fault> = { readonly ok: true; readonly value: Value } | {
  readonly ok: false;
  readonly fault: Fault;
};

/** The good outcome. */
export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** The bad outcome, as a value. */
export function fail<Fault>(fault: Fault): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault };
}
