/** `--explain`: what a knock would be, to whom it would go and where each value comes from. Nothing is sent or asked. */
import { escapedBytes } from "../../lib/bytes.ts";
import { DIGESTS, MODES } from "../../lib/crypto/digest.ts";
import { showable } from "../../lib/showable.ts";
import { type KnockRequest, messageType } from "../../lib/spa/request.ts";
import { formatAsked, formatNat } from "../../lib/wire/message_text.ts";
import { formatOrigin, type Origin } from "../../lib/settings/setting.ts";
import { accountName } from "../request/account.ts";
import { wantsHmac } from "../keys/collect.ts";
import type { Loaded } from "../settings/load.ts";
import { CLIENT_SETTINGS, type ClientKey, type ClientSettings, settingOf } from "../options/table.ts";
import { DEFAULT_WAIT } from "../options/own.ts";
import { decodeKey } from "../options/kinds.ts";
import type { RcFile } from "../rc/rc_file.ts";
import { precheck } from "../knock/precheck.ts";
import { rehearseRequest } from "../request/request.ts";
import { shownUrl } from "../request/service_url.ts";
import { ClientError, tellError } from "../ui/tui.ts";
import { packetUser } from "../request/username.ts";
import type { World } from "../ui/world.ts";

/** Stands for a secret. */
const MASK = "********";

type Row = readonly [label: string, text: string, origin?: string];

/**
 * Prints it. `rest` is what stood after `--then` or `--proxy`. The result is the exit code: 1 when a knock with these
 * settings is refused.
 */
export function explain(loaded: Loaded, rest: readonly string[], world: World): number {
  const refusal = refusalOf(loaded, rest, world);
  if (refusal === null) {
    world.out(["Nothing is sent. A knock would be:", "", ...table(knockRows(loaded.settings, world)), ""].join("\n"));
  }
  world.out(["What was said, and where:", "", ...table(saidRows(loaded))].join("\n"));
  world.out(["", "Built-in defaults:", "", ...table(defaultRows(loaded))].join("\n"));
  if (refusal !== null) tellError(world, refusal.message, refusal.hint);
  return refusal === null ? 0 : 1;
}

