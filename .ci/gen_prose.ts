/** The words of generated pages that no table knows. */
import type { ManSection } from "../lib/settings/man.ts";
import type { SettingTable } from "../lib/settings/setting.ts";
import { CLIENT_SETTINGS } from "../cli/options/table.ts";
import { ACCESS_SETTINGS } from "../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../daemon/config/settings.ts";
import { DAEMON_OPTIONS } from "../daemon/options.ts";

/** The long options that match only when they are written out. */
function exactNames(table: SettingTable): readonly string[] {
  return Object.values(table).flatMap(({ option }) => option?.exact ?? []).map((name) => `--${name}`);
}

/** Sections of fwknop(8). */
export const CLIENT_PAGE: readonly ManSection[] = [
  {
    heading: "Description",
    prose: [
      "fwknop sends one encrypted and authenticated packet, which is never answered, to a host that runs fwknopd. When the " +
      "packet is right, fwknopd lets one address reach one service for a short time. To everybody else the service does " +
      "not exist.",
      "The packet is called SPA packet, for Single Packet Authorization. Client and server share two keys, one for " +
      "encryption and one for the HMAC.",
    ],
  },
  {
    heading: "Examples",
    prose: [
      "Make a pair of keys and keep them, with what to ask for, under the name gate:",
      "    fwknop --key-gen --save-rc-stanza -n gate -D gate.example -A tcp/22 -R",
      "Put the same two keys into /etc/fwknop/access.conf of the server. From then on:",
      "    fwknop -n gate\n    ssh gate.example",
      "See what a knock would be, and look for what would keep it from working:",
      "    fwknop -n gate --explain\n    fwknop --doctor gate",
      "Wait until the port is open, or let ssh do all of it by itself:",
      "    fwknop -n gate --wait --then ssh gate.example\n    fwknop --ssh-config gate >> ~/.ssh/config",
      "Without a stanza, for an address that is named, the keys asked for on the terminal:",
      "    fwknop -A tcp/22 -a 198.51.100.7 -D gate.example --use-hmac",
      "Take a stanza to another device: the line that the first command prints is the input of the second:",
      "    fwknop -n gate --qr\n    fwknop --import -",
    ],
  },
  {
    heading: "Options",
    prose: [
      "Long options may be abbreviated as long as they are unambiguous, and are found in another letter case when there is " +
      "none as written. The options that the C client does not have must be written out: " +
      `${exactNames(CLIENT_SETTINGS).join(", ")}.`,
      "Options win over the named stanza, the named stanza over [default].",
    ],
    rows: { table: CLIENT_SETTINGS, by: "option" },
  },
  {
    heading: "Exit status",
    prose: [
      "0 when the packet was sent, or what was asked for was done. That a packet was sent does not mean that a door opened: " +
      "nothing answers; --wait finds out.",
      "1 when something failed, with a sentence on standard error. --explain and --doctor: a knock would fail.",
      "3 when --wait, --then or --proxy waited and a port did not open in time.",
      "130 when Ctrl-C ended the question for a key, 129 and 143 for SIGHUP and SIGTERM.",
      "With --then it is the exit status of the command; 127 when there is no such command, 126 when it cannot be run.",
    ],
  },
  {
    heading: "JSON",
    prose: [
      "With --json standard output is one object in one line. Names that stand here keep their meaning; others may be added.",
      "    -T             server protocol port sourcePort random username timestamp\n" +
      "                   version type message natAccess serverAuth clientTimeout\n" +
      "                   digestType hmacType encryptionMode encoded digest hmac packet\n" +
      "    --wait         server knocks ports: port open, and where it is open\n" +
      "                   milliseconds before\n" +
      "    --doctor       findings: level (ok, warn, fail) what found remedy\n" +
      "    --stanza-list  file stanzas\n" +
      "    --show-last    arguments\n" +
      "    an error       errors: message hints\n" +
      "    several -D     servers: server, and what one alone would have",
    ],
  },
  {
    heading: "Files",
    prose: [
      "~/.fwknoprc holds stanzas, see fwknoprc(5). It is created when it is absent, but not by --explain, --doctor and " +
      "--stanza-list.",
      "~/.fwknop.run holds the arguments of the last run, without keys.",
    ],
  },
  {
    heading: "Environment",
    prose: [
      "HOME says where these files are. SPOOF_USER, then LOGNAME, then the account, then USER give the user name in the packet " +
      "unless -U does. PATH finds the programs of KEY_CMD, HMAC_KEY_CMD, --wget-cmd and --then, which get the whole " +
      "environment; those of KEY_CMD, HMAC_KEY_CMD and --wget-cmd without LD_*.",
      "SSL_CERT_FILE names the file of certificates that -R believes besides those that are built in, instead of the system's.",
    ],
  },
  { heading: "See also", prose: ["fwknoprc(5), fwknopd(8)"] },
];

