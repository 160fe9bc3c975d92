import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_NAME, nameOfSystem, parseSignatures } from "../../../daemon/fingerprint/signatures.ts";
import { formatSyn, readSyn, type Syn } from "../../../daemon/fingerprint/syn.ts";
import { LINK_TYPE } from "../../../lib/net/frame_link.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";
import { RECORDED } from "./recorded_syns.ts";
import { RECORDED_LINUX, type SynFields, synPacket, SYSTEMS } from "./syn_packets.ts";

const SHIPPED = Deno.readTextFileSync(new URL("../../../packaging/conf/fingerprints.conf", import.meta.url));

function synOf(fields: SynFields): Syn {
  const sent = readSyn(synPacket(fields), LINK_TYPE.raw);
  assert.ok(sent !== null);
  return sent.syn;
}

const problems = (text: string) => parseSignatures(text, "/f").problems.map(formatProblem);
const fits = (line: string, syn: Syn) => {
  assert.deepEqual(problems(line), [], line);
  return nameOfSystem(syn, parseSignatures(line, "/f").signatures) !== null;
};

Deno.test("the shipped signatures name each system by its SYN", () => {
  const { signatures, problems } = parseSignatures(SHIPPED, "/f");
  assert.deepEqual(problems, []);
  for (const [name, fields] of SYSTEMS) {
    const syn = synOf(fields);
    assert.equal(nameOfSystem(syn, signatures), name, formatSyn(syn));
  }
  for (const frame of Object.values(RECORDED_LINUX)) {
    const sent = readSyn(Uint8Array.fromHex(frame), LINK_TYPE.ethernet);
    assert.equal(sent && nameOfSystem(sent.syn, signatures), "Linux 4.20-6.x");
  }
  for (const { name, said, packet } of RECORDED) {
    const sent = readSyn(Uint8Array.fromHex(packet), LINK_TYPE.raw);
    assert.ok(sent !== null, said);
    assert.equal(nameOfSystem(sent.syn, signatures), name, `${said}: ${formatSyn(sent.syn)}`);
  }
  // A scanner, and a SYN that our own client makes.
  assert.equal(nameOfSystem(synOf({ window: 1024, options: "020405b4" }), signatures), null);
  assert.equal(nameOfSystem(synOf({ ttl: 255, window: 32_767, options: "" }), signatures), null);
});

Deno.test("every trait counts, with several values or any", () => {
  const syn = synOf({ window: 64_240, options: "020405b4 0402 080a00112233 00000000 01 030307" });
  const six = synOf({ family: 6, window: 64_240, options: "020405b4 0402 080a00112233 00000000 01 030307" });
  const rest = "window=* options=*";
  const cases: readonly (readonly [string, boolean])[] = [
    [`x: ttl=64 ${rest}`, true],
    [`x: ttl=128/64 ${rest}`, true],
    [`x: ttl=128 ${rest}`, false],
    [`x: ttl=64 df=yes ${rest}`, true],
    [`x: ttl=64 df=no ${rest}`, false],
    ["x: ttl=64 window=64240 options=*", true],
    ["x: ttl=64 window=1/mss*44 options=*", true],
    ["x: ttl=64 window=mss*max options=*", true],
    ["x: ttl=64 window=mss*43 options=*", false],
    ["x: ttl=64 window=0 options=*", false],
    [`x: ttl=64 mss=1460 ${rest}`, true],
    [`x: ttl=64 mss=none ${rest}`, false],
    [`x: ttl=64 scale=7 ${rest}`, true],
    [`x: ttl=64 scale=0/none ${rest}`, false],
    ["x: ttl=64 window=* options=mss,sackok,ts,nop,ws", true],
    ["x: ttl=64 window=* options=none/mss,sackok,ts,nop,ws", true],
    ["x: ttl=64 window=* options=mss,sackok,ts,nop", false],
    ["x: ttl=64 window=* options=sackok,mss,ts,nop,ws", false],
  ];
  for (const [line, expected] of cases) assert.equal(fits(line, syn), expected, line);
  assert.ok(fits(`x: ttl=64 df=no ${rest}`, six), "IPv6 has no such bit");
  const bare = synOf({ window: 0, options: "" });
  assert.ok(fits("x: ttl=64 window=0 mss=none scale=none options=none", bare));
  for (const window of ["mss*1", "mss*max"]) assert.ok(!fits(`x: ttl=64 window=${window} options=*`, bare), window);
});

