/** Services on the loopback that tell addresses, and a run that asks them. */
import { ALONE, runOwn, type Surroundings } from "../harness.ts";

/** What was asked of a server. */
interface Question {
  readonly path: string;
  readonly agent: string | null;
  readonly remote: string;
}

const ANSWERS: Readonly<Record<string, () => Response>> = {
  "/ip": () => new Response("203.0.113.9\n"),
  "/ip6": () => new Response("2001:db8::9"),
  "/missing": () => new Response("203.0.113.9", { status: 404 }),
  "/page": () => new Response("<html>203.0.113.9</html>"),
  "/moved": () => new Response(null, { status: 302, headers: { Location: "/ip" } }),
  "/chunks": () => new Response(ReadableStream.from(["203.0", ".113.9"].map((part) => new TextEncoder().encode(part)))),
  "/endless": () => new Response("1".repeat(1_000_000)),
  "/blanks": () => new Response("\r\n \t203.0.113.9 \n\n"),
  "/two": () => new Response("203.0.113.9\n203.0.113.8\n"),
  "/empty": () => new Response(""),
  "/far": () => new Response(null, { status: 301, headers: { Location: "http://bob:s3cret@127.0.0.1:1/" } }),
  "/loop": () => new Response(null, { status: 307, headers: { Location: "/loop" } }),
  "/1": () => new Response(null, { status: 301, headers: { Location: "/2" } }),
  "/2": () => new Response("203.0.113.1", { status: 302, headers: { Location: "3" } }),
  "/3": () => new Response(null, { status: 303, headers: { Location: "./4" } }),
  "/4": () => new Response(null, { status: 307, headers: { Location: "/5" } }),
  "/5": () => new Response(null, { status: 308, headers: { Location: "/ip" } }),
  "/0": () => new Response(null, { status: 301, headers: { Location: "/1" } }),
  "/ftp": () => new Response(null, { status: 301, headers: { Location: "ftp://127.0.0.1/ip" } }),
  "/nowhere": () => new Response(null, { status: 301 }),
  "/down": () => new Response(null, { status: 301, headers: { Location: "http://127.0.0.1/ip" } }),
  "/none": () => new Response(null, { status: 204 }),
};

/** A server on the loopback of one family. */
export function serve(hostname: string, tls: { cert: string; key: string } | null = null) {
  const questions: Question[] = [];
  const handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => {
    const path = new URL(request.url).pathname;
    questions.push({ path, agent: request.headers.get("user-agent"), remote: info.remoteAddr.hostname });
    return ANSWERS[path]?.() ?? new Response("no", { status: 500 });
  };
  const options = { hostname, port: 0, onListen: () => {} };
  const server = tls === null ? Deno.serve(options, handler) : Deno.serve({ ...options, ...tls }, handler);
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { questions, base: `${tls === null ? "http" : "https"}://${host}:${server.addr.port}`, server };
}

/** A test run, and the address in its packet. */
export async function resolve(argv: readonly string[], surroundings: Surroundings = {}) {
  const run = await runOwn([...ALONE, "-T", "-v", "-A", "tcp/22", "--key-rijndael", "k", ...argv], {
    ...surroundings,
    env: { LOGNAME: "bob", ...surroundings.env },
  });
  return { ...run, address: /Message String: (.*),tcp\/22/.exec(run.out)?.[1] ?? null };
}
