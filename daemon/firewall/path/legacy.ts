/** The tables of iptables-legacy from what `iptables-legacy-save` prints. What is not understood may hold or not. Pure. */
import { parseIp } from "../../../lib/net/address.ts";
import { parseSave, splitWords } from "../save_text.ts";
import {
  byteString,
  DESTINATION_PORT,
  fieldOperand,
  INTERFACE,
  type Operand,
  PROTOCOL,
  SOURCE_PORT,
} from "./operand.ts";
import { DESTINATION4, DESTINATION6, SOURCE4, SOURCE6 } from "./operand.ts";
import { type Condition, CONTINUE, OPAQUE, type Rule } from "./rule.ts";
import { RuleList } from "./rule_list.ts";
import { type Chain, type Table, tableKey, type Tables } from "./ruleset.ts";
import { sentToByWords } from "./sent_to.ts";
import { addressTypeCondition, portRange, stateCondition, targetEffect, targetOutcome, tcpFlags } from "./xt.ts";

/** Numbers of the kernel's hooks, by the chains of iptables. */
const HOOKS: Readonly<Record<string, number>> = { PREROUTING: 0, INPUT: 1, FORWARD: 2, OUTPUT: 3, POSTROUTING: 4 };
/** `NF_IP_PRI_*`; nat stands elsewhere on the way out. */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, nat: -100, filter: 0, security: 50 };
const PROTOCOLS: Readonly<Record<string, number>> = {
  ...{ icmp: 1, igmp: 2, tcp: 6, udp: 17, dccp: 33, gre: 47, esp: 50, ah: 51, "ipv6-icmp": 58, icmpv6: 58 },
  ...{ sctp: 132, udplite: 136 },
};
/** `NF_CT_STATE_BIT`, and that of packets whose connection is not followed as xt_conntrack counts it. */
const STATES: Readonly<Record<string, number>> = { INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 256 };
const TCP_FLAGS: Readonly<Record<string, number>> = {
  ...{ FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ALL: 63, NONE: 0 },
};
/** In the order of `RTN_*`. */
const ADDRESS_TYPES = ["UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE"];
/** Modules whose words are understood, or that ask nothing. */
const MODULES = new Set(["tcp", "udp", "multiport", "comment", "conntrack", "state", "addrtype"]);

/** The tables of one family. */
export function readLegacy(text: string, family: 4 | 6): Tables {
  const { tables, policies } = parseSave(text);
  const found: Tables = new Map();
  for (const [name, chains] of tables) {
    const table: Table = {
      ...{ family: family === 4 ? "ip" : "ip6", table: name, handle: 0n, dormant: false, locked: false, version: 0 },
      chains: new Map<string, Chain>(),
    };
    for (const [chain, rules] of chains) {
      const policy = policies.get(`${name} ${chain}`) === "DROP" ? "drop" : "accept";
      table.chains.set(chain, readChain({ name, chain, policy, family, chains: new Set(chains.keys()) }, rules));
    }
    found.set(tableKey(table), table);
  }
  return found;
}

interface ChainHeader {
  readonly name: string;
  readonly chain: string;
  readonly policy: "accept" | "drop";
  readonly family: 4 | 6;
  /** All chains of the table. */
  readonly chains: ReadonlySet<string>;
}

function readChain(header: ChainHeader, texts: readonly string[]): Chain {
  const { name, chain, policy } = header;
  const hook = HOOKS[chain];
  const rules = new RuleList();
  for (const [index, text] of texts.entries()) rules.append(readRule(splitWords(text), index + 1, header));
  const late = name === "nat" && (chain === "INPUT" || chain === "POSTROUTING");
  const priority = late ? 100 : PRIORITIES[name] ?? 0;
  const type = name === "nat" ? "nat" : "filter";
  return {
    name: chain,
    handle: 0n,
    base: hook === undefined ? null : { type, hook, priority, policy, devices: [] },
    reached: true,
    rules,
    pending: null,
    orphans: new Map(),
  };
}

function readRule(words: readonly string[], handle: number, { family, chains }: ChainHeader): Rule {
  const conditions: Condition[] = [];
  let inverted = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "!") {
      inverted = true;
      continue;
    }
    const value = words[at + 1] ?? "";
    if (word === "-j" || word === "-g") {
      if (chains.has(value)) {
        return { handle, conditions, outcome: { kind: word === "-j" ? "jump" : "goto", chain: value }, effect: null };
      }
      const sentTo = sentToByWords(value, words.slice(at + 2));
      return {
        ...{ handle, conditions, outcome: targetOutcome(value), effect: targetEffect(value) },
        ...(sentTo === null ? {} : { sentTo }),
      };
    }
    const [asked, used] = readOption(word, words.slice(at + 1), { family, inverted });
    conditions.push(...asked);
    inverted = false;
    at += used;
  }
  return { handle, conditions, outcome: CONTINUE, effect: null };
}

interface OptionContext {
  readonly family: 4 | 6;
  readonly inverted: boolean;
}

