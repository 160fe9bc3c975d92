/** Options that the C client does not have: what follows a knock, what is told without one, and enrolment. */
import { integer, text } from "../../lib/settings/kinds.ts";
import type { Kind, SettingTable } from "../../lib/settings/setting.ts";
import { yesNo } from "./kinds.ts";

const AFTER = "After the knock";
const NEW_KEYS = "New keys and enrolment";
const RUN = "This run";

/** Seconds that `--wait` and everything built on it waits unless told otherwise. */
export const DEFAULT_WAIT = 10;

/** A switch after which the rest of the line is its own. */
function restOfLine(valueName: string): Kind<boolean> {
  return { ...yesNo, valueName };
}

/** Their rows. None has a short name, and `exact` names take no abbreviation away from an option of the C client. */
export const OWN_OPTIONS = {
  wait: {
    kind: integer(1, 86_400, "SECONDS"),
    option: { exact: ["wait"], argument: "optional" },
    given: DEFAULT_WAIT,
    group: AFTER,
    doc: "wait until the TCP ports are open, by default 10 seconds; exit status 3 if they are not by then",
    detail:
      "Connects to every TCP port that was asked for (the forwarded one with NAT), with a new try every 5 to 100 milliseconds, and knocks again with a growing pause, each time with a fresh packet. Says in how many milliseconds each port opened, or that it was open before.",
  },
  proxy: {
    kind: restOfLine("HOST PORT"),
    option: { exact: ["proxy"], argument: "rest" },
    fallback: false,
    group: AFTER,
    doc: "knock, wait, then carry standard input and output: for ProxyCommand of ssh",
    detail:
      "Without -n the stanza whose SPA_SERVER or name is HOST is used, else [default] with -D HOST. Without ACCESS tcp/PORT is asked for. Options stand before it. With ProxyUseFdpass yes in ssh_config the connection is handed over instead. Exit status 3 when nothing opened within the time of --wait.",
  },
  fdpass: {
    kind: yesNo,
    option: { exact: ["fdpass"], argument: "none" },
    fallback: false,
    group: AFTER,
    doc: "with --proxy: hand the connection over as ProxyUseFdpass wants it, also where ssh is not the direct parent",
  },
  thenCommand: {
    kind: restOfLine("COMMAND..."),
    option: { exact: ["then"], argument: "rest" },
    fallback: false,
    group: AFTER,
    doc: "knock, wait, then become this command",
    detail:
      "Everything after it is the command with its arguments; no shell is involved, and its exit status is that of the run (127 when it is not found, 126 when it cannot be run). --last-cmd never repeats it.",
  },
  hold: {
    kind: yesNo,
    option: { exact: ["hold"], argument: "none" },
    fallback: false,
    group: AFTER,
    doc: "keep the door open until Ctrl-C: knock again before it closes and when the own address changes",
    detail:
      "The time that a door stays open is the one of --fw-timeout, else 30 seconds. Two knocks fall into it, so that a lost one closes nothing. Exit status 0 after Ctrl-C.",
  },
  explain: {
    kind: yesNo,
    option: { exact: ["explain"], argument: "none" },
    fallback: false,
    group: RUN,
    doc: "show what would be sent to whom and where each value comes from; send nothing",
    detail:
      "Secrets are masked. Nothing is written, asked or run, and no name is looked up. Exit status 1 when a knock with these settings would be refused.",
  },
  doctor: {
    kind: yesNo,
    option: { exact: ["doctor"], argument: "none" },
    fallback: false,
    group: RUN,
    doc:
      "check clock, keys, permissions, names and route; --doctor NAME checks a stanza. Exit status 1 when a knock would fail",
    detail:
      "One line for each finding: ok, warn or fail, what was looked at, and a remedy. Names are looked up, KEY_CMD is run and with -R the service is asked, as for a knock; nothing is sent to the server and nothing is written. The clock is compared with that service, else the kernel is asked whether it is synchronized; where neither can tell, that is said.",
  },
  sshConfig: {
    kind: text({ valueName: "NAME" }),
    option: { exact: ["ssh-config"], argument: "required" },
    group: AFTER,
    doc: "print the lines for ssh_config that knock with this stanza",
  },
  qr: {
    kind: yesNo,
    option: { exact: ["qr"], argument: "none" },
    fallback: false,
    group: NEW_KEYS,
    doc: "show a stanza, or the keys that --key-gen makes, as a QR code and as a URI",
    detail:
      "Both hold the keys: only to a terminal, unless --force-qr is given. Where the code does not fit into the window the URI is shown alone, with exit status 1.",
  },
  forceQr: {
    kind: yesNo,
    option: { exact: ["force-qr"], argument: "none" },
    fallback: false,
    group: NEW_KEYS,
    doc: "with --qr: also into a file or pipe, and where the window is too small",
  },
  import: {
    kind: text({ valueName: "-|URI" }),
    option: { exact: ["import"], argument: "required" },
    secret: true,
    group: NEW_KEYS,
    doc: "store such a URI, read from standard input, as a stanza; -n names it",
    detail:
      "A URI as the argument works too, but every user of the machine can see it. A stanza that exists is replaced only with --force-stanza. The text KEY_BASE64:... HMAC_KEY_BASE64:... that other tools put into QR codes is taken too; then -n names the stanza, and -D, -A, -a, -R and their like say the rest.",
  },
} as const satisfies SettingTable;
