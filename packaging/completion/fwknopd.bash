# bash completion for fwknopd
_fwknopd() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  # --name=value arrives as three words.
  if [[ $current == "=" ]]; then current=
  elif [[ $previous == "=" ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "$previous" in
    -C | --packet-limit)
      COMPREPLY=()
      return ;;
    --key-gen-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --key-len)
      COMPREPLY=()
      return ;;
    --hmac-key-len)
      COMPREPLY=()
      return ;;
    --hmac-digest-type)
      COMPREPLY=($(compgen -W "md5 sha1 sha256 sha384 sha512 sha3_256 sha3_512" -- "$current"))
      return ;;
    -c | --config-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -O | --override-config)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -i | --interface)
      COMPREPLY=()
      return ;;
    --pcap-file)
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    -P | --pcap-filter)
      COMPREPLY=()
      return ;;
    -l | --locale)
      COMPREPLY=()
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
  COMPREPLY=($(compgen -W "-f --foreground -C --packet-limit -t --test --syslog-enable --rotate-digest-cache -D --dump-config --exit-parse-config --exit-parse-digest-cache -K --kill -R --restart -S --status --fw-list --fw-list-all --fw-flush --no-ipt-check-support --no-firewd-check-support --key-gen --key-gen-file --key-len --hmac-key-len --hmac-digest-type --dump-serv-err-codes -V --version -h --help -c --config-file -O --override-config -i --interface --pcap-file -P --pcap-filter --pcap-any-direction -U --udp-server -l --locale -r --run-dir -a --access-file --access-folder -p --pid-file -d --digest-file --gpg-home-dir --gpg-exe --sudo-exe -v --verbose" -- "$current"))
}
complete -F _fwknopd -o filenames fwknopd
