import assert from "node:assert/strict";
import { ALONE, H64, K64, runOwn } from "../harness.ts";

const BASE = [...ALONE, "-T", "-D", "192.0.2.1", "--key-base64-rijndael", K64];
const ACCESS = ["-A", "tcp/22"];
const WHO = ["-a", "192.0.2.9"];

/** What was written, and the beginning of the hint; a hint `write …` is tried too: it must be accepted. */
const ROWS: readonly (readonly [args: readonly string[], hint: string])[] = [
  ...([
    ["22", "write -A tcp/22"],
    ["ssh", "write -A tcp/22"],
    ["tcp:22", "write -A tcp/22"],
    ["TCP/22", "write -A tcp/22"],
    ["22/tcp", "write -A tcp/22"],
    ["udp53", "write -A udp/53"],
    ["53/udp", "write -A udp/53"],
    ["tcp/22, udp/53", "write -A tcp/22,udp/53"],
    ["tcp/22 udp/53", "write -A tcp/22,udp/53"],
    ["tcp/22;80", "write -A tcp/22,tcp/80"],
    ["tcp/22,", "write -A tcp/22"],
    ["tcp/5000-5010", "a knock names single ports, not ranges: list them with commas"],
    ["5000:5010", "a knock names single ports, not ranges"],
    ["tcp/70000", "ports go from 1 to 65535"],
    ["tcp/0", "ports go from 1 to 65535"],
    ["icmp/8", "only TCP and UDP ports can be asked for"],
    ["any", "name each service"],
    ["tcp/no-such-service", "write services like tcp/22"],
  ] as const).map(([text, hint]) => [[...WHO, "-A", text], hint] as const),
  ...([
    ["198.51.100.7/32", "write the address alone: -a 198.51.100.7"],
    ["198.51.100.0/24", "a knock lets in one address, not a network: name it without /24"],
    ["198.51.100.7:22", "write the address without the port: -a 198.51.100.7 (-A says what opens)"],
    ["[2001:db8::1]:22", "write the address without the port: -a 2001:db8::1"],
    ["[2001:db8::1]", "write the address alone: -a 2001:db8::1"],
    [" 198.51.100.7", "write the address alone: -a 198.51.100.7"],
    ["198.051.100.007", "write the numbers without leading zeros, which some read as octal: -a 198.51.100.7"],
    ["198.51.100.700", "an IPv4 address is four numbers from 0 to 255"],
    ["198.51.100", "an IPv4 address is four numbers from 0 to 255"],
    ["198.51.100.7,198.51.100.8", "a knock lets in one address: knock once for each"],
    ["fe80::1%eth0", "write the address without what stands after %"],
    ["2001:db8::12345", "an IPv6 address is up to eight groups of hex digits"],
    ["0.0.0.0/0", "-s lets in whatever address the packet arrives from"],
    ["*", "-s lets in whatever address the packet arrives from"],
    ["https://localhost/", "write the name or address alone: -a localhost"],
    ["me@localhost", "write the name or address alone: -a localhost"],
  ] as const).map(([text, hint]) => [[...ACCESS, "-a", text], hint] as const),
  ...([
    [["-f", "30s"], "write the seconds alone: -f 30"],
    [["-f", "5min"], "write the seconds alone: -f 300"],
    [["--fw-timeout", "1h30m"], "write the seconds alone: --fw-timeout 5400"],
    [["-f", "99999"], "choose a smaller number of seconds"],
    [["-f", "-1"], "-f 0 leaves the time to the server"],
    [["-f", "soon"], "write a number of seconds"],
    [["--wait=30s"], "write the seconds alone: --wait=30"],
    [["--wait=-3"], "write a number from 1 up"],
    [["-p", "62201/udp"], "write the number alone: -p 62201 (-P udp chooses the protocol)"],
    [["-p", "udp/62201"], "write the number alone: -p 62201 (-P udp chooses the protocol)"],
    [["-S", "udp:62201"], "write the number alone: -S 62201"],
    [["-p", "192.0.2.1:62201"], "write the number alone: -p 62201"],
    [["-p", "99999"], "ports go up to 65535"],
    [["-p", "ssh"], "write its number: names of services are not looked up"],
    [["-p", "1-2"], "one port goes here, not several"],
    [["--time-offset-plus", "-5min"], "write --time-offset-minus 5min"],
    [["--time-offset-minus", "-5min"], "write --time-offset-plus 5min"],
    [["--time-offset-plus", "1h30"], "write seconds, or numbers with s, m, h or d that are added up"],
    [["-m", "sha2"], "did you mean SHA256?"],
    [["-m", "SHA-512"], "did you mean SHA512?"],
    [["--hmac-digest-type", "hmac-sha256"], "did you mean SHA256?"],
    [["-m", "sha3"], "did you mean SHA3_256?"],
    [["-M", "aes-cbc"], "did you mean CBC?"],
    [["-M", "cbc128"], "did you mean CBC?"],
    [["-M", "aes256"], "leave out -M: the default is Rijndael (AES) in CBC mode"],
    [["-M", "gpg"], "did you mean Asymmetric?"],
    [["-P", "upd"], "did you mean udp?"],
    [["-P", "udp/62201"], "-P names the transport alone"],
    [["-P", "ping"], "did you mean icmp?"],
    [["-D", "192.0.2.1:22"], "write the host alone: -D 192.0.2.1 (-p 22 would be the port that the knock goes to)"],
    [["-D", "[2001:db8::1]:22"], "write the host alone: -D 2001:db8::1 (-p 22"],
    [["-D", "me@gw.example.org"], "write the host alone: -D gw.example.org"],
    [["-D", "https://gw.example.org/x"], "write the host alone: -D gw.example.org"],
    [["-D", "192.0.2.1/32"], "write the host alone: -D 192.0.2.1"],
    [["-D", "300.1.1.1"], "an IPv4 address is four numbers from 0 to 255"],
    [["-H", "https://192.0.2.8:3128"], "write -H 192.0.2.8:3128"],
    [["-N", "10.0.0.1:99999"], "write HOST or HOST:PORT with a port from 1 to 65535"],
    [["-N", "10.0.0.999"], "write an address or a host name, IPv6 addresses with a port in brackets"],
    [["--resolve-url", "ftp://ip.example.org/"], "write https://HOST/PATH"],
    [["--socks5", "127.0.0.1"], "name the port too: --socks5 127.0.0.1:9050"],
    [["--socks5", "socks5://127.0.0.1"], "name the port too: --socks5 127.0.0.1:9050"],
    [["-Q", "192.0.2.1/24", "-P", "udpraw"], "a knock lets in one address, not a network: name it without /24"],
  ] as const).map(([args, hint]) => [[...ACCESS, ...WHO, ...args], hint] as const),
];

