/** What to write instead of a value that cannot be read, by the option or directive that it was given for. Pure. */
import { parseIp } from "../../lib/net/address.ts";
import { isHost } from "../../lib/net/host_name.ts";
import { parsePort, parseService } from "../../lib/net/service.ts";
import { accessRemedy } from "./access.ts";
import type { ClientKey } from "../options/table.ts";
import { parseTimeOffset } from "../request/time_offset.ts";

/** A value that was refused. */
interface Refused {
  /** Empty for a secret. */
  readonly text: string;
  /** As it was written: `-f`, `--fw-timeout`, `FW_TIMEOUT`. */
  readonly name: string;
  /** Bytes of a secret, where they are known. */
  readonly length: number | undefined;
}

/** The next move; undefined where the message says it all. */
type Remedy = (refused: Refused) => string | undefined;

/** By key of the table. */
export const VALUE_REMEDIES: Readonly<Partial<Record<ClientKey, Remedy>>> = {
  access: accessRemedy,
  natAccess: natRemedy,
  httpProxy: proxyRemedy,
  resolveUrl: () => "write https://HOST/PATH",
  server: serverRemedy,
  allowIp: addressRemedy,
  spoofSource: addressRemedy,
  fwTimeout: secondsRemedy,
  wait: secondsRemedy,
  serverPort: portRemedy,
  sourcePort: portRemedy,
  natPort: portRemedy,
  timeOffset: offsetRemedy,
  timeOffsetPlus: offsetRemedy,
  timeOffsetMinus: offsetRemedy,
  serverProto: protocolRemedy,
  digestType: digestRemedy,
  hmacDigestType: digestRemedy,
  encryptionMode: modeRemedy,
  socks5: ({ text, name }) => {
    const bare = text.replace(/^[a-z0-9]+:\/\//i, "").replace(/\/$/, "");
    const host = /^\[.*\]$/.test(bare) || !bare.includes(":") ? bare : bare.includes("::") ? `[${bare}]` : null;
    return host === null ? `write ${name} HOST:PORT` : `name the port too: ${name} ${host}:9050`;
  },
  key: (refused) => rawKeyRemedy(refused, "--key-base64-rijndael (KEY_BASE64)"),
  hmacKey: (refused) => rawKeyRemedy(refused, "--key-base64-hmac (HMAC_KEY_BASE64)"),
  keyBase64: (refused) => base64Remedy(refused, "--key-rijndael (KEY)"),
  hmacKeyBase64: (refused) => base64Remedy(refused, "--key-hmac (HMAC_KEY)"),
};

/** The host in what people write instead of it: a URL, an address with a port, a login. */
export function bareHost(text: string): { readonly host: string; readonly port: string | null } {
  const [, address, named = "", port = null] =
    /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?(?:\[([^\]]*)\]|([^@/:]*))(?::([0-9]{1,5}))?(?:\/.*)?$/i.exec(text.trim()) ?? [];
  return { host: address ?? named, port };
}

function serverRemedy({ text, name }: Refused): string | undefined {
  if (/^[0-9.]+$/.test(text)) return "an IPv4 address is four numbers from 0 to 255 with dots between";
  const { host, port } = bareHost(text);
  if (host === "" || !isHost(host)) return undefined;
  const where = name.startsWith("-") ? "-p" : "SPA_SERVER_PORT";
  const other = port === null ? "" : ` (${where} ${port} would be the port that the knock goes to)`;
  return `write the host alone: ${name} ${host}${other}`;
}

