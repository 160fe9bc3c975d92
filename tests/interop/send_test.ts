/** Both clients with the same options: what leaves the machine is the same, field by field. */
import assert from "node:assert/strict";
import { sendPacket } from "../../cli/send/sender.ts";
import { C_CLIENT, OUR_CLIENT } from "../lab/mod.ts";
import { DENO_DIR, runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import { captureTcp } from "../cli/send/capture_stream.ts";
import { checksumsAreRight, type PacketFields } from "../cli/send/packet_fields.ts";
import { makeSendNamespace, type SendNamespace, sendTest } from "../cli/send/send_namespace.ts";
import { cClientTest } from "../lab/gate.ts";

const KEYS = ["--key-rijndael", "shortkey", "--key-hmac", "hmackey"];
const ALONE = ["--no-rc-file", "--no-save-args", "-A", "tcp/22", "-a", "192.0.2.10", ...KEYS];
const RAW = ["udpraw", "tcpraw", "icmp"];
const SYN = 0x02;

/** What is compared beyond the transport itself. */
const OPTIONS: readonly (readonly string[])[] = [
  [],
  ["-S", "33333"],
  ["-p", "53"],
  ["-r"],
  ["-r", "-S", "33333"],
];
const ICMP_OPTIONS = ["0 0", "3 1", "8 0", "8 7", "13 0", "40 15"].map((pair) => {
  const [type = "", code = ""] = pair.split(" ");
  return ["--icmp-type", type, "--icmp-code", code];
});

/** One run of each client: the packet that the first and the second sent, by whatever `wanted` says. */
async function both(net: SendNamespace, args: readonly string[], wanted: (packet: PacketFields) => boolean) {
  const seen = (await net.packets(0, wanted)).length;
  const env = { DENO_DIR };
  const own = await net.run([...OUR_CLIENT.argv, ...ALONE, ...args], env);
  const c = await net.run([...C_CLIENT.argv, ...ALONE, ...args]);
  const [ours, theirs] = (await net.packets(seen + 2, wanted)).slice(seen);
  assert.equal(own.code, c.code, `${args.join(" ")}: ${new TextDecoder().decode(own.stderr)}`);
  return { ours: ours!, theirs: theirs! };
}

/** Random where nothing was asked for, and then of the same range; else equal. */
function compare(args: readonly string[], { ours, theirs }: { ours: PacketFields; theirs: PacketFields }): void {
  const label = args.join(" ");
  const raw = RAW.some((proto) => args.includes(proto));
  const random = (field: string) =>
    field === "destinationPort" ? args.includes("-r") : field === "sourcePort" && raw && !args.includes("-S");
  for (const field of ["version", "protocol", "source", "destination"] as const) {
    assert.equal(ours[field], theirs[field], `${label}: ${field}`);
  }
  assert.deepEqual(ours.ip, theirs.ip, `${label}: IP header`);
  for (const [field, value] of Object.entries(ours.header)) {
    const other = theirs.header[field]!;
    if (random(field)) {
      for (const port of [value, other]) assert.ok(port >= 10_000 && port <= 65_534, `${label}: ${field} ${port}`);
    } else if (field === "sourcePort" && !raw) {
      // C leaves -S to the raw modes (F12).
      if (args.includes("-S")) assert.equal(value, 33_333, label);
    } else if (isDrawn(field, ours)) {
      assert.notEqual(value, 0, `${label}: ${field}`);
    } else {
      assert.equal(value, other, `${label}: ${field}`);
    }
  }
  assert.match(ours.payload, /^[A-Za-z0-9+/]*$/, label);
  assert.equal(ours.payload.length, theirs.payload.length, `${label}: payload`);
}

/** Drawn anew by whoever sends: the id of an echo request, the first sequence number of a real connection. */
function isDrawn(field: string, { header, payload }: PacketFields): boolean {
  return field === "id" && header.type === 8 && header.code === 0 || field === "sequence" && payload === "";
}

sendTest("both clients send the same datagrams by udp, udpraw, tcpraw and icmp", async (t) => {
  await using net = await makeSendNamespace();
  const more: Record<string, readonly (readonly string[])[]> = { icmp: ICMP_OPTIONS };
  for (const proto of ["udp", ...RAW]) {
    await t.step(proto, async () => {
      const spoofed = RAW.includes(proto) ? [["-Q", "203.0.113.9"], ["-Q", "0.0.0.0", "-S", "33333"]] : [];
      for (const options of [...OPTIONS, ...spoofed, ...more[proto] ?? []]) {
        const args = ["-D", "198.51.100.2", "-P", proto, ...options];
        const pair = await both(net, args, ({ destination }) => destination === "198.51.100.2");
        compare(args, pair);
        // The kernel's part of a checksum of udp is left to the interface.
        if (proto !== "udp") assert.ok(checksumsAreRight(pair.ours), `${args.join(" ")}: checksums`);
        assert.notEqual(pair.ours.payload, "");
      }
    });
  }
}, { client: "c" });

sendTest("both clients open the same connections by tcp and http", async (t) => {
  await using net = await makeSendNamespace();
  // Nothing listens: the first packet says all, and both end with 1.
  const first = ({ protocol, header }: PacketFields) => protocol === "tcp" && header.offsetAndFlags! % 256 === SYN;
  const proxied = [["-H", "127.0.0.1"], ["-H", "http://127.0.0.1:8080/"], ["-H", "127.0.0.1", "-p", "8080"]];
  for (const proto of ["tcp", "http"]) {
    await t.step(proto, async () => {
      for (const options of [...OPTIONS, ...proto === "http" ? proxied : []]) {
        const args = ["-D", "127.0.0.1", "-P", proto, ...options];
        compare(args, await both(net, args, first));
      }
    });
  }
}, { client: "c" });

/** What a client said to a server on a free port; `args` may name it as PORT. */
async function streamOf(run: (args: readonly string[]) => Promise<{ code: number; err: string }>, args: string[]) {
  const server = captureTcp({ answer: "HTTP/1.1 404 Not Found\r\n\r\n" });
  const named = args.map((arg) => arg.replace("PORT", String(server.port)));
  const { code, err } = await run([...ALONE, ...named]);
  assert.equal(code, 0, `${args.join(" ")}: ${err}`);
  return (await server.connection).text;
}

/** With a letter for each character of the packet; 2.6.11 says HTTP/1.1 where 2.6.10 said 1.0 (facts/client 8). */
function shape(stream: string): string {
  return stream.replace(/[A-Za-z0-9+/_-]{100,}/, (packet) => "S".repeat(packet.length))
    .replace(/ HTTP\/1\.[01]\r/, " HTTP/1.x\r");
}

cClientTest("both clients say the same to a TCP server, to a web server and to a proxy", async () => {
  using folder = temporaryFolder();
  const env = { LOGNAME: "bob" };
  const agent = ["-u", "Fwknop/2.6.10"];
  const cases: string[][] = [
    ["-D", "127.0.0.1", "-P", "tcp", "-p", "PORT"],
    ["-D", "127.0.0.1", "-P", "TCP", "-p", "PORT", ...agent],
    ["-D", "127.0.0.1", "-P", "http", "-p", "PORT", ...agent],
    ["-D", "localhost", "-P", "HTTP", "-p", "PORT", "-u", "Some agent/1 (x; y)"],
    ["-D", "127.0.0.1", "-H", "127.0.0.1:PORT", ...agent],
    ["-D", "gw.example", "-H", "http://127.0.0.1:PORT", ...agent],
    ["-D", "gw.example", "-H", "HTTP://127.0.0.1:PORT/", ...agent],
    ["-D", "gw.example", "-p", "PORT", "-H", "127.0.0.1", ...agent],
    ["-D", "gw.example", "-p", "PORT", "-P", "udp", "-H", "localhost", ...agent],
  ];
  for (const args of cases) {
    const ours = await streamOf((argv) => runOwn(argv, { env, send: sendPacket }), args);
    const theirs = await streamOf((argv) => runC(argv, { home: folder.path, env }), args);
    assert.equal(shape(ours), shape(theirs), args.join(" "));
    assert.notEqual(ours, shape(ours), "there is a packet in it");
  }
});

cClientTest("-s, -R and -a together mean what they mean in C, in every order, and the rest is warned of", async () => {
  using folder = temporaryFolder();
  const env = { LOGNAME: "bob" };
  const words: Record<string, readonly string[]> = { s: ["-s"], R: ["-R"], a: ["-a", "192.0.2.1"] };
  const alone = ["--no-rc-file", "--no-save-args", "-T", "-A", "tcp/22", "--key-rijndael", "k"];
  for (const order of ["sRa", "saR", "Rsa", "Ras", "asR", "aRs", "sR", "Rs", "Ra", "aR", "sa", "as"]) {
    const args = [...alone, ...[...order].flatMap((letter) => words[letter]!)];
    const message = ({ out }: { out: string }) => /Message String: (.*)/.exec(out)?.[1];
    const ours = await runOwn(args, { env });
    assert.equal(message(ours), message(await runC(args, { home: folder.path, env })), order);
    assert.ok(message(ours) !== undefined, ours.err);
    assert.match(ours.err, /^fwknop: warning: -\w( and -\w)? (is|are) ignored because of -[as]/, order);
  }
});
