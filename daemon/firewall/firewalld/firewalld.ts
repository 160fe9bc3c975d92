/** The packet filter firewalld, from its rows of fwknopd.conf to the opened backend. `backend.ts` says how it works. */
import { prepareBus, SYSTEM_BUS } from "../../../ffi/dbus/bus.ts";
import type { Backend } from "../backend.ts";
import { firewalldBackend } from "./backend.ts";
import { createReach } from "./reach.ts";
import { createService } from "./service.ts";
import {
  configureFirewalld,
  DECISIVE,
  FIREWALLD_SETTINGS,
  type FirewalldConfig,
  type FirewalldValues,
} from "./settings.ts";

const reach = createReach({
  socket: SYSTEM_BUS,
  program: "/usr/sbin/firewalld",
  prepare: prepareBus,
  connect: createService,
});

/** firewalld, over its D-Bus interface. */
export const firewalld: Backend<FirewalldConfig, FirewalldValues> = {
  name: "firewalld",
  settings: FIREWALLD_SETTINGS,
  inDumpOfC: false,
  decisive: DECISIVE,
  otherwise: null,
  programs: [],
  needs: [],
  configure: configureFirewalld,
  program: () => null,
  owners: () => ["firewalld"],
  blocker: (config) => reach.blocker(config),
  isOurs: () => false,
  open: (config, { slots, log, path, hears }) =>
    Promise.resolve(firewalldBackend(createService(), { ...config, slots, log, path, hears })),
};
