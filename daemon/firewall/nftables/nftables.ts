/** The packet filter nftables, from its rows of fwknopd.conf to the opened backend. `backend.ts` says how it works. */
import type { Backend, Survey } from "../backend.ts";
import { FirewallError } from "../firewall.ts";
import { formatChain } from "./hook_survey.ts";
import { openAlone, surveyHooks } from "./alone.ts";
import { NFT } from "./list_all.ts";
import { openRunner } from "./runner.ts";
import { configureNftables, NFTABLES_SETTINGS, type NftablesConfig, type NftablesValues } from "./settings.ts";

/** Native nftables. */
export const nftables: Backend<NftablesConfig, NftablesValues> = {
  name: "nftables",
  settings: NFTABLES_SETTINGS,
  inDumpOfC: false,
  decisive: [],
  otherwise: null,
  programs: [NFT],
  configure: configureNftables,
  program: () => null,
  survey: surveyHost,
  open: openAlone,
};

/** Throws `FirewallError` where the right to look is missing: every other packet filter would fail as well. */
async function surveyHost(): Promise<Survey> {
  try {
    const { droppingChains, iptablesManaged } = await surveyHooks(await openRunner());
    const own = droppingChains.map((chain) => ({ chain: formatChain(chain), owner: "nftables" }));
    const managed = iptablesManaged.map((chain) => ({ chain: formatChain(chain), owner: "iptables" }));
    return { blocker: null, dropping: [...own, ...managed] };
  } catch (error) {
    if (!(error instanceof FirewallError) || error.denied) throw error;
    return { blocker: `nftables cannot be used (${error.message})`, dropping: [] };
  }
}