function refusalOf(loaded: Loaded, rest: readonly string[], world: World): ClientError | null {
  try {
    precheck(loaded, rest, world);
    return null;
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}

function knockRows(settings: ClientSettings, world: World): readonly Row[] {
  const built = rehearseRequest(settings);
  // Refusals were told before.
  if (!built.ok) return [];
  const request = built.value;
  const [nat, timeout] = request.kind === "command" ? [null, 0] : [request.nat, request.timeout];
  const message = `${wireAddress(settings)},${whatIsAsked(request, settings)}`;
  const user = packetUser({ explicit: settings.spoofUser, env: world.env, systemName: accountName });
  return [
    ["to", destination(settings)],
    ["message", `${message} (type ${messageType(request)})`],
    ...(nat === null ? [] : [["forwarded to", formatNat(nat)] as const]),
    ["lets in", whoIsLetIn(settings)],
    ["for", timeout === 0 ? "the time that the server chooses" : `${timeout} s`],
    ["user name", user.name, userOrigin(user.origin)],
    ["encrypted", settings.useGpg ? gpgKeys(settings) : `${modeName(settings)}, ${keySource(settings, "key")}`],
    [
      "HMAC",
      wantsHmac(settings) ? `${DIGESTS[settings.hmacDigestType].printed}, ${keySource(settings, "hmacKey")}` : "none",
    ],
    ...(afterwards(settings).map((text) => ["afterwards", text] as const)),
  ];
}

/** As in the message, but that a random port is not drawn. */
function whatIsAsked(request: KnockRequest, { natRandPort }: ClientSettings): string {
  return request.kind === "access" && natRandPort
    ? request.services.map(({ proto }) => `${proto}/RANDOM`).join(",")
    : formatAsked(request);
}

/** `environment, LOGNAME`; nothing for `-U`, which has a line of its own below. */
function userOrigin(origin: string): string {
  return origin.startsWith("-U") ? "" : origin === "this account" ? origin : `environment, ${origin}`;
}

function destination(settings: ClientSettings): string {
  const { server, serverProto, serverPort, randPort, httpProxy, socks5 } = settings;
  if (server === undefined) return "nobody: no server is named";
  const port = serverProto === "icmp" ? "" : randPort ? ", a random port" : `, port ${serverPort}`;
  const family = settings.ipv6 ? ", IPv6" : settings.ipv4 || settings.serverResolveIpv4 ? ", IPv4" : "";
  const through = httpProxy?.text ?? (socks5 === undefined ? undefined : `${socks5.host}:${socks5.port}`);
  return `${server}, ${serverProto}${port}${family}${
    through === undefined ? "" : `, through the proxy ${shownUrl(through)}`
  }`;
}

function wireAddress({ allowIp }: ClientSettings): string {
  if (allowIp === undefined) return "OWN-ADDRESS";
  if (allowIp.kind === "address") return allowIp.ip.text;
  return allowIp.kind === "name" ? `ADDRESS-OF-${allowIp.name}` : "0.0.0.0";
}

function whoIsLetIn(settings: ClientSettings): string {
  const { allowIp, resolveUrl, resolveHttpOnly, wgetCmd } = settings;
  if (allowIp?.kind === "address") return allowIp.ip.text;
  if (allowIp?.kind === "name") return `the address of ${allowIp.name}, looked up for each knock`;
  if (allowIp !== undefined) return "whatever address the packet arrives from";
  const how = resolveHttpOnly ? "over HTTP" : wgetCmd === undefined ? "over HTTPS" : "with wget";
  return `this machine as the Internet sees it, asked ${how}${
    resolveUrl === undefined ? "" : ` at ${shownUrl(resolveUrl.text)}`
  }`;
}

function modeName({ encryptionMode }: ClientSettings): string {
  return `Rijndael ${MODES[encryptionMode].printed}`;
}

/** Neither keyring nor agent is asked. */
function gpgKeys({ gpgRecipient = "", gpgSigner, gpgAgent, gpgNoSigningPw }: ClientSettings): string {
  if (gpgSigner === undefined) return `GnuPG for ${gpgRecipient}, not signed`;
  const passphrase = gpgAgent ? ", passphrase by gpg-agent" : gpgNoSigningPw ? ", without a passphrase" : "";
  return `GnuPG for ${gpgRecipient}, signed by ${gpgSigner}${passphrase}`;
}

/** Where a key would come from, and how long it is where that is known; never the key. */
function keySource(settings: ClientSettings, which: "key" | "hmacKey"): string {
  const text = settings[which];
  const base64 = settings[`${which}Base64`];
  const file = settings[`${which}File`];
  const command = settings[`${which}Cmd`];
  if (text !== undefined) return `a key of ${escapedBytes(text).length} bytes, given as text`;
  if (base64 !== undefined) return `a key of ${decodeKey(base64)?.length ?? 0} bytes`;
  if (file !== undefined) return `the key of ${settings.server ?? "the server"} in ${file}`;
  if (command !== undefined) return `the key that this prints: ${command}`;
  if (settings.stdin) return "a key read from standard input";
  return settings.fd === undefined ? "a key asked for on the terminal" : `a key read from descriptor ${settings.fd}`;
}

function afterwards(settings: ClientSettings): readonly string[] {
  const { wait, thenCommand, proxy, hold } = settings;
  const seconds = wait ?? (thenCommand || proxy ? DEFAULT_WAIT : null);
  return [
    ...(seconds === null ? [] : [`waits up to ${seconds} s for the TCP ports`]),
    ...(thenCommand ? ["becomes the command after --then"] : []),
    ...(proxy ? ["carries standard input and output"] : []),
    ...(hold ? ["knocks again before the door closes, until Ctrl-C"] : []),
  ];
}

function saidRows({ settings, origins, unread, rc }: Loaded): readonly Row[] {
  const misread = new Map(unread.map((problem) => [problem.about?.key, problem] as const));
  const keys = (Object.keys(CLIENT_SETTINGS) as ClientKey[]).filter((key) => origins[key] ?? misread.has(key));
  return keys.map((key) => {
    const bad = misread.get(key);
    if (bad !== undefined) return [bad.origin.option ?? key, maskedText(key, bad.about?.text ?? ""), "command line"];
    const origin = origins[key] ?? {};
    const row = settingOf(key);
    const name = origin.option ?? row.directive?.[0] ?? key;
    return [name, shownValue(key, settings[key], origin), shownOrigin(origin, rc)] as const;
  });
}

function defaultRows({ settings, origins }: Loaded): readonly Row[] {
  const keys = (Object.keys(CLIENT_SETTINGS) as ClientKey[]).filter((key) => {
    const { fallback, directive } = settingOf(key);
    return origins[key] === undefined && directive !== undefined && typeof fallback !== "boolean" &&
      Boolean(fallback) &&
      settings[key] === fallback;
  });
  return keys.map((key) => [settingOf(key).directive?.[0] ?? key, settingOf(key).kind.format(settings[key])] as const);
}

/** Settings that are URLs: what stands before an @ is a login even where the scheme is left out. */
const URLS: ReadonlySet<ClientKey> = new Set(["resolveUrl", "httpProxy"]);

function shownValue(key: ClientKey, value: unknown, origin: Origin): string {
  const row = settingOf(key);
  if (row.secret === true) return MASK;
  // `ALLOW_IP resolve` is a request to find out and no address.
  if (value === undefined) return "resolve";
  if (value === true && origin.option !== undefined) return "given";
  const text = Array.isArray(value) ? value.map((item) => row.kind.format(item)).join(",") : row.kind.format(value);
  return maskedText(key, text);
}

function maskedText(key: ClientKey, text: string): string {
  return URLS.has(key) ? shownUrl(text) : withoutLogin(text);
}

/** A command may hold a URL with a name and a password. */
function withoutLogin(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, `//${MASK}@`);
}

/** `~/.fwknoprc:12 [gw]`, or that it stood on the command line. */
function shownOrigin(origin: Origin, rc: RcFile | null): string {
  if (origin.option !== undefined) return "command line";
  const { line = 0 } = origin;
  const stanza = rc?.file.stanzas.find((one) => one.line <= line && line <= one.endLine);
  return `${formatOrigin(origin)}${stanza === undefined ? "" : ` [${stanza.name}]`}`;
}

function table(written: readonly Row[]): readonly string[] {
  const rows = written.map((row) => row.map((text) => showable(text ?? "")));
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(([label = "", text = "", where = ""]) => {
    const begin = `  ${label.padEnd(widths[0] ?? 0)}  `;
    return where === "" ? begin + text : `${begin}${text.padEnd(Math.min(widths[1] ?? 0, 40))}  ${where}`;
  });
}
