/** `--version`, and `--help`: the short page that fits a terminal of 80 by 24, all options, or one topic. */
import type { Arguments } from "../../lib/settings/argv.ts";
import { helpPage, type HelpPages } from "../../lib/settings/help_pages.ts";
import { VERSION } from "../../lib/version.ts";
import { CLIENT_SETTINGS, type ClientKey } from "../options/table.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** What most people need, in the order in which they need it. */
const ESSENTIAL: readonly ClientKey[] = [
  "namedConfig",
  "access",
  "server",
  "allowIp",
  "resolveIp",
  "sourceIp",
  "fwTimeout",
  "serverPort",
  "keyGen",
  "saveRcStanza",
  "useHmac",
  "natAccess",
  "wait",
  "test",
  "verbose",
];

/** Shorter texts where those of the table are too long for one line of the short page. */
const SHORT: Readonly<Partial<Record<ClientKey, string>>> = {
  access: "ports to open: tcp/22 or tcp/80,udp/53",
  resolveIp: "the own address, as the Internet sees it",
  sourceIp: "whatever address the packet arrives from",
  keyGen: "make new keys and print them",
  saveRcStanza: "save the options given as a stanza",
  useHmac: "authenticate the packet (recommended)",
  natAccess: "reach this internal host",
  wait: "wait until the port is open",
  test: "build and show the packet, do not send",
};

const PAGES: HelpPages = {
  program: "fwknop",
  version: VERSION,
  brief: "sends one authenticated packet that makes a server open a port",
  synopses: [
    "fwknop -n STANZA [OPTION]...",
    "fwknop -A PROTO/PORT[,...] [-a ADDRESS|-R|-s] -D SERVER [OPTION]...",
  ],
  essential: ESSENTIAL,
  short: SHORT,
};

/** `--help`. The result is the exit code. Throws {@link ClientError}. */
export function showHelp({ given }: Arguments, world: World): number {
  world.out(clientHelp(given.findLast(({ key }) => key === "help")?.text ?? null));
  return 0;
}

/** `--version`. The result is the exit code. */
export function showVersion(world: World): number {
  world.out(`fwknop client ${VERSION}, FKO protocol version 3.0.0`);
  return 0;
}

/** The text, without a line end at the end (`lib/settings/help_pages.ts`). Throws {@link ClientError} for no topic of ours. */
export function clientHelp(topic: string | null): string {
  const page = helpPage(CLIENT_SETTINGS, PAGES, topic);
  if (!page.ok) throw new ClientError(page.fault.message, page.fault.hint);
  return page.value;
}
