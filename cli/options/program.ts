/** Options and directives about stanzas, files of the client, output and the program itself. */
import { choice, path, text } from "../../lib/settings/kinds.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import { verbosity, yesNo } from "./kinds.ts";

const STANZAS = "Stanzas and saved arguments";
const RUN = "This run";

/** Rows of facts/client 2 and facts/client 3: rc file, args file, packet file, output. */
export const PROGRAM_OPTIONS = {
  namedConfig: {
    kind: text({ valueName: "NAME" }),
    option: { short: "n", long: ["named-config"], argument: "required" },
    group: STANZAS,
    doc: "use the settings of this stanza of ~/.fwknoprc",
  },
  saveRcStanza: {
    kind: yesNo,
    option: { long: ["save-rc-stanza"], argument: "none" },
    fallback: false,
    group: STANZAS,
    doc: "save the options given as a stanza, named by -n or else -D",
  },
  forceStanza: {
    kind: yesNo,
    option: { long: ["force-stanza"], argument: "none" },
    fallback: false,
    group: STANZAS,
    doc: "replace the whole stanza without asking",
  },
  stanzaList: {
    kind: yesNo,
    option: { long: ["stanza-list"], argument: "none" },
    fallback: false,
    group: STANZAS,
    doc: "list the stanzas",
  },
  rcFile: {
    kind: path(),
    option: { long: ["rc-file"], argument: "required" },
    group: STANZAS,
    doc: "use this file instead of ~/.fwknoprc",
  },
  noRcFile: {
    kind: yesNo,
    option: { long: ["no-rc-file"], argument: "none" },
    fallback: false,
    group: STANZAS,
    doc: "use no such file",
  },
  noHomeDir: {
    kind: yesNo,
    option: { long: ["no-home-dir"], argument: "none" },
    fallback: false,
    group: STANZAS,
    doc: "look for nothing in the home directory",
  },
  lastCmd: {
    kind: yesNo,
    option: { short: "l", long: ["last-cmd"], argument: "none" },
    fallback: false,
    group: STANZAS,
    doc: "run again with the arguments of the last run",
  },
  showLast: {
    kind: yesNo,
    option: { long: ["show-last"], argument: "none" },
    fallback: false,
    group: STANZAS,
    doc: "show those arguments",
  },
  noSaveArgs: {
    kind: yesNo,
    option: { long: ["no-save-args"], argument: "none" },
    directive: ["NO_SAVE_ARGS"],
    fallback: false,
    group: STANZAS,
    doc: "do not remember the arguments of this run",
  },
  saveArgsFile: {
    kind: path(),
    option: { short: "E", long: ["save-args-file"], argument: "required" },
    group: STANZAS,
    doc: "remember them here instead of ~/.fwknop.run",
  },
  test: {
    kind: yesNo,
    option: { short: "T", long: ["test"], argument: "none" },
    fallback: false,
    group: RUN,
    doc: "build, show and check the packet, but do not send it",
  },
  savePacket: {
    kind: path(),
    option: { short: "B", long: ["save-packet"], argument: "required" },
    group: RUN,
    doc: "write the packet to this file as well",
  },
  savePacketAppend: {
    kind: yesNo,
    option: { short: "b", long: ["save-packet-append"], argument: "none" },
    fallback: false,
    group: RUN,
    doc: "append to that file instead of replacing it",
  },
  verbose: {
    kind: verbosity,
    option: { short: "v", long: ["verbose"], argument: "none" },
    directive: ["VERBOSE"],
    repeat: "count",
    given: 1,
    fallback: 0,
    group: RUN,
    doc: "say more; a second one adds nothing",
  },
  version: {
    kind: yesNo,
    option: { short: "V", long: ["version"], argument: "none" },
    fallback: false,
    group: RUN,
    doc: "print the version",
  },
  help: {
    kind: text({ valueName: "all|TOPIC" }),
    option: { short: "h", long: ["help"], argument: "optional" },
    given: "",
    group: RUN,
    doc: "print a short help, all options, or one topic",
    detail: "The name of an option or directive stands for its topic: --help=wait.",
  },
  json: {
    kind: yesNo,
    option: { exact: ["json"], argument: "none" },
    fallback: false,
    group: RUN,
    doc: "with -T, --show-last, --stanza-list, --wait or --doctor: one JSON object on standard output",
    detail:
      'Everything else goes to standard error. A run that fails before it can answer gives {"errors":[{"message":…,"hints":[…]}]}; several servers give {"servers":[…]}, each with its name. The exit status is the same as without.',
  },
  completion: {
    kind: choice(["bash", "zsh", "fish"], "SHELL"),
    option: { exact: ["completion"], argument: "required" },
    group: RUN,
    doc: "print the completion for this shell",
    detail:
      "For bash: fwknop --completion bash >~/.local/share/bash-completion/completions/fwknop. For zsh: into a file _fwknop in a folder of fpath. For fish: into ~/.config/fish/completions/fwknop.fish.",
  },
  faultInjectionTag: {
    kind: text({ valueName: "TAG" }),
    option: { long: ["fault-injection-tag"], argument: "required" },
    group: RUN,
    doc: "only for test builds of the C client",
    hidden: true,
    later: "fwknop is not compiled with fault injection",
  },
} as const satisfies SettingTable;
