/** Two proxies for tests: HTTP (absolute requests) on port 3128, SOCKS5 without authentication on port 1080. */

async function readUntil(socket: Deno.Conn, enough: (bytes: number[]) => boolean): Promise<number[]> {
  const bytes: number[] = [];
  const chunk = new Uint8Array(4096);
  while (!enough(bytes)) {
    const count = await socket.read(chunk);
    if (count === null) return bytes;
    bytes.push(...chunk.subarray(0, count));
  }
  return bytes;
}

/** Passes the request on in origin form, to port 80 unless the URL says otherwise, and its answer back. */
async function serveHttp(client: Deno.Conn): Promise<void> {
  const text = (bytes: readonly number[]) => new TextDecoder().decode(new Uint8Array(bytes));
  const request = text(await readUntil(client, (bytes) => text(bytes).includes("\r\n\r\n")));
  const url = new URL(request.split(" ")[1] ?? "");
  using server = await Deno.connect({ hostname: url.hostname, port: Number(url.port || 80) });
  await server.write(new TextEncoder().encode(request.replace(url.origin, "")));
  await server.closeWrite();
  await client.write(new TextEncoder().encode("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
}

/** RFC 1928: IPv4 addresses and names. */
async function serveSocks5(client: Deno.Conn): Promise<void> {
  await readUntil(client, (bytes) => bytes.length >= 3);
  await client.write(new Uint8Array([5, 0]));
  const length = (bytes: readonly number[]) => bytes[3] === 1 ? 10 : 7 + (bytes[4] ?? 255);
  const asked = await readUntil(client, (bytes) => bytes.length >= 5 && bytes.length >= length(bytes));
  const hostname = asked[3] === 1
    ? asked.slice(4, 8).join(".")
    : new TextDecoder().decode(new Uint8Array(asked.slice(5, 5 + asked[4]!)));
  const [high = 0, low = 0] = asked.slice(length(asked) - 2);
  using server = await Deno.connect({ hostname, port: high * 256 + low });
  await client.write(new Uint8Array([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  await client.readable.pipeTo(server.writable);
}

async function listen(port: number, serve: (client: Deno.Conn) => Promise<void>): Promise<void> {
  for await (const client of Deno.listen({ port })) {
    try {
      await serve(client);
    } catch (error) {
      console.log(String(error));
    }
    // pipeTo() has closed it already.
    try {
      client.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

void listen(3128, serveHttp);
void listen(1080, serveSocks5);
console.log("ready");
