/** Which sources a configuration asks for. Pure. */
import type { SourceSpec } from "../packet/spec.ts";
import type { ServerConfig } from "./resolve_server.ts";

type Wanted = Pick<ServerConfig, "capture" | "tcpServer" | "udpServer">;

/** In the order of the configuration. As in the C daemon a TCP server goes with interfaces only. */
export function wantedSources({ capture, tcpServer, udpServer }: Wanted): readonly SourceSpec[] {
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
