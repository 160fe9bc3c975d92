/** The packet filter ipfw of FreeBSD, from its rows of fwknopd.conf to the opened backend. */
import type { Backend } from "../backend.ts";
import { isFile } from "../program.ts";
import { ipfwFirewall } from "./backend.ts";
import { configureIpfw, IPFW_SETTINGS, type IpfwConfig, ipfwObjections, type IpfwValues } from "./settings.ts";

/** Rules, sets and tables of ipfw. */
export const ipfw: Backend<IpfwConfig, IpfwValues> = {
  name: "ipfw",
  systems: ["freebsd"],
  settings: IPFW_SETTINGS,
  inDumpOfC: false,
  decisive: [],
  otherwise: null,
  programs: ["ipfw"],
  configure: configureIpfw,
  objections: ipfwObjections,
  program: (config) => config?.program ?? null,
  needs: ["run"],
  owners: () => [],
  blocker: ({ program }) => isFile(program) ? null : `ipfw is not here (there is no ${program})`,
  isOurs: () => false,
  open: (config, { slots, log }) =>
    Promise.resolve(ipfwFirewall({ ...config, slots, log, steady: () => performance.now() })),
};
