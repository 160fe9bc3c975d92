/** Native nftables: see `backend.ts` for how it works. */
export { type NftablesFirewall, nftablesFirewall, type NftablesOptions } from "./backend.ts";
export { openNftables, type OpenNftablesOptions, surveyHooks } from "./open.ts";
export type { NftablesParts } from "./picture.ts";
export { libraryRunner, type NftRunner, programRunner } from "./runner.ts";
export { type ElementStore, netlinkStore, nftStore } from "./store.ts";
export type { ChainName } from "./survey.ts";