/** Sections of fwknoprc(5). */
export const CLIENT_FILE_PAGE: readonly ManSection[] = [
  {
    heading: "Description",
    prose: [
      "The file has stanzas that begin with a name in brackets. What stands in [default] holds for every run; fwknop -n NAME " +
      "adds the stanza NAME; options of the command line win over both. Stanzas of one name add up. Names of stanzas do " +
      "not care about case, names of directives do.",
      "A line is a name, blanks and a value. The value ends at the first blank, semicolon or #; only KEY_CMD and " +
      "HMAC_KEY_CMD take the rest of the line. Lines that begin with # or ; are comments. A key as text counts with its bytes, whatever the encoding of the file. A line that cannot be read in a " +
      "stanza that is used stops the run, with its number.",
      "The file holds keys: its mode should be 0600. It is created when it is absent.",
      "KEY_CMD and HMAC_KEY_CMD name a program that prints the key. Its words are split at blanks; single and double quotes " +
      "and backslashes group as in a shell, nothing else is special: no variables, no ~, no pipes. A relative path is one " +
      "from the current folder. The program has the terminal, standard error and standard input (not with --proxy, where " +
      "that is what ssh sends). It is given as much time as it takes; Ctrl-C ends both. An exit status other than 0, no " +
      "output, or more than 65536 bytes end the run.",
    ],
  },
  {
    heading: "Example",
    prose: [
      "    [default]\n    ALLOW_IP            resolve\n\n    [gateway]\n    SPA_SERVER          gate.example\n    ACCESS              tcp/22\n    KEY_CMD             pass show fwknop/gateway\n    HMAC_KEY_CMD        pass show fwknop/gateway",
    ],
  },
  { heading: "Directives", rows: { table: CLIENT_SETTINGS, by: "directive" } },
  { heading: "See also", prose: ["fwknop(8)"] },
];

/** Sections of fwknopd(8). */
export const DAEMON_PAGE: readonly ManSection[] = [
  {
    heading: "Description",
    prose: [
      "fwknopd looks for SPA packets among those that reach the host, without answering any. A packet that was made with the " +
      "keys of a stanza of access.conf, is fresh and was never seen before opens the firewall for the address and the " +
      "services it asks for, as far as the stanza allows, and for a limited time.",
      "Without -f it goes to the background when everything is ready. All mistakes in the configuration are reported at " +
      "once, with file and line, and nothing is started then.",
    ],
  },
  {
    heading: "Examples",
    prose: [
      "Check the configuration, then see what it means:",
      "    fwknopd --exit-parse-config\n    fwknopd -D",
      "Run in the foreground and say what happens:",
      "    fwknopd -f -v",
      "A stanza of access.conf that lets whoever has the keys reach ssh for half a minute:",
      "    SOURCE                  ANY\n    OPEN_PORTS              tcp/22\n    KEY_BASE64              (from fwknopd --key-gen)\n" +
      "    HMAC_KEY_BASE64         (from fwknopd --key-gen)\n    REQUIRE_SOURCE_ADDRESS  Y",
    ],
  },
  { heading: "Options", rows: { table: DAEMON_OPTIONS, by: "option" } },
  {
    heading: "The file fwknopd.conf",
    prose: [
      "A line is a variable, blanks and a value; the value ends at a semicolon or the end of the line. Lines that begin with " +
      "# or ; are comments, and so is what follows a value after a blank and #, except behind a path or a pass phrase. " +
      "A value that begins with $ and the name of another variable begins with the value of that one. " +
      "A variable that stands twice has its last value.",
    ],
    rows: { table: SERVER_SETTINGS, by: "directive" },
  },
  {
    heading: "The file access.conf",
    prose: [
      "The file has the same lines, without $, and a colon after the variable is allowed. Every SOURCE line begins a stanza, " +
      "which ends before the next. Stanzas are tried in order.",
      "%include FILE reads another file, %include_folder DIRECTORY every file in it whose name ends in .conf, in the order of " +
      "their names; three levels deep. %include_keys FILE, inside a stanza, reads only its keys.",
    ],
    rows: { table: ACCESS_SETTINGS, by: "directive" },
  },
  {
    heading: "Signals",
    prose: [
      "SIGHUP reads the configuration again. It is checked first: when it is wrong, the old one stays in force. Open doors, the " +
      "replay store and the capture are kept.",
      "SIGTERM and SIGINT stop the daemon. Open doors are closed then, unless FLUSH_NFT_AT_EXIT or FLUSH_IPT_AT_EXIT says N.",
    ],
  },
  {
    heading: "Exit status",
    prose: ["0 after a clean stop or an answered question, 1 after an error."],
  },
  { heading: "See also", prose: ["fwknop(8), nft(8), iptables(8), pcap-filter(7)"] },
];

