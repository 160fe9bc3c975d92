/** Plays services that tell addresses: listens as the JSON in the first argument says, and prints `ready`. */
interface Service {
  readonly hostname: string;
  readonly port: number;
  /** Without it: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly answer: string;
  readonly status?: number;
}

for (const { hostname, port, tls = {}, answer, status = 200 } of JSON.parse(Deno.args[0] ?? "[]") as Service[]) {
  Deno.serve({ hostname, port, ...tls, onListen: () => {} }, () => new Response(answer, { status }));
}
console.log("ready");
