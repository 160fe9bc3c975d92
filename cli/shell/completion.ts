/**
 * `--completion`: options, the words of enumerations, files, and what the rc file knows: stanzas after -n, --ssh-config and
 * --doctor, servers after -D, one of a list too. It is the file that --rc-file names on the same line.
 *
 * Names of stanzas may come from another device (`--import`), so no shell may expand them: they are never put where a
 * `$(…)` in them would run.
 */
import type { Arguments } from "../../lib/settings/argv.ts";
import { formatCompletion, type Shell, type ShellWords } from "../../lib/settings/completion.ts";
import { CLIENT_SETTINGS } from "../options/table.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** For sed: faster than `fwknop --stanza-list`, and quiet where there is no file. */
const STANZA_NAMES = "s/^[[:blank:]]*[[]\\([^]]*\\)[]].*/\\1/p";
const SERVER_NAMES = "s/^[[:blank:]]*SPA_SERVER:\\{0,1\\}[[:blank:]]\\{1,\\}\\([^[:blank:];#]*\\).*/\\1/p";

const BASH: ShellWords = {
  functions: `_fwknop_rc() {
  local file=~/.fwknoprc place
  for ((place = 1; place < COMP_CWORD; place++)); do
    [[ \${COMP_WORDS[place]} == --rc-file ]] || continue
    file=\${COMP_WORDS[place + 1]}
    [[ $file == "=" ]] && file=\${COMP_WORDS[place + 2]}
  done
  file=\${file//[\\\\\\"\\']/}
  [[ $file == "~/"* ]] && file=$HOME/\${file:2}
  sed -n "$@" -- "$file" 2>/dev/null
}
_fwknop_reply_with() {
  local word
  while IFS= read -r word; do
    [[ $1$word == "$current"* ]] && COMPREPLY+=("$1$word")
  done
}
_fwknop_stanzas() { _fwknop_reply_with "" < <(_fwknop_rc '${STANZA_NAMES}'); }
_fwknop_servers() {
  if [[ $current == *,* ]]; then
    _fwknop_reply_with "\${current%,*}," < <(_fwknop_rc -e '${STANZA_NAMES}' -e '${SERVER_NAMES}' | sort -u)
  else _fwknop_reply_with "" < <(_fwknop_rc '${SERVER_NAMES}' | sort -u)
  fi
}
_fwknop_words() {
  local word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word == --doctor ]]; then _fwknop_stanzas; fi
  done
}
`,
  after: { namedConfig: "_fwknop_stanzas", sshConfig: "_fwknop_stanzas", server: "_fwknop_servers" },
  plain: "_fwknop_words",
};

const ZSH: ShellWords = {
  functions: `_fwknop_rc() {
  local file=~/.fwknoprc place
  for (( place = 2; place < CURRENT; place++ )); do
    case $words[place] in
      --rc-file) file=\${(Q)words[place+1]} ;;
      --rc-file=*) file=\${(Q)words[place]#*=} ;;
    esac
  done
  [[ $file == "~/"* ]] && file=$HOME/\${file#"~/"}
  sed -n "$@" -- "$file" 2>/dev/null
}
_fwknop_stanzas() { compadd -- \${(f)"$(_fwknop_rc '${STANZA_NAMES}')"} }
_fwknop_servers() {
  if compset -P '*,'; then compadd -- \${(f)"$(_fwknop_rc -e '${STANZA_NAMES}' -e '${SERVER_NAMES}')"}
  else compadd -- \${(f)"$(_fwknop_rc '${SERVER_NAMES}')"}
  fi
}
_fwknop_words() { (( \${words[(I)--doctor]} )) && _fwknop_stanzas }
`,
  after: BASH.after,
  plain: "_fwknop_words",
};

const FISH: ShellWords = {
  functions: `function __fwknop_rc
    set -l file ~/.fwknoprc
    set -l next no
    for word in (commandline -opc)
        if test $next = yes
            set file $word
        end
        set next no
        switch $word
            case --rc-file
                set next yes
            case '--rc-file=*'
                set file (string replace -- --rc-file= '' $word)
        end
    end
    sed -n $argv -- (string replace -r '^~/' $HOME/ -- $file) 2>/dev/null
end
function __fwknop_stanzas
    __fwknop_rc '${STANZA_NAMES.replaceAll("\\", "\\\\")}'
end
function __fwknop_servers
    set -l list (string match -r '^(?:-D|--destination=)?(.*,)' -- (commandline -ct))[2]
    if test -n "$list"
        string replace -r '^' (string escape --style=regex -- $list) -- (begin
            __fwknop_stanzas
            __fwknop_rc '${SERVER_NAMES.replaceAll("\\", "\\\\")}'
        end)
    else
        __fwknop_rc '${SERVER_NAMES.replaceAll("\\", "\\\\")}'
    end
end
function __fwknop_words
    contains -- --doctor (commandline -opc); and __fwknop_stanzas
end
`,
  after: { namedConfig: "__fwknop_stanzas", sshConfig: "__fwknop_stanzas", server: "__fwknop_servers" },
  plain: "__fwknop_words",
};

const WORDS: Readonly<Record<Shell, ShellWords>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Prints the script. The result is the exit code. Throws {@link ClientError} for a shell that has none. */
export function showCompletion({ given }: Arguments, world: World): number {
  const text = given.findLast(({ key }) => key === "completion")?.text ?? "";
  const shell = CLIENT_SETTINGS.completion.kind.parse(text);
  if (!shell.ok) throw new ClientError(`--completion: ${shell.fault}, got "${text}"`);
  world.out(clientCompletion(shell.value).trimEnd());
  return 0;
}

/** The script for one shell, ending with a line end. */
export function clientCompletion(shell: Shell): string {
  return formatCompletion(shell, { program: "fwknop", table: CLIENT_SETTINGS, words: WORDS[shell] });
}
