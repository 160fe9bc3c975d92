/**
 * Which value counts where several sources set one setting: built-in default, then `[default]`, then the named stanza,
 * then the command line; the closer source wins as a whole (mended: COMPATIBILITY F7, COMPATIBILITY F8, COMPATIBILITY F9).
 * Pure.
 */
import type { Given } from "../../lib/settings/setting.ts";
import type { ClientKey } from "../options/table.ts";

/** What one source says. Sources are listed from the farthest to the closest. */
export interface Layer {
  readonly name: string;
  readonly given: readonly Given[];
}

/** Where the encryption key and the HMAC key may come from; in one source the first of them counts. */
export const KEY_SOURCES: readonly (readonly ClientKey[])[] = [
  ["key", "keyBase64", "keyFile", "keyCmd"],
  ["hmacKey", "hmacKeyBase64", "hmacKeyFile", "hmacKeyCmd"],
];

/** Settings that answer one question in different ways: only the closest source that answers it counts. */
const QUESTIONS: readonly (readonly ClientKey[])[] = [
  ...KEY_SOURCES,
  ["timeOffset", "timeOffsetPlus", "timeOffsetMinus"],
  ["verbose"],
];

const HMAC_KEYS: readonly string[] = ["hmacKey", "hmacKeyBase64", "hmacKeyFile", "hmacKeyCmd"];

/** What counts, and what the user should know about the rest. */
export interface Settled {
  readonly given: readonly Given[];
  readonly warnings: readonly string[];
}

/** Drops what a closer source overrides. The order of what is left is still precedence. */
export function settleLayers(layers: readonly Layer[]): Settled {
  const warnings: string[] = [];
  let kept: readonly Layer[] = withoutReset(layers);
  for (const question of QUESTIONS) kept = keepClosest(kept, question);
  return { given: settleAddress(kept, warnings).flatMap((layer) => layer.given), warnings };
}

function keepClosest(layers: readonly Layer[], keys: readonly string[]): readonly Layer[] {
  const closest = layers.findLast((layer) => layer.given.some((said) => keys.includes(said.key)));
  return layers.map((layer) => layer === closest ? layer : drop(layer, keys));
}

/** `USE_HMAC N` in a closer source drops the HMAC keys of a farther one. Beside a key it means nothing, as in C. */
function withoutReset(layers: readonly Layer[]): readonly Layer[] {
  const reset = layers.findLastIndex((layer) => lastOf(layer, ["useHmac"])?.text?.toLowerCase().startsWith("n"));
  return layers.map((layer, index) => index < reset ? drop(layer, [...HMAC_KEYS, "useHmac", "hmacDigestType"]) : layer);
}

/**
 * Whose address: in one source -a and -s beat -R and the later of them wins (C); a source that says nothing of it asks
 * the next farther one. `RESOLVE_IP_HTTPS N` takes back a request to resolve and nothing else.
 */
function settleAddress(layers: readonly Layer[], warnings: string[]): readonly Layer[] {
  let cancelled = false;
  let winner: Given | undefined;
  for (const layer of layers.toReversed()) {
    if (winner !== undefined) break;
    const direct = lastOf(layer, ["allowIp", "sourceIp"]);
    const resolve = lastOf(layer, ["resolveIp", "resolveHttpOnly"].filter((key) => asksForAddress(layer, key)));
    if (resolve?.text?.toLowerCase().startsWith("n")) cancelled = true;
    else if (direct === undefined && resolve !== undefined && !cancelled) winner = resolve;
    winner = direct ?? winner;
    if (layer === layers.at(-1)) warnings.push(...ignoredAddresses(layer, winner));
  }
  const contest = ["allowIp", "sourceIp", "resolveIp"];
  return layers.map((layer) => ({
    ...layer,
    given: layer.given.filter((said) => said === winner || !contest.includes(said.key)),
  }));
}

/** `--resolve-http-only` asks for the address on the command line only; its directive merely says how to ask. */
function asksForAddress(layer: Layer, key: string): boolean {
  return key === "resolveIp" || layer.given.some((said) => said.key === key && said.origin.option !== undefined);
}

function ignoredAddresses(layer: Layer, winner: Given | undefined): string[] {
  if (winner === undefined) return [];
  // --resolve-http-only says how -R is to ask.
  const answer = winner.key === "resolveHttpOnly" ? "resolveIp" : winner.key;
  const rivals = layer.given.filter((said) =>
    ["allowIp", "sourceIp", "resolveIp"].includes(said.key) && said.key !== answer && said.origin.option !== undefined
  );
  const names = [...new Set(rivals.map((said) => said.name))];
  if (names.length === 0) return [];
  const what = winner.text === null ? winner.name : `${winner.name} ${winner.text}`;
  return [`${names.join(" and ")} ${names.length === 1 ? "is" : "are"} ignored because of ${what}`];
}

function lastOf(layer: Layer, keys: readonly string[]): Given | undefined {
  return layer.given.findLast((said) => keys.includes(said.key));
}

function drop(layer: Layer, keys: readonly string[]): Layer {
  return { ...layer, given: layer.given.filter((said) => !keys.includes(said.key)) };
}
