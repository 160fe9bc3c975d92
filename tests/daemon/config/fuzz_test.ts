/**
 * Configurations that somebody mistyped: a good pair of files in which a few characters, words and lines were changed. None
 * makes the loader throw, and what it takes opens no more than a naive reader finds written. `FUZZ_RUNS=100000` makes it that many.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { loadConfig, type LoadedConfig } from "../../../daemon/config/mod.ts";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { parseDaemonOptions } from "../../../daemon/options.ts";
import { formatServices } from "../../../lib/net/service.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";
import { inMemory } from "./in_memory.ts";

const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 1000);

const SERVER =
  "# who listens\nPCAP_INTF eth0;\nMAX_SPA_PACKET_AGE 60\nENABLE_SPA_OVER_HTTP N\nENABLE_DESTINATION_RULE Y\n" +
  "UDPSERV_PORT 62201\nDIGEST_FILE /run/fwknop/d.cache\n";

const ACCESS = "# alice\nSOURCE 192.0.2.0/24, 198.51.100.7\nDESTINATION 192.0.2.1\nOPEN_PORTS tcp/22, udp/53\n" +
  "RESTRICT_PORTS tcp/25\nREQUIRE_USERNAME alice\nREQUIRE_SOURCE_ADDRESS Y\nFW_ACCESS_TIMEOUT 20\nMAX_FW_TIMEOUT 60\n" +
  "ACCESS_EXPIRE_EPOCH 2000000000\nMAX_OPEN_GRANTS 5\nKEY_BASE64 QUJDREVGR0hJSktMTU5PUA==\nHMAC_KEY some words\n" +
  "# bob\nSOURCE: ANY\nKEY: 0123456789abcdef;\nHMAC_KEY_BASE64: MDEyMzQ1Njc4OWFiY2RlZmdo;  # his\nOPEN_PORTS: tcp/443;\n" +
  "RESTRICT_PORTS: tcp/444;\nREQUIRE_SOURCE: Y;\n";

/** What people put into a line, by mistake or not. */
const PIECES = [
  ..." ; # : , / = \t \r \n \0 \uFEFF \u00a0 ' \" % $ - + 0 1 9 N Y n y A a _ | \\".split(" "),
  " ",
  ";;",
  " #",
  " ; ",
  "tcp/22",
  ", udp/1",
  "0.0.0.0/0",
  "ANY",
  "SOURCE ANY\n",
  "RESTRICT_PORTS",
  "OPEN_PORTS ",
  "%include /a\n",
  "%include_keys /a\n",
  "99999999999999999999",
  "\ud800",
  "STRICT N\n",
] as const;

type Change = readonly [kind: number, at: number, size: number, piece: string];

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(6),
  fc.nat(1_000_000),
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(...PIECES),
);

/** One change to a text: characters or a line taken out, put in, doubled, moved, or in the other letter case. */
function changed(text: string, [kind, where, size, piece]: Change): string {
  const at = where % (text.length + 1);
  const lines = text.split("\n");
  const line = where % lines.length;
  switch (kind) {
    case 0:
      return text.slice(0, at) + text.slice(at + size);
    case 1:
      return text.slice(0, at) + piece + text.slice(at);
    case 2:
      return text.slice(0, at) + piece + text.slice(at + size);
    case 3:
      return lines.toSpliced(line, 1).join("\n");
    case 4:
      return lines.toSpliced(line, 0, lines[(line + size) % lines.length] ?? "").join("\n");
    case 5:
      return lines.toSpliced(line, 1).toSpliced(size, 0, lines[line] ?? "").join("\n");
    default:
      return text.slice(0, at) + text.slice(at, at + size).toUpperCase().toLowerCase() + text.slice(at + size);
  }
}

function read(server: string, access: string): ReturnType<typeof loadConfig> {
  const options = parseDaemonOptions(["-c", "/c", "-a", "/a"]);
  assert.ok(options.ok);
  return loadConfig(options.options, inMemory({ "/c": server, "/a": access }), 0);
}

interface Written {
  readonly line: number;
  readonly name: string;
  readonly value: string;
}

