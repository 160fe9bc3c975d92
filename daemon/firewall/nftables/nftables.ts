/** The packet filter nftables, from its rows of fwknopd.conf to the opened backend. `backend.ts` says how it works. */
import { FfiError } from "../../../ffi/errors.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { Backend } from "../backend.ts";
import { NFT } from "./list_all.ts";
import { openNftables } from "./open.ts";
import { PREFIX } from "./set_layout.ts";
import { configureNftables, NFTABLES_SETTINGS, type NftablesConfig, type NftablesValues } from "./settings.ts";

/** Native nftables. */
export const nftables: Backend<NftablesConfig, NftablesValues> = {
  name: "nftables",
  settings: NFTABLES_SETTINGS,
  inDumpOfC: false,
  decisive: [],
  otherwise: null,
  programs: [NFT],
  needs: [],
  configure: configureNftables,
  program: () => null,
  owners: () => ["nftables"],
  // Where nobody else may change the table, it is told what that keeps shut.
  also: ["firewalld"],
  blocker() {
    try {
      openNfnetlink()[Symbol.dispose]();
      return null;
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
      return `nftables cannot be used (${error.message})`;
    }
  },
  isOurs: (_config, chain) => chain.startsWith(PREFIX),
  open: (config, { slots, log, path }) => Promise.resolve(openNftables({ ...config, slots, log, path })),
};
