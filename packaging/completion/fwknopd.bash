# bash completion for fwknopd
_fwknopd_options() { COMPREPLY=($(compgen -W "-f --foreground -C --packet-limit -t --test --syslog-enable --rotate-digest-cache -D --dump-config --exit-parse-config --doctor --exit-parse-digest-cache -K --kill -R --restart -S --status --fw-list --fw-list-all --fw-flush --no-ipt-check-support --no-firewd-check-support --key-gen --key-gen-file --key-len --hmac-key-len --hmac-digest-type --dump-serv-err-codes -V --version -h --help -c --config-file -O --override-config -i --interface --pcap-file -P --pcap-filter --pcap-any-direction --wait-for-interface -U --udp-server -l --locale -r --run-dir -a --access-file --access-folder -p --pid-file -d --digest-file --gpg-home-dir --gpg-exe --sudo-exe -v --verbose" -- "$current")); }
_fwknopd_reply() {
  case "$previous" in
    -C | --packet-limit)
      :
      return ;;
    --key-gen-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --key-len)
      :
      return ;;
    --hmac-key-len)
      :
      return ;;
    --hmac-digest-type)
      COMPREPLY=($(compgen -W "md5 sha1 sha256 sha384 sha512 sha3_256 sha3_512" -- "$current"))
      return ;;
    -h | --help)
      [[ $attached == "=" ]] || { _fwknopd_options; return; }
      :
      return ;;
    -c | --config-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -O | --override-config)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -i | --interface)
      :
      return ;;
    --pcap-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -P | --pcap-filter)
      :
      return ;;
    -l | --locale)
      :
      return ;;
    -r | --run-dir)
      COMPREPLY=($(compgen -d -- "$current"))
      return ;;
    -a | --access-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --access-folder)
      COMPREPLY=($(compgen -d -- "$current"))
      return ;;
    -p | --pid-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -d | --digest-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --gpg-home-dir)
      COMPREPLY=($(compgen -d -- "$current"))
      return ;;
    --gpg-exe)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --sudo-exe)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
  esac
  [[ $attached == "=" ]] && return
  _fwknopd_options
}
_fwknopd() {
  local place=$COMP_CWORD current=${COMP_WORDS[COMP_CWORD]} piece=${COMP_WORDS[COMP_CWORD]} previous attached=
  [[ $piece == +([:=]) ]] && piece=
  while ((place > 1)) && [[ ${COMP_WORDS[place]} == +([:=]) || ${COMP_WORDS[place - 1]} == +([:=]) ]]; do
    ((place--))
    current=${COMP_WORDS[place]}$current
  done
  previous=${COMP_WORDS[place - 1]}
  if [[ $current == --*=* ]]; then previous=${current%%=*} current=${current#*=} attached='='; fi
  COMPREPLY=()
  _fwknopd_reply
  local before=${current%"$piece"} index
  for index in "${!COMPREPLY[@]}"; do COMPREPLY[index]=${COMPREPLY[index]#"$before"}; done
}
complete -F _fwknopd -o filenames fwknopd