/** As C takes lines apart, in one expression. */
function writtenLines(text: string): readonly Written[] {
  return text.split("\n").flatMap((raw, index) => {
    const [, word = "", rest = ""] =
      /^[ \t\v\f]*([^ \t\v\f\r;#][^ \t\v\f\r]*)([^;\r]*)/.exec(raw.replace(/^\uFEFF/, "")) ?? [];
    return word === ""
      ? []
      : [{ line: index + 1, name: word.replace(/:[^:]*$/, ""), value: rest.replace(/^[ \t\v\f]+|[ \t\v\f]+$/g, "") }];
  });
}

/** Lines of the file that nothing came of and nothing was said about. */
function silentLines(loaded: LoadedConfig, text: string, file: string): readonly number[] {
  const counted = new Set<number>();
  for (const { origins, stanza } of loaded.access) {
    for (const origin of [stanza.origin, ...Object.values(origins)]) {
      if (origin?.file === file && origin.line !== undefined) counted.add(origin.line);
    }
  }
  const told = loaded.warnings.join("\n");
  return writtenLines(text).filter(({ line }) => !counted.has(line) && !told.includes(`${file}:${line}:`))
    .map(({ line }) => line).filter((line) => !new RegExp(`${file}:${line}\\b`).test(told));
}

const SPLIT = /[ \t\v\f]+#.*$/;

/** What the text says of each stanza, for the limits that are written in one word or list; the last line counts. */
function naive(text: string): readonly Map<string, string>[] {
  const stanzas: Map<string, string>[] = [];
  for (const { name, value } of writtenLines(text)) {
    if (name === "SOURCE") stanzas.push(new Map());
    stanzas.at(-1)?.set(name === "REQUIRE_SOURCE" ? "REQUIRE_SOURCE_ADDRESS" : name, value.replace(SPLIT, ""));
  }
  return stanzas;
}

/** Whether the stanza lets in what its text does not say. */
function wider(stanza: Stanza, said: Map<string, string>): string | null {
  const ports = (name: string) => {
    const list = said.get(name);
    if (list === undefined) return null;
    const items = list.split(",").map((item) => /^[ \t]*(tcp|udp)\/[ \t]*0*([0-9]+)/i.exec(item) ?? []);
    return [...new Set(items.map(([, proto = "?", port = "?"]) => `${proto.toLowerCase()}/${port}`))].join(",");
  };
  const number = (name: string) => Number(/^[+]?[0-9]+/.exec(said.get(name) ?? "")?.[0] ?? 0);
  if ((stanza.openPorts === null ? null : formatServices(stanza.openPorts)) !== ports("OPEN_PORTS")) {
    return "OPEN_PORTS";
  }
  if (formatServices(stanza.restrictPorts) !== (ports("RESTRICT_PORTS") ?? "")) return "RESTRICT_PORTS";
  if (stanza.requireUsername !== (said.get("REQUIRE_USERNAME") ?? null)) return "REQUIRE_USERNAME";
  if (stanza.requireSourceAddress !== /^y/i.test(said.get("REQUIRE_SOURCE_ADDRESS") ?? "")) {
    return "REQUIRE_SOURCE_ADDRESS";
  }
  if (stanza.maxTimeout !== (number("MAX_FW_TIMEOUT") || 300)) return "MAX_FW_TIMEOUT";
  if (stanza.timeout > stanza.maxTimeout && said.has("MAX_FW_TIMEOUT") && number("MAX_FW_TIMEOUT") > 0) {
    return "FW_ACCESS_TIMEOUT";
  }
  if ((stanza.destination === null) !== !said.has("DESTINATION")) return "DESTINATION";
  if (stanza.source.any !== /(?:^|,)\s*ANY\s*(?:,|$)/i.test(said.get("SOURCE") ?? "")) return "SOURCE";
  if ((stanza.expiresAt ?? 0) !== number("ACCESS_EXPIRE_EPOCH") && !said.has("ACCESS_EXPIRE")) {
    return "ACCESS_EXPIRE_EPOCH";
  }
  if (stanza.secrets.every(({ hmac }) => hmac === null) && (said.has("HMAC_KEY") || said.has("HMAC_KEY_BASE64"))) {
    return "HMAC_KEY";
  }
  return null;
}

function includes(text: string): boolean {
  return /%include/.test(text);
}

Deno.test("a mistyped configuration never throws, and what is taken opens no more than is written", () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 3 }),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (toServer, toAccess, lenient) => {
        const server = toServer.reduce(changed, SERVER) + (lenient ? "\nSTRICT N\n" : "");
        const access = toAccess.reduce(changed, ACCESS);
        const loaded = read(server, access);
        if (!loaded.ok) {
          assert.ok(loaded.problems.length > 0);
          for (const problem of loaded.problems) assert.ok(formatProblem(problem).length > 10);
          return;
        }
        if (includes(access)) return;
        taken++;
        assert.deepEqual(silentLines(loaded, access, "/a"), [], "lines that nothing came of");
        const said = naive(access);
        assert.equal(loaded.stanzas.length, said.length);
        for (const [index, stanza] of loaded.stanzas.entries()) assert.equal(wider(stanza, said[index]!), null);
      },
    ),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 20, `${taken} taken`);
});

Deno.test("STRICT N takes all that STRICT Y takes, and means the same by it", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 2 }), fc.array(change, { maxLength: 3 }), (toServer, toAccess) => {
      const [server, access] = [toServer.reduce(changed, SERVER), toAccess.reduce(changed, ACCESS)];
      const strict = read(server, access);
      if (!strict.ok) return;
      const lenient = read(`${server}\nSTRICT N\n`, access);
      assert.ok(lenient.ok);
      assert.deepEqual(lenient.stanzas, strict.stanzas);
    }),
    { numRuns: Math.ceil(RUNS / 3) },
  );
});
