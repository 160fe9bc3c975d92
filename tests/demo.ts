/**
 * `make demo`: the main job, live. A server behind a default-drop nftables ruleset, a knocker and a stranger, each a
 * network namespace of its own on this machine; nothing outside them is touched. Needs root.
 */
import {
  keyArgs,
  knock,
  type Lab,
  labBlocker,
  makeLab,
  measureOpening,
  nftablesGuard,
  OUR_CLIENT,
  OUR_DAEMON,
  type ProbeResult,
  type Program,
  sealPacket,
  startDaemon,
} from "./lab/mod.ts";

const OPEN_SECONDS = 5;
const PORT = 22;

const began = performance.now();

function say(text: string): void {
  for (const line of text.split("\n")) console.log(line);
}

function step(text: string): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
  console.log(`\n[${seconds} s] ${text}`);
}

const MEANING: Readonly<Record<ProbeResult, string>> = {
  open: "CONNECTED",
  refused: "reached, nobody listens",
  filtered: "no answer",
};

async function look(lab: Lab, from: "knocker" | "stranger", server: string): Promise<ProbeResult> {
  const result = await lab.probe(from, server, PORT);
  say(`    ${from.padEnd(8)} -> ${server} port ${PORT}: ${MEANING[result]}`);
  return result;
}

/** Shows what the daemon says as it says it, from now on. */
function follow(program: Program, since = program.mark()): () => void {
  let shown = since;
  const show = () => {
    while (shown < program.lines.length) say(`    fwknopd: ${program.lines[shown++]}`);
  };
  const timer = setInterval(show, 20);
  return () => {
    clearInterval(timer);
    show();
  };
}

function expect(actual: unknown, wanted: unknown, what: string): void {
  if (actual !== wanted) throw new Error(`The demonstration went wrong: ${what}: ${actual}, not ${wanted}`);
}

async function demonstrate(lab: Lab): Promise<void> {
  const server = lab.address("server");
  const allow = lab.address("knocker");
  lab.listen("server", PORT);
  say("The server's packet filter, as an administrator would write it:\n");
  say(nftablesGuard().trimEnd().replace(/^\s*\n/gm, "").replace(/^/gm, "    "));

  step("fwknop --key-gen makes the two keys that knocker and server share");
  const generated = await knock(lab, ["--key-gen"]);
  const keys = {
    KEY_BASE64: /^KEY_BASE64: (\S+)/m.exec(generated)![1]!,
    HMAC_KEY_BASE64: /^HMAC_KEY_BASE64: (\S+)/m.exec(generated)![1]!,
  };
  say(generated.trimEnd().replaceAll(/: (.{6})\S+/g, ": $1…").replace(/^/gm, "    "));

  step(`fwknopd starts with one stanza: SOURCE ANY, those keys, FW_ACCESS_TIMEOUT ${OPEN_SECONDS}`);
  const daemon = await startDaemon(lab, { access: [{ ...keys, FW_ACCESS_TIMEOUT: OPEN_SECONDS }] });
  const unfollow = follow(daemon.program, 0);
  await new Promise((resolve) => setTimeout(resolve, 50));

  step("before the knock");
  expect(await look(lab, "knocker", server), "filtered", "the port before the knock");
  expect(await look(lab, "stranger", server), "filtered", "the port before the knock");

  step(`the knock: fwknop -A tcp/${PORT} -a ${allow} -D ${server}`);
  const start = performance.now();
  await knock(lab, ["-A", `tcp/${PORT}`, "-a", allow, "-D", server, ...keyArgs(keys)]);
  if (!await lab.opens("knocker", server, PORT)) throw new Error(`The door did not open:\n${daemon.program.output}`);
  say(
    `    open ${
      (performance.now() - start).toFixed(0)
    } ms after the command was started, the start of the client included`,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await look(lab, "knocker", server), "open", "the port after the knock");
  expect(await look(lab, "stranger", server), "filtered", "the port for the stranger");

  step("the door closes by itself: the kernel removes the element from the set");
  if (!await lab.closes("knocker", server, PORT)) {
    throw new Error("The door stays open");
  }
  say(`    closed ${((performance.now() - start) / 1000).toFixed(1)} s after the knock`);
  await look(lab, "knocker", server);

  unfollow();
  step("how long the server takes: a sealed packet sent, until the first guarded datagram passes");
  for (let turn = 0; turn < 5; turn++) {
    const port = 5000 + turn;
    const packet = await sealPacket(lab, ["-A", `udp/${port}`, "-a", allow, "-D", server, ...keyArgs(keys)]);
    const { milliseconds } = measureOpening(lab, packet, { server, port });
    say(`    ${milliseconds === null ? "did not open" : `${milliseconds.toFixed(2)} ms`}`);
  }

  await new Promise((resolve) => setTimeout(resolve, 50));
  step("fwknopd stops and leaves the packet filter as it was");
  const unfollowEnd = follow(daemon.program);
  await daemon.stop();
  unfollowEnd();
}

const blocker = labBlocker();
if (blocker !== null) {
  console.error(`make demo: ${blocker}`);
  Deno.exit(1);
}
say(`client: ${OUR_CLIENT.argv.at(-1)}, daemon: ${OUR_DAEMON.argv.at(-1)}`);
const lab = await makeLab();
Deno.addSignalListener("SIGINT", () => {
  lab.destroy();
  Deno.exit(130);
});
let failure: unknown;
try {
  await demonstrate(lab);
} catch (error) {
  failure = error;
}
await lab[Symbol.asyncDispose]();
if (failure !== undefined) {
  console.error(failure instanceof Error ? failure.message : failure);
  Deno.exit(1);
}
step("done; the network is gone again");
Deno.exit(0);
