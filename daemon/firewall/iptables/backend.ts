/**
 * iptables and ip6tables as a packet filter: the chains, rule shapes and `_exp_` comments of the C daemon
 * (facts/firewall 3), but in one atomic `iptables-restore --noflush` per wake-up and address family instead of five
 * processes per rule. Time limits are the daemon's: whoever uses it revokes what is over.
 */
import { FfiError } from "../../../ffi/errors.ts";
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { type Run, runProgram, tellSlow } from "../../../lib/host/run.ts";
import type { BackendOutcome, OpenedBackend } from "../backend.ts";
import { accessFamily, type Grant, type LiveGrants, liveOnDemand } from "../firewall.ts";
import type { PathChain } from "../path/model.ts";
import { describeRules } from "./describe.ts";
import { concernsChains, createOwnPids } from "./events.ts";
import { bothFamilies } from "./families.ts";
import { type FamilyOptions, FamilyRules } from "./family.ts";
import { flavourOf } from "./flavour.ts";
import { accessLine } from "./batch.ts";
import { asCommand } from "./restore_lines.ts";
import { rehearseGrants } from "./rehearse_grants.ts";
import { accessChain } from "./rules.ts";
import type { IptablesConfig } from "./settings.ts";
import { RuleHandles } from "./handles.ts";
import { type KeptParts, KeptRestore } from "./kept_restore.ts";
import { findTools } from "./tools.ts";
import { latestByAccess } from "../../grants/ledger.ts";
import { createSerial } from "../serial.ts";

/** What the backend is made with: directives of fwknopd.conf, already read. */
export interface IptablesOptions extends Omit<IptablesConfig, "isExeGiven">, Omit<FamilyOptions, "kept"> {
  /** How programs are run; default: `runProgram`. */
  readonly run?: Run;
  /** What an iptables-restore is kept open with; null: there is none, and each batch is a process of its own. */
  readonly keep: Omit<KeptParts, "note" | "log" | "steady"> & Numbers | null;
}

/** Where rules have numbers. */
interface Numbers {
  /** Opens what deletes rules by their numbers. Null: they have none (iptables-legacy). Throws `FfiError`. */
  readonly netlink: (() => Nfnetlink) | null;
}

/** Makes the backend. Nothing is run before `check`, `prepare`, `list`, `describe` or `cleanup`. */
export function iptablesFirewall(options: IptablesOptions): OpenedBackend {
  const own = createOwnPids();
  const named = tellSlow(options.run ?? runProgram, options.log);
  const run: Run = (...call) => named(...call).then((result) => (own.note(result.pid), result));
  const kept = new DisposableStack();
  const made = { run, note: own.note, kept, netlink: openOnce(options.keep?.netlink ?? null, kept) };
  const [v4, v6] = [makeRules(4, options, made), makeRules(6, options, made)];
  const inTurn = createSerial();
  const families = bothFamilies(v4, v6, options.log);
  const { onBoth, onEach } = families;
  const open = (): readonly Grant[] =>
    [...latestByAccess([...v4.open(), ...v6.open()]).values()].map(({ access, expiresAt }) => ({ access, expiresAt }));
  const familyOf = (grant: Grant) => accessFamily(grant.access) === 4 ? v4 : v6;
  const owner = flavourOf(options.firewallExe);
  const repair = (live: LiveGrants, now: number) =>
    inTurn(async () => {
      let changed = false;
      await onEach(async (rules) => {
        if (await rules.repair(liveOnDemand(() => byFamily(live, rules)), now)) changed = true;
      });
      return changed;
    });
  const byFamily = (grants: Iterable<Grant>, rules: FamilyRules) =>
    [...grants].filter((grant) => familyOf(grant) === rules);

  return {
    name: "iptables",
    kernelTimed: false,
    owner,
    closesAtExit: options.flushAtExit,
    isOwn: (portId) => own.has(portId) || portId === made.netlink.opened?.portId,
    concerns: (change) => owner === "iptables-nft" && concernsChains(change, options.chains),
    enters: (chain) => chain.owner === owner && isEntrance(chain, options),
    check: () => inTurn(() => onBoth((rules) => rules.check())),
    prepare: () => inTurn(() => onBoth((rules) => rules.prepare()).then(open)),
    grant: (batch, live, now) =>
      inTurn(async () => {
        const outcomes = new Map<Grant, BackendOutcome>();
        for (const rules of [v4, v6]) {
          const mine = byFamily(batch, rules);
          if (mine.length === 0) continue;
          const missing = rules === v6 ? families.missing6 : null;
          if (missing !== null) {
            for (const grant of mine) outcomes.set(grant, { ok: false, reason: missing });
          } else await rules.grant(mine, liveOnDemand(() => byFamily(live, rules)), { now, outcomes });
        }
        return batch.map((grant) => outcomes.get(grant) ?? { ok: false, reason: "it has no address family" });
      }),
    rehearse: (batch, now) => inTurn(() => rehearseGrants(families.missing6 === null ? [v4, v6] : [v4], batch, now)),
    revoke: (batch) => inTurn(() => onEach((rules) => rules.revoke(byFamily(batch, rules)))),
    list: () =>
      inTurn(async () => {
        await onBoth(async (rules) => void await rules.readRules());
        return open();
      }),
    repair: (live, now) => repair(live, now).then((changed) => changed ? "restored" : "intact"),
    adapt: repair,
    containerOf: (access) => accessChain(access, options.chains).to,
    numberOf: (access) => (accessFamily(access) === 4 ? v4 : v6).numberOf(access),
    commandOf: (grant, verb) => {
      const { table, line } = accessLine(grant, options, verb);
      return asCommand(familyOf(grant).tools.iptables, table, line);
    },
    describe: (all) => inTurn(() => describeRules(run, [v4.tools, v6.tools], { ...options, all })),
    cleanup: () => inTurn(() => onEach((rules) => rules.cleanup())),
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}

/** The rules of a family, and the iptables-restore that is kept open for it: `kept` ends it. */
function makeRules(
  family: 4 | 6,
  options: IptablesOptions,
  { run, note, kept, netlink }: {
    readonly run: Run;
    readonly note: (pid: number) => void;
    readonly kept: DisposableStack;
    readonly netlink: Once;
  },
): FamilyRules {
  const { firewallExe, keep, log } = options;
  const tools = findTools(firewallExe, family);
  const steady = () => performance.now();
  const restore = keep === null ? null : kept.use(new KeptRestore(tools, { ...keep, note, log, steady }));
  const handles = keep === null || keep.netlink === null ? undefined : new RuleHandles(family, netlink.open);
  return new FamilyRules(run, tools, { ...options, kept: restore, handles });
}

/** What is opened when it is asked for first. */
interface Once {
  readonly opened: Nfnetlink | null;
  /** Null where there is none, or it cannot be opened. */
  open(): Nfnetlink | null;
}

/** `kept` closes it. */
function openOnce(open: (() => Nfnetlink) | null, kept: DisposableStack): Once {
  let opened: Nfnetlink | null = null, left = open;
  return {
    get opened() {
      return opened;
    },
    open() {
      const first = left;
      left = null;
      if (first === null) return opened;
      try {
        return opened = kept.use(first());
      } catch (error) {
        if (!(error instanceof FfiError)) throw error;
        return null;
      }
    },
  };
}

/** Whether a jump of ours goes into the chain. */
function isEntrance({ table, chain }: PathChain, { active, chains }: IptablesOptions): boolean {
  return active.some((slot) => chains[slot].table === table && chains[slot].from === chain);
}
