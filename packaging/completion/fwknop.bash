# bash completion for fwknop
_fwknop_rc() {
  local file=~/.fwknoprc place
  for ((place = 1; place < COMP_CWORD; place++)); do
    [[ ${COMP_WORDS[place]} == --rc-file ]] || continue
    file=${COMP_WORDS[place + 1]}
    [[ $file == "=" ]] && file=${COMP_WORDS[place + 2]}
  done
  file=${file//[\\\"\']/}
  [[ $file == "~/"* ]] && file=$HOME/${file:2}
  sed -n "$@" -- "$file" 2>/dev/null
}
_fwknop_reply_with() {
  local word
  while IFS= read -r word; do
    [[ $1$word == "$current"* ]] && COMPREPLY+=("$1$word")
  done
}
_fwknop_stanzas() { _fwknop_reply_with "" < <(_fwknop_rc 's/^[[:blank:]]*[[]\([^]]*\)[]].*/\1/p'); }
_fwknop_servers() {
  if [[ $current == *,* ]]; then
    _fwknop_reply_with "${current%,*}," < <(_fwknop_rc -e 's/^[[:blank:]]*[[]\([^]]*\)[]].*/\1/p' -e 's/^[[:blank:]]*SPA_SERVER:\{0,1\}[[:blank:]]\{1,\}\([^[:blank:];#]*\).*/\1/p' | sort -u)
  else _fwknop_reply_with "" < <(_fwknop_rc 's/^[[:blank:]]*SPA_SERVER:\{0,1\}[[:blank:]]\{1,\}\([^[:blank:];#]*\).*/\1/p' | sort -u)
  fi
}
_fwknop_words() {
  local word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word == --doctor ]]; then _fwknop_stanzas; fi
  done
}
_fwknop_options() { COMPREPLY=($(compgen -W "-A --access -C --server-cmd -f --fw-timeout -N --nat-access --nat-local --nat-port --nat-rand-port -U --spoof-user --time-offset-plus --time-offset-minus -a --allow-ip -s --source-ip -R --resolve-ip-https --resolve-ip-http --resolve-http-only --resolve-url -w --wget-cmd --use-wget-user-agent -D --destination -p --server-port -P --server-proto -4 -6 --both --server-resolve-ipv4 -S --source-port -Q --spoof-source --spoof-src -r --rand-port -H --http-proxy --socks5 -u --user-agent --icmp-type --icmp-code --key-rijndael --key-base64-rijndael -G --get-key --key-hmac --key-base64-hmac --get-hmac-key --use-hmac --stdin --fd -m --digest-type --hmac-digest-type -M --encryption-mode --no-key-hint -k --key-gen -K --key-gen-file -g --gpg-encryption --gpg-recipient-key --gpg--recipient --gpg-signer-key --gpg-home-dir --gpg-exe --gpg-agent --gpg-no-signing-pw -n --named-config --save-rc-stanza --force-stanza --stanza-list --rc-file --no-rc-file --no-home-dir -l --last-cmd --show-last --no-save-args -E --save-args-file -T --test -B --save-packet -b --save-packet-append -v --verbose -V --version -h --help --json --completion --wait --proxy --fdpass --then --hold --explain --doctor --ssh-config --qr --force-qr --import" -- "$current")); }
_fwknop_reply() {
  case "$previous" in
    -A | --access)
      :
      return ;;
    -C | --server-cmd)
      :
      return ;;
    -f | --fw-timeout)
      :
      return ;;
    -N | --nat-access)
      :
      return ;;
    --nat-port)
      :
      return ;;
    -U | --spoof-user)
      :
      return ;;
    --time-offset-plus)
      :
      return ;;
    --time-offset-minus)
      :
      return ;;
    -a | --allow-ip)
      :
      return ;;
    --resolve-url)
      :
      return ;;
    -w | --wget-cmd)
      :
      return ;;
    -D | --destination)
      _fwknop_servers
      return ;;
    -p | --server-port)
      :
      return ;;
    -P | --server-proto)
      COMPREPLY=($(compgen -W "udp tcp http udpraw tcpraw icmp" -- "$current"))
      return ;;
    -S | --source-port)
      :
      return ;;
    -Q | --spoof-source | --spoof-src)
      :
      return ;;
    -H | --http-proxy)
      :
      return ;;
    --socks5)
      :
      return ;;
    -u | --user-agent)
      :
      return ;;
    --icmp-type)
      :
      return ;;
    --icmp-code)
      :
      return ;;
    --key-rijndael)
      :
      return ;;
    --key-base64-rijndael)
      :
      return ;;
    -G | --get-key)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --key-hmac)
      :
      return ;;
    --key-base64-hmac)
      :
      return ;;
    --get-hmac-key)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --fd)
      :
      return ;;
    -m | --digest-type)
      COMPREPLY=($(compgen -W "MD5 SHA1 SHA256 SHA384 SHA512 SHA3_256 SHA3_512" -- "$current"))
      return ;;
    --hmac-digest-type)
      COMPREPLY=($(compgen -W "MD5 SHA1 SHA256 SHA384 SHA512 SHA3_256 SHA3_512" -- "$current"))
      return ;;
    -M | --encryption-mode)
      COMPREPLY=($(compgen -W "CBC ECB CFB OFB CTR legacy Asymmetric" -- "$current"))
      return ;;
    -K | --key-gen-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --gpg-recipient-key | --gpg--recipient)
      :
      return ;;
    --gpg-signer-key)
      :
      return ;;
    --gpg-home-dir)
      COMPREPLY=($(compgen -d -- "$current"))
      return ;;
    --gpg-exe)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -n | --named-config)
      _fwknop_stanzas
      return ;;
    --rc-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -E | --save-args-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -B | --save-packet)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -h | --help)
      [[ $attached == "=" ]] || { _fwknop_options; return; }
      :
      return ;;
    --completion)
      COMPREPLY=($(compgen -W "bash zsh fish" -- "$current"))
      return ;;
    --wait)
      [[ $attached == "=" ]] || { _fwknop_options; return; }
      :
      return ;;
    --ssh-config)
      _fwknop_stanzas
      return ;;
    --import)
      :
      return ;;
  esac
  [[ $attached == "=" ]] && return
  if [[ $current != -* ]]; then
    _fwknop_words
    [[ ${#COMPREPLY[@]} -gt 0 ]] && return
  fi
  _fwknop_options
}
_fwknop() {
  local place=$COMP_CWORD current=${COMP_WORDS[COMP_CWORD]} piece=${COMP_WORDS[COMP_CWORD]} previous attached=
  [[ $piece == +([:=]) ]] && piece=
  while ((place > 1)) && [[ ${COMP_WORDS[place]} == +([:=]) || ${COMP_WORDS[place - 1]} == +([:=]) ]]; do
    ((place--))
    current=${COMP_WORDS[place]}$current
  done
  previous=${COMP_WORDS[place - 1]}
  if [[ $current == --*=* ]]; then previous=${current%%=*} current=${current#*=} attached='='; fi
  COMPREPLY=()
  _fwknop_reply
  local before=${current%"$piece"} index
  for index in "${!COMPREPLY[@]}"; do COMPREPLY[index]=${COMPREPLY[index]#"$before"}; done
}
complete -F _fwknop -o filenames fwknop