Deno.test("the traits that a log tells are a signature of just that SYN", () => {
  const syns = SYSTEMS.map(([, fields]) => synOf(fields)).filter(({ family }) => family === 4);
  for (const syn of syns) {
    const alike = syns.filter((other) => fits(`x: ${formatSyn(syn)}`, other));
    assert.deepEqual([...new Set(alike.map(formatSyn))], [formatSyn(syn)]);
  }
});

Deno.test("what is wrong in a signature file is told with its place and the remedy", () => {
  const good = "ttl=64 window=* options=*";
  const cases: readonly (readonly [string, RegExp])[] = [
    ["Linux", /^\/f:1: the line does not begin with the name of a system and a colon \(a name has/],
    [`: ${good}`, /:1: the line does not begin/],
    [`${"x".repeat(MAX_NAME + 1)}: ${good}`, /:1: the line does not begin .*up to 32/],
    [`a|b: ${good}`, /does not begin/],
    ["x:", /:1: "" is no trait \(behind the name stand ttl=, df=,/],
    [`x: ${good} tos=1`, /"tos=1" is no trait/],
    [`x: ${good} ttl=64`, /ttl stands twice/],
    ["x: ttl=63 window=* options=*", /ttl: expected 32, 64, 128, 255/],
    [`x: ${good} df=maybe`, /df: expected yes or no/],
    ["x: ttl=64 window=65536 options=*", /window: expected numbers up to 65535, mss\*N, mss\*max or \*/],
    ["x: ttl=64 window=mss*0 options=*", /window: expected/],
    ["x: ttl=64 window=1/ options=*", /window: expected/],
    [`x: ${good} mss=-1`, /mss: expected numbers, none or \*/],
    [`x: ${good} scale=256`, /scale: expected/],
    ["x: ttl=64 window=* options=mss,,nop", /options: expected none, or names/],
    ["x: ttl=64 window=* options=MSS", /options: expected/],
    ["x: ttl=64 window=*", /options is missing \(write options= and/],
    ["# a comment\n\n   \nx: ttl=1", /^\/f:4: ttl: expected/],
  ];
  for (const [text, expected] of cases) assert.match(problems(text).join("\n"), expected, text);
  assert.equal(problems("a\nb\n").length, 2, "all at once");
  assert.match(problems("a\n".repeat(1000)).at(-1) ?? "", /^\/f:21: what follows is not looked at/);
  const many = problems(`x: ${good}\n`.repeat(1000));
  assert.match(many.join("\n"), /^\/f:501: more than 500 signatures \(remove [^\n]*$/);
});

Deno.test("parseSignatures() makes signatures or problems of any text, each with its line", () => {
  const words = fc.constantFrom(
    "Linux",
    ":",
    " ",
    "ttl=64",
    "window=*",
    "options=*",
    "df=yes",
    "#",
    "\n",
    "mss*max",
    "=",
    "\r",
    "/",
  );
  fc.assert(fc.property(fc.oneof(fc.string(), fc.array(words).map((list) => list.join(""))), (text) => {
    const { signatures, problems } = parseSignatures(text, "/f");
    const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("#")).length;
    assert.equal(signatures.length + problems.length, Math.min(lines, signatures.length + 21));
    for (const { origin } of problems) assert.ok(origin.line !== undefined && origin.line <= text.split("\n").length);
  }));
});
