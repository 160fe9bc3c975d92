/** Which sources a configuration asks for. Pure. */
import type { SourceSpec } from "../packet/spec.ts";
import type { ServerConfig } from "./resolve_server.ts";

/** In the order of the configuration. */
export function wantedSources({ capture, udpServer }: Pick<ServerConfig, "capture" | "udpServer">): SourceSpec[] {
  const { filter } = capture;
  if (udpServer.enabled) return [{ kind: "udp", port: udpServer.port }];
  if (capture.file !== null) return [{ kind: "file", path: capture.file, filter }];
  return capture.interfaces.map((device) => ({
    kind: "interface",
    device,
    filter,
    snaplen: capture.snapLength,
    promiscuous: capture.promiscuous,
    direction: capture.anyDirection ? "any" : "in",
  }));
}
