/**
 * The words of the C client's messages that scripts look for stand in ours, on the same stream and with the same exit status:
 * each situation is made with both clients.
 */
import assert from "node:assert/strict";
import { ALONE, H64, K64, type Run, runC, runOwnProcess } from "../cli/harness.ts";
import { closedPort } from "../cli/send/capture_stream.ts";
import { besideC, KEY } from "./side_by_side.ts";

/** One situation. `{home}`, `{url}` and `{port}` are filled in: a folder, a service that answers, a closed port. */
interface Row {
  readonly situation: string;
  readonly args: readonly string[];
  /** Text of the rc file; it is there with one empty stanza otherwise. */
  readonly rc?: string;
  readonly input?: string;
  readonly says: RegExp;
  readonly on: "out" | "err";
  readonly code: number;
  /** What the C client of 2.6.10 does otherwise, and why ours is not the same. */
  readonly onlyOurs?: string;
}

const RC = ["--rc-file", "{home}/rc", "--no-save-args"] as const;
const ASK = ["-T", "-D", "127.0.0.1", "-A", "tcp/22"] as const;
const FROM = ["-a", "192.0.2.1"] as const;
const REQUEST = [...ASK, ...FROM, ...KEY] as const;

const row = (row: Row) => row;
const refused = (situation: string, args: readonly string[], says: RegExp) =>
  row({ situation, args: [...ALONE, ...args], says, on: "err", code: 1 });
const badLine = (line: string, onlyOurs?: string) =>
  row({
    situation: `rc file: ${line}`,
    rc: `[default]\n${line}\n`,
    args: [...RC, ...REQUEST],
    says: /Parameter error/,
    on: "err",
    code: 1,
    ...(onlyOurs === undefined ? {} : { onlyOurs }),
  });

const TOO_LONG = btoa("x".repeat(132));

