/** `-P udpraw`, `tcpraw` and `icmp`: packets with headers of our own making, so that the source can be anything. */
import { openRawSocket } from "../../ffi/libc/raw_socket.ts";
import { connectDatagram } from "../../ffi/libc/socket.ts";
import { craftIcmp, type CraftRoute, craftTcpSyn, craftUdp } from "../../lib/net/craft.ts";
import { type Ip, ipFromBytes, parseIp } from "../../lib/net/address.ts";
import { type Destination, findDestinations, tryEach } from "./destination.ts";
import { SendError, type SendReport, type Target } from "./target.ts";

type Craft = (route: CraftRoute, target: Target, payload: Uint8Array) => Uint8Array<ArrayBuffer>;

/** One raw UDP datagram. */
export function sendUdpRaw(packet: string, target: Target): Promise<SendReport> {
  return sendRaw(packet, target, (route, { port, sourcePort }, payload) => {
    return craftUdp(route, { sourcePort: sourcePort || randomPort(), destinationPort: port }, payload);
  });
}

/** One raw TCP SYN that carries the packet. */
export function sendTcpRaw(packet: string, target: Target): Promise<SendReport> {
  return sendRaw(packet, target, (route, { port, sourcePort }, payload) => {
    return craftTcpSyn(route, { sourcePort: sourcePort || randomPort(), destinationPort: port }, payload);
  });
}

/** One ICMP message. */
export function sendIcmp(packet: string, target: Target): Promise<SendReport> {
  return sendRaw(packet, target, (route, { icmpType, icmpCode }, payload) => {
    return craftIcmp(route, { type: icmpType, code: icmpCode, echoId: random16() }, payload);
  });
}

async function sendRaw(packet: string, target: Target, craft: Craft): Promise<SendReport> {
  const payload = new TextEncoder().encode(packet);
  const spoof = target.spoofSource;
  const family = target.family ?? spoof?.family ?? null;
  if (spoof !== null && spoof.family !== family) {
    throw new SendError(
      `Cannot send by IPv${family} from "${spoof.text}": it is an IPv${spoof.family} address`,
      `leave -${family} out, or give -Q an IPv${family} address`,
    );
  }
  const numeric = parseIp(target.host);
  if (spoof !== null && numeric.ok && numeric.value.family !== spoof.family) {
    throw new SendError(
      `Cannot send to "${target.host}" from "${spoof.text}": one is an IPv4 address, the other an IPv6 address`,
      `give -Q an IPv${numeric.value.family} address`,
    );
  }
  const destinations = await findDestinations(target.host, { port: target.port, family });
  return await tryEach(destinations, (destination) => {
    using socket = openRawSocket(destination.family);
    // As in C, where the kernel fills in what -Q leaves open.
    const source = spoof === null || isUnspecified(spoof) ? ownAddressTowards(destination) : spoof;
    const route = { source, destination: rawIp(destination), id: random16() };
    const bytesSent = socket.send(craft(route, target, payload), destination);
    return { bytesSent, remote: destination.text, port: target.port };
  });
}

/** The kernel would fill in an IPv4 source itself, but only after the checksum was due; IPv6 is left to us. */
function ownAddressTowards(destination: Destination): Ip {
  using probe = connectDatagram(destination.port === 0 ? { ...destination, port: 1 } : destination);
  return rawIp(probe.localAddress());
}

function isUnspecified({ bytes }: Ip): boolean {
  return bytes.every((byte) => byte === 0);
}

function rawIp({ bytes }: { readonly bytes: Uint8Array }): Ip {
  return ipFromBytes(bytes);
}

/** 10000 to 65534 (facts/client 8). */
function randomPort(): number {
  return 10000 + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 55535;
}

function random16(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
}
