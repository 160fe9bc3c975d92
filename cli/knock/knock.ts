/** One knock: finds the address, makes request and packet, sends it (facts/client 1, steps 8 and 9). */
import type { RijndaelMode } from "../../lib/crypto/engine.ts";
import type { RijndaelSecrets } from "../../lib/crypto/secrets.ts";
import { randomDigits } from "../../lib/crypto/digits.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { faultText } from "../../lib/faults.ts";
import type { KnockRequest } from "../../lib/spa/request.ts";
import { seal, type SealedPacket } from "../../lib/spa/seal.ts";
import { VERSION } from "../../lib/version.ts";
import { formatMessage, formatNat } from "../../lib/wire/message_text.ts";
import { encryptionByLength } from "../../lib/wire/envelope.ts";
import { accountName } from "../request/account.ts";
import { allowedAddress } from "../request/allow_ip.ts";
import type { Gpg } from "../gpg/gpg.ts";
import type { Prepared } from "./prepared.ts";
import { collectKeys, type KeySources } from "../keys/collect.ts";
import type { ClientSettings } from "../options/table.ts";
import type { KeyStream } from "../keys/prompt.ts";
import { RANDOM_PORT_DIGITS, randomPort } from "../request/random_port.ts";
import { buildRequest } from "../request/request.ts";
import { SendError, type SendReport, type Target } from "../send/sender.ts";
import { ClientError, forgiving, tellError, tellWarning } from "../ui/tui.ts";
import { packetUser } from "../request/username.ts";
import type { World } from "../ui/world.ts";

/** Faults whose texts do not say that the packet is too long. */
const TOO_LONG: ReadonlySet<string> = new Set(["encryption-type-unknown", "encoded-length", "message-too-long"]);

/** Builds and sends the packet of these settings. The result is the exit code. Throws {@link ClientError}. */
export async function knock(settings: ClientSettings, world: World): Promise<number> {
  const prepared = await prepareKnock(settings, world);
  if (!settings.both) return await sendFresh(settings, prepared, world);
  const overIpv4 = await sendFresh({ ...settings, ipv4: true }, prepared, world);
  return Math.max(overIpv4, await sendFresh({ ...settings, ipv6: true }, prepared, world));
}

/** Finds addresses, draws ports and collects keys. Throws {@link ClientError}. */
export async function prepareKnock(settings: ClientSettings, world: World): Promise<Prepared> {
  warnOfSource(settings, world);
  const request = await makeRequest(settings, world);
  return {
    request,
    ...settings.useGpg ? await loadGpg(settings, world) : { secrets: await loadKeys(settings, world) },
  };
}

/** Builds a new packet, never sent before, and sends it. The result is the exit code. Throws {@link ClientError}. */
export async function sendFresh(settings: ClientSettings, prepared: Prepared, terminal: World): Promise<number> {
  const { secrets, gpg } = prepared;
  // Output of -v that cannot be written does not prevent the knock.
  const world = settings.verbose > 0 && !settings.test ? forgiving(terminal) : terminal;
  if (settings.verbose > 0) world.err("[+] Building encrypted Single Packet Authorization (SPA) message...");
  const packet = await makePacket(settings, { ...prepared, world });
  const shown = settings.test && !settings.json || settings.verbose > 0;
  if (shown) (await import("./dump.ts")).showPacket(packet, { secrets, gpg }, world);
  if (settings.savePacket !== undefined) await savePacketFile(settings, packet.wire, world);
  const target = makeTarget(settings, world);
  return settings.test
    ? await (await import("./dump.ts")).rehearse({ settings, target, packet, secrets, gpg, world })
    : await send(settings, { target, packet, world });
}

/** The request, with names resolved, the own address found and random ports drawn. */
async function makeRequest(settings: ClientSettings, world: World): Promise<KnockRequest> {
  const randomNatPort = settings.natRandPort ? drawPort(world) : null;
  const allow = await allowedAddress(settings, world);
  const request = buildRequest(settings, { allow, randomNatPort });
  if (!request.ok) throw new ClientError(request.fault.message, request.fault.hint);
  if (randomNatPort !== null) tellRandomPort(request.value, randomNatPort, world);
  return request.value;
}

function tellRandomPort(request: KnockRequest, port: number, world: World): void {
  if (request.kind === "command" || request.nat === null) return;
  const [message, target] = [formatMessage(request), formatNat(request.nat)];
  world.out(`[+] Randomly assigned port '${port}' on: '${message}' will grant access to: '${target}'`);
}

/** The keys of these settings, from wherever they come. Throws {@link ClientError}. */
export async function loadKeys(settings: ClientSettings, world: World): Promise<RijndaelSecrets> {
  // GPG goes another way, so the mode is one of Rijndael's.
  const mode = settings.encryptionMode as RijndaelMode;
  return await withSources(settings, world, (sources) => collectKeys(settings, mode, sources));
}

/** The same with GnuPG: what signs and encrypts, and the HMAC key. */
async function loadGpg(settings: ClientSettings, world: World): Promise<Pick<Prepared, "secrets" | "gpg">> {
  const { openGpg } = await import("../gpg/gpg.ts");
  return await withSources(settings, world, (sources) => openGpg(settings, { sources, world }));
}

