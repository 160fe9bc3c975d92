/**
 * The packet filter's own sockets: what the ruleset holds, and transactions on it in tens of microseconds, whatever else it
 * holds.
 */
import { E } from "../abi.ts";
import { type Attribute, be64Attribute, type IncomingMessage, stringAttribute } from "./codec.ts";
import { NFPROTO, NFT_MSG, NFTA } from "./constants.ts";
import { readGeneration } from "./answers.ts";
import { type Change, elementAttribute } from "./batch.ts";
import { readChain, readElements, readRule, readSet, readTable } from "./read_ruleset.ts";
import { protocolError, type Question, type Requests, requestsOn } from "./requests.ts";
import type { ChainInfo, ChainName, RuleInfo, SetElement, SetInfo, SetName, TableInfo, TableName } from "./ruleset.ts";
import { openNetlinkSocket } from "./socket.ts";
import { type BatchOutcome, transact, transactInVain } from "./transact.ts";

/**
 * Requests to the packet filter. Every call is synchronous and throws `FfiError` where the socket itself fails, or what is
 * listed changes too fast to be read. Byte arrays in expressions are views of larger ones: who keeps one for long copies it.
 */
export interface Nfnetlink extends Disposable {
  /** The port id that stands in every `RulesetChange` that this socket caused. */
  readonly portId: number;
  /** The ruleset's generation: it grows by one with every transaction of anybody. */
  generation(): number;
  /** Runs one transaction; with `generation`, only on the ruleset of that generation. */
  transact(changes: readonly Change[], generation: number | null): BatchOutcome;
  /** Asks for one that the kernel refuses, whatever is in it: nothing is changed, and nobody is told. */
  transactInVain(changes: readonly Change[]): BatchOutcome;
  /** All tables. */
  tables(): readonly TableInfo[];
  /** All chains of all tables. */
  chains(): readonly ChainInfo[];
  /** Sets and maps, anonymous ones included: all, or those of a table. */
  sets(table?: TableName): readonly SetInfo[];
  /** One set or map; null when it is not there. Costs the same however many there are. */
  set(set: SetName): SetInfo | null;
  /** The rules of a chain in order; null when there is no such table or chain. */
  rules(chain: ChainName): readonly RuleInfo[] | null;
  /**
   * The same bit by bit, so that other work can be done in between; returns whether all were of one generation. Nothing
   * comes of a chain that is not there. Only one at a time; leaving early is allowed. Each rule is decoded when its turn comes:
   * of many at once the collector would take what is dead a moment later for long-lived.
   */
  readRules(chain: ChainName): Generator<Iterable<RuleInfo>, boolean>;
  /** One rule; null when it is not there. The kernel looks for it from the head of the chain. */
  rule(rule: ChainName & { readonly handle: bigint }): RuleInfo | null;
  /** All elements of a set or map; null when there is no such set. */
  elements(set: SetName): readonly SetElement[] | null;
  /**
   * What a packet with that key finds in a set or map: its element, the start of the interval that it is in, or the element
   * that catches all; null for nothing, and where there is no such set. Costs the same however many there are.
   */
  element(key: SetName & { readonly key: Uint8Array }): SetElement | null;
}

const RECEIVE_BUFFER = 1024 * 1024;

/** Opens the sockets. Throws `FfiError` when the kernel has no nf_tables or the capability is missing. */
export function openNfnetlink(): Nfnetlink {
  using opened = new DisposableStack();
  const socket = opened.use(openNetlinkSocket({ receiveBuffer: RECEIVE_BUFFER }));
  const requests = requestsOn(socket);
  const slices = requestsOn(opened.use(openNetlinkSocket({ receiveBuffer: RECEIVE_BUFFER })));
  const sockets = opened.move();
  return {
    portId: socket.portId,
    generation() {
      const answers = requests.ask({ message: NFT_MSG.getGen, family: 0, attributes: [] }) ?? [];
      const generation = mapped(answers, readGeneration)[0];
      if (generation === undefined) throw protocolError("the kernel does not tell the ruleset's generation", 0);
      return generation;
    },
    transact: (changes, generation) => transact(requests, changes, generation),
    transactInVain: (changes) => transactInVain(requests, changes),
    ...readersOn(requests),
    readRules: (chain) => readRules(slices, chain),
    [Symbol.dispose]: () => sockets[Symbol.dispose](),
  };
}