/** What an option asks, and how many of the words behind it are its own. */
function readOption(
  name: string,
  [value = "", second = ""]: readonly string[],
  { family, inverted }: OptionContext,
): readonly [readonly Condition[], number] {
  const ports = (operands: readonly Operand[]) => [[portsCondition(operands, value, inverted)], 1] as const;
  switch (name) {
    case "-m":
      return [MODULES.has(value) ? [] : [OPAQUE], 1];
    case "--comment":
      return [[], 1];
    case "-s":
      return [[addressCondition(family === 4 ? SOURCE4 : SOURCE6, value, inverted)], 1];
    case "-d":
      return [[addressCondition(family === 4 ? DESTINATION4 : DESTINATION6, value, inverted)], 1];
    case "-p":
      return [[protocolCondition(value, inverted)], 1];
    case "-i":
      return [[interfaceCondition(value, inverted)], 1];
    case "--sport":
    case "--sports":
      return ports([SOURCE_PORT]);
    case "--dport":
    case "--dports":
      return ports([DESTINATION_PORT]);
    case "--ports":
      return ports([SOURCE_PORT, DESTINATION_PORT]);
    case "--ctstate":
    case "--state":
      return [[statesCondition(value, inverted)], 1];
    case "--dst-type":
      return [[addressTypesCondition(value, inverted)], 1];
    case "--tcp-flags":
      return [[tcpFlags(flagsOf(value), flagsOf(second), inverted)], 2];
    default:
      // Its own words may follow; one that is no option is passed over by the caller as one that is not understood.
      return [[OPAQUE], 0];
  }
}

function portsCondition(operands: readonly Operand[], text: string, inverted: boolean): Condition {
  const conditions = operands.flatMap((operand) =>
    text.split(",").map((part): Condition => {
      const [from = NaN, to = from] = part.split(":").map(Number);
      return Number.isInteger(from) && Number.isInteger(to) ? portRange(operand, [from, to], true) : OPAQUE;
    })
  );
  const [only] = conditions;
  if (conditions.length === 1 && only?.kind === "range") {
    const { operand, low, high } = only;
    if (low === high) return { kind: "compare", operand, how: inverted ? "ne" : "eq", value: low };
    return { ...only, inside: !inverted };
  }
  return { kind: "any of", conditions, inverted };
}

function addressCondition(operand: Operand, text: string, inverted: boolean): Condition {
  const [address = "", length] = text.split("/");
  const ip = parseIp(address);
  if (!ip.ok || ip.value.bytes.length !== operand.bytes.length) return OPAQUE;
  const mask = maskOf(length, operand.bytes.length);
  if (mask === null) return OPAQUE;
  const how = inverted ? "ne" : "eq";
  const value = byteString(ip.value.bytes.map((byte, index) => byte & mask[index]!));
  if (mask.every((byte) => byte === 0xff)) return { kind: "compare", operand, how, value };
  const masked = { bytes: operand.bytes.map((byte, index) => ({ ...byte, mask: mask[index]! })) };
  return { kind: "compare", operand: masked, how, value };
}

/** From a length or from an address; null where it is neither. */
function maskOf(text: string | undefined, size: number): readonly number[] | null {
  if (text === undefined) return Array<number>(size).fill(0xff);
  if (/^[0-9]+$/.test(text)) {
    const bits = Number(text);
    return Array.from({ length: size }, (_, index) => 0xff << 8 - Math.min(8, Math.max(0, bits - 8 * index)) & 0xff);
  }
  const mask = parseIp(text);
  return mask.ok && mask.value.bytes.length === size ? [...mask.value.bytes] : null;
}

function protocolCondition(text: string, inverted: boolean): Condition {
  const number = /^[0-9]+$/.test(text) ? Number(text) : PROTOCOLS[text];
  if (number === undefined) return OPAQUE;
  return { kind: "compare", operand: PROTOCOL, how: inverted ? "ne" : "eq", value: byteString([number]) };
}

/** A `+` at the end stands for anything. */
function interfaceCondition(text: string, inverted: boolean): Condition {
  const name = text.endsWith("+") ? text.slice(0, -1) : `${text}\0`;
  const [{ field }] = INTERFACE.bytes as [Operand["bytes"][number]];
  const operand = fieldOperand(field, 0, Math.min(name.length, 16));
  return { kind: "compare", operand, how: inverted ? "ne" : "eq", value: name.slice(0, 16) };
}

function statesCondition(text: string, inverted: boolean): Condition {
  const states = text.split(",").map((name) => STATES[name]);
  if (states.includes(undefined)) return OPAQUE;
  return stateCondition(states.reduce<number>((all, one) => all | (one ?? 0), 0), inverted);
}

function addressTypesCondition(text: string, inverted: boolean): Condition {
  const types = text.split(",").map((name) => ADDRESS_TYPES.indexOf(name));
  return types.includes(-1) ? OPAQUE : addressTypeCondition(types.reduce((all, type) => all | 1 << type, 0), inverted);
}

function flagsOf(text: string): number {
  return text.split(",").reduce((all, name) => all | (TCP_FLAGS[name] ?? 0), 0);
}
