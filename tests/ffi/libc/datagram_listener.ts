/** A listener on an AF_UNIX datagram socket, in Python because the runtime has none. */
export interface DatagramListener {
  /** The next datagram, as text. */
  next(): Promise<string>;
  /** Ends it and removes the socket. */
  end(): Promise<void>;
}

/** Listens on `path` (`@name`: abstract). `silent` never takes a datagram from the queue. */
export async function listenDatagrams(path: string, options: { silent?: boolean } = {}): Promise<DatagramListener> {
  const script = `import socket,sys,time,os
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)
p=sys.argv[1]
s.bind("\\0"+p[1:] if p[0]=="@" else p)
print("bound",flush=True)
if sys.argv[2]=="silent": sys.stdin.read()
while True: print(s.recv(65536).decode().encode("unicode_escape").decode(),flush=True)`;
  const child = new Deno.Command("python3", {
    args: ["-c", script, path, options.silent ? "silent" : "speaking"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  const line = async () => {
    while (!buffer.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the listener ended");
      buffer += value;
    }
    const end = buffer.indexOf("\n");
    const found = buffer.slice(0, end);
    buffer = buffer.slice(end + 1);
    return found.replaceAll("\\n", "\n");
  };
  await line();
  return {
    next: line,
    async end() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await child.stdin.close().catch(() => {});
      if (!path.startsWith("@")) await Deno.remove(path);
    },
  };
}
