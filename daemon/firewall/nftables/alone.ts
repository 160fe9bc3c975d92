/** The backend by itself, as the packet filter of the loop: it hears of changes, and looks for the chains itself. */
import { openRulesetListener, type RulesetListener } from "../../../ffi/nfnetlink/events.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { OpenedBackend, Opening } from "../backend.ts";
import type { Firewall } from "../firewall.ts";
import type { PathChain } from "../path/model.ts";
import { examineRuleset } from "./examine.ts";
import { type BaseChain, baseChains, type HookSurvey, surveyRuleset, warnAboutChains } from "./hook_survey.ts";
import { openNftables } from "./open.ts";
import { asFirewallError } from "./refusals.ts";
import { type NftRunner, openRunner, readRuleset } from "./runner.ts";
import { FILTER_SLOTS, type FilterSlot } from "./set_layout.ts";
import type { NftablesConfig } from "./settings.ts";

/** The way of packets, as far as it is known here. */
interface Path extends Pick<Opening["path"], "survey"> {
  chains: readonly PathChain[];
}

/** Opens sockets and libraries; the ruleset is not touched before `prepare`. Throws `FirewallError`. */
export async function openAlone(config: NftablesConfig, { slots, log }: Opening): Promise<Firewall> {
  const nft = await openRunner();
  const path = jsonPath(nft);
  const backend = openNftables({ ...config, slots, log, path });
  try {
    return {
      ...alone(backend, openRulesetListener(), path),
      async examine(udpPort) {
        await path.survey();
        await backend.check();
        const ruleset = await readRuleset(nft);
        const lines = [...examineRuleset(ruleset, udpPort)];
        warnAboutChains(FILTER_SLOTS.flatMap((hook) => baseChains(ruleset, hook)), (_, line) => void lines.push(line));
        return lines;
      },
    };
  } catch (error) {
    throw asFirewallError(error);
  }
}

function jsonPath(nft: NftRunner): Path {
  const path: Path = {
    chains: [],
    async survey() {
      const ruleset = await readRuleset(nft);
      path.chains = FILTER_SLOTS.flatMap((hook) =>
        baseChains(ruleset, hook).map(({ iptables, drops, ...chain }): PathChain => ({
          ...chain,
          owner: iptables ? "iptables-nft" : "nftables",
          devices: [],
          locked: false,
          drops: drops === "some" ? "service" : drops,
        }))
      );
      return path.chains;
    },
  };
  return path;
}

/** What the standing decision does, with one packet filter and without judging the way of packets. */
export function alone(
  backend: OpenedBackend,
  listener: RulesetListener,
  path: Pick<Opening["path"], "survey">,
): Firewall & Disposable {
  let isSurveyDue = false;
  const drain = (): boolean => {
    const { changes, lost } = listener.drain();
    const foreign = changes.filter(({ portId }) => !backend.isOwn(portId));
    const structural = foreign.some(({ message }) => message <= NFT_MSG.delRule && message !== NFT_MSG.getRule);
    isSurveyDue ||= lost || structural;
    return lost || structural || foreign.some((change) => backend.concerns(change));
  };
  const repair: Firewall["repair"] = async (live, now) => {
    const repaired = await backend.repair(live, now);
    if (!isSurveyDue && repaired !== "gone") return repaired === "restored";
    isSurveyDue = false;
    await path.survey();
    return await backend.adapt(live, now) || repaired === "restored";
  };
  return {
    ...backend,
    events: { fd: listener.fd, drain },
    examine: () => Promise.resolve([]),
    async prepare() {
      await path.survey();
      return await backend.prepare();
    },
    async grant(batch, live, now) {
      const outcomes = await backend.grant(batch, live, now);
      if (drain()) await repair([...live, ...batch.filter((_, index) => outcomes[index]?.ok)], now);
      return outcomes.map((outcome) => outcome.ok ? { ...outcome, shutBy: [] } : outcome);
    },
    repair,
    surveyDueAt: null,
    survey: () => Promise.resolve(),
    judgingDueAt: null,
    judgeAll: (live) => live.map(() => []),
    judge: () => [],
    [Symbol.dispose]() {
      listener[Symbol.dispose]();
      backend[Symbol.dispose]();
    },
  };
}

/**
 * What can drop on the hooks, and whose it is: for choosing a backend. Where iptables drops by default and native chains
 * only pick some packets, iptables is what opens grants, and the native chains are left out. Throws `FirewallError`.
 */
export async function surveyHooks(nft: NftRunner, hooks: readonly FilterSlot[] = ["input"]): Promise<HookSurvey> {
  const found = surveyRuleset(await readRuleset(nft), hooks);
  const byDefault = (chains: readonly BaseChain[]) => chains.some(({ drops }) => drops === "default");
  const iptablesDecides = byDefault(found.iptablesManaged) && !byDefault(found.droppingChains);
  return iptablesDecides ? { ...found, droppingChains: [] } : found;
}
