/**
 * What a function returns where the input can be wrong without anybody being at fault for it:
 * packet bytes, configuration text, answers of strangers. Failures of the machine are thrown instead.
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
