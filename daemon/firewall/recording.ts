/**
 * A packet filter in memory: the backend of `--test` and of unit tests. It behaves, expiry included, and it can be
 * sabotaged the way a real one is, so that what is built on the interface can be tested without one.
 */
import { type Door, doorKey, type Firewall, type Grant, type GrantOutcome } from "./firewall.ts";
import { latestByDoor } from "../grants/ledger.ts";

/** How the recording packet filter behaves. */
export interface RecordingOptions {
  /** Unix seconds. */
  readonly now: () => number;
  /** Whether doors close by themselves. Default: false, so that the ledger has to. */
  readonly kernelTimed?: boolean;
  /** Whether `prepare` forgets the doors of an earlier run. Default: true. */
  readonly flushAtInit?: boolean;
  /** The rules of the host, which outlive a run of the daemon. Default: fresh ones. */
  readonly ruleset?: RecordedRuleset;
}

/** What would be in the kernel. */
export interface RecordedRuleset {
  prepared: boolean;
  jump: boolean;
  readonly doors: Map<string, Grant>;
}

/** The rules of a host where the daemon never ran. */
export function recordedRuleset(): RecordedRuleset {
  return { prepared: false, jump: false, doors: new Map() };
}

/** The packet filter, and what a test can see of it and do to it. */
export interface RecordingFirewall extends Firewall {
  /** Whether a new connection would get in now. */
  admits(door: Door): boolean;
  /** Loses every door and the jump, as `iptables -F; iptables -X` or `nft flush ruleset` would. */
  flushRuleset(): void;
  /** Loses the jump: the doors are still listed, but let nobody in. */
  loseJump(): void;
  /** From now on `grant` and `revoke` fail with this reason; null: they work again. */
  refuse(reason: string | null): void;
}

/** Makes one. */
export function recordingFirewall(options: RecordingOptions): RecordingFirewall {
  const state = options.ruleset ?? recordedRuleset();
  let refusal: string | null = null;
  const kernelTimed = options.kernelTimed ?? false;
  const open = (): readonly Grant[] =>
    [...state.doors.values()].filter((grant) => !kernelTimed || grant.expiresAt > options.now());

  const repair = (live: readonly Grant[], now: number): boolean => {
    const lost = [...latestByDoor(live)].filter(([key, grant]) =>
      grant.expiresAt > now && (state.doors.get(key)?.expiresAt ?? 0) < grant.expiresAt
    );
    for (const [key, grant] of lost) state.doors.set(key, grant);
    const changed = lost.length > 0 || !state.jump;
    state.prepared = state.jump = true;
    return changed;
  };
  const grantOne = (grant: Grant): GrantOutcome => {
    if (refusal !== null) return { ok: false, reason: refusal };
    if (!state.prepared) return { ok: false, reason: "the packet filter is not prepared" };
    if (grant.door.slot === "foreign") return { ok: false, reason: "a foreign rule cannot be granted" };
    const key = doorKey(grant.door);
    const known = state.doors.get(key);
    if (known !== undefined && known.expiresAt >= grant.expiresAt) return { ok: true, alreadyOpen: true };
    state.doors.set(key, grant);
    return { ok: true, alreadyOpen: false };
  };

  return {
    name: "recording",
    kernelTimed,
    needs: [],
    closesAtExit: false,
    examine: () => Promise.resolve([]),
    events: null,
    prepare: () => {
      if (options.flushAtInit ?? true) state.doors.clear();
      state.prepared = state.jump = true;
      return Promise.resolve(open());
    },
    grant: (batch, live, now) => {
      if (refusal === null && state.prepared) repair(live, now);
      return Promise.resolve(batch.map(grantOne));
    },
    revoke: (batch) => {
      if (refusal !== null) return Promise.reject(new Error(refusal));
      for (const { door } of batch) state.doors.delete(doorKey(door));
      return Promise.resolve();
    },
    list: () => Promise.resolve(open()),
    repair: (live, now) => Promise.resolve(repair(live, now)),
    containerOf: (door) => `recording ${door.slot}`,
    numberOf: () => null,
    commandOf: ({ door }, verb) => `Same as: ${verb} ${doorKey(door)}`,
    describe: () => Promise.resolve(open().map((grant) => `${doorKey(grant.door)} _exp_${grant.expiresAt}\n`).join("")),
    cleanup: () => {
      state.doors.clear();
      state.prepared = state.jump = false;
      return Promise.resolve();
    },
    admits: (door) => state.jump && open().some((grant) => doorKey(grant.door) === doorKey(door)),
    flushRuleset: () => {
      state.doors.clear();
      state.jump = false;
    },
    loseJump: () => {
      state.jump = false;
    },
    refuse: (reason) => {
      refusal = reason;
    },
  };
}
