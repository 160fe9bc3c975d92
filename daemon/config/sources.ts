/** Which sources a configuration asks for. Pure. */
import type { SourceSpec } from "../packet/spec.ts";
import type { ServerConfig } from "./resolve_server.ts";

type Wanted = Pick<ServerConfig, "capture" | "tcpServer" | "udpServer" | "signatures">;

/** TCP SYNs first, where a stanza asks for a system: they tell of knocks that come behind them. */
export function wantedSources(wanted: Wanted): readonly SourceSpec[] {
  return [...wanted.signatures === null ? [] : synSources(wanted), ...knockSources(wanted)];
}

/** On the interfaces that knocks come by; all of them for a UDP server, which takes packets from everywhere. */
function synSources({ capture, udpServer }: Wanted): readonly SourceSpec[] {
  const { anyDirection, interfaces, promiscuous, queue } = capture;
  if (udpServer.enabled || queue !== null) {
    const device = udpServer.enabled ? "any" : queue?.device ?? "any";
    return [{ kind: "syn", device, promiscuous: false, direction: "in" }];
  }
  return interfaces.map((device) => ({ kind: "syn", device, promiscuous, direction: anyDirection ? "any" : "in" }));
}

/** In the order of the configuration. As in the C daemon a TCP server goes with interfaces only. */
function knockSources({ capture, tcpServer, udpServer }: Wanted): readonly SourceSpec[] {
  const { filter } = capture;
  if (udpServer.enabled) return [{ kind: "udp", port: udpServer.port }];
  if (capture.queue !== null) return [capture.queue];
  if (capture.file !== null) return [{ kind: "file", path: capture.file, filter, from: capture.fileFrom }];
  const interfaces: SourceSpec[] = capture.interfaces.map((device) => ({
    kind: "interface",
    device,
    filter,
    snaplen: capture.snapLength,
    promiscuous: capture.promiscuous,
    direction: capture.anyDirection ? "any" : "in",
  }));
  return tcpServer.enabled ? [...interfaces, { kind: "tcp", port: tcpServer.port }] : interfaces;
}
