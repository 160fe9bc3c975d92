/**
 * Types of values that only the client has. The faults carry the fragments that scripts match (facts/fragments 2);
 * an enumeration or a number repeats what was typed, a key never.
 */
import { decodePaddedBase64 } from "../../lib/base64.ts";
import { escapedBytes, wipe } from "../../lib/bytes.ts";
import { DIGEST_NAMES, DIGESTS, type ModeName, MODES, RIJNDAEL_MODES } from "../../lib/crypto/digest.ts";
import type { DigestName } from "../../lib/crypto/engine.ts";
import { type Ip, parseIp } from "../../lib/net/address.ts";
import { isHost, isHostName } from "../../lib/net/host_name.ts";
import { parsePort } from "../../lib/net/service.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { path } from "../../lib/settings/kinds.ts";
import type { Kind } from "../../lib/settings/setting.ts";
import type { HostPort, SendProto } from "../send/target.ts";
import { formatTimeOffset, parseTimeOffset } from "../request/time_offset.ts";

/** A cipher mode as it can be asked for; `asymmetric` marks GPG. */
export type ClientMode = Exclude<ModeName, "pcbc">;

const PROTOCOLS: readonly SendProto[] = ["udp", "tcp", "http", "udpraw", "tcpraw", "icmp"];

/** Whose address is to be let in. */
export type Allow =
  | { readonly kind: "source" }
  | { readonly kind: "resolve" }
  | { readonly kind: "address"; readonly ip: Ip }
  | { readonly kind: "name"; readonly name: string };

/** A digest or HMAC name in any letter case; printed in capitals. `label` is `digest` or `hmac digest`. */
export function digest(label: string): Kind<DigestName> {
  return word(DIGEST_NAMES, {
    valueName: "DIGEST",
    refusal: `Invalid ${label} type`,
    print: (name) => DIGESTS[name].printed,
  });
}

/** A cipher mode in any letter case. PCBC is a known name that no program can decode, so it is refused. */
export const mode: Kind<ClientMode> = word<ClientMode>([...RIJNDAEL_MODES, "asymmetric"], {
  valueName: "MODE",
  refusal: "Invalid encryption mode",
  print: (name) => MODES[name].printed,
});

/** A transport in any letter case. */
export const protocol: Kind<SendProto> = word(PROTOCOLS, {
  valueName: "PROTO",
  refusal: "Unrecognized protocol",
  print: (name) => name,
});

/** `Y` or `N` alone: the C client takes only these two letters, and reads every other word as nothing said. */
export const yesNo: Kind<boolean> = {
  valueName: "Y|N",
  expects: "Y or N",
  choices: ["Y", "N"],
  parse(text) {
    if (/^y$/i.test(text)) return ok(true);
    if (/^no?$/i.test(text)) return ok(false);
    return fail("expected Y or N");
  },
  format: (value) => value ? "Y" : "N",
};