function addressRemedy({ text, name }: Refused): string {
  const spoof = name !== "-a" && !/allow/i.test(name);
  const trimmed = text.trim();
  const [, address = "", mask] = /^\[?([0-9a-f.:]+)\]?(\/[0-9.]+)?$/i.exec(trimmed) ?? [];
  if (!spoof && /^(?:any|all|\*|0\.0\.0\.0\/0|::(?:\/0)?)$/i.test(trimmed)) {
    return "-s lets in whatever address the packet arrives from; a knock opens for one address";
  }
  if (parseIp(address).ok) {
    const whole = mask === undefined || mask === "/32" || mask === "/128" || mask === "/255.255.255.255";
    return whole
      ? `write the address alone: ${name} ${address}`
      : `a knock lets in one address, not a network: name it without ${mask}`;
  }
  const [, host = "", bracketed] = /^(?:([0-9.]+):[0-9]+|\[([0-9a-f:.]+)\]:[0-9]+)$/i.exec(trimmed) ?? [];
  if (parseIp(host || bracketed || "").ok) {
    return `write the address without the port: ${name} ${host || bracketed}${spoof ? "" : " (-A says what opens)"}`;
  }
  if (trimmed.includes("%")) return "write the address without what stands after %";
  if (trimmed.includes(",")) return "a knock lets in one address: knock once for each";
  const plain = trimmed.replace(/\b0+(?=[0-9])/g, "");
  if (/^0|\.0[0-9]/.test(trimmed) && parseIp(plain).ok) {
    return `write the numbers without leading zeros, which some read as octal: ${name} ${plain}`;
  }
  if (/^[0-9.]+$/.test(trimmed)) return "an IPv4 address is four numbers from 0 to 255 with dots between";
  if (trimmed.includes(":") && !trimmed.includes("/")) return "an IPv6 address is up to eight groups of hex digits";
  const { host: bare } = bareHost(trimmed);
  return bare === "" || bare === text || !isHost(bare)
    ? `write an address${spoof ? "" : " or a host name: letters, digits, hyphens and dots"}`
    : `write ${spoof ? "the address" : "the name or address"} alone: ${name} ${bare}`;
}

function natRemedy({ text }: Refused): string {
  const [, digits] = /^(?:\[[^\]]*\]|[^:,[\]]*)[:,](.*)$/s.exec(text) ?? [];
  return digits === undefined || parsePort(digits) !== null
    ? "write an address or a host name, IPv6 addresses with a port in brackets: [2001:db8::5]:22"
    : "write HOST or HOST:PORT with a port from 1 to 65535";
}

function proxyRemedy({ text, name }: Refused): string {
  const [, bare = "HOST:PORT"] = /^[a-z0-9]+:\/\/([^@/]+:[0-9]+)\/?$/i.exec(text) ?? [];
  return `write ${name} ${bare}`;
}

function secondsRemedy({ text, name }: Refused): string {
  const written = text.trim();
  const attach = name === "--wait" ? "=" : " ";
  const read = parseTimeOffset(written);
  if (/^[+]?[0-9]+$/.test(written)) return "choose a smaller number of seconds";
  if (read.ok) return `write the seconds alone: ${name}${attach}${read.value}`;
  if (!/^-[0-9]/.test(written)) return "write a number of seconds";
  return name === "--wait" ? "write a number from 1 up" : `${name}${attach}0 leaves the time to the server`;
}

function portRemedy({ text, name }: Refused): string {
  const written = text.trim();
  const [, before, digits, after] = /^(?:(tcp|udp)[/:])?([0-9]+)(?:[/:](tcp|udp))?$/i.exec(written) ?? [];
  const proto = before ?? after;
  if (digits !== undefined && Number(digits) <= 65_535) {
    const other = proto === undefined || !/^(?:-p|--server-port|SPA_SERVER_PORT)$/.test(name)
      ? ""
      : name.startsWith("-")
      ? ` (-P ${proto.toLowerCase()} chooses the protocol)`
      : ` (SPA_SERVER_PROTO ${proto.toLowerCase()} chooses the protocol)`;
    return `write the number alone: ${name} ${digits}${other}`;
  }
  if (digits !== undefined) return "ports go up to 65535";
  const [, host, last] = /^(.+):([0-9]{1,5})$/.exec(written) ?? [];
  if (host !== undefined) return `write the number alone: ${name} ${last}`;
  if (/^[0-9]+[-:,][0-9]+$/.test(written)) return "one port goes here, not several";
  return /^[a-z]/i.test(written) ? "write its number: names of services are not looked up" : "ports are whole numbers";
}

