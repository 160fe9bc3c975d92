/** Which base chains get our jump, and which grants they can hold. Pure. */
import type { TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import type { LogLine } from "../../../lib/log.ts";
import { type Access, FirewallError, type Slot } from "../firewall.ts";
import { formatChain, formatTable } from "../names.ts";
import { isNative, type PathChain } from "../path/model.ts";
import type { NftChain } from "./chain_list.ts";
import type { ChosenChain } from "./placement.ts";
import { OWNER_HINT } from "./refusals.ts";
import { FILTER_SLOTS, type FilterSlot, homeOf, layoutOf, seesFamily } from "./set_layout.ts";

/** What is wanted. */
export interface Wanted {
  readonly slots: readonly Slot[];
  /** By hook (NFT_INPUT_CHAINS); a hook that is not named gets every native base chain that drops by default. */
  readonly chains: Partial<Readonly<Record<FilterSlot, readonly NftChain[]>>>;
}

/** What was chosen. */
export interface Choice {
  readonly chains: readonly ChosenChain[];
  /** What is worth knowing of it as long as it is so. */
  readonly facts: readonly LogLine[];
  /** Why a named chain cannot be used; null where all can. */
  readonly mistake: FirewallError | null;
}

/** Families whose base chains see the IP packets of this host. */
const FAMILIES: readonly string[] = ["ip", "ip6", "inet"];

/** The chains to go into. `isDormant`: whether there is such a table, and nothing in it is in force. */
export function chooseChains(
  path: readonly PathChain[],
  wanted: Wanted,
  isDormant: (table: TableName) => boolean,
): Choice {
  const hooks = hooksOf(wanted);
  const mistakes = hooks.flatMap((hook) =>
    (wanted.chains[hook] ?? []).map((name) => mistakeIn(path, name, { hook, isDormant })).filter((mistake) =>
      mistake !== null
    )
  );
  const chosen = hooks.flatMap((hook) => path.filter((chain) => chain.hook === hook && enters(chain, wanted)));
  return {
    chains: chosen.map(({ family, table, chain, hook }) => ({ family, table, chain, hook: hook as FilterSlot })),
    facts: [...hooks.flatMap((hook) => openHook(path, chosen, hook)), ...lockedChains(path, wanted)],
    mistake: mistakes[0] ?? null,
  };
}

/** Whether a chain of the way of packets gets our jump. */
export function enters(chain: PathChain, wanted: Wanted): boolean {
  const { owner, family, hook, locked, drops } = chain;
  if (!isNative(owner) || locked || !FAMILIES.includes(family)) return false;
  const slot = hooksOf(wanted).find((one) => one === hook);
  if (slot === undefined) return false;
  return wanted.chains[slot]?.some((name) => isNamed(chain, name)) ??
    (drops === "default" || drops === "service");
}

/**
 * Why a grant cannot be opened whatever happens; null when it can. Where nothing drops, grants are open by themselves; but of
 * chains that the administrator named it is not known what else drops.
 */
export function objectionTo(access: Access, wanted: Wanted): string | null {
  const layout = layoutOf(access);
  if (layout === null) return "nftables cannot hold such a door";
  if (!wanted.slots.includes(layout.slot)) return `doors of the kind ${layout.slot} are not switched on`;
  const hook = FILTER_SLOTS.find((slot) => slot === layout.home);
  const named = hook === undefined ? undefined : wanted.chains[hook];
  if (named === undefined || named.some(({ family }) => seesFamily(family, layout.family))) return null;
  return `NFT_${layout.home.toUpperCase()}_CHAINS names no chain that IPv${layout.family} packets pass`;
}

function isNamed({ family, table, chain }: PathChain, name: NftChain): boolean {
  return family === name.family && table === name.table && chain === name.chain;
}

function hooksOf({ slots }: Wanted): readonly FilterSlot[] {
  return FILTER_SLOTS.filter((hook) => slots.some((slot) => homeOf(slot) === hook));
}

function mistakeIn(
  path: readonly PathChain[],
  name: NftChain,
  { hook, isDormant }: { readonly hook: FilterSlot; readonly isDormant: (table: TableName) => boolean },
): FirewallError | null {
  const all = path.filter((chain) => chain.hook === hook && chain.owner !== "iptables-legacy");
  const found = all.find((chain) => isNamed(chain, name));
  if (found === undefined && isDormant(name)) {
    const table = formatTable(name);
    return new FirewallError(
      `Cannot use the base chain "${formatChain(name)}": its table is dormant, so nothing in it is in force`,
      `wake it (nft add table ${table}), or correct NFT_${hook.toUpperCase()}_CHAINS`,
    );
  }
  if (found === undefined) {
    const others = all.filter(({ owner, family }) => isNative(owner) && FAMILIES.includes(family)).map(
      formatChain,
    );
    return new FirewallError(
      `Cannot use the base chain "${formatChain(name)}": it is not on the ${hook} hook`,
      others.length === 0
        ? "create it, or set FIREWALL to iptables"
        : `correct NFT_${hook.toUpperCase()}_CHAINS; there are: ${others.join(", ")}`,
    );
  }
  if (isNative(found.owner)) return null;
  return new FirewallError(
    `Cannot use the chain "${
      formatChain(name)
    }": it is managed by iptables, which would lose our sets at the next save and restore`,
    "set FIREWALL to iptables",
  );
}

/** Where nothing drops by default there is nothing to open. */
function openHook(path: readonly PathChain[], chosen: readonly PathChain[], hook: FilterSlot): readonly LogLine[] {
  const shuts = ({ drops }: PathChain) => drops === "default" || drops === "service";
  if (chosen.some((chain) => chain.hook === hook)) return [];
  if (path.some((chain) => chain.hook === hook && shuts(chain))) return [];
  return [{
    level: "warning",
    text: `nftables: nothing drops packets on the ${hook} hook by default, so there is nothing to open`,
  }];
}

/** Chains that the administrator named, in tables that only another process may change. */
function lockedChains(path: readonly PathChain[], wanted: Wanted): readonly LogLine[] {
  const named = hooksOf(wanted).flatMap((hook) => wanted.chains[hook] ?? []);
  return path.filter((chain) => chain.locked && named.some((name) => isNamed(chain, name))).map((chain) => ({
    level: "warning",
    text: `Cannot open doors in ${formatChain(chain)}: ${OWNED}; ${OWNER_HINT}`,
  }));
}

/** What is said of a table that cannot be written. */
export const OWNED = "its table belongs to another process, which alone may change it (flags owner)";
