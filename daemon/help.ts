/** `--help` of the daemon: the short page that fits a terminal of 80 by 24, all options, or one topic. */
import { helpPage, type HelpPages } from "../lib/settings/help_pages.ts";
import { VERSION } from "../lib/version.ts";
import { DAEMON_OPTIONS } from "./options.ts";
import { StartError } from "./start/start_error.ts";

/** What most people need, in the order in which they need it. */
const ESSENTIAL: readonly (keyof typeof DAEMON_OPTIONS)[] = [
  "foreground",
  "configFile",
  "accessFile",
  "captureInterface",
  "exitParseConfig",
  "doctor",
  "dumpConfig",
  "status",
  "restart",
  "kill",
  "fwList",
  "keyGen",
  "verbose",
  "version",
];

/** Texts that are too long for one line of the short page. */
const SHORT: Readonly<Partial<Record<keyof typeof DAEMON_OPTIONS, string>>> = {
  captureInterface: "network interface to look for SPA packets on",
  doctor: "say what keeps knocks or doors shut, and exit",
  restart: "make the running daemon read its files again",
  keyGen: "print new keys, and exit",
};

const PAGES: HelpPages = {
  program: "fwknopd",
  version: VERSION,
  brief: "opens ports for those who send an authenticated packet",
  synopses: ["fwknopd [OPTION]..."],
  essential: ESSENTIAL,
  short: SHORT,
};

/** The text, without a line end at the end (`lib/settings/help_pages.ts`). Throws {@link StartError} for no topic of ours. */
export function daemonHelp(topic: string | null): string {
  const page = helpPage(DAEMON_OPTIONS, PAGES, topic);
  if (!page.ok) throw new StartError(page.fault.message, page.fault.hint);
  return page.value;
}
