/** The packet filter pf of FreeBSD, OpenBSD and macOS, from its rows of fwknopd.conf to the opened backend. */
import type { Backend } from "../backend.ts";
import { isFile } from "../program.ts";
import { pfFirewall } from "./backend.ts";
import { configurePf, PF_SETTINGS, type PfConfig, pfObjections, type PfValues } from "./settings.ts";

/** One anchor of pf, by pfctl. */
export const pf: Backend<PfConfig, PfValues> = {
  name: "pf",
  systems: ["freebsd", "netbsd", "darwin"],
  settings: PF_SETTINGS,
  inDumpOfC: false,
  decisive: [],
  otherwise: null,
  programs: ["pfctl"],
  configure: configurePf,
  objections: pfObjections,
  program: (config) => config?.program ?? null,
  needs: ["run"],
  owners: () => [],
  blocker: ({ program }) => isFile(program) ? null : `pf is not here (there is no ${program})`,
  isOurs: () => false,
  open: (config, { slots, log }) => Promise.resolve(pfFirewall({ ...config, slots, log })),
};
