/** Reading and changing elements: by nfnetlink, whose cost does not grow with the ruleset, or else by nft. */
import { FfiError } from "../../../ffi/errors.ts";
import { E } from "../../../ffi/abi.ts";
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";
import type { ElementChange, RuleInfo } from "../../../ffi/nfnetlink/ruleset.ts";
import { type Nfnetlink, openNfnetlink, type Refusal } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { dataText, type Element, elementOfWords, keyText, makeElement } from "./elements.ts";
import { list, parseRuleset, record } from "./ruleset.ts";
import { nftFailure, type NftRunner } from "./runner.ts";
import { chainOf, PREFIX, type SetLayout } from "./set_layout.ts";
import { expectedSets, type OurTable } from "./placement.ts";

/** A set or map in a table. */
export interface ElementSet {
  readonly family: TableFamily;
  readonly table: string;
  readonly layout: SetLayout;
}

/** One step of a transaction. */
export interface Step {
  readonly verb: "add" | "delete";
  readonly set: ElementSet;
  readonly element: Element;
  /** Only for `add`; null adds for the moment, to be deleted in the same transaction. */
  readonly timeoutMs: number | null;
}

/** An element that is there. */
export interface StoredElement {
  readonly element: Element;
  /** Null: it does not end. */
  readonly remainingMs: number | null;
}

/** What became of a transaction; after a failure nothing is changed. */
export type WriteOutcome =
  | { readonly ok: true }
  | {
    readonly ok: false; /** The ruleset is not of that generation. */
    readonly stale: boolean;
    readonly reason: string;
  };

export interface ElementStore extends Disposable {
  readonly name: "nfnetlink" | "nft";
  /** By which events of our own doing are told; null where there is no such mark. */
  readonly portId: number | null;
  /** The ruleset's generation; null where it cannot be told, so that every look must be a thorough one. */
  generation(): number | null;
  /** One transaction, only on the ruleset of that generation when one is given. */
  write(steps: readonly Step[], generation: number | null): Promise<WriteOutcome>;
  /** All elements that make sense to us; null when the set is not there. */
  read(set: ElementSet): Promise<readonly StoredElement[] | null>;
  /** Whether chains, rules and jumps of the table stand, seen without reading the ruleset; null: cannot tell. */
  isIntact(ours: OurTable): boolean | null;
}

/** Opens the fast way, by nfnetlink. Throws `FfiError`. */
export function netlinkStore(): ElementStore {
  const netlink = openNfnetlink();
  return {
    name: "nfnetlink",
    portId: netlink.portId,
    generation: () => netlink.generation(),
    write(steps, generation) {
      const outcome = netlink.transact(steps.map(changeOf), generation);
      if (outcome.ok) return Promise.resolve(outcome);
      if (outcome.stale) return Promise.resolve({ ok: false, stale: true, reason: "the ruleset changed meanwhile" });
      return Promise.resolve({ ok: false, stale: false, reason: reasonOf(outcome.refusals) });
    },
    read({ family, table, layout }) {
      const elements = netlink.elements({ family, table, set: layout.name });
      return Promise.resolve(
        elements?.map(({ key, data, remainingMs }) => ({ element: makeElement(layout, key, data), remainingMs })) ??
          null,
      );
    },
    isIntact: (ours) => looksIntact(netlink, ours),
    [Symbol.dispose]: () => netlink[Symbol.dispose](),
  };
}

function changeOf({ verb, set, element, timeoutMs }: Step): ElementChange {
  return {
    verb,
    family: set.family,
    table: set.table,
    set: set.layout.name,
    key: element.key,
    ...(element.data === null ? {} : { data: element.data }),
    ...(timeoutMs === null ? {} : { timeoutMs }),
  };
}

function reasonOf(refusals: readonly Refusal[]): string {
  const first = refusals[0];
  if (first === undefined) return "the packet filter refused";
  if (first.code === E.PERM) return "the packet filter refused: fwknopd needs the capability CAP_NET_ADMIN";
  if (first.code === E.NOENT) return "the packet filter refused: our set is gone";
  return `the packet filter refused (errno ${first.code})${first.text === "" ? "" : `: ${first.text}`}`;
}

function looksIntact(netlink: Nfnetlink, ours: OurTable): boolean {
  const name = { family: ours.family, table: ours.table };
  const chainsStand = ours.slots.every((slot) => {
    const found = netlink.rules({ ...name, chain: chainOf(slot) });
    const expected = expectedSets(ours, slot);
    return found !== null && found.length === expected.length &&
      found.every((rule, index) => setsIn(rule).filter((set) => set.startsWith(PREFIX)).join() === expected[index]);
  });
  const jumpsStand = ours.jumps.every(({ from, slot }) =>
    netlink.rules({ ...name, chain: from })?.some((rule) => jumpsTo(rule, chainOf(slot))) ?? false
  );
  return chainsStand && jumpsStand;
}

function setsIn({ expressions }: RuleInfo): readonly string[] {
  return expressions.flatMap((step) => step.kind === "lookup" ? [step.set] : []);
}

function jumpsTo({ expressions }: RuleInfo, chain: string): boolean {
  return expressions.some((step) =>
    step.kind === "verdict" && step.verdict.kind === "jump" && step.verdict.chain === chain
  );
}

/** By the language of nft, where nfnetlink cannot be used. */
export function nftStore(nft: NftRunner): ElementStore {
  return {
    name: "nft",
    portId: null,
    generation: () => null,
    async write(steps) {
      const reply = await nft.run(steps.map(lineOf).join(""));
      return reply.ok ? { ok: true } : { ok: false, stale: false, reason: nftFailure(reply).message };
    },
    async read({ family, table, layout }) {
      const kind = layout.value.length === 0 ? "set" : "map";
      const reply = await nft.run(`list ${kind} ${family} ${table} ${layout.name}`, { json: true, terse: false });
      if (!reply.ok) return null;
      const elements = parseRuleset(reply.output).sets[0]?.elements ?? [];
      return elements.map((element) => readListed(layout, element)).filter((element) => element !== null);
    },
    isIntact: () => null,
    [Symbol.dispose]() {},
  };
}

function lineOf({ verb, set, element, timeoutMs }: Step): string {
  const timeout = timeoutMs === null ? "" : ` timeout ${timeoutMs}ms`;
  const data = verb === "add" && element.data !== null ? ` : ${dataText(element)}` : "";
  const text = `${keyText(element)}${timeout}${data}`;
  return `${verb} element ${set.family} ${set.table} ${set.layout.name} { ${text} }\n`;
}

/** `{"elem": {"val": …, "expires": n}}`, for maps a pair of that and the value. */
function readListed(layout: SetLayout, listed: unknown): StoredElement | null {
  const [wrapped, value] = layout.value.length === 0 ? [listed, undefined] : list(listed);
  const inner = record(record(wrapped).elem);
  const key = "val" in inner ? inner.val : wrapped;
  const element = elementOfWords(layout, words(key), value === undefined ? [] : words(value));
  if (element === null) return null;
  return { element, remainingMs: typeof inner.expires === "number" ? inner.expires * 1000 : null };
}

function words(value: unknown): readonly unknown[] {
  const { concat } = record(value);
  return concat === undefined ? [value] : list(concat);
}

/** Whether netlink cannot be used here at all, as opposed to us not being allowed to. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof FfiError && error.details.code !== E.PERM;
}