type Readers = Pick<Nfnetlink, "tables" | "chains" | "sets" | "set" | "rules" | "rule" | "elements" | "element">;

function readersOn(requests: Requests): Readers {
  const all = (message: number) => requests.dump({ message, family: 0, attributes: [] }) ?? [];
  return {
    tables: () => mapped(all(NFT_MSG.getTable), readTable),
    chains: () => mapped(all(NFT_MSG.getChain), readChain),
    sets: (table) => mapped(table === undefined ? all(NFT_MSG.getSet) : requests.dump(aboutSets(table)) ?? [], readSet),
    set: (set) => mapped(requests.ask(aboutSet(set)) ?? [], readSet)[0] ?? null,
    rules(chain) {
      const answers = requests.dump(aboutRules(chain));
      if (answers === null) return null;
      const rules = mapped(answers, (message) => readRule(message, chain));
      // The dump of a chain that is not there is merely empty.
      return rules.length === 0 && requests.ask(aboutChain(chain)) === null ? null : rules;
    },
    rule: ({ handle, ...chain }) =>
      mapped(
        requests.ask(aboutRules(chain, [be64Attribute(NFTA.rule.handle, handle)])) ?? [],
        (message) => readRule(message, chain),
      )[0] ?? null,
    elements: (set) => requests.dump(aboutElements(set))?.flatMap(readElements) ?? null,
    element({ key, ...set }) {
      const found = requests.ask(aboutElements(set, { key })) ?? requests.ask(aboutElements(set, "catchall"), UNKNOWN);
      return found?.flatMap(readElements)[0] ?? null;
    },
  };
}

/** Kernels before 5.13 know no element that catches all. */
const UNKNOWN: readonly number[] = [E.NOENT, E.INVAL, E.OPNOTSUPP];

function* readRules(requests: Requests, chain: ChainName): Generator<Iterable<RuleInfo>, boolean> {
  const slices = requests.slices(aboutRules(chain));
  try {
    for (;;) {
      const slice = slices.next();
      if (slice.done) return slice.value;
      yield eachRule(slice.value, chain);
    }
  } finally {
    slices.return(false);
  }
}

function* eachRule(messages: readonly IncomingMessage[], chain: ChainName): Generator<RuleInfo> {
  for (const message of messages) {
    const rule = readRule(message, chain);
    if (rule !== null) yield rule;
  }
}

function mapped<Thing>(
  messages: readonly IncomingMessage[],
  read: (message: IncomingMessage) => Thing | null,
): readonly Thing[] {
  return messages.map(read).filter((thing) => thing !== null);
}

function aboutChain({ family, table, chain }: ChainName): Question {
  return {
    message: NFT_MSG.getChain,
    family: NFPROTO[family],
    attributes: [stringAttribute(NFTA.chain.table, table), stringAttribute(NFTA.chain.name, chain)],
  };
}

function aboutRules({ family, table, chain }: ChainName, more: readonly Attribute[] = []): Question {
  return {
    message: NFT_MSG.getRule,
    family: NFPROTO[family],
    attributes: [stringAttribute(NFTA.rule.table, table), stringAttribute(NFTA.rule.chain, chain), ...more],
  };
}

function aboutSets({ family, table }: TableName): Question {
  return { message: NFT_MSG.getSet, family: NFPROTO[family], attributes: [stringAttribute(NFTA.set.table, table)] };
}

function aboutSet({ set, ...table }: SetName): Question {
  const { attributes, ...question } = aboutSets(table);
  return { ...question, attributes: [...attributes, stringAttribute(NFTA.set.name, set)] };
}

function aboutElements({ family, table, set }: SetName, element?: { readonly key: Uint8Array } | "catchall"): Question {
  const list = element === undefined ? [] : [{ type: NFTA.elemList.elements, value: [elementAttribute(element)] }];
  return {
    message: NFT_MSG.getSetElem,
    family: NFPROTO[family],
    attributes: [stringAttribute(NFTA.elemList.table, table), stringAttribute(NFTA.elemList.set, set), ...list],
  };
}
