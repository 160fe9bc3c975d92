/** Kinds of values that only the files of the daemon have. */
import { decodePaddedBase64 } from "../../lib/base64.ts";
import { escapedBytes } from "../../lib/bytes.ts";
import { type AddressList, parseAddressList } from "../../lib/net/cidr.ts";
import { addressListRemedy, serviceListRemedy } from "../../lib/net/remedies.ts";
import { formatService, formatServices, type Service } from "../../lib/net/service.ts";
import { fail, ok } from "../../lib/result.ts";
import { integer, leadingNumber, refusing, text, yesNo } from "../../lib/settings/kinds.ts";
import type { Kind } from "../../lib/settings/setting.ts";
import { usernameFault } from "../../lib/wire/encode.ts";

/** PCAP_INTF: names separated by commas. A name that stands twice counts once. */
export const interfaceList: Kind<readonly string[]> = {
  valueName: "NAME[,NAME...]",
  expects: "names of interfaces separated by commas",
  bare: true,
  parse(text) {
    const names = text.split(",").map((name) => name.trim());
    return names.includes("") ? fail("a name is missing") : ok([...new Set(names)]);
  },
  format: (names) => names.join(","),
};

/** SOURCE and DESTINATION: addresses and networks of both families, or ANY (facts/configuration 8). */
export const addressList: Kind<AddressList> = {
  valueName: "ADDRESS[/MASK][,...]",
  expects: "addresses and networks separated by commas, or ANY",
  parse(text) {
    const list = parseAddressList(text);
    return list.ok ? list : fail(`"${list.fault.item}" ${list.fault.reason}`);
  },
  remedy: addressListRemedy,
  format: (value) => value.text,
};

/**
 * OPEN_PORTS and RESTRICT_PORTS (facts/configuration 9): `proto/port` items, blanks allowed before each. Port 0 is only
 * the number 0. A repeated item counts once; in the C daemon it makes OPEN_PORTS refuse every request.
 */
export const serviceList: Kind<readonly Service[]> = {
  valueName: "PROTO/PORT[,...]",
  expects: "items such as tcp/22 separated by commas",
  parse(text) {
    const services = new Map<string, Service>();
    for (const item of text.split(",")) {
      const [, proto = "", port = ""] = /^[ \t]*([^/ \t]+)\/([0-9]+)[ \t]*$/.exec(item) ?? [];
      if (proto === "") return fail("Parse error on access port entry: expected items such as tcp/22");
      const name = proto.toLowerCase();
      if (name !== "tcp" && name !== "udp") return fail("Invalid protocol in access port entry: expected tcp or udp");
      if (port.length > 5 || Number(port) > 65535) {
        return fail(`Invalid port '${port}' in access request, must be in [0,65535]`);
      }
      const service = { proto: name, port: Number(port) } as const;
      services.set(formatService(service), service);
    }
    return ok([...services.values()]);
  },
  lenient: leadingServices,
  remedy: serviceListRemedy,
  format: formatServices,
};

/**
 * As the C daemon reads it: what follows the digits of a port does not count. A port without digits is 0 to it; here what
 * was meant cannot be told from it.
 */
function leadingServices(text: string): { readonly value: readonly Service[] } | null {
  const items = text.split(",").map((item) => /^[ \t]*((?:tcp|udp)\/)[ \t]*([0-9]+)/i.exec(item));
  if (items.includes(null)) return null;
  const read = serviceList.parse(items.map((item) => `${item?.[1]}${item?.[2]}`).join(","));
  return read.ok ? { value: read.value } : null;
}

const chainText = text({ valueName: "CHAIN" });