/** Lines at the top of the sample fwknopd.conf. */
export const SERVER_SAMPLE = [
  "fwknopd.conf - settings of the Single Packet Authorization daemon, see fwknopd(8)",
  "",
  "Everything is commented out and shows its default, or what kind of value it takes.",
  "After a change: fwknopd --exit-parse-config, then send SIGHUP (fwknopd -R).",
  "Who may open what stands in access.conf.",
  "A comment may follow a value after a blank, but not a path, which may hold a #.",
];

/** Lines at the top of the sample access.conf. */
export const ACCESS_SAMPLE = [
  "access.conf - who may open what, see fwknopd(8)",
  "",
  "Keep this file readable by root only: it holds keys.",
  "What is not a comment here is one stanza; another one begins with its own source",
  "line. fwknopd starts when both keys are put in: fwknopd --key-gen prints them.",
  "A comment may follow a value after a blank, but not a pass phrase, which may hold",
  "a #. A pass phrase counts with its bytes, whatever encoding this file is in.",
];

/** A stanza to begin with; it does not start before somebody put keys in. */
export const ACCESS_STANZA = {
  SOURCE: "ANY",
  OPEN_PORTS: "tcp/22",
  REQUIRE_SOURCE_ADDRESS: "Y",
  KEY_BASE64: "__CHANGEME__",
  HMAC_KEY_BASE64: "__CHANGEME__",
};

/** Values that show what a setting without a default looks like. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  OVERRIDE_CONFIG: "/etc/fwknop/local.conf",
  PCAP_FILE: "/var/tmp/packets.pcap",
  SNAT_TRANSLATE_IP: "192.0.2.1",
  NFT_INPUT_CHAINS: "inet filter input",
  NFT_OUTPUT_CHAINS: "inet filter output",
  NFT_FORWARD_CHAINS: "inet filter forward",
  ENABLE_PCAP_ANY_DIRECTION: "N",
  ENABLE_SPA_PACKET_AGING: "Y",
  ACCESS_FOLDER: "/etc/fwknop/access.d",
  FWKNOP_PID_FILE: "$FWKNOP_RUN_DIR/fwknopd.pid",
  DIGEST_FILE: "$FWKNOP_RUN_DIR/digest.cache",
  VERBOSE: "0",
  DESTINATION: "198.51.100.1",
  RESTRICT_PORTS: "tcp/25",
  REQUIRE_USERNAME: "alice",
  ACCESS_EXPIRE: "12/31/2030",
  ACCESS_EXPIRE_EPOCH: "1924902000",
  FW_ACCESS_TIMEOUT: "30",
  MAX_FW_TIMEOUT: "300",
  HMAC_DIGEST_TYPE: "sha256",
};
