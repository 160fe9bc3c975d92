#compdef fwknopd
_arguments -s \
  '-f[stay in the foreground and log to stderr]' \
  '--foreground[stay in the foreground and log to stderr]' \
  '-C+[stop after so many captured packets; 0 is no limit]:COUNT:' \
  '--packet-limit=[stop after so many captured packets; 0 is no limit]:COUNT:' \
  '-t[process packets but leave the firewall alone]' \
  '--test[process packets but leave the firewall alone]' \
  '--syslog-enable[with -f\: log to stderr and to syslog]' \
  '--rotate-digest-cache[begin a new replay file; the old one gets the suffix -old]' \
  '-D[print what the configuration means, and exit]' \
  '--dump-config[print what the configuration means, and exit]' \
  '--exit-parse-config[check the configuration, and exit]' \
  '--doctor[say what stands between a knock and the service, and exit]' \
  '--exit-parse-digest-cache[check the replay file too, and exit]' \
  '-K[stop the running daemon]' \
  '--kill[stop the running daemon]' \
  '-R[make the running daemon read its configuration again]' \
  '--restart[make the running daemon read its configuration again]' \
  '-S[say whether a daemon is running]' \
  '--status[say whether a daemon is running]' \
  '--fw-list[list the doors that are open, and exit]' \
  '--fw-list-all[list all firewall rules, ours and others, and exit]' \
  '--fw-flush[close all doors and remove our chains, and exit]' \
  '--no-ipt-check-support[say that a door is open already in the words of a C daemon without iptables -C, which is used all the same]' \
  '--no-firewd-check-support[accepted and without effect]' \
  '--key-gen[print a new encryption key and a new HMAC key, and exit]' \
  '--key-gen-file=[write the keys to this file instead]:FILE:_files' \
  '--key-len=[length of the encryption key]:BYTES:' \
  '--hmac-key-len=[length of the HMAC key; default by --hmac-digest-type]:BYTES:' \
  '--hmac-digest-type=[digest that the HMAC key is for]:NAME:(md5 sha1 sha256 sha384 sha512 sha3_256 sha3_512)' \
  '--dump-serv-err-codes[list the error numbers of the daemon, and exit]' \
  '-V[print the version, and exit]' \
  '--version[print the version, and exit]' \
  '-h[print a short help, all options, or one topic, and exit]' \
  '--help=-[print a short help, all options, or one topic, and exit]::all|TOPIC:' \
  '-c+[main configuration file]:FILE:_files' \
  '--config-file=[main configuration file]:FILE:_files' \
  '-O+[further configuration files; what they say wins]:FILE ,FILE...:_files' \
  '--override-config=[further configuration files; what they say wins]:FILE ,FILE...:_files' \
  '-i+[network interfaces on which to look for SPA packets]:NAME ,NAME...:' \
  '--interface=[network interfaces on which to look for SPA packets]:NAME ,NAME...:' \
  '--pcap-file=[read packets from a capture file instead of an interface]:FILE:_files' \
  '-P+[pcap-filter(7) expression that candidate packets must match]:EXPRESSION:' \
  '--pcap-filter=[pcap-filter(7) expression that candidate packets must match]:EXPRESSION:' \
  '--pcap-any-direction[also process packets that leave through the interface]' \
  '--wait-for-interface[wait at the start for an interface that is not there yet]' \
  '-U[receive packets on a UDP socket instead of capturing them]' \
  '--udp-server[receive packets on a UDP socket instead of capturing them]' \
  '-l+[without effect on the messages of this daemon; a locale that the system does not know is warned of]:LOCALE:' \
  '--locale=[without effect on the messages of this daemon; a locale that the system does not know is warned of]:LOCALE:' \
  '-r+[directory of the PID file and the replay file; made when absent]:DIRECTORY:_files -/' \
  '--run-dir=[directory of the PID file and the replay file; made when absent]:DIRECTORY:_files -/' \
  '-a+[the file that says who may open what]:FILE:_files' \
  '--access-file=[the file that says who may open what]:FILE:_files' \
  '--access-folder=[read every .conf file of this directory, in the order of their names, instead of ACCESS_FILE]:DIRECTORY:_files -/' \
  '-p+[PID and lock file; default fwknopd.pid in FWKNOP_RUN_DIR]:FILE:_files' \
  '--pid-file=[PID and lock file; default fwknopd.pid in FWKNOP_RUN_DIR]:FILE:_files' \
  '-d+[replay file; default digest.cache in FWKNOP_RUN_DIR]:FILE:_files' \
  '--digest-file=[replay file; default digest.cache in FWKNOP_RUN_DIR]:FILE:_files' \
  '--gpg-home-dir=[default GnuPG home of stanzas]:DIRECTORY:_files -/' \
  '--gpg-exe=[default gpg of stanzas]:FILE:_files' \
  '--sudo-exe=[the sudo that ENABLE_CMD_SUDO_EXEC uses]:FILE:_files' \
  '*-v[say more; each -v adds one to VERBOSE]' \
  '*--verbose[say more; each -v adds one to VERBOSE]'