const ROWS: readonly Row[] = [
  ...["BOGUS x", "DIGEST_TYPE x", "SPA_SERVER_PORT 99999", "ALLOW_IP 1.2.3.400", "SPA_SERVER_PROTO x"].map((line) =>
    badLine(line)
  ),
  ...["ENCRYPTION_MODE x", "HMAC_DIGEST_TYPE x", "TIME_OFFSET x", "KEY_BASE64 x_"].map((line) => badLine(line)),
  badLine("FW_TIMEOUT abc", "it reads 0"),
  badLine("NAT_PORT abc", "it reads 0"),
  badLine("SPOOF_SOURCE_IP abc", "it says so later, in other words"),
  ...([["save an rc stanza", ["--save-rc-stanza"]], ["list stanzas", ["--stanza-list"]], ["set stanza name", [
    "-n",
    "gw",
  ]]] as const).map(([what, args]) =>
    refused(`--no-rc-file with ${args[0]}`, [...REQUEST, ...args], new RegExp(`Cannot ${what}`))
  ),
  refused("a user name with a colon", [...REQUEST, "-U", "a:b"], /Args contain invalid/),
  refused("a NAT target with a blank", [...REQUEST, "-N", "a b,22"], /Args contain invalid/),
  refused("a NAT target without a port", [...REQUEST, "-N", "192.0.2.1,"], /Args contain invalid/),
  refused("a NAT port out of range", [...REQUEST, "-N", "192.0.2.1,99999"], /Args contain invalid/),
  refused("-Q over UDP", [...REQUEST, "-Q", "192.0.2.1"], /Must set.*udpraw/),
  row({
    situation: "-Q with -P tcp beside a wrong SPOOF_SOURCE_IP",
    rc: "[default]\nSPOOF_SOURCE_IP abc\n",
    args: [...RC, ...REQUEST, "-Q", "192.0.2.1", "-P", "tcp"],
    says: /Must set.*udpraw/,
    on: "err",
    code: 1,
  }),
  ...["-p", "-S"].map((option) => refused(`${option} 99999`, [...REQUEST, option, "99999"], /Value.*out of range/)),
  refused("--nat-port 99999", [...REQUEST, "--nat-local", "--nat-port", "99999"], /Value.*out of range/),
  refused("--fd -1", [...ASK, ...FROM, "--fd", "-1"], /Value.*out of range/),
  row({
    situation: "--fd beyond what a descriptor can be",
    args: [...ALONE, ...ASK, ...FROM, "--fd", "99999999999"],
    says: /Value.*out of range/,
    on: "err",
    code: 1,
    onlyOurs: "it cuts the number off",
  }),
  refused(
    "an HMAC key of 132 bytes, decoded",
    [...REQUEST, "--key-base64-hmac", TOO_LONG],
    /Invalid decoded key length/,
  ),
  refused(
    "an encryption key of 132 bytes, decoded",
    [...ASK, ...FROM, "--key-base64-rijndael", TOO_LONG],
    /Invalid key length/,
  ),
  ...["0", "129", "-1", "abc"].flatMap((length) => [
    refused(`--key-len ${length}`, ["-k", "--key-len", length], /Invalid key length/),
    refused(`--hmac-key-len ${length}`, ["-k", "--hmac-key-len", length], /Invalid hmac key length/),
  ]),
  row({
    situation: "own address found",
    args: [...ALONE, ...ASK, ...KEY, "-v", "-R", "--resolve-url", "{url}/good"],
    says: /Resolved.*203\.0\.113\.9/,
    on: "out",
    code: 0,
  }),
  refused(
    "wget that is not there",
    [...ASK, ...KEY, "-R", "-w", "{home}/wget"],
    /Could not resolve IP.*wget/,
  ),
  refused(
    "wget that gives no address",
    [...ASK, ...KEY, "-R", "-w", "/usr/bin/wget", "--resolve-url", "{url}/bad"],
    /Could not resolve IP.*wget/,
  ),
  refused(
    "an answer that is no address",
    [...ASK, ...KEY, "-R", "-w", "/usr/bin/wget", "--resolve-url", "{url}/bad"],
    /Warning.*IP resolution URL/,
  ),
  ...["http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://127.0.0.1:/", "http://127.0.0.1:abc/"].map((url) =>
    refused(
      `--resolve-url ${url}`,
      [...ASK, ...KEY, "-R", "--resolve-http-only", "--resolve-url", url],
      /port.*invalid[^]*Error parsing|Error parsing.*port.*invalid/,
    )
  ),
  refused(
    "a URL that cannot be read",
    [...ASK, ...KEY, "-R", "--resolve-http-only", "--resolve-url", `http://${"a".repeat(400)}:x/`],
    /Error parsing/,
  ),
  row({
    situation: "saving writes over a parameter, and the key stays",
    rc: "[gw]\nKEY old\nFW_TIMEOUT 3\n",
    args: ["--rc-file", "{home}/rc", "-n", "gw", "--save-rc-stanza", ...REQUEST, "-v", "-v", "-f", "30"],
    input: "n\n",
    says: /Updating param.*FW_TIMEOUT.*30/,
    on: "out",
    code: 0,
  }),
  row({
    situation: "--stanza-list where there is a stanza default",
    rc: "[default]\n[gw]\n",
    args: ["--rc-file", "{home}/rc", "--stanza-list"],
    says: /^ - default$/m,
    on: "out",
    code: 0,
    onlyOurs: "it leaves that one out",
  }),
  refused("an empty HMAC line after a key on --fd 0", [...ASK, ...FROM, "--fd", "0", "--use-hmac"], /getpasswd\(\)/),
];

/** Answers with an address, or with a page. */
function addressService() {
  const answer = (request: Request) => new Response(request.url.endsWith("/good") ? "203.0.113.9\n" : "<html>");
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

besideC("the words of the C client that scripts look for stand in the messages of both", async ({ home }) => {
  await using service = addressService();
  const fill = (word: string) => word.replaceAll("{home}", home).replaceAll("{url}", service.url);
  for (const { situation, args, rc = "[default]\n", input = "key\n\n", says, on, code, onlyOurs } of ROWS) {
    const runs: [string, (argv: readonly string[]) => Promise<Run>][] = [
      ["ours", (argv) => runOwnProcess(argv, { home, input })],
    ];
    if (onlyOurs === undefined) runs.push(["C", (argv) => runC(argv, { home, input })]);
    for (const [whose, run] of runs) {
      Deno.writeTextFileSync(`${home}/rc`, rc, { mode: 0o600 });
      const { [on]: said, ...done } = await run(args.map(fill));
      assert.match(said, says, `${whose}: ${situation}: ${JSON.stringify(done)}`);
      assert.equal(done.code, code, `${whose}: ${situation}`);
    }
  }
});

besideC("`Updating param` never shows a key of ours", async ({ home }) => {
  Deno.writeTextFileSync(`${home}/rc`, "[default]\n", { mode: 0o600 });
  const keys = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];
  const save = ["--rc-file", `${home}/rc`, "-n", "gw", "--save-rc-stanza", "-v", "-p", `${closedPort()}`];
  const { out } = await runOwnProcess([...save, ...ASK.slice(1), ...FROM, ...keys], { home });
  assert.match(out, /Updating param KEY_BASE64 to a new value/);
  assert.ok(!out.split("\n").some((line) => line.includes(K64) || line.includes(H64)), out);
});