Deno.test("a value that cannot be read gets the hint that fits how it was written", async () => {
  for (const [args, hint] of ROWS) {
    const base = args.some((word) => word.startsWith("--wait")) ? BASE.filter((word) => word !== "-T") : BASE;
    const run = await runOwn([...base, ...args]);
    assert.equal(run.code, 1, args.join(" "));
    const [, told = ""] = /fwknop: hint: (.*)/.exec(run.err) ?? [];
    assert.ok(told.startsWith(hint), `${args.join(" ")}: ${run.err}`);
  }
});

Deno.test("what a hint tells to write is accepted when it is written", async () => {
  for (const [args, hint] of ROWS) {
    const [, option, attached, value] = /^(?:write|name the port)[^]*?(--?[a-zA-Z0-9-]+)(?:=(\S+)| (\S+))/.exec(hint) ??
      [];
    const text = attached ?? value;
    // That would wait, where nothing is sent.
    if (option === undefined || text === undefined || option === "--wait") continue;
    const names = [option, ...(option === "--time-offset-minus" ? ["--time-offset-plus"] : ["--time-offset-minus"])];
    const others = args.filter((word, at) =>
      !names.includes(word) && !names.includes(args[at - 1] ?? "") && !word.startsWith(`${option}=`)
    );
    const written = attached === undefined ? [option, text] : [`${option}=${text}`];
    const run = await runOwn([...BASE, ...others, ...written]);
    assert.equal(run.code, 0, `${written.join(" ")}: ${run.err}`);
  }
});

Deno.test("directives of a stanza get the hints of their options, under their own names", async () => {
  const file = Deno.makeTempFileSync({ prefix: "fwknop-test-" });
  Deno.writeTextFileSync(
    file,
    "[gw]\nFW_TIMEOUT 30s\nSPA_SERVER_PORT 62201/udp\nALLOW_IP 192.0.2.9/32\nDIGEST_TYPE sha-256\nTIME_OFFSET 1h30\n",
    { mode: 0o600 },
  );
  const { err } = await runOwn(["--rc-file", file, "--no-save-args", "-n", "gw"]);
  Deno.removeSync(file);
  const hints = [...err.matchAll(/hint: (.*)/g)].map(([, hint]) => hint);
  assert.deepEqual(hints, [
    "write the seconds alone: FW_TIMEOUT 30",
    "write the number alone: SPA_SERVER_PORT 62201 (SPA_SERVER_PROTO udp chooses the protocol)",
    "write the address alone: ALLOW_IP 192.0.2.9",
    "did you mean SHA256?",
    "write seconds, or numbers with s, m, h or d that are added up: 90, 5m, 1h30m, 2days",
  ]);
});

Deno.test("a key of a wrong length or alphabet is told where it belongs, never to where it stands already", async () => {
  const long = btoa("x".repeat(48));
  const rows: readonly [args: readonly string[], hint: RegExp][] = [
    [["--key-rijndael", K64], /belongs after --key-base64-rijndael/],
    [["--key-rijndael", "x".repeat(40)], /a shorter key, or one in base64 after --key-base64-rijndael/],
    [["--key-hmac", "x".repeat(200)], /shorter key, or one in base64 after --key-base64-hmac/],
    [["--key-base64-rijndael", long], /at most 32 bytes; one that is longer is the HMAC key: --key-base64-hmac/],
    [["--key-base64-rijndael", H64], /one that is longer is the HMAC key/],
    [["--key-base64-hmac", btoa("x".repeat(130))], /make a shorter one with fwknop --key-gen/],
    [["--key-base64-rijndael", "a pass phrase"], /copy it whole, .* a key as text belongs after --key-rijndael/],
    [["--key-base64-hmac", "a pass phrase"], /a key as text belongs after --key-hmac/],
  ];
  for (const [args, hint] of rows) {
    const run = await runOwn([...ALONE, "-T", "-D", "192.0.2.1", ...ACCESS, ...WHO, ...args]);
    const [, told = ""] = /fwknop: hint: (.*)/.exec(run.err) ?? [];
    assert.match(told, hint, run.err);
    assert.ok(!told.includes(`after ${args[0]} `), told);
    assert.ok(!run.err.includes(args[1]!), "a key is never told");
  }
});