function offsetRemedy({ text, name }: Refused): string {
  const written = text.trim();
  const opposite = name === "--time-offset-plus" ? "--time-offset-minus" : "--time-offset-plus";
  if (written.startsWith("-") && name.startsWith("--") && parseTimeOffset(written.slice(1)).ok) {
    return `write ${opposite} ${written.slice(1)}`;
  }
  return "write seconds, or numbers with s, m, h or d that are added up: 90, 5m, 1h30m, 2days";
}

function protocolRemedy({ text }: Refused): string | undefined {
  if (parseService(text.toLowerCase()).ok) {
    return `-P names the transport alone; -A ${text.toLowerCase()} says what opens`;
  }
  const table: Readonly<Record<string, string>> = {
    https: "-P http sends without encryption of its own, the packet is encrypted anyway",
    socks: "--socks5 HOST:PORT sends through such a proxy",
    socks5: "--socks5 HOST:PORT sends through such a proxy",
    raw: "did you mean udpraw?",
    ping: "did you mean icmp?",
    ssh: "-A tcp/22 asks for ssh; -P says how the packet travels",
  };
  return table[text.toLowerCase()];
}

/** The digit lengths that people write as `SHA-256`, `hmac-sha256`, `sha2`, `sha3-256`. */
function digestRemedy({ text }: Refused): string | undefined {
  const bare = text.toLowerCase().replace(/^hmac[-_]?/, "").replaceAll(/[-_/ ]/g, "");
  const table: Readonly<Record<string, string>> = {
    sha: "SHA256",
    sha2: "SHA256",
    sha3: "SHA3_256",
    sha2256: "SHA256",
    sha2384: "SHA384",
    sha2512: "SHA512",
    sha3256: "SHA3_256",
    sha3512: "SHA3_512",
    sha1: "SHA1",
    sha256: "SHA256",
    sha384: "SHA384",
    sha512: "SHA512",
    md5: "MD5",
  };
  const name = table[bare];
  return name === undefined ? undefined : `did you mean ${name}?`;
}

function modeRemedy({ text }: Refused): string | undefined {
  const word = text.toLowerCase();
  const mode = ["cbc", "ctr", "cfb", "ofb", "ecb"].find((name) => word.split(/[^a-z]+/).includes(name));
  if (mode !== undefined) return `did you mean ${mode.toUpperCase()}?`;
  if (/^(?:gpg|pgp|gnupg|asym)/.test(word)) return "did you mean Asymmetric?";
  return /aes|rijndael|gcm|chacha/.test(word) ? "leave out -M: the default is Rijndael (AES) in CBC mode" : undefined;
}

/** The text is secret: only its length says what it may be. */
function rawKeyRemedy({ length }: Refused, base64: string): string | undefined {
  if (length === undefined) return undefined;
  if (length === 0) return "write the key after it";
  // As long as what --key-gen prints: 32 and 64 bytes in base64.
  return [44, 88].includes(length)
    ? `a key in base64 belongs after ${base64}`
    : `use a shorter key, or one in base64 after ${base64}`;
}

function base64Remedy({ length, name }: Refused, raw: string): string | undefined {
  if (length === undefined) return `copy it whole, as --key-gen prints it; a key as text belongs after ${raw}`;
  if (length === 0) return "write the key after it";
  return length <= 128 && !/hmac/i.test(name)
    ? "an encryption key has at most 32 bytes; one that is longer is the HMAC key: --key-base64-hmac (HMAC_KEY_BASE64)"
    : "make a shorter one with fwknop --key-gen";
}
