/** A packet filter that says what a test tells it to, and remembers what it was asked. */
import type { Nfnetlink } from "../../../../ffi/nfnetlink/nfnetlink.ts";
import type {
  ChainInfo,
  ElementChange,
  RuleInfo,
  SetElement,
  SetInfo,
  StructureChange,
} from "../../../../ffi/nfnetlink/ruleset.ts";
import type { BatchOutcome } from "../../../../ffi/nfnetlink/transact.ts";

/** What it holds; a test may change it at any time. */
export interface FakeRuleset {
  chains: readonly ChainInfo[];
  rules: readonly RuleInfo[];
  sets: readonly SetInfo[];
  /** By the set's name. */
  elements: Readonly<Record<string, readonly SetElement[]>>;
  /** What becomes of a transaction. Default: it is done, and the rule that change i adds has the handle 100 + i. */
  answer(changes: readonly (ElementChange | StructureChange)[]): BatchOutcome;
}

/** The fake, the transactions in order, and the names of the methods that read, in order. */
export interface FakeNetlink {
  readonly netlink: Nfnetlink;
  readonly ruleset: FakeRuleset;
  readonly transactions: (readonly (ElementChange | StructureChange)[])[];
  /** Those that were asked for in vain. */
  readonly inVain: (readonly (ElementChange | StructureChange)[])[];
  readonly asked: string[];
}

/** The transaction was done. */
export function done(changes: readonly (ElementChange | StructureChange)[]): BatchOutcome {
  const rules = changes.flatMap(({ verb }, index) =>
    verb === "add rule" ? [[index, BigInt(100 + index)] as const] : []
  );
  return { ok: true, handles: new Map(rules) };
}

/** Change `index` was refused. */
export function refusedAt(index: number, code: number): BatchOutcome {
  return { ok: false, stale: false, refusals: [{ index, code, text: "" }] };
}

/** Makes one that holds nothing. */
export function fakeNetlink(): FakeNetlink {
  const ruleset: FakeRuleset = { chains: [], rules: [], sets: [], elements: {}, answer: done };
  const transactions: (readonly (ElementChange | StructureChange)[])[] = [];
  const inVain: (readonly (ElementChange | StructureChange)[])[] = [];
  const asked: string[] = [];
  const isOf = (a: { family: string; table: string }, b: { family: string; table: string }) =>
    a.family === b.family && a.table === b.table;
  const rulesOf = (name: Parameters<Nfnetlink["rules"]>[0]) =>
    ruleset.rules.filter((rule) => isOf(rule, name) && rule.chain === name.chain);
  const note = <Answer>(name: string, answer: Answer): Answer => {
    asked.push(name);
    return answer;
  };
  const netlink: Nfnetlink = {
    portId: 7,
    generation: () => note("generation", 1),
    transact(changes) {
      transactions.push(changes);
      return ruleset.answer(changes);
    },
    transactInVain(changes) {
      inVain.push(changes);
      return { ok: false, stale: true };
    },
    tables: () => note("tables", []),
    chains: () => note("chains", ruleset.chains),
    sets: (table) => note("sets", ruleset.sets.filter((set) => table === undefined || isOf(set, table))),
    set: (name) => note("set", ruleset.sets.find((one) => isOf(one, name) && one.set === name.set) ?? null),
    rules: (name) =>
      note("rules", ruleset.chains.some((one) => isOf(one, name) && one.chain === name.chain) ? rulesOf(name) : null),
    *readRules(name) {
      asked.push("readRules");
      for (const rule of rulesOf(name)) yield [rule];
      return true;
    },
    rule: (name) => note("rule", rulesOf(name).find(({ handle }) => handle === name.handle) ?? null),
    elements: ({ set }) => note("elements", ruleset.elements[set] ?? []),
    element: ({ set, key }) =>
      note("element", ruleset.elements[set]?.find((one) => one.key.toHex() === key.toHex()) ?? null),
    [Symbol.dispose]() {},
  };
  return { netlink, ruleset, transactions, inVain, asked };
}