/** A whole number whose fault begins with the sentence that scripts know. */
export function bounded(
  range: readonly [min: number, max: number],
  refusal: string,
  valueName: string,
): Kind<number> {
  const [min, max] = range;
  return {
    valueName,
    expects: `a number from ${min} to ${max}`,
    parse(text) {
      const value = /^\+?[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? ok(value) : fail(`${refusal} [${min}-${max}]`);
    },
    format: (value) => String(value),
  };
}

/** `Y`, `N` or a number: how much is said. */
export const verbosity: Kind<number> = {
  valueName: "LEVEL",
  expects: "Y, N or a number from 0 to 4",
  parse(text) {
    if (/^y$/i.test(text)) return ok(1);
    if (/^no?$/i.test(text)) return ok(0);
    return /^0*[0-4]$/.test(text) ? ok(Number(text)) : fail("expected Y, N or a number from 0 to 4");
  },
  format: (value) => value === 1 ? "Y" : value === 0 ? "N" : String(value),
};

/** Seconds to add to the time stamp, in the units of facts/client 6. `signed` takes a leading minus. */
export function timeOffset(options: { readonly signed: boolean }): Kind<number> {
  return {
    valueName: "TIME",
    expects: "a number of seconds, or one with m, h or d for minutes, hours or days: 90, 5m, 1h30m",
    parse: (text) => parseTimeOffset(text, options),
    format: formatTimeOffset,
  };
}

/** `source`, `resolve`, an address of either family, or a host name. */
export const allow: Kind<Allow> = {
  valueName: "IP|HOST",
  expects: "an IP address, a host name, source or resolve",
  parse(text) {
    if (/^source$/i.test(text)) return ok({ kind: "source" });
    if (/^resolve$/i.test(text)) return ok({ kind: "resolve" });
    const ip = parseIp(text);
    if (ip.ok) return isUnspecified(ip.value) ? unspecified(ip.value) : ok({ kind: "address", ip: ip.value });
    // What looks like an address and is none must not be asked of a name server: it could name another host.
    if (!/^[0-9.:]*$/.test(text) && isHostName(text)) return ok({ kind: "name", name: text });
    return fail("Invalid allow IP specified for SPA access");
  },
  format(value) {
    if (value.kind === "address") return value.ip.text;
    return value.kind === "name" ? value.name : value.kind;
  },
};

/** An address of either family, with the sentence for a bad one. */
export function address(refusal: string): Kind<Ip> {
  return {
    valueName: "IP",
    expects: "an IP address",
    parse(text) {
      const ip = parseIp(text);
      return ip.ok ? ok(ip.value) : fail(refusal);
    },
    format: (ip) => ip.text,
  };
}

/** `HOST:PORT`; IPv6 addresses stand in brackets. */
export const hostPort: Kind<HostPort> = {
  valueName: "HOST:PORT",
  expects: "HOST:PORT, with an IPv6 address in brackets",
  parse(text) {
    const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/.exec(text) ?? [];
    const host = bracketed ?? plain;
    const port = parsePort(digits);
    return host !== undefined && isHost(host) && port !== null ? ok({ host, port }) : fail(`expected ${this.expects}`);
  },
  format: ({ host, port }) => host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
};

/** A directory. A slash at its end is left out, as in C. */
export const directory: Kind<string> = {
  ...path("DIR"),
  parse(text) {
    const parsed = path("DIR").parse(text);
    return parsed.ok ? ok(parsed.value.replace(/(.)\/$/s, "$1")) : parsed;
  },
};

/** A raw key. The C client cuts longer ones silently, so both ends would use different bytes. */
export function rawKey(maxBytes: number): Kind<string> {
  return {
    valueName: "KEY",
    expects: `text of 1 to ${maxBytes} bytes`,
    takesBytes: true,
    parse(text) {
      const length = escapedBytes(text).length;
      if (length >= 1 && length <= maxBytes) return ok(text);
      return fail(`Invalid key length: ${length} bytes, must be in [1,${maxBytes}]`);
    },
    measure: (text) => escapedBytes(text).length,
    format: (text) => text,
  };
}

/** A key in base64; its text is kept as typed, so that it is saved as typed. */
export function base64Key(maxBytes: number): Kind<string> {
  return {
    valueName: "BASE64",
    expects: `base64 of 1 to ${maxBytes} bytes`,
    parse(text) {
      const bytes = decodeKey(text);
      if (bytes === null) return fail("the key doesn't look like base64-encoded data");
      wipe(bytes);
      if (bytes.length >= 1 && bytes.length <= maxBytes) return ok(text);
      const decoded = bytes.length > maxBytes ? " (Invalid decoded key length)" : "";
      return fail(`Invalid key length: ${bytes.length} bytes, must be in [1,${maxBytes}]${decoded}`);
    },
    measure(text) {
      const bytes = decodeKey(text);
      if (bytes !== null) wipe(bytes);
      return bytes?.length;
    },
    format: (text) => text,
  };
}

/** Bytes of a base64 key with or without its padding; null when it is not base64. */
export function decodeKey(text: string): Uint8Array<ArrayBuffer> | null {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? decodePaddedBase64(text) : null;
}

function isUnspecified(ip: Ip): boolean {
  return ip.bytes.every((byte) => byte === 0);
}

/** `0.0.0.0` is how the wire says "the packet's source"; `::` says nothing anybody would want (facts/decisions 1). */
function unspecified(ip: Ip): Result<Allow, string> {
  return ip.family === 4 ? ok({ kind: "source" }) : fail("Invalid allow IP specified for SPA access");
}

function word<Word extends string>(
  words: readonly Word[],
  options: { readonly valueName: string; readonly refusal: string; readonly print: (word: Word) => string },
): Kind<Word> {
  const printed = words.map(options.print);
  const expects = `one of ${printed.join(", ")}`;
  return {
    valueName: options.valueName,
    expects,
    choices: printed,
    parse(text) {
      const found = words.find((candidate) => candidate === text.toLowerCase());
      return found === undefined ? fail(`${options.refusal}: ${text} is not ${expects}`) : ok(found);
    },
    format: options.print,
  };
}
