/** NFT_INPUT_CHAINS: the base chains that the administrator wants our jump in, as `nft list chain` names them. */
import { fail, ok } from "../../../lib/result.ts";
import type { Kind } from "../../../lib/settings/setting.ts";

/** A chain of a native ruleset. */
export interface NftChain {
  readonly family: "inet" | "ip" | "ip6";
  readonly table: string;
  readonly chain: string;
}

/** Several of them: `inet filter input, ip6 extra input`. */
export const nftChains: Kind<readonly NftChain[]> = {
  valueName: "FAMILY TABLE CHAIN[,...]",
  expects: "chains such as inet filter input, separated by commas",
  parse(text) {
    const chains: NftChain[] = [];
    for (const item of text.split(",")) {
      const [family = "", table, chain, ...more] = item.trim().split(/[ \t]+/);
      if (!isFamily(family) || table === undefined || chain === undefined || more.length > 0) {
        return fail("expected items such as inet filter input (the family is inet, ip or ip6), separated by commas");
      }
      if (!isIdentifier(table) || !isIdentifier(chain)) {
        return fail("a name of a table or chain holds a character that nftables does not take");
      }
      chains.push({ family, table, chain });
    }
    return ok(chains);
  },
  remedy(text) {
    const words = text.split(",").map((item) => item.trim().split(/[ \t]+/));
    if (words.some(([first = ""]) => first === "chain" || first === "table")) {
      return "leave the words table and chain out";
    }
    const short = words.find(({ length }) => length === 2);
    if (short === undefined) return undefined;
    const [first = ""] = short;
    return isFamily(first)
      ? `write the chain too: ${short.join(" ")} input`
      : `write the family too: inet ${short.join(" ")}`;
  },
  format: (chains) => chains.map(({ family, table, chain }) => `${family} ${table} ${chain}`).join(", "),
};

function isFamily(word: string): word is NftChain["family"] {
  return word === "inet" || word === "ip" || word === "ip6";
}

/** Unquoted identifiers of nft(8). */
function isIdentifier(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9/\\_.]*$/.test(name);
}
