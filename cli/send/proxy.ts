/** `-H`: the proxy that a packet over HTTP goes through. */
import type { Target } from "./target.ts";
import { ClientError } from "../ui/tui.ts";

/** The target with its proxy. Throws {@link ClientError} for a text that names none. */
export async function throughProxy(target: Target, text: string): Promise<Target> {
  const { parseHttpProxy } = await import("./http.ts");
  const proxy = parseHttpProxy(text);
  if (!proxy.ok) {
    const message = proxy.fault === "port"
      ? "proxy port value is invalid, must be in [1-65535]"
      : "--http-proxy names no host";
    const [, bare] = /^[a-z0-9]+:\/\/([^@/]+:[0-9]+)\/?$/i.exec(text) ?? [];
    throw new ClientError(message, bare === undefined ? "write -H HOST:PORT" : `write -H ${bare}`);
  }
  return { ...target, httpProxy: proxy.value };
}