/** Lets `collect` take keys from wherever they come. */
export async function withSources<Keys>(
  settings: ClientSettings,
  world: World,
  collect: (sources: KeySources) => Promise<Keys>,
): Promise<Keys> {
  const descriptor = settings.stdin ? 0 : settings.fd;
  // Opened when the first key is asked for: a run that asks for none may have no such descriptor.
  using streams = new DisposableStack();
  let stream: KeyStream | null = null;
  const nextKey = async (fd: number) => {
    stream ??= streams.use((await import("../keys/prompt.ts")).openKeyStream(fd));
    return await stream.ask();
  };
  return await collect({
    ask: (question) => descriptor === undefined ? world.askSecret(question) : nextKey(descriptor),
    fromFile: async (path, server) => (await import("../keys/key_file.ts")).keyFromFile(path, server),
    // With --proxy standard input is what ssh sends.
    fromCommand: async (command, label) =>
      await (await import("../keys/key_command.ts")).keyFromCommand(command, label, { ownInput: settings.proxy }),
    warn: (message) => tellWarning(world, message),
  });
}

/** A new packet, never sent before. Throws {@link ClientError} where none can be built. */
export async function makePacket(
  settings: ClientSettings,
  parts: Omit<Prepared, "gpg"> & { readonly gpg?: Partial<Gpg> | undefined; readonly world: World },
): Promise<SealedPacket> {
  const { request, secrets, gpg, world } = parts;
  const user = packetUser({
    explicit: settings.spoofUser,
    env: world.env,
    systemName: accountName,
  });
  if (user.warning !== null) tellWarning(world, user.warning);
  const now = world.now() + (settings.timeOffset ?? 0);
  if (now < 0) {
    throw new ClientError(
      "Cannot make a packet: the time offset leads before 1970",
      "use a smaller --time-offset-minus",
    );
  }
  const sealing = { ...request, user: user.name, digest: settings.digestType };
  const moment = { now, random: world.randomBytes, hint: settings.keyHint, encrypt: gpg?.encrypt };
  const sealed = await seal(webEngine, sealing, secrets, moment);
  if (!sealed.ok) {
    if (gpg?.pgp !== undefined) {
      throw (await import("../gpg/length.ts")).gpgPacketError(sealed.fault, { secrets, pgp: gpg.pgp });
    }
    const reason = TOO_LONG.has(sealed.fault.code) ? "it would be longer than servers take: " : "";
    throw new ClientError(
      `Cannot build the packet: ${reason}Error ${sealed.fault.number} - ${faultText(sealed.fault)}`,
      "ask for fewer ports, or use a shorter command, user name or digest",
    );
  }
  // Servers of the C program measure the tag too, unless commands are allowed there (facts/wire 9).
  if (gpg === undefined && encryptionByLength(sealed.value.wire.length) !== "rijndael") {
    tellWarning(world, `the packet has ${sealed.value.wire.length} characters; C servers may ignore it`);
  }
  return sealed.value;
}

async function savePacketFile(settings: ClientSettings, wire: string, world: World): Promise<void> {
  const { savePacket } = await import("./packet_file.ts");
  try {
    savePacket(settings.savePacket ?? "", wire, { append: settings.savePacketAppend });
  } catch (error) {
    // As in C the packet is sent nevertheless (COMPATIBILITY F27).
    if (!(error instanceof ClientError)) throw error;
    tellError(world, error.message, error.hint);
  }
}

/** Where the packet goes. */
function makeTarget(settings: ClientSettings, world: World): Target {
  return {
    host: settings.server ?? "",
    port: settings.randPort ? drawPort(world) : settings.serverPort,
    sourcePort: sourcePort(settings, world),
    family: settings.ipv6 ? 6 : settings.ipv4 || settings.serverResolveIpv4 ? 4 : null,
    spoofSource: settings.spoofSource ?? null,
    icmpType: settings.icmpType,
    icmpCode: settings.icmpCode,
    httpProxy: settings.httpProxy ?? null,
    userAgent: settings.userAgent ?? `Fwknop/${VERSION}`,
    socks5: settings.socks5 ?? null,
  };
}

/** Raw packets need a source port: a random one is drawn here, so that it can be shown. */
function sourcePort(settings: ClientSettings, world: World): number | null {
  if (settings.sourcePort > 0) return settings.sourcePort;
  return ["udpraw", "tcpraw", "icmp"].includes(settings.serverProto) ? drawPort(world) : null;
}

async function send(
  settings: ClientSettings,
  parts: { readonly target: Target; readonly packet: SealedPacket; readonly world: World },
): Promise<number> {
  const { target, packet, world } = parts;
  if (settings.verbose > 0) {
    (await import("./dump.ts")).showDelivery(settings, target, world);
    world.err(transcript(settings, target, packet.wire));
  }
  let report: SendReport;
  try {
    report = await world.send(settings.serverProto, packet.wire, target);
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    tellError(world, error.message, error.hint ?? undefined);
    world.err("send_spa_packet: packet not sent.");
    return 1;
  }
  if (settings.verbose > 0) {
    world.out(`send_spa_packet: bytes sent: ${report.bytesSent}`);
  }
  return 0;
}

/** The line that clients before 2.0 wrote, which old scripts look for. */
function transcript(settings: ClientSettings, target: Target, wire: string): string {
  const over =
    { udp: "udp", udpraw: "udp", tcp: "tcp", tcpraw: "tcp", http: "tcp", icmp: "icmp" }[settings.serverProto];
  const { host, port } = { host: target.httpProxy?.host ?? target.host, port: target.httpProxy?.port ?? target.port };
  return `[+] Sending ${wire.length} byte message to ${host} over ${over}/${port}...`;
}

function warnOfSource(settings: ClientSettings, world: World): void {
  if (settings.allowIp?.kind !== "source" || settings.verbose === 0 || settings.test) return;
  tellWarning(world, "Should use -a or -R to harden SPA against potential MITM attacks");
}

function drawPort(world: World): number {
  return randomPort(randomDigits(RANDOM_PORT_DIGITS, world.randomBytes));
}
