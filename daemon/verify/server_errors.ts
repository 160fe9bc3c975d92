/**
 * The daemon's own error numbers (facts/process 9), printed by `--dump-serv-err-codes`. Scripts match number and text.
 */

interface ServerError {
  readonly number: number;
  readonly text: string;
}

const TABLE: readonly ServerError[] = [
  { number: 4096, text: "Data is not a valid SPA message format" },
  { number: 4097, text: "Not enough data for an SPA message" },
  { number: 4098, text: "Data is not an SPA message" },
  { number: 4099, text: "SPA over HTTP is not enabled" },
  { number: 4100, text: "Cannot set up the decoding of the SPA data" },
  { number: 4101, text: "Cannot compute the replay digest" },
  { number: 4102, text: "Cannot use the digest cache" },
  { number: 4103, text: "The SPA message was seen before" },
  { number: 4104, text: "The SPA message is outside the permitted time window" },
  { number: 4105, text: "The access request was denied" },
  { number: 4106, text: "The command could not be run" },
  { number: 4107, text: "The request is not supported" },
  { number: 4108, text: "NAT requests are not enabled" },
  { number: 4109, text: "General error while handling SPA data" },
  { number: 8192, text: "Cannot add the firewall rule" },
  { number: 8193, text: "Cannot delete the firewall rule" },
  { number: 8194, text: "Unknown firewall error" },
];

/** The sentence for a number of this table. */
export function serverErrorText(number: number): string {
  return TABLE.find((row) => row.number === number)?.text ?? "Undefined/unknown error";
}

/** All lines of `--dump-serv-err-codes`. */
export function serverErrorLines(): string[] {
  return TABLE.map((row) => `err code: ${row.number}, err string: '${row.text}'`);
}