/** NFQ_CHAIN: a name that iptables takes for a chain of ours. */
export const chainName: Kind<string> = {
  ...chainText,
  expects: "the name of a chain: at most 28 letters, digits, _ and -",
  parse(given) {
    const isBuiltIn = /^(?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(given);
    if (/^[A-Za-z0-9_][A-Za-z0-9_-]{0,27}$/.test(given) && !isBuiltIn) return ok(given);
    return fail(isBuiltIn ? "this chain is the kernel's own" : "expected at most 28 letters, digits, _ and -");
  },
};

const plainText = text({ valueName: "NAME" });

/** REQUIRE_USERNAME: with a name that no packet can carry every packet would be refused. */
export const packetUsername: Kind<string> = {
  ...plainText,
  expects: "a user name that a packet can carry",
  parse(given) {
    const read = plainText.parse(given);
    if (!read.ok) return read;
    const fault = usernameFault(read.value);
    if (fault === null) return read;
    return fail(
      fault === "username-too-long"
        ? "no packet can carry this user name: at most 48 characters are possible"
        : 'no packet can carry this user name: it must be of printable ASCII without " / \\ [ ] : ; | = , + * ? < >',
    );
  },
};

/** Words that stand for a key in sample files. */
const PLACEHOLDER = /^__CHANGEME__/i;

/** KEY and HMAC_KEY: the bytes of the text. `tooLong`: what the C daemon says of one that is. */
export function passphrase(maxLength: number, tooLong = "Invalid key length"): Kind<Uint8Array> {
  const kind = keyKind(maxLength, { valueName: "PASSPHRASE", decode: escapedBytes, tooLong });
  const remedy = (text: string) => PLACEHOLDER.test(text) ? undefined : FITTING;
  return { ...kind, remedy, takesBytes: true, mayHoldHash: true };
}

/** KEY_BASE64 and HMAC_KEY_BASE64. Missing padding is fine, anything else that is no base64 is not. */
export function base64Key(maxLength: number): Kind<Uint8Array> {
  const kind = keyKind(maxLength, {
    valueName: "BASE64",
    decode: decodePaddedBase64,
    tooLong: "Invalid decoded key length",
  });
  return { ...kind, remedy: base64Remedy };
}

const FITTING = "fwknopd --key-gen makes one that fits";

/** What is wrong with the text of a key, where that shows without repeating it. */
function base64Remedy(text: string): string | undefined {
  if (PLACEHOLDER.test(text)) return undefined;
  if (decodePaddedBase64(text) !== null) return FITTING;
  if (/[-_]/.test(text) && /^[A-Za-z0-9_-]+$/.test(text)) {
    return "write + for - and / for _: this is the alphabet of URLs";
  }
  if (/[ \t]/.test(text)) return "write the key without blanks, on one line";
  return "a pass phrase belongs in KEY or HMAC_KEY; fwknopd --key-gen makes keys in base64";
}

function keyKind(
  maxLength: number,
  { valueName, decode, tooLong }: {
    readonly valueName: string;
    readonly decode: (text: string) => Uint8Array | null;
    readonly tooLong: string;
  },
): Kind<Uint8Array> {
  return {
    valueName,
    expects: `a key of 1 to ${maxLength} bytes`,
    parse(text) {
      if (PLACEHOLDER.test(text)) {
        return fail("value is not properly set: replace __CHANGEME__ with a key (fwknopd --key-gen makes one)");
      }
      const bytes = decode(text);
      if (bytes === null) return fail("the value doesn't look like base64-encoded data");
      if (bytes.length === 0) return fail("the key is empty");
      // The C daemon loads longer keys and then refuses every packet.
      if (bytes.length > maxLength) {
        return fail(`${tooLong}: the key has ${bytes.length} bytes, at most ${maxLength} are allowed`);
      }
      return ok(bytes);
    },
    format: () => "<see the access.conf file>",
  };
}

/** ACCESS_EXPIRE_EPOCH: Unix seconds. */
export const epochSeconds = refusing(integer(0, Number.MAX_SAFE_INTEGER, "SECONDS"), "invalid epoch seconds value");

/** TCPSERV_PORT and UDPSERV_PORT: the C daemon takes greater numbers and cuts them to 16 bits. */
export const serverPort: Kind<number> = {
  ...integer(1, 65_535, "PORT"),
  lenient(text) {
    const number = leadingNumber(text);
    const port = number & 0xffff;
    return number < 131_072 && number > 0 && port > 0 ? { value: port } : null;
  },
};

/** A switch of which the C daemon refuses every other word. */
export const plainYesNo: Kind<boolean> = withoutLeniency(yesNo);

function withoutLeniency<Value>({ lenient: _, ...kind }: Kind<Value>): Kind<Value> {
  return kind;
}

/** A variable without effect: whatever it says, it says nothing here. */
export function ignored(kind: Kind<unknown>): Kind<string> {
  return { valueName: kind.valueName, expects: "anything", parse: ok, format: (text) => text };
}

/** Builds the moment of local midnight at the start of a day; months from 1. Unix seconds. */
export type LocalMidnight = (year: number, month: number, day: number) => number;

/**
 * ACCESS_EXPIRE: `MM/DD/YYYY`, a real date of the calendar; years below 100 are 20YY. Means local midnight at the start of
 * that day. The C daemon rolls 13/45/2020 over into the next year; here it is an error.
 */
export function expiryDate(localMidnight: LocalMidnight): Kind<number> {
  return {
    valueName: "MM/DD/YYYY",
    expects: "a date MM/DD/YYYY",
    parse(text) {
      const [, month, day, year] = /^([0-9]{1,2})\/([0-9]{1,2})\/([0-9]{2}|[0-9]{4})$/.exec(text) ?? [];
      if (year === undefined) return fail("invalid date value: expected MM/DD/YYYY");
      const [m, d, y] = [Number(month), Number(day), year.length === 2 ? 2000 + Number(year) : Number(year)];
      const date = new Date(Date.UTC(y, m - 1, d));
      const real = y >= 1900 && date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
      return real ? ok(localMidnight(y, m, d)) : fail("invalid date value: there is no such day");
    },
    lenient: (text) => rolledOver(text, localMidnight),
    remedy(text) {
      if (/^(?:never|none|no|n|0)$/i.test(text)) return "leave the line out: the stanza never ends then";
      const [, year, month, day] = /^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$/.exec(text) ?? [];
      if (year !== undefined) return `write ${month}/${day}/${year}: the month comes first, the year last`;
      const [, first, second, third] = /^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{2}|[0-9]{4})$/.exec(text) ?? [];
      if (first === undefined) return undefined;
      return Number(first) > 12 && Number(second) <= 12
        ? `the month comes first: ${second}/${first}/${third}`
        : /[-.]/.test(text)
        ? `write ${first}/${second}/${third}, with the month first`
        : undefined;
    },
    format: (value) => new Date(value * 1000).toISOString(),
  };
}

/** As the C daemon reads a date: 13/45/2020 goes over into the next year, and what follows the year does not count. */
function rolledOver(text: string, localMidnight: LocalMidnight): { readonly value: number } | null {
  const [, month, day, year] = /^([0-9]{1,3})\/([0-9]{1,3})\/([0-9]{1,4})(?![0-9])/.exec(text) ?? [];
  const full = Number(year) < 100 ? 2000 + Number(year) : Number(year);
  return full > 1900 ? { value: localMidnight(full, Math.max(Number(month), 1), Number(day)) } : null;
}

/** The real one: the time zone of the host. */
export const hostMidnight: LocalMidnight = (year, month, day) => new Date(year, month - 1, day).getTime() / 1000;
