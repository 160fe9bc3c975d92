/** Native nftables: see `backend.ts` for how it works. */
export { type NftablesFirewall, nftablesFirewall, type NftablesOptions } from "./backend.ts";
export { openNftables, type OpenNftablesOptions, surveyHooks } from "./open.ts";
export type { NftablesParts } from "./ruleset_view.ts";
export { libraryRunner, type NftRunner, openRunner, programRunner } from "./runner.ts";
export { type ElementStore, netlinkStore, nftStore } from "./store.ts";
export { type BaseChain, type ChainName, formatChain, type HookSurvey } from "./hook_survey.ts";
