/** The templates of CMD_CYCLE_OPEN and CMD_CYCLE_CLOSE, and what stands in them for a request (facts/configuration 10). Pure. */
import type { Ip } from "../../lib/net/address.ts";
import { PROTO_NUMBER, type Service } from "../../lib/net/service.ts";
import { fail, ok, type Result } from "../../lib/result.ts";

/** Bytes of a template, as in the C daemon. */
export const MAX_TEMPLATE = 255;
/** Characters of what becomes of one. The C daemon writes beyond its memory after 255. */
export const MAX_EXPANSION = 1023;

/** What the tokens stand for: numbers and addresses, nothing that a sender wrote as text. */
export interface TemplateFacts {
  /** The address that is let in: `$IP`, `$SRC`. */
  readonly access: Ip;
  /** `$PKT_SRC`. */
  readonly packetSource: Ip;
  /** `$DST`; null, where the capture does not tell, is written as 0.0.0.0. */
  readonly packetDestination: Ip | null;
  /** `$PORT` and `$PROTO`. */
  readonly service: Service;
  /** Where a NAT request leads: `$DST_PORT`; null: the port of the service. */
  readonly insidePort: number | null;
  /** Unix seconds of the message: `$TIMEOUT` is these and the seconds below. */
  readonly timestamp: number;
  /** `$CLIENT_TIMEOUT`. */
  readonly seconds: number;
}

/** By token. */
const TOKENS: Readonly<Record<string, (facts: TemplateFacts) => string | number>> = {
  IP: ({ access }) => access.text,
  SRC: ({ access }) => access.text,
  PKT_SRC: ({ packetSource }) => packetSource.text,
  DST: ({ packetDestination }) => packetDestination?.text ?? "0.0.0.0",
  DST_PORT: ({ insidePort, service }) => insidePort ?? service.port,
  PORT: ({ service }) => service.port,
  PROTO: ({ service }) => PROTO_NUMBER[service.proto],
  TIMEOUT: ({ timestamp, seconds }) => timestamp + seconds,
  CLIENT_TIMEOUT: ({ seconds }) => seconds,
};

/** No delimiter is needed behind a token, so of two that fit the longer one is meant. Of any other `$` nothing is left. */
const TOKEN = new RegExp(`\\$(${Object.keys(TOKENS).sort((a, b) => b.length - a.length).join("|")})?`, "g");

/** The command for one request. The fault is the end of a sentence. */
export function expandTemplate(template: string, facts: TemplateFacts): Result<string, string> {
  const text = template.replace(TOKEN, (_all, name?: string) => String(TOKENS[name ?? ""]?.(facts) ?? ""));
  if (text.length <= MAX_EXPANSION) return ok(text);
  return fail(`it would have ${text.length} characters, and at most ${MAX_EXPANSION} are taken`);
}
