#compdef fwknop
_fwknop_rc() {
  local file=~/.fwknoprc place
  for (( place = 2; place < CURRENT; place++ )); do
    case $words[place] in
      --rc-file) file=${(Q)words[place+1]} ;;
      --rc-file=*) file=${(Q)words[place]#*=} ;;
    esac
  done
  [[ $file == "~/"* ]] && file=$HOME/${file#"~/"}
  sed -n "$@" -- "$file" 2>/dev/null
}
_fwknop_stanzas() { compadd -- ${(f)"$(_fwknop_rc 's/^[[:blank:]]*[[]\([^]]*\)[]].*/\1/p')"} }
_fwknop_servers() {
  if compset -P '*,'; then compadd -- ${(f)"$(_fwknop_rc -e 's/^[[:blank:]]*[[]\([^]]*\)[]].*/\1/p' -e 's/^[[:blank:]]*SPA_SERVER:\{0,1\}[[:blank:]]\{1,\}\([^[:blank:];#]*\).*/\1/p')"}
  else compadd -- ${(f)"$(_fwknop_rc 's/^[[:blank:]]*SPA_SERVER:\{0,1\}[[:blank:]]\{1,\}\([^[:blank:];#]*\).*/\1/p')"}
  fi
}
_fwknop_words() { (( ${words[(I)--doctor]} )) && _fwknop_stanzas }
_arguments -s \
  '-A+[ports to open, such as tcp/22 or tcp/80,udp/53]:PROTO/PORT ,…:' \
  '--access=[ports to open, such as tcp/22 or tcp/80,udp/53]:PROTO/PORT ,…:' \
  '-C+[command that the server runs, instead of opening ports]:COMMAND:' \
  '--server-cmd=[command that the server runs, instead of opening ports]:COMMAND:' \
  '-f+[how long the door is asked to stay open]:SECONDS:' \
  '--fw-timeout=[how long the door is asked to stay open]:SECONDS:' \
  '-N+[reach this internal host through the server]:HOST  PORT:' \
  '--nat-access=[reach this internal host through the server]:HOST  PORT:' \
  '--nat-local[reach a service of the server itself through another port]' \
  '--nat-port=[port of the server that is forwarded, instead of the one of --access]:PORT:' \
  '--nat-rand-port[the same with a random port, which is printed]' \
  '-U+[user name in the packet, instead of the one logged in]:NAME:' \
  '--spoof-user=[user name in the packet, instead of the one logged in]:NAME:' \
  '--time-offset-plus=[add to the time stamp\: seconds, or 2m, 3h, 1h30m, 1d]:TIME:' \
  '--time-offset-minus=[subtract from the time stamp]:TIME:' \
  '-a+[address or host name that is let in]:IP|HOST:' \
  '--allow-ip=[address or host name that is let in]:IP|HOST:' \
  '-s[whatever address the packet arrives from]' \
  '--source-ip[whatever address the packet arrives from]' \
  '-R[the address under which the Internet sees this machine, asked over HTTPS]' \
  '--resolve-ip-https[the address under which the Internet sees this machine, asked over HTTPS]' \
  '--resolve-ip-http[the address under which the Internet sees this machine, asked over HTTPS]' \
  '--resolve-http-only[the same over plain HTTP, which others can falsify]' \
  '--resolve-url=[service to ask for the own address]:URL:' \
  '-w+[ask with this wget instead of the built-in HTTPS]:COMMAND:' \
  '--wget-cmd=[ask with this wget instead of the built-in HTTPS]:COMMAND:' \
  '--use-wget-user-agent[let wget name itself]' \
  '-D+[the server\: a host name or an address]:HOST:_fwknop_servers' \
  '--destination=[the server\: a host name or an address]:HOST:_fwknop_servers' \
  '-p+[port of the server]:PORT:' \
  '--server-port=[port of the server]:PORT:' \
  '-P+[udp, tcp, http, udpraw, tcpraw or icmp]:PROTO:(udp tcp http udpraw tcpraw icmp)' \
  '--server-proto=[udp, tcp, http, udpraw, tcpraw or icmp]:PROTO:(udp tcp http udpraw tcpraw icmp)' \
  '-4[use IPv4 where a name has both (the default)]' \
  '-6[use IPv6 where a name has both]' \
  '--both[with -s\: knock over IPv4 and over IPv6]' \
  '--server-resolve-ipv4[use IPv4 addresses of the server only]' \
  '-S+[port the packet leaves from]:PORT:' \
  '--source-port=[port the packet leaves from]:PORT:' \
  '-Q+[source address of the packet (udpraw, tcpraw, icmp)]:IP:' \
  '--spoof-source=[source address of the packet (udpraw, tcpraw, icmp)]:IP:' \
  '--spoof-src=[source address of the packet (udpraw, tcpraw, icmp)]:IP:' \
  '-r[send to a random port]' \
  '--rand-port[send to a random port]' \
  '-H+[send over HTTP through this proxy]:HOST  PORT:' \
  '--http-proxy=[send over HTTP through this proxy]:HOST  PORT:' \
  '--socks5=[send over TCP through this SOCKS5 proxy, such as Tor at 127.0.0.1\:9050]:HOST PORT:' \
  '-u+[User-Agent of HTTP requests]:TEXT:' \
  '--user-agent=[User-Agent of HTTP requests]:TEXT:' \
  '--icmp-type=[ICMP type (icmp)]:N:' \
  '--icmp-code=[ICMP code (icmp)]:N:' \
  '--key-rijndael=[encryption key as text; as an option every user of this machine can see it]:KEY:' \
  '--key-base64-rijndael=[encryption key in base64; as an option every user of this machine can see it]:BASE64:' \
  '-G+[take the encryption key from this file]:FILE:_files' \
  '--get-key=[take the encryption key from this file]:FILE:_files' \
  '--key-hmac=[HMAC key as text; as an option every user of this machine can see it]:KEY:' \
  '--key-base64-hmac=[HMAC key in base64; as an option every user of this machine can see it]:BASE64:' \
  '--get-hmac-key=[take the HMAC key from this file]:FILE:_files' \
  '--use-hmac[authenticate the packet; asks for the HMAC key when there is none]' \
  '--stdin[read the encryption key, then the HMAC key, from lines of standard input]' \
  '--fd=[the same from this file descriptor]:N:' \
  '-m+[digest inside the packet\: md5, sha1, sha256, sha384, sha512, sha3_256, sha3_512]:DIGEST:(MD5 SHA1 SHA256 SHA384 SHA512 SHA3_256 SHA3_512)' \
  '--digest-type=[digest inside the packet\: md5, sha1, sha256, sha384, sha512, sha3_256, sha3_512]:DIGEST:(MD5 SHA1 SHA256 SHA384 SHA512 SHA3_256 SHA3_512)' \
  '--hmac-digest-type=[digest of the HMAC]:DIGEST:(MD5 SHA1 SHA256 SHA384 SHA512 SHA3_256 SHA3_512)' \
  '-M+[cipher mode\: CBC, CTR, CFB, OFB, ECB, or legacy for servers before 2.5]:MODE:(CBC ECB CFB OFB CTR legacy Asymmetric)' \
  '--encryption-mode=[cipher mode\: CBC, CTR, CFB, OFB, ECB, or legacy for servers before 2.5]:MODE:(CBC ECB CFB OFB CTR legacy Asymmetric)' \
  '--no-key-hint[let no part of the salt tell the server which keys to try first]' \
  '-k[make a new encryption key and HMAC key, and print them]' \
  '--key-gen[make a new encryption key and HMAC key, and print them]' \
  '-K+[the same into a file]:FILE:_files' \
  '--key-gen-file=[the same into a file]:FILE:_files' \
  '-g[encrypt with GnuPG, to the key of --gpg-recipient-key]' \
  '--gpg-encryption[encrypt with GnuPG, to the key of --gpg-recipient-key]' \
  '--gpg-recipient-key=[the server'\''s key\: its name, id or fingerprint in the keyring, or a file that holds it]:KEY:' \
  '--gpg--recipient=[the server'\''s key\: its name, id or fingerprint in the keyring, or a file that holds it]:KEY:' \
  '--gpg-signer-key=[the key that signs\: its name, id or fingerprint in the keyring, or a file with the secret key]:KEY:' \
  '--gpg-home-dir=[directory of the keyring; by default gpg'\''s own, ~/.gnupg]:DIR:_files -/' \
  '--gpg-exe=[the gpg program; by default /usr/bin/gpg]:FILE:_files' \
  '--gpg-agent[leave the passphrase to gpg-agent and its pinentry\: also for smart cards]' \
  '--gpg-no-signing-pw[the signing key has no passphrase]' \
  '-n+[use the settings of this stanza of ~/.fwknoprc]:NAME:_fwknop_stanzas' \
  '--named-config=[use the settings of this stanza of ~/.fwknoprc]:NAME:_fwknop_stanzas' \
  '--save-rc-stanza[save the options given as a stanza, named by -n or else -D]' \
  '--force-stanza[replace the whole stanza without asking]' \
  '--stanza-list[list the stanzas]' \
  '--rc-file=[use this file instead of ~/.fwknoprc]:FILE:_files' \
  '--no-rc-file[use no such file]' \
  '--no-home-dir[look for nothing in the home directory]' \
  '-l[run again with the arguments of the last run]' \
  '--last-cmd[run again with the arguments of the last run]' \
  '--show-last[show those arguments]' \
  '--no-save-args[do not remember the arguments of this run]' \
  '-E+[remember them here instead of ~/.fwknop.run]:FILE:_files' \
  '--save-args-file=[remember them here instead of ~/.fwknop.run]:FILE:_files' \
  '-T[build, show and check the packet, but do not send it]' \
  '--test[build, show and check the packet, but do not send it]' \
  '-B+[write the packet to this file as well]:FILE:_files' \
  '--save-packet=[write the packet to this file as well]:FILE:_files' \
  '-b[append to that file instead of replacing it]' \
  '--save-packet-append[append to that file instead of replacing it]' \
  '*-v[say more; a second one adds nothing]' \
  '*--verbose[say more; a second one adds nothing]' \
  '-V[print the version]' \
  '--version[print the version]' \
  '-h[print a short help, all options, or one topic]' \
  '--help=-[print a short help, all options, or one topic]::all|TOPIC:' \
  '--json[with -T, --show-last, --stanza-list, --wait or --doctor\: one JSON object on standard output]' \
  '--completion=[print the completion for this shell]:SHELL:(bash zsh fish)' \
  '--wait=-[wait until the TCP ports are open, by default 10 seconds; exit status 3 if they are not by then]::SECONDS:' \
  '--proxy[knock, wait, then carry standard input and output\: for ProxyCommand of ssh]' \
  '--fdpass[with --proxy\: hand the connection over as ProxyUseFdpass wants it, also where ssh is not the direct parent]' \
  '--then[knock, wait, then become this command]' \
  '--hold[keep the door open until Ctrl-C\: knock again before it closes and when the own address changes]' \
  '--explain[show what would be sent to whom and where each value comes from; send nothing]' \
  '--doctor[check clock, keys, permissions, names and route; --doctor NAME checks a stanza. Exit status 1 when a knock would fail]' \
  '--ssh-config=[print the lines for ssh_config that knock with this stanza]:NAME:_fwknop_stanzas' \
  '--qr[show a stanza, or the keys that --key-gen makes, as a QR code and as a URI]' \
  '--force-qr[with --qr\: also into a file or pipe, and where the window is too small]' \
  '--import=[store such a URI, read from standard input, as a stanza; -n names it]:-|URI:' \
  '*:word:_fwknop_words'
