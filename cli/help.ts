/** `--help`: the short page that fits a terminal of 80 by 24, all options, or one topic. */
import { formatHelp, formatOption, helpTopics, matchingTopics, wrap } from "../lib/spec/help.ts";
import type { Setting } from "../lib/spec/setting.ts";
import { didYouMean } from "../lib/spec/suggest.ts";
import { VERSION } from "../lib/version.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "./options.ts";
import { ClientError } from "./tui.ts";

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

/** Column where the texts of the short page begin. */
const TEXT_COLUMN = 31;

const WIDTH = 80;

const SYNOPSIS = "fwknop -A PROTO/PORT[,...] [-a ADDRESS|-R|-s] -D SERVER [OPTION]...";

/**
 * The text, without a line end at the end. `topic` null is the short page, `all` every option; any other word is the
 * beginning of a topic's name, or an option or directive, for the topic that it is in. Throws {@link ClientError} for a
 * word that is none of them.
 */
export function clientHelp(topic: string | null): string {
  if (topic === null) return shortPage();
  const page = { program: "fwknop", synopsis: SYNOPSIS, version: VERSION };
  if (topic.toLowerCase() === "all") return formatHelp(CLIENT_SETTINGS, { ...page, complete: true });
  const found = topic !== "" && matchingTopics(CLIENT_SETTINGS, topic).length > 0 ? topic : topicOfName(topic);
  if (found === undefined) throw unknownTopic(topic);
  return formatHelp(CLIENT_SETTINGS, { ...page, topic: found });
}

/** The topic of what is named: `wait`, `--wait`, `-A`, `KEY_FILE`. */
function topicOfName(written: string): string | undefined {
  const name = written.replace(/^--?/, "");
  const rows: readonly Setting[] = Object.values(CLIENT_SETTINGS);
  return rows.find(({ option, directive = [] }) =>
    [option?.short, ...(option?.long ?? []), ...(option?.exact ?? []), ...directive].includes(name)
  )?.group;
}

function unknownTopic(topic: string): ClientError {
  const words = topicWords();
  const meant = didYouMean(topic, ["all", ...words]);
  const list = `the topics are ${words.join(", ")}, and all`;
  return new ClientError(`--help: there is no topic "${topic}"`, meant === undefined ? list : `${meant} ${list}`);
}

/** The first word of each topic: enough to name it. */
function topicWords(): readonly string[] {
  return [...new Set(helpTopics(CLIENT_SETTINGS).map((name) => name.toLowerCase().split(" ")[0] ?? ""))];
}

function shortPage(): string {
  const rows = ESSENTIAL.map((key) => {
    const row = settingOf(key);
    const names = row.option === undefined ? "" : `  ${formatOption(row, row.option)}`;
    return `${names.padEnd(TEXT_COLUMN)} ${SHORT[key] ?? row.doc}`;
  });
  return [
    `fwknop ${VERSION}: sends one authenticated packet that makes a server open a port`,
    "Usage: fwknop -n STANZA [OPTION]...",
    `   or: ${SYNOPSIS}`,
    "",
    ...rows,
    "",
    "All options: fwknop --help=all     Manual: man fwknop",
    ...wrap(`One topic: fwknop --help=WORD with ${topicWords().join(", ")}`, WIDTH),
  ].join("\n");
}

/** Texts that are too long for one line of the short page. */
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
