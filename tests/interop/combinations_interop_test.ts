/** Every digest, HMAC and mode, pairwise, between the C programs and ours, in both directions. */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  C_DAEMON,
  C_PROGRAMS,
  type Directives,
  keyArgs,
  knock,
  labTest,
  makeLab,
  newKeys,
  OUR_CLIENT,
  OUR_DAEMON,
  type ProgramUnderTest,
  startDaemon,
} from "../lab/mod.ts";
import { type Combination, pairwise } from "./combinations.ts";

interface Stanza {
  readonly keys: { readonly KEY_BASE64: string; readonly HMAC_KEY_BASE64: string | null };
  readonly directives: Directives;
}

/** One stanza per HMAC and mode; the digest is the packet's own affair. */
function stanzas(combinations: readonly Combination[]): ReadonlyMap<string, Stanza> {
  const made = new Map<string, Stanza>();
  for (const { hmac, mode } of combinations) {
    if (made.has(`${hmac} ${mode}`)) continue;
    const fresh = newKeys(mode === "legacy" ? 16 : 32);
    const keys = hmac === null ? { ...fresh, HMAC_KEY_BASE64: null } : fresh;
    made.set(`${hmac} ${mode}`, {
      keys,
      directives: { ...keys, HMAC_DIGEST_TYPE: hmac, ENCRYPTION_MODE: mode, FW_ACCESS_TIMEOUT: 120 },
    });
  }
  return made;
}

async function everyCombinationOpens(client: ProgramUnderTest, program: ProgramUnderTest): Promise<void> {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const combinations = pairwise();
  const made = stanzas(combinations);
  const daemon = await startDaemon(lab, { program, access: [...made.values()].map((stanza) => stanza.directives) });
  const server = lab.address("server");
  const closed: string[] = [];
  for (const [index, { digest, hmac, mode }] of combinations.entries()) {
    const port = 10_000 + index;
    const { keys } = made.get(`${hmac} ${mode}`)!;
    const kind = ["-m", digest, "-M", mode, ...(hmac === null ? [] : ["--hmac-digest-type", hmac])];
    await knock(lab, ["-A", `tcp/${port}`, "-a", lab.address("knocker"), "-D", server, ...kind, ...keyArgs(keys)], {
      program: client,
    });
    if (!await lab.opens("knocker", server, port)) closed.push(`digest ${digest}, HMAC ${hmac}, mode ${mode}`);
  }
  assert.deepEqual(closed, [], daemon.program.lines.slice(-60).join("\n"));
}

labTest("C client to our daemon: every pair of digest, HMAC and mode opens", async () => {
  await everyCombinationOpens(C_CLIENT, OUR_DAEMON);
}, { needs: C_PROGRAMS });

labTest("our client to C daemon: every pair of digest, HMAC and mode opens", async () => {
  await everyCombinationOpens(OUR_CLIENT, C_DAEMON);
}, { needs: C_PROGRAMS });
