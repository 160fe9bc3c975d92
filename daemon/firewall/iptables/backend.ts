/**
 * iptables and ip6tables as a packet filter: the chains, rule shapes and `_exp_` comments of the C daemon
 * (facts/firewall 3), but in one atomic `iptables-restore --noflush` per wake-up and address family instead of five
 * processes per rule. Time limits are the daemon's: whoever uses it revokes what is over.
 */
import { type Run, runProgram, tellSlow } from "../../../lib/host/run.ts";
import { type Firewall, FirewallError, type Grant, type GrantOutcome } from "../firewall.ts";
import { describeRules } from "./describe.ts";
import { type ChangeListener, createOwnPids, rulesetEvents } from "./events.ts";
import { examineListing, requireChains } from "./examine.ts";
import { type FamilyOptions, FamilyRules } from "./family.ts";
import { accessLine } from "./batch.ts";
import { asCommand } from "./restore_lines.ts";
import { accessChain, accessFamily } from "./rules.ts";
import type { IptablesConfig } from "./settings.ts";
import { type FamilyTools, findTools, saveRules } from "./tools.ts";
import { latestByAccess } from "../../grants/ledger.ts";
import { createSerial } from "../serial.ts";

/** What the backend is made with: directives of fwknopd.conf, already read. */
export interface IptablesOptions extends IptablesConfig, FamilyOptions {
  /** A subscription to changes of nf_tables: those of iptables-nft are among them. Silent for legacy iptables. */
  readonly listener?: ChangeListener | null;
  /** How programs are run; default: `runProgram`. */
  readonly run?: Run;
}

/** Makes the backend. Nothing is run before `prepare`, `list`, `describe` or `cleanup`. */
export function iptablesFirewall(options: IptablesOptions): Firewall {
  const own = createOwnPids();
  const named = tellSlow(options.run ?? runProgram, options.log);
  const run: Run = async (...call) => own.note(await named(...call));
  const v4 = new FamilyRules(run, findTools(options.firewallExe, 4), options);
  const v6 = new FamilyRules(run, findTools(options.firewallExe, 6), options);
  const inTurn = createSerial();
  let missing6: string | null = null;

  /** IPv4 must work; IPv6 does where the host has it, and its absence is said once. */
  const onBoth = async (work: (rules: FamilyRules) => Promise<void>): Promise<void> => {
    await work(v4);
    if (missing6 !== null) return;
    try {
      await work(v6);
    } catch (error) {
      if (!(error instanceof FirewallError) || v6.ready) throw error;
      missing6 = error.message;
      options.log("warning", `IPv6 grants are not possible here: ${error.message}`);
    }
  };
  const open = (): readonly Grant[] =>
    [...latestByAccess([...v4.open(), ...v6.open()]).values()].map(({ access, expiresAt }) => ({ access, expiresAt }));
  const familyOf = (grant: Grant) => accessFamily(grant.access) === 4 ? v4 : v6;
  const byFamily = (grants: readonly Grant[], rules: FamilyRules) =>
    grants.filter((grant) => familyOf(grant) === rules);

  return {
    name: "iptables",
    kernelTimed: false,
    needs: ["run"],
    closesAtExit: options.flushAtExit,
    events: options.listener ? rulesetEvents(options.listener, own, options.chains) : null,
    examine: (udpPort) =>
      inTurn(async () => {
        const listing = await saveRules(run, v4.tools);
        requireChains(listing, options.chains, options.active);
        return [...examineListing(listing, v4.tools, udpPort), ...await examineIpv6(run, v6.tools, udpPort)];
      }),
    prepare: () =>
      inTurn(async () => {
        await onBoth((rules) => rules.prepare());
        return open();
      }),
    grant: (batch, live, now) =>
      inTurn(async () => {
        const outcomes = new Map<Grant, GrantOutcome>();
        for (const rules of [v4, v6]) {
          const mine = byFamily(batch, rules);
          if (mine.length === 0) continue;
          if (rules === v6 && missing6 !== null) {
            for (const grant of mine) outcomes.set(grant, { ok: false, reason: missing6 });
          } else await rules.grant(mine, byFamily(live, rules), { now, outcomes });
        }
        return batch.map((grant) => outcomes.get(grant) ?? { ok: false, reason: "it has no address family" });
      }),
    revoke: (batch) =>
      inTurn(async () => {
        await v4.revoke(byFamily(batch, v4));
        if (missing6 === null) await v6.revoke(byFamily(batch, v6));
      }),
    list: () =>
      inTurn(async () => {
        await onBoth(async (rules) => void await rules.readRules());
        return open();
      }),
    repair: (live, now) =>
      inTurn(async () => {
        let changed = false;
        await onBoth(async (rules) => {
          if (await rules.repair(byFamily(live, rules), now)) changed = true;
        });
        return changed;
      }),
    surveyDueAt: null,
    survey: () => Promise.resolve(),
    enters: () => true,
    judgingDueAt: null,
    judgeAll: (live) => live.map(() => []),
    judge: () => [],
    containerOf: (access) => accessChain(access, options.chains).to,
    numberOf: (access) => (accessFamily(access) === 4 ? v4 : v6).numberOf(access),
    commandOf: (grant, verb) => {
      const { table, line } = accessLine(grant, options, verb);
      return asCommand(familyOf(grant).tools.iptables, table, line);
    },
    describe: (all) => inTurn(() => describeRules(run, [v4.tools, v6.tools], { ...options, all })),
    cleanup: () => inTurn(() => onBoth((rules) => rules.cleanup())),
  };
}

/** Nothing to say where the host has no IPv6: `prepare` says that. */
async function examineIpv6(run: Run, tools: FamilyTools, udpPort: number | null): Promise<readonly string[]> {
  try {
    return examineListing(await saveRules(run, tools), tools, udpPort);
  } catch (error) {
    if (error instanceof FirewallError) return [];
    throw error;
  }
}
