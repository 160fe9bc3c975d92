/**
 * A packet filter in memory: the backend of `--test` and of unit tests. It behaves, expiry included, and it can be
 * sabotaged the way a real one is, so that what is built on the interface can be tested without one.
 */
import { type Access, accessKey, type Firewall, type Grant, type GrantOutcome, type LiveGrants } from "./firewall.ts";
import type { Obstruction } from "./path/model.ts";
import { latestByAccess } from "../grants/ledger.ts";

/** How the recording packet filter behaves. */
export interface RecordingOptions {
  /** Unix seconds. */
  readonly now: () => number;
  /** Whether grants close by themselves. Default: false, so that the ledger has to. */
  readonly kernelTimed?: boolean;
  /** Whether `prepare` forgets the grants of an earlier run. Default: true. */
  readonly flushAtInit?: boolean;
  /** The rules of the host, which outlive a run of the daemon. Default: fresh ones. */
  readonly ruleset?: RecordedRuleset;
}

/** What would be in the kernel. */
export interface RecordedRuleset {
  prepared: boolean;
  jump: boolean;
  readonly accesses: Map<string, Grant>;
}

/** The rules of a host where the daemon never ran. */
export function recordedRuleset(): RecordedRuleset {
  return { prepared: false, jump: false, accesses: new Map() };
}

/** The packet filter, and what a test can see of it and do to it. */
export interface RecordingFirewall extends Firewall {
  /** Whether a new connection would get in now. */
  admits(access: Access): boolean;
  /** Loses every grant and the jump, as `iptables -F; iptables -X` or `nft flush ruleset` would. */
  flushRuleset(): void;
  /** Loses the jump: the grants are still listed, but let nobody in. */
  loseJump(): void;
  /** From now on these keep shut what is opened, as a drop in somebody else's chain would. */
  obstruct(by: readonly Obstruction[]): void;
  /** From now on `grant` and `revoke` fail with this reason; null: they work again. */
  refuse(reason: string | null): void;
}

/** Makes one. */
export function recordingFirewall(options: RecordingOptions): RecordingFirewall {
  const state = options.ruleset ?? recordedRuleset();
  let refusal: string | null = null;
  let shutBy: readonly Obstruction[] = [];
  const kernelTimed = options.kernelTimed ?? false;
  const open = (): readonly Grant[] =>
    [...state.accesses.values()].filter((grant) => !kernelTimed || grant.expiresAt > options.now());

  const repair = (live: LiveGrants, now: number): boolean => {
    const lost = [...latestByAccess(live)].filter(([key, grant]) =>
      grant.expiresAt > now && (state.accesses.get(key)?.expiresAt ?? 0) < grant.expiresAt
    );
    for (const [key, grant] of lost) state.accesses.set(key, grant);
    const changed = lost.length > 0 || !state.jump;
    state.prepared = state.jump = true;
    return changed;
  };
  const grantOne = (grant: Grant): GrantOutcome => {
    if (refusal !== null) return { ok: false, reason: refusal };
    if (!state.prepared) return { ok: false, reason: "the packet filter is not prepared" };
    if (grant.access.slot === "foreign") return { ok: false, reason: "a foreign rule cannot be granted" };
    const key = accessKey(grant.access);
    const known = state.accesses.get(key);
    if (known !== undefined && known.expiresAt >= grant.expiresAt) return { ok: true, alreadyOpen: true, shutBy };
    state.accesses.set(key, grant);
    return { ok: true, alreadyOpen: false, shutBy };
  };

  return {
    name: "recording",
    kernelTimed,
    needs: [],
    closesAtExit: false,
    examine: () => Promise.resolve([]),
    events: null,
    prepare: () => {
      if (options.flushAtInit ?? true) state.accesses.clear();
      state.prepared = state.jump = true;
      return Promise.resolve(open());
    },
    grant: (batch, live, now) => {
      if (refusal === null && state.prepared) repair(live, now);
      return Promise.resolve(batch.map(grantOne));
    },
    revoke: (batch) => {
      if (refusal !== null) return Promise.reject(new Error(refusal));
      for (const { access, expiresAt } of batch) {
        const key = accessKey(access);
        if ((state.accesses.get(key)?.expiresAt ?? 0) <= expiresAt) state.accesses.delete(key);
      }
      return Promise.resolve();
    },
    list: () => Promise.resolve(open()),
    repair: (live, now) => Promise.resolve(repair(live, now)),
    surveyDueAt: null,
    survey: () => Promise.resolve(),
    judgingDueAt: null,
    judgeAll: (live) => Promise.resolve(live.map(() => shutBy)),
    enters: () => true,
    judge: () => shutBy,
    containerOf: (access) => `recording ${access.slot}`,
    numberOf: () => null,
    commandOf: ({ access }, verb) => `Same as: ${verb} ${accessKey(access)}`,
    describe: () =>
      Promise.resolve(open().map((grant) => `${accessKey(grant.access)} _exp_${grant.expiresAt}\n`).join("")),
    cleanup: () => {
      state.accesses.clear();
      state.prepared = state.jump = false;
      return Promise.resolve();
    },
    admits: (access) =>
      state.jump && shutBy.length === 0 && open().some((grant) => accessKey(grant.access) === accessKey(access)),
    flushRuleset: () => {
      state.accesses.clear();
      state.jump = false;
    },
    loseJump: () => {
      state.jump = false;
    },
    obstruct: (by) => {
      shutBy = by;
    },
    refuse: (reason) => {
      refusal = reason;
    },
  };
}
